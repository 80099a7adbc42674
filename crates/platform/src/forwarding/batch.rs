//! Messages of one log that go out together.
//!
//! Invariant: a batch has at most [`MESSAGES_MAX`] messages and little more than [`BYTES_MAX`] bytes, and says where its log goes on after
//! the last of them.

use crate::Platform;
use store::control::forwarding::Move;
use syslog::Message;

/// Most messages of one log that go out together: so many may come twice after a break.
pub(super) const MESSAGES_MAX: i64 = 500;
/// A batch of so many bytes takes no more messages.
const BYTES_MAX: usize = 512 * 1024;
/// What messages of the platform itself are from.
pub(super) const PROGRAM: &str = "strongroom";

/// The messages, and how far the log is sent with them.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    moved: Move,
    frames: Vec<u8>,
}

impl Batch {
    /// Of a stream that stands at a position.
    pub(super) fn new(stream: &'static str, from: &str) -> Self {
        Self {
            moved: Move {
                stream,
                from: from.to_owned(),
                to: from.to_owned(),
                count: 0,
                last: String::new(),
            },
            frames: Vec::new(),
        }
    }

    /// Takes a message, after which the log goes on at `position`.
    pub(super) fn push(&mut self, message: &Message<'_>, position: impl ToString, last: String) {
        self.frames.extend(message.frame());
        self.moved.to = position.to_string();
        self.moved.count += 1;
        self.moved.last = last;
    }

    /// Takes a message about the log, which is none of its messages.
    pub(super) fn add_remark(&mut self, message: &Message<'_>, last: String) {
        self.frames.extend(message.frame());
        self.moved.last = last;
    }

    pub(super) fn is_full(&self) -> bool {
        self.moved.count >= MESSAGES_MAX || self.frames.len() >= BYTES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        usize::try_from(self.moved.count).unwrap_or(0)
    }

    pub(super) fn frames(&self) -> &[u8] {
        &self.frames
    }

    pub(super) fn into_move(self) -> Move {
        self.moved
    }
}

/// What the appliance is called, as its links say it.
pub(super) fn host_of(platform: &Platform) -> String {
    let url = url::Url::parse(&platform.settings().base_url).ok();
    let host = url.and_then(|url| {
        url.host_str()
            .map(|host| host.trim_matches(['[', ']']).to_owned())
    });
    host.unwrap_or_default()
}
