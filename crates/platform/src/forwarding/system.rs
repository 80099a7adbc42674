//! What our own units say in the journal, as messages: read by the root helper, because the worker cannot read it and sees those of no
//! other unit by this.
//!
//! Invariant: the place in the journal is systemd's own; where lines were let go before they were sent, it goes on with what is left.

use super::batch::Batch;
use crate::{
    Platform,
    error::{PlatformError, Result},
    helper,
};
use host::{
    helper::{GetJournal, JournalLine},
    journal::Cursor,
};
use jiff::Timestamp;
use syslog::{Facility, Message, Severity};

/// Where nothing of the journal was sent yet: it begins with the newest line.
pub(super) const UNBEGUN: &str = "";

/// What came after that place, and whether more is there.
pub(super) async fn read(platform: &Platform, host: &str, from: &str) -> Result<(Batch, bool)> {
    let after = match from {
        UNBEGUN => None,
        place => {
            let place = Cursor::try_from(place.to_owned());
            Some(place.map_err(|error| PlatformError::invariant(error.to_string()))?)
        }
    };
    let reply = helper::ask(platform, GetJournal { after }).await?;
    let reply = reply.map_err(|error| helper::problem(&error))?;
    let mut batch = Batch::new("system", from);
    for line in &reply.lines {
        push(&mut batch, host, line);
    }
    Ok((batch, reply.more))
}

fn push(batch: &mut Batch, host: &str, line: &JournalLine) {
    let program = line.unit.trim_end_matches(".service");
    let message = Message {
        facility: Facility::Daemon,
        severity: Severity::from_number(line.priority),
        at: Timestamp::from_microsecond(line.at_us).unwrap_or(Timestamp::MIN),
        host,
        program,
        kind: "system",
        parameters: vec![("place", line.place.to_string())],
        text: &line.message,
    };
    batch.push(&message, &line.place, format!("system: a line of {program}"));
}
