//! The access log: every sign-in and API call with account, address, device and outcome. Written in batches behind the
//! requests ([`recorder`]); members see their own, administrators their organization's, with the sign-ins of its members.
//! Kept by month ([`retention`]), taken out as CSV ([`csv`]).

mod csv;
mod device;
mod recorder;
mod retention;

pub use csv::{export_organization, export_own};
pub use device::device_type;
pub(crate) use recorder::{Pending, new_recorder};
pub use recorder::{Place, Recorder, write_events};
pub use retention::{MONTHS_DEFAULT, MONTHS_MAX, MONTHS_MIN, keep_months, months_kept, tend};

use crate::{
    Caller, Platform, Workspace,
    caller::Identity,
    error::{PlatformError, Result},
};
use access::{Permission, TokenScope};
use jiff::Timestamp;
use store::control::access_event::{self as rows, Found, Whose};
use types::{AccountId, EmailAddress, OrganizationId, PageSize, ProblemCode};

pub use store::control::access_event::{AccessFilter, SCAN_MAX};

/// Longest text of a filter, in characters.
const FILTER_CHARACTERS_MAX: usize = 200;

/// One sign-in or request.
#[derive(Debug, Clone)]
pub struct AccessEvent {
    /// When.
    pub at: Timestamp,
    /// Who, if known.
    pub account: Option<AccountId>,
    /// Where, if in an organization.
    pub organization: Option<OrganizationId>,
    /// `sign-in`, `sign-out`, or method and route.
    pub action: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// `password`, `session`, `token`, `operator-grant` or `none`.
    pub method: String,
    /// The network address.
    pub address: String,
    /// The client, as it called itself.
    pub device: String,
    /// The request's id.
    pub request_id: String,
}

/// A page of events, newest first, each with its number.
#[derive(Debug, Clone, Default)]
pub struct AccessPage {
    /// The events.
    pub events: Vec<(i64, AccessEvent)>,
    /// The number to go on before, when there may be more. A page may hold few events, or none, and yet go on: of very many
    /// events [`SCAN_MAX`] are looked at for one page.
    pub next: Option<i64>,
    /// Until when was looked, where that was not the end.
    pub looked_until: Option<Timestamp>,
}

fn page_of(found: Found) -> AccessPage {
    let event = |row: rows::AccessEvent| {
        let event = AccessEvent {
            at: row.at,
            account: row.account_id,
            organization: row.organization_id,
            action: row.action,
            outcome: row.outcome,
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            method: row.method,
            address: row.address,
            device: row.device,
            request_id: row.request_id,
        };
        (row.id, event)
    };
    let (next, looked_until) = found.looked_until.unzip();
    AccessPage {
        events: found.events.into_iter().map(event).collect(),
        next,
        looked_until,
    }
}

/// A page of events.
async fn find(
    platform: &Platform,
    whose: Whose,
    filter: &AccessFilter,
    size: PageSize,
    before: Option<i64>,
) -> Result<AccessPage> {
    check(filter)?;
    let mut read = platform.control().read().await?;
    Ok(page_of(rows::list(&mut read, whose, filter, size, before).await?))
}

/// Texts that no event can hold would only be searched for in vain.
fn check(filter: &AccessFilter) -> Result<()> {
    let texts = [
        ("action", &filter.action),
        ("outcome", &filter.outcome),
        ("address", &filter.address),
        ("device", &filter.device),
    ];
    for (name, text) in texts {
        let text = text.as_deref().unwrap_or_default();
        if text.chars().count() > FILTER_CHARACTERS_MAX || text.contains('\0') {
            let message = format!("at most {FILTER_CHARACTERS_MAX} characters, and no NUL");
            return Err(PlatformError::invalid_at(name, "malformed", message));
        }
    }
    Ok(())
}

/// The caller's own events that pass the filter, newest first; for a token those in its organization, and sign-ins.
///
/// # Errors
/// `not-signed-in`; `not-allowed` for a token without `access-log.read-own`; `invalid` for a filter that is none.
pub async fn list_own(
    platform: &Platform,
    caller: &Caller,
    filter: &AccessFilter,
    before: Option<i64>,
) -> Result<AccessPage> {
    let (whose, filter) = own(caller, filter)?;
    find(platform, whose, &filter, PageSize::default(), before).await
}

/// Which events are the caller's own: for a token, which reaches one organization, those that its administrators see too.
fn own(caller: &Caller, filter: &AccessFilter) -> Result<(Whose, AccessFilter)> {
    let account = caller.account().ok_or(access::Denial::NotSignedIn)?.id;
    let Identity::Token {
        organization, scope, ..
    } = &caller.identity
    else {
        return Ok((Whose::Account(account), filter.clone()));
    };
    match scope {
        TokenScope::Only(named) if !named.contains(&Permission::AccessLogReadOwn) => Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "this token may not read the access log; make one with access-log.read-own",
        )),
        TokenScope::Only(_) | TokenScope::All => {
            let filter = AccessFilter {
                account: Some(account),
                ..filter.clone()
            };
            Ok((Whose::Organization(*organization), filter))
        }
    }
}

/// The organization's events that pass the filter, newest first.
///
/// # Errors
/// `not-allowed`; `invalid` for a filter that is none.
pub async fn list_organization(
    workspace: &Workspace,
    filter: &AccessFilter,
    before: Option<i64>,
) -> Result<AccessPage> {
    workspace.permit(Permission::AccessLogRead).await?;
    let whose = Whose::Organization(workspace.organization().id);
    find(workspace.platform(), whose, filter, PageSize::default(), before).await
}

/// Whose account a sign-in that was refused was about, for the log alone: the person at the door learns nothing of it.
///
/// # Errors
/// `unavailable`.
pub async fn account_at_door(platform: &Platform, email: &str) -> Result<Option<AccountId>> {
    let Ok(address) = email.trim().parse::<EmailAddress>() else {
        return Ok(None);
    };
    let mut read = platform.control().read().await?;
    let found = store::control::account::find_by_email(&mut read, &address).await?;
    Ok(found.map(|(account, _)| account.id))
}
