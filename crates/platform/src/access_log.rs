//! The access log: every sign-in and API call with account, address, device and outcome. Written in batches behind the
//! requests ([`recorder`]); members see their own, administrators their organization's.

mod recorder;

pub(crate) use recorder::{Pending, new_recorder};
pub use recorder::{Place, Recorder, write_events};

use crate::{Caller, Platform, Workspace, error::Result};
use access::Permission;
use jiff::Timestamp;
use store::control::access_event as rows;
use types::{AccountId, OrganizationId, PageSize};

pub use store::control::access_event::AccessFilter;

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
    /// `password`, `session`, `token` or `none`.
    pub method: String,
    /// The network address.
    pub address: String,
    /// The client, as it called itself.
    pub device: String,
    /// The request's id.
    pub request_id: String,
}

/// A page of events, newest first, each with its number.
#[derive(Debug, Clone)]
pub struct AccessPage {
    /// The events.
    pub events: Vec<(i64, AccessEvent)>,
    /// The number to go on before, when there may be more.
    pub next: Option<i64>,
}

fn page_of(rows: Vec<rows::AccessEvent>, size: PageSize) -> AccessPage {
    let next = rows
        .last()
        .filter(|_| rows.len() == usize::from(size.get()))
        .map(|row| row.id);
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
    AccessPage {
        events: rows.into_iter().map(event).collect(),
        next,
    }
}

/// The caller's own events, newest first.
///
/// # Errors
/// `not-signed-in`.
pub async fn list_own(platform: &Platform, caller: &Caller, before: Option<i64>) -> Result<AccessPage> {
    let account = caller.account().ok_or(access::Denial::NotSignedIn)?.id;
    let size = PageSize::default();
    let rows = rows::list_of_account(&mut platform.control().read().await?, account, size, before).await?;
    Ok(page_of(rows, size))
}

/// The organization's events that pass the filter, newest first.
///
/// # Errors
/// `not-allowed`.
pub async fn list_organization(
    workspace: &Workspace,
    filter: &AccessFilter,
    before: Option<i64>,
) -> Result<AccessPage> {
    workspace.permit(Permission::AccessLogRead).await?;
    let size = PageSize::default();
    let mut read = workspace.platform().control().read().await?;
    let organization = workspace.organization().id;
    let rows = rows::list_of_organization(&mut read, organization, filter, size, before).await?;
    Ok(page_of(rows, size))
}
