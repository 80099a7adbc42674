//! One line of the journal for each call but a look at the journal itself, and for each caller who was sent away.
//!
//! systemd takes the number in front for the line's level (sd-daemon(3)). Nothing of a caller's text is repeated but a
//! verb of the list.

use std::io::{self, Write};
use std::time::Duration;

use crate::peer::Peer;

/// Levels of syslog(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Somebody should see it.
    Warning = 4,
    /// As it should be.
    Info = 6,
}

/// A call that was answered.
pub(crate) fn call(level: Level, peer: Peer, verb: &str, outcome: &str, took: Duration) {
    let Peer { pid, uid, .. } = peer;
    let milliseconds = took.as_millis();
    say(
        level,
        &format!("call pid={pid} uid={uid} verb={verb} outcome={outcome} took={milliseconds}ms"),
    );
}

/// A connection that ended before its time.
pub(crate) fn dropped(peer: Peer, why: &dyn std::fmt::Display) {
    let Peer { pid, uid, .. } = peer;
    say(
        Level::Warning,
        &format!("connection of pid={pid} uid={uid} ended: {why}"),
    );
}

/// Anything else.
pub(crate) fn say(level: Level, text: &str) {
    // That nobody reads the journal is no reason to stop.
    writeln!(io::stderr().lock(), "<{}>{text}", level as u8).ok();
}
