//! Invitations: how a person without a password comes to one. Whoever adds the person gets a link once and hands it
//! over; it works once, for [`DAYS`] days, and lets nobody in by itself: it sets a password, with which one signs in.
//!
//! Invariant: an organization can invite only whom nobody else has a say about: no password, no identity at a directory or provider, no other
//! organization, no operator of the appliance, nobody of a higher rank than whoever invites. The store judges this again when the link is
//! used.

use crate::{
    Caller, Origin, Platform, Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    mail, member,
    password::{self, Whose},
    session,
    workspace::random,
};
use access::Permission;
use jiff::{SignedDuration, Timestamp};
use store::{
    NewEntry, StoreError,
    control::{ControlTx, account as accounts, invitation as rows},
};
use types::{AccountId, EmailAddress, InvitationId, OrganizationId, ProblemCode};
use vault::{InvitationToken, SecretText};

/// How many days a link works.
pub const DAYS: i64 = 7;

/// The one sentence for a link that does not work, whatever the reason.
const DEAD: &str =
    "this link has expired, was used already, or is not one of ours; ask whoever invited you for a new one";

/// A link that was just made; it cannot be had again.
#[derive(Debug)]
pub struct Invitation {
    /// The address to open, made with the configured base URL.
    pub url: SecretText,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// It was sent by mail as well.
    pub mailed: bool,
}

/// Who a link invites, and where to.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The person's e-mail address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What the organization is called; none when the operator invites.
    pub organization: Option<String>,
}

/// Makes a new link for a member who has no password yet; the old one is void.
///
/// # Errors
/// `not-found` for who is no member; `conflict` for who can sign in, also by a directory or a provider, or belongs to another
/// organization too; `not-allowed`; `proof-required`.
pub async fn create(workspace: &Workspace, account: AccountId) -> Result<Invitation> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let invited = member::find(workspace, account).await?;
    member::check_rank(permit.role(), invited.role)?;
    let platform = workspace.platform();
    let organization = workspace.organization().id;
    let mut tx = platform.control().begin().await?;
    let made = issue(platform, workspace.caller(), &mut tx, account, Some(organization)).await?;
    let Some((invitation, entry)) = made else {
        tx.close().await?;
        return Err(PlatformError::new(
            ProblemCode::Conflict,
            "a link is only for somebody who has no password yet, signs in by no directory or provider, and belongs to this \
             organization alone; the operator helps everybody else",
        ));
    };
    tx.commit(&entry, &[]).await?;
    Ok(invitation)
}

/// Makes a new link for whoever has no password yet, in the name of the operator on the host; the old one is void.
///
/// # Errors
/// `not-found`; `conflict` for somebody who has a password.
pub async fn create_as_operator(platform: &Platform, caller: &Caller, email: &str) -> Result<Invitation> {
    if !matches!(caller.identity, crate::caller::Identity::Host) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "this is done on the host",
        ));
    }
    let address = email.parse::<EmailAddress>();
    let address =
        address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let mut tx = platform.control().begin().await?;
    let found = accounts::find_by_email(&mut tx, &address).await?;
    let account = found.ok_or_else(|| PlatformError::not_found("account"))?.0.id;
    let Some((invitation, entry)) = issue(platform, caller, &mut tx, account, None).await? else {
        tx.close().await?;
        let detail = "this person has a password already, or the account is disabled";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    };
    tx.commit(&entry, &[]).await?;
    Ok(invitation)
}

/// A new link in the place of the old one, with its entry, within a transaction; none for whom this inviter may not
/// let in.
pub(crate) async fn issue(
    platform: &Platform,
    caller: &Caller,
    tx: &mut ControlTx,
    account: AccountId,
    organization: Option<OrganizationId>,
) -> Result<Option<(Invitation, NewEntry)>> {
    rows::lock_account(tx, account).await?;
    if !rows::is_invitable(tx, account, organization).await? {
        return Ok(None);
    }
    let token = InvitationToken::generate().map_err(vault_failure)?;
    let now = platform.now();
    let expires_at = now
        .checked_add(SignedDuration::from_hours(24 * DAYS))
        .unwrap_or(now);
    rows::void_open(tx, account, now).await?;
    let new = rows::NewInvitation {
        id: InvitationId::new(platform.now_ms(), random()?),
        token_hash: token.hashed().bytes().to_vec(),
        account,
        organization,
        created_at: now,
        expires_at,
    };
    rows::insert(tx, new).await?;
    let act = Act::access("invitation.create", Object::new("account", account));
    let entry = platform.entry(caller, organization, &act)?;
    let base = &platform.settings().base_url;
    let url = SecretText::new(format!("{base}/invitation/{}", token.expose()));
    let mailed = send(platform, tx, account, &url).await?;
    Ok(Some((
        Invitation {
            url,
            expires_at,
            mailed,
        },
        entry,
    )))
}

/// Has the link sent to the account's address as well, where mail is set. The letter goes with the transaction.
async fn send(platform: &Platform, tx: &mut ControlTx, account: AccountId, url: &SecretText) -> Result<bool> {
    let found = accounts::find_by_id(tx, account).await?;
    let Some(Ok(email)) = found.map(|(account, _)| account.email.parse::<EmailAddress>()) else {
        return Ok(false);
    };
    mail::post(
        platform,
        tx,
        &mail::Letter::invitation(&email, url.expose(), DAYS),
    )
    .await
}

fn dead() -> PlatformError {
    PlatformError::new(ProblemCode::NotFound, DEAD)
}

async fn find_live(platform: &Platform, token: &str) -> Result<(InvitationToken, rows::LiveInvitation)> {
    let token = InvitationToken::parse(token).map_err(|_| dead())?;
    let mut read = platform.control().read().await?;
    let found = rows::find_live_by_hash(&mut read, token.hashed().bytes(), platform.now()).await?;
    Ok((token, found.ok_or_else(dead)?))
}

/// Whom the link of a token invites. Looking does not use it up: mail scanners look too.
///
/// # Errors
/// `not-found`, with one sentence for every reason.
pub async fn look(platform: &Platform, token: &str) -> Result<Invited> {
    let (_, live) = find_live(platform, token).await?;
    Ok(Invited {
        email: live.email,
        name: live.name,
        organization: live.organization.map(|(_, name)| name),
    })
}

/// Uses a link up and sets the password of the account that it answers with. Nobody is signed in by this.
///
/// # Errors
/// `not-found` as [`look`]; `invalid` for a weak password, which leaves the link as it was.
pub async fn accept(
    platform: &Platform,
    origin: Origin,
    token: &str,
    password: SecretText,
) -> Result<AccountId> {
    let (token, live) = find_live(platform, token).await?;
    let whose = Whose::Account {
        id: live.account,
        words: &[live.email.as_str(), &live.name],
    };
    let hashed = password::hash(platform, "/password", password, whose).await?;
    let now = platform.now();
    let mut tx = platform.control().begin().await?;
    rows::lock_account(&mut tx, live.account).await?;
    match rows::use_up(&mut tx, token.hashed().bytes(), now).await {
        Err(StoreError::NotFound) => return Err(dead()),
        used => used?,
    }
    accounts::set_password(&mut tx, live.account, &hashed, now).await?;
    let act = Act::access("invitation.use", Object::new("account", live.account));
    let organization = live.organization.map(|(id, _)| id);
    let entry = platform.entry(&Caller::anonymous(origin), organization, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(live.account)
}
