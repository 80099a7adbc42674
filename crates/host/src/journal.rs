//! The journal of units: their newest lines, and those after a place, as systemd kept them.

mod follow;

use std::time::Duration;

use serde::Deserialize;

pub use follow::{Cursor, CursorError, Followed, after};

use crate::run::{Call, Program, RunError};

/// A line of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Microseconds since 1970, UTC.
    pub at_us: i64,
    /// The unit it is about.
    pub unit: String,
    /// As syslog counts: 0 is the worst, 7 is for debugging.
    pub priority: u8,
    /// What was said. Of any content.
    pub message: String,
}

/// A line as `journalctl --output=json` writes it: numbers are strings.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "__CURSOR")]
    place: Option<String>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    at: String,
    #[serde(rename = "_SYSTEMD_UNIT")]
    unit: Option<String>,
    #[serde(rename = "UNIT")]
    about: Option<String>,
    #[serde(rename = "PRIORITY")]
    priority: Option<String>,
    /// An array of bytes where it is not text.
    #[serde(rename = "MESSAGE")]
    message: Option<serde_json::Value>,
}

/// The newest lines of these units, newest first, at most so many. Blocks.
///
/// # Errors
/// [`RunError`]; where there is no journal the list is empty.
pub fn newest(units: &[&str], lines_max: u32) -> Result<Vec<Line>, RunError> {
    let wanted = units.iter().map(|unit| format!("--unit={unit}"));
    let call = Call::new(Program::Journalctl)
        .with(wanted)
        .with([
            "--output=json".to_owned(),
            "--reverse".to_owned(),
            "--no-pager".to_owned(),
        ])
        .with([format!("--lines={lines_max}")])
        .with(["--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT"]);
    Ok(parse(&call.within(Duration::from_secs(60)).run()?))
}

/// In the place of a message that journalctl keeps back: a line is never left out because of its length.
const NOT_SHOWN: &str = "(a message that is too long to be shown here; read it in the journal)";

/// Reads what journalctl wrote; lines that are cut off or of another shape are left out.
#[must_use]
pub fn parse(text: &str) -> Vec<Line> {
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Line> {
    line_of(serde_json::from_str(text).ok()?)
}

fn line_of(written: Written) -> Option<Line> {
    let message = match written.message.unwrap_or_default() {
        serde_json::Value::String(message) => message,
        serde_json::Value::Array(bytes) => {
            let bytes = bytes
                .iter()
                .map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()));
            let bytes: Option<Vec<u8>> = bytes.collect();
            bytes.map_or_else(
                || NOT_SHOWN.to_owned(),
                |bytes| String::from_utf8_lossy(&bytes).into_owned(),
            )
        }
        // Longer than journalctl shows (journalctl(1), `--all`), or given twice.
        _ => NOT_SHOWN.to_owned(),
    };
    Some(Line {
        at_us: written.at.parse().ok()?,
        unit: written.about.or(written.unit).unwrap_or_default(),
        priority: written.priority.and_then(|text| text.parse().ok()).unwrap_or(6),
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_unit_and_about_it_are_read() {
        let text = r#"{"__REALTIME_TIMESTAMP":"1764373521123456","_SYSTEMD_UNIT":"strongroom.service","PRIORITY":"4","MESSAGE":"jobs wait"}
{"__REALTIME_TIMESTAMP":"1764373521000000","_SYSTEMD_UNIT":"init.scope","UNIT":"strongroom.service","MESSAGE":[65,255,66]}
{"__REALTIME_TIMESTAMP":"1764373520000000","MESSAGE":null}
{"__REALTIME_TIMESTAMP":"17643735"#;
        let lines = parse(text);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!((lines[0].at_us, lines[0].priority), (1_764_373_521_123_456, 4));
        assert_eq!(lines[0].message, "jobs wait");
        assert_eq!(lines[1].unit, "strongroom.service");
        assert_eq!(lines[1].message, "A\u{fffd}B", "bytes that are not text");
        assert_eq!(lines[2].message, NOT_SHOWN, "longer than journalctl shows");
    }
}
