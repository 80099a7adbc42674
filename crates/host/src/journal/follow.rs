//! Lines after a place in the journal, in their order, for whoever passes them on.
//!
//! Invariant: no line between the place and the last one given is left out, but those that the journal itself has let go.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Line, Written, line_of};
use crate::run::{Call, Program, RunError};

/// Longest part of a place, in hexadecimal digits.
const DIGITS_MAX: usize = 32;
/// How much time after the place is read, the shortest first: journalctl cannot be told to stop after so many lines.
const WINDOWS_SECONDS: [Option<u64>; 3] = [Some(10 * 60), Some(24 * 60 * 60), None];

/// A place in the journal: six numbers in hexadecimal, as systemd names it (sd_journal_get_cursor(3)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    text: String,
    /// Microseconds since 1970.
    at_us: u64,
}

/// A text that names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in a journal: six numbers named s, i, b, m, t, x")]
pub struct CursorError;

impl TryFrom<String> for Cursor {
    type Error = CursorError;

    fn try_from(text: String) -> Result<Self, CursorError> {
        let mut at_us = None;
        let mut parts = text.split(';');
        for name in ["s=", "i=", "b=", "m=", "t=", "x="] {
            let part = parts
                .next()
                .and_then(|part| part.strip_prefix(name))
                .ok_or(CursorError)?;
            let is_number = (1..=DIGITS_MAX).contains(&part.len())
                && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !is_number {
                return Err(CursorError);
            }
            if name == "t=" {
                at_us = u64::from_str_radix(part, 16).ok();
            }
        }
        match (parts.next(), at_us) {
            (None, Some(at_us)) => Ok(Self { text, at_us }),
            _ => Err(CursorError),
        }
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.text
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

/// A line with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Where it stands.
    pub place: Cursor,
    /// The line.
    pub line: Line,
}

/// The first lines of these units after a place, at most so many; without a place the newest line alone. Blocks.
///
/// # Errors
/// [`RunError`]; where there is no journal the list is empty.
pub fn after(units: &[&str], place: Option<&Cursor>, lines_max: usize) -> Result<Vec<Followed>, RunError> {
    read(None, units, place, lines_max)
}

fn read(
    file: Option<&Path>,
    units: &[&str],
    place: Option<&Cursor>,
    lines_max: usize,
) -> Result<Vec<Followed>, RunError> {
    let Some(place) = place else {
        let newest = call(file, units).with(["--lines=1".to_owned()]);
        return Ok(parse(&newest.run()?, lines_max));
    };
    let now = now_seconds();
    for window in WINDOWS_SECONDS {
        let until = window
            .map(|seconds| place.at_us / 1_000_000 + seconds)
            .filter(|until| *until < now);
        // With --after-cursor the line that comes first is passed over, also where the place itself is gone and it is another.
        let mut call = call(file, units).with([format!("--cursor={place}")]);
        if let Some(until) = until {
            call = call.with([format!("--until=@{until}")]);
        }
        let mut found = parse(&call.run()?, lines_max + 1);
        found.retain(|found| found.place != *place);
        found.truncate(lines_max);
        if !found.is_empty() || until.is_none() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn now_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn call(file: Option<&Path>, units: &[&str]) -> Call {
    let call = Call::new(Program::Journalctl)
        .with(units.iter().map(|unit| format!("--unit={unit}")))
        .with([
            "--output=json".to_owned(),
            "--no-pager".to_owned(),
            "--quiet".to_owned(),
        ])
        .with(["--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT".to_owned()])
        .within(Duration::from_secs(60));
    match file {
        Some(file) => call.with([format!("--file={}", file.display())]),
        None => call,
    }
}

/// What is of another shape is left out, and so is a line that was cut off, which is the last.
fn parse(text: &str, lines_max: usize) -> Vec<Followed> {
    let lines = text.lines().filter_map(|text| {
        let mut written: Written = serde_json::from_str(text).ok()?;
        let place = Cursor::try_from(written.place.take()?).ok()?;
        Some(Followed {
            place,
            line: line_of(written)?,
        })
    });
    lines.take(lines_max).collect()
}

#[cfg(test)]
mod tests;
