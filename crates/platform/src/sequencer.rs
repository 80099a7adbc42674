//! The sequencer: the one session that takes entries out of the outbox and appends them to the log as leaves, in one dense
//! order.
//!
//! Invariants: an entry that was committed gets one leaf, whoever dies when: taking out and appending is one transaction, and
//! the database refuses what does not match (`strongroom.append_leaves`). Entries are taken by being there, never by being
//! newer than the last one seen, so that a transaction that commits late is not passed over. One session leads; its lock goes
//! with its connection. Start at [`run`].

mod batch;

use crate::{
    Platform,
    error::{PlatformError, Result},
    work::{log, stopped_within},
};
use audit::Leaf;
use std::time::Duration;
use store::control::audit_log::{self as rows, BATCH_MAX, Lead};
use tokio::sync::watch;

/// How often the leader looks for entries; a look is one indexed query.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often another tries to lead.
const TRY_EVERY: Duration = Duration::from_secs(2);
/// So long without an entry and a heartbeat is appended: silence is evidence, and its end as well.
pub const HEARTBEAT_MS: u64 = 10 * 60 * 1_000;

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Leaves in the log now.
    pub size: u64,
    /// Entries that this pass appended.
    pub entries: usize,
    /// A heartbeat was due.
    pub heartbeat: bool,
}

/// Sequences until `shutdown` says true.
pub(crate) async fn run(platform: &Platform, mut shutdown: watch::Receiver<bool>) {
    loop {
        match rows::lead(platform.control()).await {
            Ok(Some(lead)) => {
                if let Err(error) = run_as_leader(platform, lead, &mut shutdown).await {
                    log(&error, "the audit log cannot be sequenced");
                }
            }
            Ok(None) => {}
            Err(error) => log(&error.into(), "the lead of the audit log cannot be taken"),
        }
        if stopped_within(&mut shutdown, TRY_EVERY).await {
            return;
        }
    }
}

async fn run_as_leader(
    platform: &Platform,
    mut lead: Lead,
    shutdown: &mut watch::Receiver<bool>,
) -> Result<()> {
    loop {
        pass(platform, &mut lead).await?;
        if stopped_within(shutdown, LOOK_EVERY).await {
            return Ok(lead.close().await?);
        }
    }
}

/// Sequences what waits now, for tests and for a host whose worker does not run; nothing while another session leads.
///
/// # Errors
/// `unavailable`; `internal` when the database refuses leaves.
pub async fn run_once(platform: &Platform) -> Result<Option<Pass>> {
    match rows::lead(platform.control()).await? {
        Some(mut lead) => {
            let done = pass(platform, &mut lead).await?;
            lead.close().await?;
            Ok(Some(done))
        }
        None => Ok(None),
    }
}

/// Takes all that waits; a heartbeat when nothing did for long.
async fn pass(platform: &Platform, lead: &mut Lead) -> Result<Pass> {
    let mut end = End::read(lead).await?;
    let mut entries = 0;
    loop {
        let now_ms = end.no_earlier(platform.now().as_millisecond());
        let waiting = lead.waiting(BATCH_MAX).await?;
        if waiting.is_empty() {
            break;
        }
        let leaves = batch::leaves(&waiting, now_ms)?;
        let taken: Vec<Option<i64>> = waiting.iter().map(|entry| Some(entry.sequence)).collect();
        lead.append(end.size, &taken, &leaves).await?;
        end.grow(leaves.len(), now_ms);
        entries += leaves.len();
    }
    let now_ms = end.no_earlier(platform.now().as_millisecond());
    let heartbeat = end.size > 0 && now_ms - end.time_ms >= HEARTBEAT_MS;
    if heartbeat {
        let leaf = batch::heartbeat(lead.appliance_home().await?, now_ms);
        lead.append(end.size, &[None], &[leaf]).await?;
        end.grow(1, now_ms);
    }
    lead.forget_homes().await?;
    Ok(Pass {
        size: end.size.unsigned_abs(),
        entries,
        heartbeat,
    })
}

/// Where the log ends.
#[derive(Debug, Clone, Copy)]
struct End {
    size: i64,
    /// The newest leaf's time.
    time_ms: u64,
}

impl End {
    async fn read(lead: &mut Lead) -> Result<Self> {
        let Some(newest) = rows::newest(lead).await? else {
            return Ok(Self { size: 0, time_ms: 0 });
        };
        let leaf = Leaf::decode(&newest.leaf).map_err(|error| {
            PlatformError::invariant(format!(
                "leaf {} of the audit log is damaged: {error}",
                newest.index
            ))
        })?;
        Ok(Self {
            size: newest.index + 1,
            time_ms: leaf.time_ms,
        })
    }

    /// A time for the next leaf: a clock that went back does not make the log go back.
    fn no_earlier(self, now_ms: i64) -> u64 {
        self.time_ms.max(u64::try_from(now_ms).unwrap_or(0))
    }

    fn grow(&mut self, leaves: usize, time_ms: u64) {
        self.size += i64::try_from(leaves).unwrap_or(0);
        self.time_ms = time_ms;
    }
}
