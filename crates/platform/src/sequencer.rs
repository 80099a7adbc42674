//! The sequencer: the one session that takes entries out of the outbox and appends them to the log as leaves, in one dense
//! order.
//!
//! Invariants: an entry that was committed gets one leaf, whoever dies when: taking out and appending is one transaction, and
//! the database refuses what does not match (`strongroom.append_leaves`). Entries are taken by being there, never by being
//! newer than the last one seen, so that a transaction that commits late is not passed over. One session leads; its lock goes
//! with its connection. Where the signed log and the database do not go together, or that cannot be told because the folder cannot be
//! read, nothing is appended; where the folder fails after both were compared, entries are still appended, and signed when it can.
//! Start at [`run`].

mod batch;

use crate::{
    Platform,
    error::{PlatformError, Result},
    ledger::{LedgerError, Publisher, Step, Watch, was_signed},
    work::{log, stopped_within},
};
use audit::Leaf;
use std::time::{Duration, Instant};
use store::control::audit_log::{self as rows, BATCH_MAX, Lead};
use tokio::sync::watch;

/// How often the leader looks for entries; a look is one indexed query.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often another tries to lead.
const TRY_EVERY: Duration = Duration::from_secs(2);
/// How long it waits before it looks again at a folder that could not be used, or at a log that is refused.
const AGAIN: Duration = Duration::from_secs(15);
/// Appends of one pass: however much is entered, what was appended is signed in between.
const BATCHES_MAX: usize = 10;
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
    /// Leaves that a checkpoint covers now; none when nothing can be signed.
    pub signed: Option<u64>,
}

/// Sequences until `shutdown` says true.
pub(crate) async fn run(platform: &Platform, mut shutdown: watch::Receiver<bool>) {
    loop {
        let pause = match rows::lead(platform.control()).await {
            Ok(Some(lead)) => match run_as_leader(platform, lead, &mut shutdown).await {
                Ok(()) => TRY_EVERY,
                Err(error) => {
                    log(&error, "the audit log is not sequenced");
                    AGAIN
                }
            },
            Ok(None) => TRY_EVERY,
            Err(error) => {
                log(&error.into(), "the lead of the audit log cannot be taken");
                TRY_EVERY
            }
        };
        if stopped_within(&mut shutdown, pause).await {
            return;
        }
    }
}

async fn run_as_leader(
    platform: &Platform,
    mut lead: Lead,
    shutdown: &mut watch::Receiver<bool>,
) -> Result<()> {
    let mut signer = Signer::default();
    loop {
        pass(platform, &mut lead, &mut signer, &mut |_| true).await?;
        if stopped_within(shutdown, LOOK_EVERY).await {
            return Ok(lead.close().await?);
        }
    }
}

/// Sequences and signs what waits now, for tests and for a host whose worker does not run; nothing while another session leads.
///
/// # Errors
/// `unavailable`; `conflict` when the log is refused; `internal` when the database refuses leaves.
pub async fn run_once(platform: &Platform) -> Result<Option<Pass>> {
    run_watched(platform, &mut |_| true).await
}

/// The same, asking after each step of publishing whether to go on: a test cuts it off there.
///
/// # Errors
/// As [`run_once`]; `unavailable` when it was cut off.
pub async fn run_watched(
    platform: &Platform,
    watch: &mut (dyn FnMut(Step) -> bool + Send),
) -> Result<Option<Pass>> {
    let Some(mut lead) = rows::lead(platform.control()).await? else {
        return Ok(None);
    };
    let mut signer = Signer::default();
    let done = pass(platform, &mut lead, &mut signer, watch).await;
    lead.close().await?;
    match (done?, signer.trouble) {
        (_, Some(LedgerError::Stopped)) => Err(LedgerError::Stopped.into()),
        (done, _) => Ok(Some(done)),
    }
}

/// What signs, while it can.
struct Signer {
    publisher: Option<Publisher>,
    /// Under this lead the signed log and the database were held against each other, and went together.
    compared: bool,
    /// Why it could not, the last time.
    trouble: Option<LedgerError>,
    tried: Option<Instant>,
    /// When this lead began, or appended last: the clock of the leaves may have been ahead.
    quiet_since: Instant,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            publisher: None,
            compared: false,
            trouble: None,
            tried: None,
            quiet_since: Instant::now(),
        }
    }
}

impl Signer {
    /// Opens what is not open. A log that is refused is an error, and one that was signed and cannot be compared; a folder that
    /// cannot be used before the first signature, or after the comparison, is not.
    async fn open(&mut self, platform: &Platform, lead: &mut Lead) -> Result<()> {
        if self.publisher.is_some() || self.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return Ok(());
        }
        self.tried = Some(Instant::now());
        match Publisher::open(platform, lead).await {
            Ok(publisher) => {
                (self.publisher, self.trouble, self.compared) = (Some(publisher), None, true);
                Ok(())
            }
            // The database may have been set back: it must not grow another end while nobody can tell.
            Err(error) if !self.compared && was_signed(platform).await => Err(error.into()),
            Err(error) => self.note(error),
        }
    }

    async fn publish(
        &mut self,
        platform: &Platform,
        lead: &mut Lead,
        watch: Watch<'_>,
    ) -> Result<Option<u64>> {
        let Some(publisher) = &mut self.publisher else {
            return Ok(None);
        };
        match publisher.publish(platform, lead, watch).await {
            Ok(()) => Ok(Some(publisher.signed().size)),
            Err(error) => {
                // What it knows of the folder is not what is there any more.
                self.publisher = None;
                self.note(error).map(|()| None)
            }
        }
    }

    fn note(&mut self, error: LedgerError) -> Result<()> {
        if error.is_refusal() {
            return Err(error.into());
        }
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(cause, "the audit log is not signed: {error}");
        self.trouble = Some(error);
        Ok(())
    }
}

/// Takes what waits, up to a bound; a heartbeat when nothing did for long.
async fn pass(platform: &Platform, lead: &mut Lead, signer: &mut Signer, watch: Watch<'_>) -> Result<Pass> {
    // Before anything is appended: a log that was set back must not grow another end.
    signer.open(platform, lead).await?;
    let mut done = append(platform, lead, signer.quiet_since.elapsed()).await?;
    if done.entries > 0 || done.heartbeat {
        signer.quiet_since = Instant::now();
    }
    done.signed = signer.publish(platform, lead, watch).await?;
    Ok(done)
}

async fn append(platform: &Platform, lead: &mut Lead, quiet: Duration) -> Result<Pass> {
    let mut end = End::read(lead).await?;
    let mut entries = 0;
    for _ in 0..BATCHES_MAX {
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
    // Where the newest leaf is of a time to come, the log is silent for as long as this lead knows of.
    let is_silent =
        now_ms - end.time_ms >= HEARTBEAT_MS || entries == 0 && quiet.as_millis() >= u128::from(HEARTBEAT_MS);
    let heartbeat = end.size > 0 && is_silent;
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
        signed: None,
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
