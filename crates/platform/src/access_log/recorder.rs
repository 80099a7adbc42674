//! The way of an event from its request into the database: a place in a bounded queue, taken before the request is
//! carried out, and one task that writes the queue in batches.
//!
//! Invariant: no event is lost while the process lives. Who has no place is not served; a batch that the database does
//! not take is tried again until it does.

use super::AccessEvent;
use crate::{Platform, PlatformError, error::Result};
use std::time::Duration;
use store::{
    StoreError,
    control::access_event::{self as rows, NewAccessEvent},
};
use tokio::sync::{mpsc, watch::Receiver};
use types::ProblemCode;

/// Most events that wait to be written; some 10 MiB.
const QUEUE_MAX: usize = 20_000;
/// Longest wait for a place in the queue.
const PLACE_WAIT: Duration = Duration::from_secs(2);
/// Most events of one write.
const BATCH_MAX: usize = 1_000;
/// How long events are gathered when there are few.
const GATHER: Duration = Duration::from_millis(200);
/// The pause after a write that failed, in seconds; doubled up to the last.
const RETRY_SECONDS: (u64, u64) = (1, 8);

/// Where requests take their places.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<AccessEvent>,
}

/// A place in the queue. Dropped without an event, it is free again.
pub struct Place(mpsc::OwnedPermit<AccessEvent>);

/// The other end of a recorder, until a task begins to write.
pub(crate) struct Pending(mpsc::Receiver<AccessEvent>);

/// A recorder and its other end.
pub(crate) fn new_recorder() -> (Recorder, Pending) {
    with_room_for(QUEUE_MAX)
}

fn with_room_for(events: usize) -> (Recorder, Pending) {
    let (queue, pending) = mpsc::channel(events);
    (Recorder { queue }, Pending(pending))
}

impl Recorder {
    /// Takes a place for one event. Requests wait here while they come faster than the log can be written.
    ///
    /// # Errors
    /// `unavailable` when no place came free: a request that could not be logged is not carried out.
    pub async fn place(&self) -> Result<Place> {
        let wait = tokio::time::timeout(PLACE_WAIT, self.queue.clone().reserve_owned());
        match wait.await {
            Ok(Ok(permit)) => Ok(Place(permit)),
            Ok(Err(_)) | Err(_) => Err(PlatformError::new(
                ProblemCode::Unavailable,
                "the access log cannot be written fast enough; try again in a moment",
            )),
        }
    }
}

impl Place {
    /// Hands in the event. Never waits, never fails.
    pub fn record(self, event: AccessEvent) {
        self.0.send(event);
    }
}

/// Writes events until `stop` says true and the queue is empty. Runs once per process, beside the listener.
pub async fn write_events(platform: Platform, mut stop: Receiver<bool>) {
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
        let is_full = batch.len() == BATCH_MAX;
        write(&platform, batch.drain(..).map(row_of).collect()).await;
        if !is_full && !stopping {
            tokio::time::sleep(GATHER).await;
        }
    }
}

/// Writes a batch, as often as it takes: meanwhile the queue fills, and requests are refused rather than unlogged.
async fn write(platform: &Platform, rows: Vec<NewAccessEvent>) {
    let (mut pause, pause_max) = RETRY_SECONDS;
    while let Err(error) = try_write(platform, &rows).await {
        if !matches!(error, StoreError::Unavailable(_) | StoreError::Timeout) {
            tracing::error!(
                event.name = "access-log.lost",
                events = rows.len(),
                error = %error,
                "the database refused access events, which are lost; this is a bug"
            );
            return;
        }
        tracing::warn!(error = %error, events = rows.len(), "access events could not be written yet");
        tokio::time::sleep(Duration::from_secs(pause)).await;
        pause = (pause * 2).min(pause_max);
    }
}

async fn try_write(platform: &Platform, rows: &[NewAccessEvent]) -> std::result::Result<(), StoreError> {
    let mut keep = platform.control().keep().await?;
    rows::insert_many(&mut keep, rows).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn event(action: &str) -> AccessEvent {
        AccessEvent {
            at: Timestamp::UNIX_EPOCH,
            account: None,
            organization: None,
            action: action.to_owned(),
            outcome: "done".to_owned(),
            status: Some(200),
            method: "none".to_owned(),
            address: "::1".to_owned(),
            device: String::new(),
            request_id: String::new(),
        }
    }

    #[tokio::test]
    async fn without_a_place_in_the_log_a_request_is_refused_and_a_place_given_up_is_free_again() {
        let (recorder, Pending(mut queue)) = with_room_for(2);
        let first = recorder.place().await.unwrap();
        let second = recorder.place().await.unwrap();
        let refused = recorder.place().await.err().map(|error| error.code);
        assert_eq!(refused, Some(ProblemCode::Unavailable));
        drop(first);
        recorder.place().await.unwrap().record(event("third"));
        second.record(event("second"));
        let mut taken = Vec::new();
        queue.recv_many(&mut taken, 10).await;
        let actions: Vec<&str> = taken.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions, ["third", "second"]);
    }
}
