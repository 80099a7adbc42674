//! The access log as CSV, streamed page by page.
//!
//! Invariant: no cell runs as a formula in a spreadsheet: what a client calls itself is anybody's text.

use super::{AccessEvent, AccessFilter, Whose, device_type, find, own};
use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object},
    error::Result,
    pipe::{ByteStream, Outlet},
    withdrawal::{guarded_own_stream, guarded_stream},
};
use access::Permission;
use bytes::Bytes;
use std::collections::BTreeMap;
use types::{AccountId, PageSize};

/// The columns.
const HEADER: [&str; 12] = [
    "number",
    "at",
    "account",
    "name",
    "action",
    "outcome",
    "status",
    "method",
    "address",
    "device_type",
    "device",
    "request_id",
];

/// Every event of the organization that passes the filter, newest first. That it was taken out is an entry.
///
/// # Errors
/// `not-allowed`; in the stream, what happens after its first byte.
pub async fn export_organization(workspace: &Workspace, filter: &AccessFilter) -> Result<ByteStream> {
    let permit = workspace.permit(Permission::AccessLogRead).await?;
    let object = Object::new("organization", workspace.organization().id);
    let act = Act::access("access-log.export", object);
    workspace.note(&permit, &act).await?;
    let (platform, filter) = (workspace.platform().clone(), filter.clone());
    let whose = Whose::Organization(workspace.organization().id);
    let permission = Permission::AccessLogRead;
    Ok(guarded_stream(workspace, permission, move |outlet| async move {
        send(&platform, whose, &filter, &outlet).await
    }))
}

/// Every event of the caller's own that passes the filter, newest first.
///
/// # Errors
/// `not-signed-in`; in the stream, what happens after its first byte.
pub fn export_own(platform: &Platform, caller: &Caller, filter: &AccessFilter) -> Result<ByteStream> {
    let (whose, filter) = own(caller, filter)?;
    let reader = platform.clone();
    Ok(guarded_own_stream(platform, caller, move |outlet| async move {
        send(&reader, whose, &filter, &outlet).await
    }))
}

async fn send(platform: &Platform, whose: Whose, filter: &AccessFilter, outlet: &Outlet) -> Result<()> {
    let mut rows = Vec::new();
    tabular::push_text_row(&mut rows, &HEADER);
    outlet.send(Bytes::from(rows)).await?;
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let mut names: BTreeMap<AccountId, String> = BTreeMap::new();
    let mut before = None;
    loop {
        let page = find(platform, whose, filter, size, before).await?;
        let unknown: Vec<AccountId> = page
            .events
            .iter()
            .filter_map(|(_, event)| event.account)
            .filter(|account| !names.contains_key(account))
            .collect();
        names.extend(crate::account::names(platform, &unknown).await?);
        let mut rows = Vec::new();
        for (number, event) in &page.events {
            push(&mut rows, *number, event, &names);
        }
        outlet.send(Bytes::from(rows)).await?;
        match page.next {
            Some(next) => before = Some(next),
            None => return Ok(()),
        }
    }
}

fn push(rows: &mut Vec<u8>, number: i64, event: &AccessEvent, names: &BTreeMap<AccountId, String>) {
    let account = event.account.map(|id| id.to_string()).unwrap_or_default();
    let name = event
        .account
        .and_then(|id| names.get(&id))
        .map_or("", String::as_str);
    let status = event.status.map(|status| status.to_string()).unwrap_or_default();
    let cells = [
        &number.to_string(),
        &event.at.to_string(),
        &account,
        name,
        &event.action,
        &event.outcome,
        &status,
        &event.method,
        &event.address,
        &device_type(&event.device),
        &event.device,
        &event.request_id,
    ];
    tabular::push_text_row(rows, &cells);
}
