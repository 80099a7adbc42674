//! The life of an organization after "active": cancelled, taken back, and when what happens.
//!
//! Invariants: after cancellation nothing in the organization changes, through whatever door: [`access::decide_cancelled`] says
//! so first, the database's function `_append_record` last. An owner who is here, and means it, decides. Start at [`cancel`].

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object},
    caller::Identity,
    error::{PlatformError, Result},
    session,
    setting::Setting,
};
use access::{Permission, TokenScope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    control::{
        ControlTx, deletion, legal_hold, lifecycle as rows,
        organization::{self, Organization},
    },
};
use types::{AccountId, ProblemCode};

pub use store::control::{deletion::DeletionCause as Cause, organization::OrganizationState as State};

/// The shortest time for exports after a cancellation; the database holds to it too.
pub const DAYS_MIN: u16 = 30;
/// The longest.
pub const DAYS_MAX: u16 = 365;
/// What holds until somebody says otherwise.
pub const DAYS_DEFAULT: u16 = 90;
/// The setting.
const SETTING: Setting<Window> = Setting::named("lifecycle");

/// What is kept of it.
#[derive(Serialize, Deserialize)]
struct Window {
    window_days: u16,
}

/// A deletion that is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDeletion {
    /// Why.
    pub cause: Cause,
    /// Since when.
    pub ordered_at: Timestamp,
    /// By which owner; none where the time for exports is over.
    pub ordered_by: Option<AccountId>,
    /// It is carried out then, unless an owner calls it back or a hold is in force.
    pub due_at: Timestamp,
}

/// Where an organization stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// Active or cancelled.
    pub state: State,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// Until when it can be exported; then it is deleted.
    pub export_until: Option<Timestamp>,
    /// How many days a cancellation leaves for exports.
    pub window_days: u16,
    /// The deletion that is ordered.
    pub deletion: Option<PlannedDeletion>,
    /// A hold is in force: nothing is deleted.
    pub is_held: bool,
}

/// Where the organization stands: everybody in it may know.
///
/// # Errors
/// `not-allowed`.
pub async fn show(workspace: &Workspace) -> Result<Lifecycle> {
    workspace.permit(Permission::OrganizationRead).await?;
    let platform = workspace.platform();
    let mut read = platform.control().read().await?;
    let row = row_of(&mut read, workspace).await?;
    let planned = deletion::find_open(&mut read, row.id).await?;
    let is_held = legal_hold::in_force(&mut read, Some(row.id)).await?;
    Ok(Lifecycle {
        state: row.state,
        cancelled_at: row.cancelled_at,
        export_until: row.export_until,
        window_days: window_days(platform).await?,
        deletion: planned.map(|planned| PlannedDeletion {
            cause: planned.cause,
            ordered_at: planned.ordered_at,
            ordered_by: planned.ordered_by,
            due_at: planned.due_at(),
        }),
        is_held,
    })
}

/// What everybody in the organization should see on every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// It is cancelled.
    Cancelled {
        /// Until when it can be exported.
        export_until: Timestamp,
    },
    /// Its deletion is ordered.
    Deletion {
        /// When it is carried out.
        due_at: Timestamp,
    },
}

/// The warning, if there is one; a cancellation is at most two seconds late.
///
/// # Errors
/// `unavailable`.
pub async fn warning(workspace: &Workspace) -> Result<Option<Warning>> {
    let mut read = workspace.platform().control().read().await?;
    if let Some(planned) = deletion::find_open(&mut read, workspace.organization().id).await? {
        let due_at = planned.due_at();
        return Ok(Some(Warning::Deletion { due_at }));
    }
    let export_until = workspace.home.export_until;
    Ok(export_until.map(|export_until| Warning::Cancelled { export_until }))
}

async fn row_of(on: &mut impl store::control::Reads, workspace: &Workspace) -> Result<Organization> {
    let row = organization::find_by_id(on, workspace.organization().id).await?;
    row.ok_or_else(|| PlatformError::not_found("organization"))
}

/// Refuses whoever may not end the organization, or might not mean it: a person needs a fresh proof, a token must have been made
/// for it by name.
pub(crate) async fn require_meant(workspace: &Workspace, permission: Permission) -> Result<AccountId> {
    let permit = workspace.permit(permission).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    if let Identity::Token {
        scope: TokenScope::All,
        ..
    } = workspace.caller().identity
    {
        let why = format!(
            "a token that may do everything does not do this; make one that names {permission}, or sign in"
        );
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let account = permit.account().map(AccountId);
    Ok(account.ok_or(access::Denial::NotSignedIn)?)
}

/// Cancels the organization: from now on it is read and exported, and nothing in it changes. After the window it is deleted.
///
/// # Errors
/// `not-allowed` for anybody but an owner; `proof-required`; `conflict` when it is cancelled already; `timeout` while a change of
/// it goes on.
pub async fn cancel(workspace: &Workspace) -> Result<Lifecycle> {
    require_meant(workspace, Permission::OrganizationDelete).await?;
    let days = window_days(workspace.platform()).await?;
    let mut tx = workspace.platform().control().begin().await?;
    rows::hold_writers(&mut tx, workspace.tenant().schema_name()).await?;
    let until = match rows::cancel(&mut tx, workspace.organization().id, days.into()).await {
        Err(StoreError::NotFound) => return Err(conflict("the organization is cancelled already")),
        until => until?,
    };
    let reason = format!("exports until {until}");
    commit(workspace, tx, "organization.cancel", &reason).await?;
    show(workspace).await
}

/// Takes a cancellation back, and with it a deletion that is ordered.
///
/// # Errors
/// `not-allowed` for anybody but an owner; `proof-required`; `conflict` when it is not cancelled.
pub async fn reinstate(workspace: &Workspace) -> Result<Lifecycle> {
    let by = require_meant(workspace, Permission::OrganizationDelete).await?;
    let id = workspace.organization().id;
    let mut tx = workspace.platform().control().begin().await?;
    match rows::reinstate(&mut tx, id).await {
        Err(StoreError::NotFound) => return Err(conflict("the organization is not cancelled")),
        done => done?,
    }
    let reason = match deletion::call_back(&mut tx, id, Some(by)).await {
        Err(StoreError::NotFound) => "no deletion was ordered",
        called_back => {
            called_back?;
            "the ordered deletion is called back"
        }
    };
    commit(workspace, tx, "organization.reinstate", reason).await?;
    show(workspace).await
}

fn conflict(why: &str) -> PlatformError {
    PlatformError::new(ProblemCode::Conflict, why)
}

/// Commits with the entry, and has this process read the organization anew.
pub(crate) async fn commit(
    workspace: &Workspace,
    tx: ControlTx,
    action: &'static str,
    reason: &str,
) -> Result<()> {
    let (platform, id) = (workspace.platform(), workspace.organization().id);
    let act = Act::configuration(action, Object::new("organization", id)).because(reason);
    let entry = platform.entry(workspace.caller(), Some(id), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.homes().clear();
    Ok(())
}

/// How many days a cancellation leaves for exports.
///
/// # Errors
/// `unavailable`.
pub async fn window_days(platform: &Platform) -> Result<u16> {
    let window = SETTING.read(&mut platform.control().read().await?).await?;
    Ok(window.map_or(DAYS_DEFAULT, |window| {
        window.window_days.clamp(DAYS_MIN, DAYS_MAX)
    }))
}

/// Sets how many days later cancellations leave for exports, on the host.
///
/// # Errors
/// `not-allowed` for anybody but the host; `invalid` for fewer than [`DAYS_MIN`] or more than [`DAYS_MAX`].
pub async fn set_window_days(platform: &Platform, caller: &Caller, days: u16) -> Result<()> {
    if !matches!(caller.identity, Identity::Host) {
        let why = "how long a cancelled organization can be exported is set on the host only";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    if !(DAYS_MIN..=DAYS_MAX).contains(&days) {
        let message = format!("{DAYS_MIN} to {DAYS_MAX} days");
        return Err(PlatformError::invalid_at("/days", "out-of-range", message));
    }
    let before = window_days(platform).await?;
    let mut tx = platform.control().begin().await?;
    SETTING
        .write(platform, &mut tx, &Window { window_days: days })
        .await?;
    let reason = format!("{before} -> {days} days");
    let act = Act::configuration("organization.set-window", SETTING.object()).because(&reason);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}
