//! The access log: every sign-in and API call with account, address, device and outcome. Written in batches behind the
//! requests; members see their own, administrators their organization's.

use crate::{Caller, Platform, Workspace, error::Result};
use access::Permission;
use jiff::Timestamp;
use std::time::Duration;
use store::control::access_event::{self as rows, NewAccessEvent};
use tokio::sync::mpsc;
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

/// Most events that wait to be written. A request never waits for them: when the database is slower than the requests,
/// the oldest way out is to say so in the journal.
const QUEUE_MAX: usize = 20_000;
/// Most events of one write.
const BATCH_MAX: usize = 1_000;
/// How long events are gathered.
const GATHER: Duration = Duration::from_millis(200);

/// Where events are handed in.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<AccessEvent>,
}

/// The other end of a recorder, until a task begins to write.
pub(crate) struct Pending(mpsc::Receiver<AccessEvent>);

/// A recorder and its other end.
pub(crate) fn recorder() -> (Recorder, Pending) {
    let (queue, pending) = mpsc::channel(QUEUE_MAX);
    (Recorder { queue }, Pending(pending))
}

impl Recorder {
    /// Hands in an event. Never waits.
    pub fn record(&self, event: AccessEvent) {
        if self.queue.try_send(event).is_err() {
            tracing::error!(
                event.name = "access-log.overflow",
                "an access event could not be queued and is lost"
            );
        }
    }
}

/// Writes events until `stop` says true and the queue is empty. Runs once per process, beside the listener.
pub async fn write_events(platform: Platform, mut stop: tokio::sync::watch::Receiver<bool>) {
    let Some(Pending(mut queue)) = platform.take_pending_events() else {
        return;
    };
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        let stopping = *stop.borrow();
        tokio::select! {
            biased;
            taken = queue.recv_many(&mut batch, BATCH_MAX) => if taken == 0 { return },
            _ = stop.changed(), if !stopping => continue,
            () = tokio::time::sleep(GATHER), if stopping => return,
        }
        write(&platform, &mut batch).await;
        if !stopping {
            tokio::time::sleep(GATHER).await;
        }
    }
}

/// Writes a batch; tries again for a while when the database is away.
async fn write(platform: &Platform, batch: &mut Vec<AccessEvent>) {
    let rows: Vec<NewAccessEvent> = batch.drain(..).map(row_of).collect();
    for attempt in 0_u32..6 {
        let written = async {
            let mut keep = platform.control().keep().await?;
            rows::insert_many(&mut keep, &rows).await
        };
        match written.await {
            Ok(()) => return,
            Err(error) => tracing::warn!(error = %error, attempt, "access events could not be written yet"),
        }
        tokio::time::sleep(Duration::from_secs(1 << attempt.min(3))).await;
    }
    tracing::error!(
        event.name = "access-log.lost",
        events = rows.len(),
        "access events could not be written and are lost"
    );
}

fn row_of(event: AccessEvent) -> NewAccessEvent {
    NewAccessEvent {
        at: event.at,
        account: event.account,
        organization: event.organization,
        action: event.action,
        outcome: event.outcome,
        status: event.status.map(i32::from),
        method: event.method,
        address: event.address,
        device: event.device,
        request_id: event.request_id,
    }
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
