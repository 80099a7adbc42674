//! Members of an organization: added, given roles, disabled, removed. There is always an owner.
//!
//! Invariants: nobody hands on more than they have: not a role above their own, and nothing that is taken away from
//! themselves ([`narrow`]); whoever counts in no organization any more has no session.

mod end_sessions;
mod narrow;
mod ways;

pub use end_sessions::end_sessions;
pub use narrow::set_narrowing;
pub use ways::{Ways, ways};

use crate::{
    Workspace,
    account::{self, NewPerson},
    act::{Act, Object},
    error::{PlatformError, Result},
    invitation::{self, Invitation},
    narrowing::{self, NamedNarrowing},
    session,
};
use access::{MemberState, Narrowing, Permission, Permit, Role};
use jiff::Timestamp;
use store::{
    NewEntry, StoreError,
    control::{
        ControlTx,
        account::Account,
        invitation::{lock_account, void_open},
        membership::{self as rows, Membership, MembershipError},
    },
    tenant::catalogue,
};
use types::{AccountId, Dataset, PageSize, ProblemCode};

/// A member.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// Its e-mail address.
    pub email: String,
    /// Its holder's name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Does the membership count?
    pub state: MemberState,
    /// Since when.
    pub joined_at: Timestamp,
    /// Has the person set a password, so that they can sign in with one?
    pub has_password: bool,
    /// What is taken away from the role here.
    pub narrowing: NamedNarrowing,
}

/// A page of members.
#[derive(Debug, Clone)]
pub struct MemberPage {
    /// The members, in the order in which their accounts were made.
    pub members: Vec<Member>,
    /// The account to go on after, when there may be more.
    pub next: Option<AccountId>,
}

fn member_of(
    permit: &Permit,
    datasets: &[Dataset],
    (membership, account): (Membership, Account),
) -> Result<Member> {
    let narrowing = narrowing::read(membership.narrowing)?;
    Ok(Member {
        account: account.id,
        email: account.email,
        name: account.name,
        role: membership.role,
        state: membership.state,
        joined_at: membership.created_at,
        has_password: account.password_changed_at.is_some(),
        narrowing: narrowing::name(permit, datasets, &narrowing),
    })
}

/// Lists members.
///
/// # Errors
/// `not-allowed`.
pub async fn list(workspace: &Workspace, after: Option<AccountId>) -> Result<MemberPage> {
    let permit = workspace.permit(Permission::MemberRead).await?;
    let size = PageSize::default();
    let datasets = catalogue::list(workspace.tenant()).await?;
    let mut read = workspace.platform().control().read().await?;
    let rows = rows::list(&mut read, workspace.organization().id, size, after).await?;
    let full = rows.len() == usize::from(size.get());
    let member = |row| member_of(&permit, &datasets, row);
    let members: Vec<Member> = rows.into_iter().map(member).collect::<Result<_>>()?;
    let next = members.last().filter(|_| full).map(|member| member.account);
    Ok(MemberPage { members, next })
}

/// Adds a member. A person without an account gets one; an account that exists keeps its name and password. Somebody who
/// has no password, and whom no other organization knows, gets a link to set one, which is handed out this once.
///
/// # Errors
/// `already-taken` for a member, `invalid`, `proof-required`, `not-allowed` to make an owner without being one.
pub async fn add(
    workspace: &Workspace,
    person: NewPerson,
    role: Role,
) -> Result<(Member, Option<Invitation>)> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    check_rank(permit.role(), role)?;
    require_transfer(workspace, &[role]).await?;
    let platform = workspace.platform();
    let person = account::prepare(platform, person).await?;
    let organization = workspace.organization().id;
    let mut tx = platform.control().begin().await?;
    let caller = workspace.caller();
    let (account, made) = account::find_or_insert(platform, caller, &mut tx, person).await?;
    // Before the membership: two organizations that add the same person would each hold what the other waits for.
    lock_account(&mut tx, account).await?;
    match rows::insert(&mut tx, organization, account, role, MemberState::Active).await {
        Err(StoreError::Taken { .. }) => {
            return Err(PlatformError::new(
                ProblemCode::Taken,
                "this person is a member already",
            ));
        }
        done => done?,
    }
    if *permit.narrowing() != Narrowing::nothing() {
        let new = rows::find(&mut tx, organization, account).await?;
        let new = new.ok_or_else(|| PlatformError::not_found("member"))?;
        let inherited = narrowing::read(new.narrowing)?.meet(permit.narrowing());
        rows::set_narrowing(&mut tx, organization, account, &narrowing::write(&inherited)?).await?;
    }
    let act = Act::configuration("member.add", Object::new("member", account)).because(role.as_str());
    let entry = platform.entry(caller, Some(organization), &act)?;
    let issued = invitation::issue(platform, caller, &mut tx, account, Some(organization)).await?;
    let (invitation, invited) = issued.unzip();
    let others: Vec<NewEntry> = made.into_iter().chain(invited).collect();
    tx.commit(&entry, &others).await?;
    Ok((find(workspace, account).await?, invitation))
}

/// One member.
///
/// # Errors
/// `not-found`, `not-allowed`.
pub async fn show(workspace: &Workspace, account: AccountId) -> Result<Member> {
    find(workspace, account).await
}

pub(crate) async fn find(workspace: &Workspace, account: AccountId) -> Result<Member> {
    let permit = workspace.permit(Permission::MemberRead).await?;
    let datasets = catalogue::list(workspace.tenant()).await?;
    let mut read = workspace.platform().control().read().await?;
    let membership = rows::find(&mut read, workspace.organization().id, account).await?;
    let found = store::control::account::find_by_id(&mut read, account).await?;
    let both = membership.zip(found.map(|(account, _)| account));
    let both = both.ok_or_else(|| PlatformError::not_found("member"))?;
    member_of(&permit, &datasets, both)
}

/// Only an owner makes or unmakes owners.
pub(crate) fn check_rank(own: Option<Role>, role: Role) -> Result<()> {
    if role == Role::Owner && own != Some(Role::Owner) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "only an owner can make or change an owner",
        ));
    }
    Ok(())
}

/// Whoever makes or unmakes an owner needs the right to hand an organization over, which a token has only by its name.
pub(crate) async fn require_transfer(workspace: &Workspace, roles: &[Role]) -> Result<()> {
    if roles.contains(&Role::Owner) {
        workspace.permit(Permission::OwnershipTransfer).await?;
    }
    Ok(())
}

/// A change to a membership.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// Another role.
    Role(Role),
    /// Disabled or enabled.
    State(MemberState),
    /// Gone.
    Removal,
}

impl Change {
    /// The act, and what its entry says of it.
    fn act(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Role(role) => ("member.set-role", Some(role.as_str())),
            Self::State(state) => ("member.set-state", Some(state.as_str())),
            Self::Removal => ("member.remove", None),
        }
    }

    async fn apply(
        self,
        workspace: &Workspace,
        tx: &mut ControlTx,
        account: AccountId,
    ) -> Result<(), MembershipError> {
        let organization = workspace.organization().id;
        match self {
            Self::Role(role) => {
                rows::set_role(tx, organization, account, role).await?;
                // A link in an administrator's hands must not become the way to an owner's rights.
                Ok(void_open(tx, account, workspace.now()).await?)
            }
            Self::State(MemberState::Disabled) => {
                rows::set_state(tx, organization, account, MemberState::Disabled).await?;
                end_sessions::where_nowhere_left(tx, account, workspace.now()).await
            }
            Self::State(state) => rows::set_state(tx, organization, account, state).await,
            Self::Removal => {
                rows::remove(tx, organization, account).await?;
                end_sessions::where_nowhere_left(tx, account, workspace.now()).await
            }
        }
    }
}

/// Gives a member another role. An invitation that they have not used is void.
///
/// # Errors
/// `last-owner`, `not-found`, `not-allowed`, `proof-required`.
pub async fn set_role(workspace: &Workspace, account: AccountId, role: Role) -> Result<Member> {
    change(workspace, account, Change::Role(role)).await?;
    find(workspace, account).await
}

/// Disables or enables a member. Disabling takes effect within five seconds on every node.
///
/// # Errors
/// As [`set_role`].
pub async fn set_state(workspace: &Workspace, account: AccountId, state: MemberState) -> Result<Member> {
    change(workspace, account, Change::State(state)).await?;
    find(workspace, account).await
}

/// Removes a member; the account stays.
///
/// # Errors
/// As [`set_role`].
pub async fn remove(workspace: &Workspace, account: AccountId) -> Result<()> {
    change(workspace, account, Change::Removal).await
}

/// Tries to remove a member, up to the commit and no further: for the promise that roles are kept to.
///
/// # Errors
/// As [`remove`].
pub(crate) async fn rehearse_removal(workspace: &Workspace, account: AccountId) -> Result<()> {
    let tx = begin_change(workspace, account, Change::Removal).await?;
    Ok(tx.close().await?)
}

async fn change(workspace: &Workspace, account: AccountId, change: Change) -> Result<()> {
    let tx = begin_change(workspace, account, change).await?;
    let (action, reason) = change.act();
    let act = Act::configuration(action, Object::new("member", account));
    let act = match reason {
        Some(reason) => act.because(reason),
        None => act,
    };
    let platform = workspace.platform();
    let entry = platform.entry(workspace.caller(), Some(workspace.organization().id), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.standings().clear();
    platform.known().clear();
    Ok(())
}

/// The transaction with the change made in it, when the caller may make it and an owner remains.
async fn begin_change(workspace: &Workspace, account: AccountId, change: Change) -> Result<ControlTx> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let now = find(workspace, account).await?;
    check_rank(permit.role(), now.role)?;
    match change {
        Change::Role(role) => {
            check_rank(permit.role(), role)?;
            require_transfer(workspace, &[now.role, role]).await?;
        }
        _ => require_transfer(workspace, &[now.role]).await?,
    }
    let mut tx = workspace.platform().control().begin().await?;
    let held = rows::find_held(&mut tx, workspace.organization().id, account).await?;
    if held.is_some_and(|held| held.role != now.role) {
        tx.close().await?;
        let detail = "somebody changed this member's role meanwhile; look again";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    match change.apply(workspace, &mut tx, account).await {
        Ok(()) => Ok(tx),
        Err(MembershipError::LastOwner) => {
            let detail = "this is the last owner, or the last with a second factor where one is required; make someone else \
                          an owner, or have another owner set one up, first";
            Err(PlatformError::new(ProblemCode::LastOwner, detail))
        }
        Err(MembershipError::Store(error)) => Err(error.into()),
    }
}
