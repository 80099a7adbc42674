//! Somebody whom a directory vouches for: their account, made where it is allowed, and the roles that their groups give.
//!
//! Invariant: an account that exists is never given to anybody by its address. Memberships that people gave are not touched.

use super::{first_sign_in_of, mapping::wanted, source_of};
use crate::{
    Platform,
    account::{self, NewPerson},
    act::{Act, Object},
    caller::{Caller, Identity, Origin},
    error::{PlatformError, Result},
    provider::FirstSignIn,
};
use access::Role;
use directory::{Person, group::Group};
use std::collections::BTreeMap;
use store::{
    NewEntry, StoreError,
    control::{
        ControlTx,
        account::{self as accounts, Account},
        directory::{self as rows, Directory as Row},
        identity::{self, IdentityRequest},
        membership::{self, MembershipError},
    },
};
use types::{AccountId, EmailAddress, OrganizationId, PageSize, ProblemCode, SourceId};

/// What becomes of them.
pub(crate) enum Received {
    /// They have an account.
    Account(Account),
    /// They are not let in; why, for the journal.
    TurnedAway(&'static str),
}

/// Receives somebody who has just proved who they are.
pub(crate) async fn receive(
    platform: &Platform,
    origin: &Origin,
    row: &Row,
    person: &Person,
    groups: &[Group],
) -> Result<Received> {
    // Nobody is signed in yet; the platform acts, from where the person is.
    let caller = Caller {
        identity: Identity::System,
        origin: origin.clone(),
        grant: None,
    };
    let mut read = platform.control().read().await?;
    let roles = wanted(groups, &rows::mappings(&mut read, row.id).await?);
    let known = identity::find_account(&mut read, source_of(row.id), &person.id).await?;
    drop(read);
    match (known, first_sign_in_of(row)) {
        (Some(account), _) => refresh(platform, &caller, row, account.id, &roles).await,
        (None, FirstSignIn::Refuse) => Ok(Received::TurnedAway("newcomers are refused")),
        (None, _) if roles.is_empty() => Ok(Received::TurnedAway("no group of theirs gives a role")),
        (None, FirstSignIn::Wait) => wait(platform, &caller, row, person).await,
        (None, FirstSignIn::Create) => create(platform, &caller, row, person, &roles).await,
    }
}

/// Somebody who is known: let in again if the directory had barred them, with the roles of now.
async fn refresh(
    platform: &Platform,
    caller: &Caller,
    row: &Row,
    account: AccountId,
    roles: &BTreeMap<OrganizationId, Role>,
) -> Result<Received> {
    let mut tx = platform.control().begin().await?;
    let mut entries = Vec::new();
    if rows::set_barred(&mut tx, account, false).await? {
        entries.push(entry(platform, caller, row, "account.unbar", account)?);
    }
    entries.extend(reconcile(platform, caller, &mut tx, row.id, account, roles).await?);
    match entries.split_first() {
        None => tx.close().await?,
        Some((first, rest)) => {
            tx.commit(first, rest).await?;
            platform.standings().clear();
            platform.known().clear();
        }
    }
    account_of(platform, account).await
}

async fn account_of(platform: &Platform, account: AccountId) -> Result<Received> {
    let found = accounts::find_by_id(&mut platform.control().read().await?, account).await?;
    found
        .map(|(account, _)| Received::Account(account))
        .ok_or_else(|| PlatformError::not_found("account"))
}

pub(super) fn entry(
    platform: &Platform,
    caller: &Caller,
    row: &Row,
    action: &'static str,
    account: AccountId,
) -> Result<NewEntry> {
    platform.entry(
        caller,
        None,
        &Act::configuration(action, Object::new("account", account)).because(&row.key),
    )
}

async fn wait(platform: &Platform, caller: &Caller, row: &Row, person: &Person) -> Result<Received> {
    const WAITS: Received = Received::TurnedAway("they wait to be let in");
    let source = source_of(row.id);
    let mut tx = platform.control().begin().await?;
    let waiting = identity::list_requests(&mut tx, source).await?;
    if waiting.len() >= usize::from(PageSize::MAX) || waiting.iter().any(|one| one.subject == person.id) {
        tx.close().await?;
        return Ok(WAITS);
    }
    let request = IdentityRequest {
        subject: person.id.clone(),
        name: Some(person.name.clone()),
        email: person.email.clone(),
        asked_at: platform.now(),
    };
    identity::ask(&mut tx, source, &request).await?;
    let act = Act::access("identity.ask", Object::new("directory", &row.key));
    tx.commit(&platform.entry(caller, None, &act)?, &[]).await?;
    Ok(WAITS)
}

async fn create(
    platform: &Platform,
    caller: &Caller,
    row: &Row,
    person: &Person,
    roles: &BTreeMap<OrganizationId, Role>,
) -> Result<Received> {
    let Some(Ok(email)) = person.email.as_ref().map(|email| email.parse::<EmailAddress>()) else {
        return Ok(Received::TurnedAway(
            "the directory has no e-mail address of theirs",
        ));
    };
    let name = if person.name.is_empty() {
        email.to_string()
    } else {
        person.name.clone()
    };
    let new = NewPerson {
        email: email.to_string(),
        name,
        password: None,
    };
    let prepared = account::prepare(platform, new).await?;
    let mut tx = platform.control().begin().await?;
    let (account, Some(made)) = account::find_or_insert(platform, caller, &mut tx, prepared).await? else {
        tx.close().await?;
        return Ok(Received::TurnedAway(
            "their e-mail address belongs to an account here that is not tied to them",
        ));
    };
    match identity::insert(&mut tx, source_of(row.id), &person.id, account, platform.now()).await {
        Err(StoreError::Taken { .. }) => {
            let text = "you were let in elsewhere in this moment; sign in again";
            return Err(PlatformError::new(ProblemCode::Conflict, text));
        }
        inserted => inserted?,
    }
    let mut rest = vec![made];
    rest.extend(reconcile(platform, caller, &mut tx, row.id, account, roles).await?);
    tx.commit(&entry(platform, caller, row, "identity.create", account)?, &rest)
        .await?;
    account_of(platform, account).await
}

/// Makes the memberships that the directory gave to an account what they should be; gives the entries to commit with.
pub(super) async fn reconcile(
    platform: &Platform,
    caller: &Caller,
    tx: &mut ControlTx,
    id: SourceId,
    account: AccountId,
    roles: &BTreeMap<OrganizationId, Role>,
) -> Result<Vec<NewEntry>> {
    let have: BTreeMap<OrganizationId, Role> =
        rows::memberships_of(tx, id, account).await?.into_iter().collect();
    let mut entries = Vec::new();
    for (organization, role) in roles {
        let action = match have.get(organization) {
            Some(same) if same == role => continue,
            Some(_) => keeping_an_owner(membership::set_role(tx, *organization, account, *role).await)?
                .then_some("member.set-role"),
            None => rows::give_membership(tx, id, *organization, account, *role)
                .await?
                .then_some("member.add"),
        };
        if let Some(action) = action {
            let act = Act::configuration(action, Object::new("member", account)).because(role.as_str());
            entries.push(platform.entry(caller, Some(*organization), &act)?);
        }
    }
    for organization in have
        .keys()
        .filter(|organization| !roles.contains_key(organization))
    {
        if keeping_an_owner(membership::remove(tx, *organization, account).await)? {
            let act =
                Act::configuration("member.remove", Object::new("member", account)).because("directory");
            entries.push(platform.entry(caller, Some(*organization), &act)?);
        }
    }
    Ok(entries)
}

/// Whether the change was made: an organization's last owner stays one, whatever a directory says.
fn keeping_an_owner(changed: Result<(), MembershipError>) -> Result<bool> {
    match changed {
        Ok(()) => Ok(true),
        Err(MembershipError::LastOwner) => {
            tracing::warn!("the directory would take an organization's last owner; the role stays");
            Ok(false)
        }
        Err(MembershipError::Store(error)) => Err(error.into()),
    }
}
