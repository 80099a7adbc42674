//! Operator grants: an operator asks an organization for access, with a purpose; an administrator approves it for a time; it
//! ends by itself.
//!
//! Invariants: an operator's account alone reaches no organization; nobody approves what they asked for themselves; a grant
//! lasts at most [`HOURS_MAX`] hours from its approval and is never widened (the database holds to the three); every act
//! under it names the operator in the organization's own log. Whether one holds is read anew with each request
//! ([`crate::Platform::enter`]).

use crate::{
    Platform, Workspace,
    act::{Act, Object},
    caller::{Caller, Identity},
    error::{PlatformError, Result},
    operator, session,
    workspace::{OrganizationSummary, random},
};
use access::Permission;
use jiff::{SignedDuration, Timestamp};
use store::{
    StoreError,
    control::{operator_grant as rows, organization},
};
use types::{AccountId, GrantId, OrganizationId, OrganizationSlug, PageSize, ProblemCode};

pub use rows::{GrantDecision, GrantExtent};

/// The longest grant, in hours.
pub const HOURS_MAX: u8 = 24;
/// The longest purpose, in characters.
pub const PURPOSE_CHARACTERS_MAX: usize = 500;
/// The shortest: a word is no purpose.
pub const PURPOSE_CHARACTERS_MIN: usize = 10;
/// What nobody decided in so many days cannot be approved any more.
const UNDECIDED_DAYS: i64 = 7;

/// How a grant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    /// Nobody has decided.
    Asked,
    /// Nobody has decided in time, or it was taken back.
    Lapsed,
    /// It was refused.
    Refused,
    /// It holds.
    Open,
    /// It held, and is over.
    Over,
}

impl GrantState {
    /// Its name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Lapsed => "lapsed",
            Self::Refused => "refused",
            Self::Open => "open",
            Self::Over => "over",
        }
    }
}

/// A grant.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// To which organization.
    pub organization: OrganizationId,
    /// Which operator's.
    pub account: AccountId,
    /// How far it goes.
    pub extent: GrantExtent,
    /// What for.
    pub purpose: String,
    /// For how many hours.
    pub hours: u8,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When it ends, or ended, by itself or before.
    pub ends_at: Option<Timestamp>,
    /// How it stands.
    pub state: GrantState,
}

/// What an operator asks for.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Of which organization, by its name in addresses.
    pub organization: String,
    /// How far it is to go.
    pub extent: GrantExtent,
    /// What for.
    pub purpose: String,
    /// For how many hours, 1 to [`HOURS_MAX`].
    pub hours: u8,
}

fn grant_of(row: rows::OperatorGrant, now: Timestamp) -> Grant {
    let refused = GrantDecision::Refused.as_str();
    let state = match (row.decision.as_deref(), row.ended_at, row.expires_at) {
        (Some(decision), ..) if decision == refused => GrantState::Refused,
        (Some(_), None, Some(end)) if end > now => GrantState::Open,
        (Some(_), ..) => GrantState::Over,
        (None, None, _) if row.asked_at > undecided_since(now) => GrantState::Asked,
        (None, ..) => GrantState::Lapsed,
    };
    Grant {
        id: row.id,
        organization: row.organization_id,
        account: row.account_id,
        extent: row.extent,
        purpose: row.purpose,
        hours: u8::try_from(row.hours).unwrap_or(HOURS_MAX),
        asked_at: row.asked_at,
        decided_by: row.decided_by,
        ends_at: row.ended_at.or(row.expires_at),
        state,
    }
}

fn undecided_since(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * UNDECIDED_DAYS))
        .unwrap_or(now)
}

/// A signed-in operator's account; the host has none that an organization could know.
fn operator_of(caller: &Caller) -> Result<AccountId> {
    operator::require(caller)?;
    match &caller.identity {
        Identity::Person { account, .. } => Ok(account.id),
        Identity::Anonymous
        | Identity::Held { .. }
        | Identity::Token { .. }
        | Identity::Host
        | Identity::System => {
            let why = "a grant is asked for by an operator who is signed in";
            Err(PlatformError::new(ProblemCode::NotAllowed, why))
        }
    }
}

/// Asks for a grant; nothing is granted by that.
///
/// # Errors
/// `not-allowed` for anybody but a signed-in operator; `invalid`; `not-found`.
pub async fn ask(platform: &Platform, caller: &Caller, new: NewGrant) -> Result<GrantId> {
    let account = operator_of(caller)?;
    let purpose = checked_purpose(&new.purpose)?;
    if !(1..=HOURS_MAX).contains(&new.hours) {
        let message = format!("1 to {HOURS_MAX} hours");
        return Err(PlatformError::invalid_at("/hours", "out-of-range", message));
    }
    let missing = || PlatformError::not_found("organization");
    let slug: OrganizationSlug = new.organization.parse().map_err(|_| missing())?;
    let id = GrantId::new(platform.now_ms(), random()?);
    let mut tx = platform.control().begin().await?;
    let home = organization::find_by_slug(&mut tx, &slug)
        .await?
        .ok_or_else(missing)?;
    let row = rows::NewOperatorGrant {
        id,
        organization: home.id,
        account,
        extent: new.extent,
        purpose: purpose.clone(),
        hours: i32::from(new.hours),
        asked_at: platform.now(),
    };
    rows::insert(&mut tx, row).await?;
    let reason = format!("{} for {} hours: {purpose}", new.extent, new.hours);
    let act = Act::configuration("operator-grant.ask", Object::new("operator-grant", id)).because(&reason);
    let entry = platform.entry(caller, Some(home.id), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(id)
}

fn checked_purpose(purpose: &str) -> Result<String> {
    let purpose = purpose.trim();
    let length = purpose.chars().count();
    let fits = (PURPOSE_CHARACTERS_MIN..=PURPOSE_CHARACTERS_MAX).contains(&length);
    if fits && !purpose.chars().any(char::is_control) {
        return Ok(purpose.to_owned());
    }
    let message = format!("{PURPOSE_CHARACTERS_MIN} to {PURPOSE_CHARACTERS_MAX} characters on one line");
    Err(PlatformError::invalid_at("/purpose", "malformed", message))
}

/// The organizations that an operator can ask, by name.
///
/// # Errors
/// `not-allowed`.
pub async fn list_organizations(platform: &Platform, caller: &Caller) -> Result<Vec<OrganizationSummary>> {
    operator_of(caller)?;
    crate::organization::list_all(platform, &Caller::system()).await
}

/// The operator's own grants, newest first; at most a page.
///
/// # Errors
/// `not-allowed`.
pub async fn list_own(platform: &Platform, caller: &Caller) -> Result<Vec<Grant>> {
    let account = operator_of(caller)?;
    let mut read = platform.control().read().await?;
    let found = rows::list_of_account(&mut read, account, PageSize::default()).await?;
    let now = platform.now();
    Ok(found.into_iter().map(|row| grant_of(row, now)).collect())
}

/// The organization's grants, newest first; at most a page.
///
/// # Errors
/// `not-allowed`.
pub async fn list(workspace: &Workspace) -> Result<Vec<Grant>> {
    workspace.permit(Permission::OperatorGrantManage).await?;
    let mut read = workspace.platform().control().read().await?;
    let found =
        rows::list_of_organization(&mut read, workspace.organization().id, PageSize::default()).await?;
    let now = workspace.now();
    Ok(found.into_iter().map(|row| grant_of(row, now)).collect())
}

/// Approves or refuses what an operator asked for.
///
/// # Errors
/// `not-allowed`, also for whoever asked; `proof-required` to approve; `not-found` for what is decided, lapsed or not there.
pub async fn decide(workspace: &Workspace, id: GrantId, decision: GrantDecision) -> Result<()> {
    let permit = workspace.permit(Permission::OperatorGrantManage).await?;
    let by = permit
        .account()
        .map(AccountId)
        .ok_or(access::Denial::NotSignedIn)?;
    if decision == GrantDecision::Approved {
        session::require_fresh(workspace.platform(), workspace.caller())?;
    }
    let (platform, organization) = (workspace.platform(), workspace.organization().id);
    let now = workspace.now();
    let mut tx = platform.control().begin().await?;
    match rows::decide(&mut tx, organization, id, decision, by, now, undecided_since(now)).await {
        Err(StoreError::NotFound) => return Err(PlatformError::not_found("operator grant")),
        Err(StoreError::Refused { constraint }) if constraint == "operator_grant_own" => {
            let why = "nobody decides about what they asked for themselves";
            return Err(PlatformError::new(ProblemCode::NotAllowed, why));
        }
        done => done?,
    }
    let action = match decision {
        GrantDecision::Approved => "operator-grant.approve",
        GrantDecision::Refused => "operator-grant.refuse",
    };
    let act = Act::configuration(action, Object::new("operator-grant", id));
    let entry = platform.entry(workspace.caller(), Some(organization), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Ends a grant at once, on every node.
///
/// # Errors
/// `not-allowed`; `not-found` for what is over or not there.
pub async fn end(workspace: &Workspace, id: GrantId) -> Result<()> {
    let permit = workspace.permit(Permission::OperatorGrantManage).await?;
    let by = permit
        .account()
        .map(AccountId)
        .ok_or(access::Denial::NotSignedIn)?;
    let organization = Some(workspace.organization().id);
    end_in(
        workspace.platform(),
        workspace.caller(),
        id,
        organization,
        None,
        by,
    )
    .await
}

/// Gives an own grant back, or takes back what was asked for.
///
/// # Errors
/// As [`end`].
pub async fn end_own(platform: &Platform, caller: &Caller, id: GrantId) -> Result<()> {
    let account = operator_of(caller)?;
    end_in(platform, caller, id, None, Some(account), account).await
}

async fn end_in(
    platform: &Platform,
    caller: &Caller,
    id: GrantId,
    organization: Option<OrganizationId>,
    holder: Option<AccountId>,
    by: AccountId,
) -> Result<()> {
    let mut tx = platform.control().begin().await?;
    let organization = match rows::end(&mut tx, id, organization, holder, by, platform.now()).await {
        Err(StoreError::NotFound) => return Err(PlatformError::not_found("operator grant")),
        done => done?,
    };
    let act = Act::configuration("operator-grant.end", Object::new("operator-grant", id));
    let entry = platform.entry(caller, Some(organization), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}
