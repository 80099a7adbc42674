//! How forwarding stands: how far each log was taken, and what waits.

use super::{
    SETTING,
    settings::{ForwardingSettings, Stream},
};
use crate::{
    Platform,
    error::{PlatformError, Result},
};
use audit::Leaf;
use jiff::Timestamp;
use serde::Serialize;
use store::control::{
    ControlRead,
    access_event::{self, WAITING_MAX},
    audit_log,
    forwarding::{self as rows, Position},
};

/// How forwarding is set, and how it goes.
#[derive(Debug, Clone, Serialize)]
pub struct ForwardingView {
    /// The settings.
    pub settings: ForwardingSettings,
    /// Is there a key for our certificate?
    pub has_key: bool,
    /// The logs that are sent.
    pub streams: Vec<StreamView>,
    /// When sending was last tried.
    pub tried_at: Option<Timestamp>,
    /// Since when it fails, if it does.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
}

/// How far one log was taken.
#[derive(Debug, Clone, Serialize)]
pub struct StreamView {
    /// Which.
    pub stream: Stream,
    /// Messages that were taken.
    pub taken: u64,
    /// Which was the last of them.
    pub last: Option<String>,
    /// When it was taken.
    pub acknowledged_at: Option<Timestamp>,
    /// Messages that wait, as far as they are counted; none where nobody can say, as of the journal.
    pub waiting: Option<u64>,
    /// Whether more wait than were counted.
    pub more_wait: bool,
    /// The time of the oldest that waits.
    pub oldest: Option<Timestamp>,
}

impl ForwardingView {
    /// Messages that wait, of all logs.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.streams.iter().filter_map(|stream| stream.waiting).sum()
    }

    /// The time of the oldest message that waits.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.streams.iter().filter_map(|stream| stream.oldest).min()
    }
}

/// How it stands; nothing where no collector is set.
pub(super) async fn look(platform: &Platform) -> Result<Option<ForwardingView>> {
    let mut read = platform.control().read().await?;
    let Some(stored) = SETTING.read(&mut read).await? else {
        return Ok(None);
    };
    let positions = rows::positions(&mut read).await?;
    let sending = rows::sending(&mut read).await?;
    let mut streams = Vec::new();
    for stream in &stored.settings.streams {
        let position = positions.iter().find(|found| found.stream == stream.as_str());
        let position =
            position.ok_or_else(|| PlatformError::invariant("a log that is sent has no position"))?;
        streams.push(match stream {
            Stream::Audit => audit(&mut read, position).await?,
            Stream::Access => access(&mut read, position).await?,
            // How much waits in the journal the root helper would have to count.
            Stream::System => view(Stream::System, position),
        });
    }
    Ok(Some(ForwardingView {
        has_key: stored.key.is_some(),
        settings: stored.settings,
        streams,
        tried_at: sending.tried_at,
        failing_since: sending.failing_since,
        failure: sending.failure,
    }))
}

fn view(stream: Stream, position: &Position) -> StreamView {
    StreamView {
        stream,
        taken: position.number.unsigned_abs(),
        last: position.last.clone(),
        acknowledged_at: position.acknowledged_at,
        waiting: None,
        more_wait: false,
        oldest: None,
    }
}

fn number_of(position: &Position) -> Result<i64> {
    let number = position.position.parse();
    number.map_err(|_| PlatformError::invariant("a position is no number"))
}

async fn audit(read: &mut ControlRead, position: &Position) -> Result<StreamView> {
    let next = number_of(position)? + 1;
    let figures = audit_log::figures(read).await?;
    let first = audit_log::leaves_from(read, next, 1).await?;
    let leaf = first.first().and_then(|stored| Leaf::decode(&stored.leaf).ok());
    let oldest = leaf.and_then(|leaf| Timestamp::from_millisecond(leaf.time_ms.try_into().ok()?).ok());
    let waiting = (figures.size - next).max(0) + figures.pending;
    Ok(StreamView {
        waiting: Some(waiting.unsigned_abs()),
        oldest: oldest.or(figures.oldest),
        ..view(Stream::Audit, position)
    })
}

async fn access(read: &mut ControlRead, position: &Position) -> Result<StreamView> {
    let found = access_event::waiting_after(read, number_of(position)?).await?;
    Ok(StreamView {
        waiting: Some(found.events.unsigned_abs()),
        more_wait: found.events >= WAITING_MAX,
        oldest: found.oldest,
        ..view(Stream::Access, position)
    })
}
