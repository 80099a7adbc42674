//! Legal holds: for a named reason and person nothing of an organization is deleted and nothing of it expires, until the hold is
//! lifted.
//!
//! Invariants: the database refuses what a hold forbids, whoever asks (`refuse_if_held`); a member whom a hold concerns does not
//! lift it; what the host placed only the host lifts. Start at [`place`].

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object},
    check::{authorized, require_operator},
    error::{PlatformError, Result},
    session,
    workspace::{Home, random},
};
use access::Permission;
use jiff::Timestamp;
use store::{
    StoreError,
    control::{
        legal_hold::{self as rows, LegalHold},
        lifecycle, membership,
    },
};
use types::{AccountId, HoldId, ProblemCode};

/// Fewest characters of a reason.
pub const REASON_CHARACTERS_MIN: usize = 5;
/// Most.
pub const REASON_CHARACTERS_MAX: usize = 500;
/// Most characters of a person's name.
pub const PERSON_CHARACTERS_MAX: usize = 200;

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Why.
    pub reason: String,
    /// On whose order.
    pub person: String,
    /// The member who is looked into.
    pub concerns: Option<AccountId>,
    /// Since when.
    pub placed_at: Timestamp,
    /// By which member; none: on the host.
    pub placed_by: Option<AccountId>,
    /// When and why it was lifted, and by which member; none of the three while it is in force.
    pub lifted: Option<Lifted>,
}

/// A hold's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// When.
    pub at: Timestamp,
    /// By which member; none: on the host.
    pub by: Option<AccountId>,
    /// Why.
    pub reason: String,
}

/// A hold to place.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// Why, 5 to 500 characters on one line.
    pub reason: String,
    /// On whose order: a court, an investigator; 1 to 200 characters on one line.
    pub person: String,
    /// The member who is looked into, if it is one; they cannot lift it.
    pub concerns: Option<AccountId>,
}

fn hold_of(row: LegalHold) -> Hold {
    let lifted = row.lifted_at.map(|at| Lifted {
        at,
        by: row.lifted_by,
        reason: row.lifted_reason.unwrap_or_default(),
    });
    Hold {
        id: row.id,
        reason: row.reason,
        person: row.person,
        concerns: row.concerns,
        placed_at: row.placed_at,
        placed_by: row.placed_by,
        lifted,
    }
}

/// The organization's holds, those in force first: for owners.
///
/// # Errors
/// `not-allowed`.
pub async fn list(workspace: &Workspace) -> Result<Vec<Hold>> {
    workspace.permit(Permission::HoldManage).await?;
    of(workspace.platform(), &workspace.home).await
}

/// The same on the host.
///
/// # Errors
/// `not-allowed` for anybody but the host; `not-found`.
pub async fn list_at_host(platform: &Platform, caller: &Caller, slug: &str) -> Result<Vec<Hold>> {
    require_operator(caller)?;
    let home = authorized(platform, caller, slug, Permission::HoldManage).await?;
    of(platform, &home).await
}

async fn of(platform: &Platform, home: &Home) -> Result<Vec<Hold>> {
    let found = rows::list(&mut platform.control().read().await?, home.summary.id).await?;
    Ok(found.into_iter().map(hold_of).collect())
}

/// Places a hold; it is in force when this returns. Whatever was being deleted has ended, or is refused.
///
/// # Errors
/// `not-allowed` for anybody but an owner; `proof-required`; `invalid`; `timeout` while a change goes on.
pub async fn place(workspace: &Workspace, new: NewHold) -> Result<HoldId> {
    workspace.permit(Permission::HoldManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let by = Some(own_account(workspace)?);
    place_in(workspace.platform(), workspace.caller(), &workspace.home, by, new).await
}

/// The same on the host, which alone can lift it: for an order that an owner must not undo.
///
/// # Errors
/// `not-allowed` for anybody but the host; `not-found`; `invalid`; `timeout`.
pub async fn place_at_host(platform: &Platform, caller: &Caller, slug: &str, new: NewHold) -> Result<HoldId> {
    require_operator(caller)?;
    let home = authorized(platform, caller, slug, Permission::HoldManage).await?;
    place_in(platform, caller, &home, None, new).await
}

fn own_account(workspace: &Workspace) -> Result<AccountId> {
    let account = workspace.caller().account().map(|account| account.id);
    Ok(account.ok_or(access::Denial::NotSignedIn)?)
}

async fn place_in(
    platform: &Platform,
    caller: &Caller,
    home: &Home,
    placed_by: Option<AccountId>,
    new: NewHold,
) -> Result<HoldId> {
    let organization = home.summary.id;
    let reason = checked_line(
        "/reason",
        &new.reason,
        REASON_CHARACTERS_MIN,
        REASON_CHARACTERS_MAX,
    )?;
    let person = checked_line("/person", &new.person, 1, PERSON_CHARACTERS_MAX)?;
    let id = HoldId::new(platform.now_ms(), random()?);
    let mut tx = platform.control().begin().await?;
    if let Some(concerns) = new.concerns
        && membership::find(&mut tx, organization, concerns).await?.is_none()
    {
        let message = "not a member of this organization";
        return Err(PlatformError::invalid_at("/concerns", "unknown", message));
    }
    lifecycle::hold_writers(&mut tx, home.tenant.schema_name()).await?;
    let row = rows::NewHold {
        id,
        organization,
        reason: reason.clone(),
        person: person.clone(),
        concerns: new.concerns,
        placed_by,
    };
    match rows::place(&mut tx, row).await {
        Err(StoreError::Dangling { .. }) => return Err(PlatformError::not_found("organization")),
        placed => placed?,
    }
    let said = format!("{person}: {reason}");
    let act = Act::configuration("hold.place", Object::new("hold", id)).because(&said);
    let entry = platform.entry(caller, Some(organization), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(id)
}

/// Lifts a hold: deletion and expiry go on by themselves.
///
/// # Errors
/// `not-allowed` for anybody but an owner, for the member whom it concerns, and for what the host placed; `proof-required`;
/// `invalid`; `not-found` for what is lifted or not there.
pub async fn lift(workspace: &Workspace, id: HoldId, reason: &str) -> Result<()> {
    workspace.permit(Permission::HoldManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let by = Some(own_account(workspace)?);
    lift_in(
        workspace.platform(),
        workspace.caller(),
        &workspace.home,
        id,
        by,
        reason,
    )
    .await
}

/// The same on the host.
///
/// # Errors
/// `not-allowed` for anybody but the host; `invalid`; `not-found`.
pub async fn lift_at_host(
    platform: &Platform,
    caller: &Caller,
    slug: &str,
    id: HoldId,
    reason: &str,
) -> Result<()> {
    require_operator(caller)?;
    let home = authorized(platform, caller, slug, Permission::HoldManage).await?;
    lift_in(platform, caller, &home, id, None, reason).await
}

async fn lift_in(
    platform: &Platform,
    caller: &Caller,
    home: &Home,
    id: HoldId,
    by: Option<AccountId>,
    reason: &str,
) -> Result<()> {
    let reason = checked_line("/reason", reason, REASON_CHARACTERS_MIN, REASON_CHARACTERS_MAX)?;
    let mut tx = platform.control().begin().await?;
    match rows::lift(&mut tx, home.summary.id, id, by, &reason).await {
        Err(StoreError::NotFound) => return Err(PlatformError::not_found("hold")),
        Err(StoreError::Refused { constraint }) if constraint == "legal_hold_own" => {
            let why = "nobody lifts a hold that concerns themselves; another owner can, or whoever runs the appliance";
            return Err(PlatformError::new(ProblemCode::NotAllowed, why));
        }
        Err(StoreError::Refused { constraint }) if constraint == "legal_hold_host" => {
            let why = "this hold was placed on the host, and is lifted there";
            return Err(PlatformError::new(ProblemCode::NotAllowed, why));
        }
        done => done?,
    }
    let act = Act::configuration("hold.lift", Object::new("hold", id)).because(&reason);
    let entry = platform.entry(caller, Some(home.summary.id), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// A line of text of so many characters.
fn checked_line(pointer: &str, text: &str, min: usize, max: usize) -> Result<String> {
    let text = text.trim();
    if (min..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("{min} to {max} characters on one line");
    Err(PlatformError::invalid_at(pointer, "malformed", message))
}
