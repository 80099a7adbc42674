//! The sender: reads what each log has after its position, sends it, and moves the positions once it is taken.
//!
//! Invariants: one process sends at a time, under a lease that is longer than a delivery may take; nothing waits for the sender;
//! a failure is logged when it begins and when it ends, not in between.

use super::{
    SETTING, access, audit,
    batch::{self, Batch},
    collector::{self, Taken},
    settings::{Stored, Stream},
    system,
};
use crate::{
    Platform,
    error::Result,
    work::{log, stopped_within},
    workspace::random,
};
use serde::Serialize;
use std::time::{Duration, Instant};
use store::control::forwarding::{self as rows, Health};
use tokio::sync::watch;

/// How often is looked for messages; also how long they gather where there are few.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often is looked whether a collector is set, or the lease is free.
const IDLE: Duration = Duration::from_secs(5);
/// The lease: twice as long as a delivery may take, so that it can be noted.
const LEASE_SECONDS: i32 = 60;
/// How often the newest checkpoint goes along.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// How often the journal is looked at: each look is a call of the root helper and a program of its own.
const JOURNAL_EVERY: Duration = Duration::from_secs(10);
/// And after it could not be.
const JOURNAL_AGAIN: Duration = Duration::from_secs(60);
/// The pause after a failure, doubled up to the last; a part of it by chance, so that many appliances do not come back at once.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long a delivery that is under way may go on after the stop was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// What was sent and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Messages, without checkpoints.
    pub messages: usize,
    /// How the collector said so; none where nothing was to be sent.
    pub by: Option<Taken>,
}

/// Sends until `shutdown` says true.
pub(crate) async fn run(platform: &Platform, mut shutdown: watch::Receiver<bool>) {
    let Ok(mut sender) = Sender::new() else {
        tracing::error!("there is no randomness, so logs are not forwarded");
        return;
    };
    loop {
        let mut stop = shutdown.clone();
        let stopping = async {
            drop(stop.wait_for(|stop| *stop).await);
            tokio::time::sleep(GRACE).await;
        };
        let pause = tokio::select! {
            pause = sender.turn(platform) => pause,
            () = stopping => Duration::ZERO,
        };
        if stopped_within(&mut shutdown, pause).await {
            sender.release(platform).await;
            return;
        }
    }
}

/// Sends what waits now, one batch of each log and the checkpoint, for tests and for a host whose worker does not run; nothing while another
/// process sends.
///
/// # Errors
/// `conflict` where no collector is set; `unavailable`.
pub async fn run_once(platform: &Platform) -> Result<Option<Sent>> {
    let mut sender = Sender::new()?;
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(super::unset)?;
    if !sender.claim(platform).await? {
        return Ok(None);
    }
    let sent = sender.send(platform, &stored).await;
    let noted = match &sent {
        Ok(_) => Ok(()),
        Err(error) => sender.note_failure(platform, &error.detail).await,
    };
    sender.release(platform).await;
    noted.and(sent).map(Some)
}

/// What a sender knows of itself.
struct Sender {
    holder: uuid::Uuid,
    checkpoint_at: Option<Instant>,
    failures: u32,
    /// When the journal is to be looked at next.
    journal_at: Option<Instant>,
    /// Why it could not be, the last time.
    journal_trouble: Option<String>,
    /// Why the audit log could not be read, the last time.
    audit_trouble: Option<String>,
    is_trouble_noted: bool,
}

impl Sender {
    fn new() -> Result<Self> {
        Ok(Self {
            holder: uuid::Builder::from_random_bytes(random()?).into_uuid(),
            checkpoint_at: None,
            failures: 0,
            journal_at: None,
            journal_trouble: None,
            audit_trouble: None,
            is_trouble_noted: false,
        })
    }

    async fn claim(&self, platform: &Platform) -> Result<bool> {
        let mut keep = platform.control().keep().await?;
        Ok(rows::claim(&mut keep, self.holder, LEASE_SECONDS).await?)
    }

    /// Another may begin at once; where it cannot be said, the lease runs out.
    async fn release(&self, platform: &Platform) {
        if let Ok(mut keep) = platform.control().keep().await {
            rows::release(&mut keep, self.holder).await.ok();
        }
    }

    /// Sends one batch; answers how long to wait before the next.
    async fn turn(&mut self, platform: &Platform) -> Duration {
        match self.try_turn(platform).await {
            Ok(pause) => pause,
            Err(error) => {
                // The database is away, and so is the place where this could be noted.
                log(&error, "logs cannot be forwarded");
                IDLE
            }
        }
    }

    async fn try_turn(&mut self, platform: &Platform) -> Result<Duration> {
        let stored = SETTING.read(&mut platform.control().read().await?).await?;
        let Some(stored) = stored else {
            self.failures = 0;
            return Ok(IDLE);
        };
        if !self.claim(platform).await? {
            return Ok(IDLE);
        }
        match self.send(platform, &stored).await {
            Ok(sent) => {
                if self.failures > 0 && sent.by.is_some() {
                    tracing::info!(failures = self.failures, "the collector takes logs again");
                    self.failures = 0;
                }
                let is_full = i64::try_from(sent.messages).is_ok_and(|count| count >= batch::MESSAGES_MAX);
                Ok(if is_full { Duration::ZERO } else { LOOK_EVERY })
            }
            Err(error) => {
                if self.failures == 0 {
                    log(&error, "logs are not forwarded, and wait");
                }
                self.failures = self.failures.saturating_add(1);
                self.note_failure(platform, &error.detail).await?;
                pause_after(self.failures)
            }
        }
    }

    async fn note_failure(&self, platform: &Platform, why: &str) -> Result<()> {
        let mut keep = platform.control().keep().await?;
        Ok(rows::fail(&mut keep, self.holder, why, platform.now()).await?)
    }

    /// Sends one batch of each log, and moves their positions when the collector has taken them.
    async fn send(&mut self, platform: &Platform, stored: &Stored) -> Result<Sent> {
        let (batches, has_checkpoint) = self.gather(platform, stored).await?;
        let messages = batches.iter().map(Batch::count).sum();
        if batches.is_empty() {
            self.note_trouble(platform).await?;
            return Ok(Sent { messages, by: None });
        }
        let frames: Vec<u8> = batches.iter().flat_map(|batch| batch.frames()).copied().collect();
        let by = collector::deliver(platform, stored, &frames).await?;
        let moves: Vec<rows::Move> = batches.into_iter().map(Batch::into_move).collect();
        let mut keep = platform.control().keep().await?;
        let moved = rows::acknowledge(&mut keep, self.holder, &moves, self.health(), platform.now()).await?;
        drop(keep);
        self.note_trouble(platform).await?;
        if moved < moves.len() {
            tracing::info!("a log was placed anew while it was sent, and is sent from there");
        }
        if has_checkpoint {
            self.checkpoint_at = Some(Instant::now());
        }
        Ok(Sent {
            messages,
            by: Some(by),
        })
    }

    /// What our units said in the journal, when it is time to look. That it cannot be read holds the other logs up no more than it must.
    async fn read_journal(&mut self, platform: &Platform, host: &str, from: &str) -> Option<Batch> {
        if self.journal_at.is_some_and(|at| Instant::now() < at) {
            return None;
        }
        match system::read(platform, host, from).await {
            Ok((batch, more)) => {
                self.journal_trouble = None;
                self.journal_at =
                    Instant::now().checked_add(if more { Duration::ZERO } else { JOURNAL_EVERY });
                Some(batch)
            }
            Err(error) => {
                if self.journal_trouble.is_none() {
                    log(
                        &error,
                        "the journal cannot be read, so its lines are not forwarded",
                    );
                }
                self.journal_trouble = Some(format!("the journal cannot be read: {}", error.detail));
                self.journal_at = Instant::now().checked_add(JOURNAL_AGAIN);
                None
            }
        }
    }

    /// Why one of the logs stays here, although the others go out.
    fn trouble(&self) -> Option<&str> {
        self.audit_trouble.as_deref().or(self.journal_trouble.as_deref())
    }

    fn health(&self) -> Health {
        match self.trouble() {
            None => Health::Well,
            Some(_) => Health::Troubled,
        }
    }

    /// That a log cannot be read stands where it is looked for, although the others go out; and that it can again.
    async fn note_trouble(&mut self, platform: &Platform) -> Result<()> {
        match self.trouble() {
            Some(why) => {
                self.note_failure(platform, why).await?;
                self.is_trouble_noted = true;
            }
            None if self.is_trouble_noted => {
                let mut keep = platform.control().keep().await?;
                rows::acknowledge(&mut keep, self.holder, &[], Health::Well, platform.now()).await?;
                self.is_trouble_noted = false;
            }
            None => {}
        }
        Ok(())
    }

    /// What each log has to say, and whether the checkpoint goes along.
    async fn gather(&mut self, platform: &Platform, stored: &Stored) -> Result<(Vec<Batch>, bool)> {
        if !stored.settings.streams.contains(&Stream::System) {
            (self.journal_trouble, self.journal_at) = (None, None);
        }
        if !stored.settings.streams.contains(&Stream::Audit) {
            self.audit_trouble = None;
        }
        let host = batch::host_of(platform);
        let positions = rows::positions(&mut platform.control().read().await?).await?;
        let (mut batches, mut has_checkpoint) = (Vec::new(), false);
        for stream in &stored.settings.streams {
            let Some(at) = positions
                .iter()
                .find(|position| position.stream == stream.as_str())
            else {
                continue;
            };
            let mut batch = match stream {
                Stream::Audit => match audit::read(platform, &host, &at.position).await {
                    Ok(batch) => {
                        self.audit_trouble = None;
                        batch
                    }
                    // One organization's login or key must not keep the other logs back.
                    Err(error) => {
                        if self.audit_trouble.is_none() {
                            log(&error, "the audit log cannot be read, so it is not forwarded");
                        }
                        self.audit_trouble = Some(format!("the audit log cannot be read: {}", error.detail));
                        continue;
                    }
                },
                Stream::Access => access::read(platform, &host, &at.position).await?,
                Stream::System => match self.read_journal(platform, &host, &at.position).await {
                    Some(batch) => batch,
                    None => continue,
                },
            };
            let is_due = self
                .checkpoint_at
                .is_none_or(|at| at.elapsed() >= CHECKPOINT_EVERY);
            if *stream == Stream::Audit && is_due {
                // A log that cannot be read must not keep the others back.
                has_checkpoint = audit::add_checkpoint(platform, &host, &mut batch)
                    .await
                    .unwrap_or(false);
            }
            if !batch.is_empty() {
                batches.push(batch);
            }
        }
        Ok((batches, has_checkpoint))
    }
}

fn pause_after(failures: u32) -> Result<Duration> {
    let (first, last) = PAUSE;
    let pause = first
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(last);
    let [chance] = random()?;
    // Three quarters to five quarters of it.
    Ok(pause * (192 + u32::from(chance) / 2) / 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_differ() {
        assert!(pause_after(1).unwrap() <= Duration::from_millis(1_250));
        let many: std::collections::BTreeSet<Duration> = (0..50).map(|_| pause_after(40).unwrap()).collect();
        assert!(many.len() > 5, "{many:?}");
        assert!(
            many.iter().all(|pause| (45..=75).contains(&pause.as_secs())),
            "{many:?}"
        );
    }
}
