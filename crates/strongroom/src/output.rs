//! What people and programs read: data on stdout, as a table or as JSON, and talk on stderr.
//!
//! Invariant: nothing else in this crate writes to the standard streams. A reader that has gone away (`| head`) ends
//! the program without a word.

use crate::failure::CommandError;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use serde_json::Value;
use std::io::{self, Write};

/// Narrower than this, columns are not made to fit: letters below one another help nobody.
const WIDTH_MIN: u16 = 40;

/// How a command shows its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Format {
    /// Shows a list: a table for people, the values for programs.
    pub(crate) fn list(
        self,
        headers: &[&str],
        rows: Vec<Vec<String>>,
        json: &Value,
    ) -> Result<(), CommandError> {
        match self {
            Self::Json => data(&pretty(json)),
            Self::Text => data(&table(headers, rows)),
        }
    }

    /// Shows one thing: lines of name and value for people, the value for programs.
    pub(crate) fn thing(self, pairs: &[(&str, String)], json: &Value) -> Result<(), CommandError> {
        match self {
            Self::Json => data(&pretty(json)),
            Self::Text => data(&lines(pairs)),
        }
    }
}

/// Writes a text and a newline to stdout.
pub(crate) fn data(text: &str) -> Result<(), CommandError> {
    bytes(text.as_bytes())?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        bytes(b"\n")
    }
}

/// Writes bytes to stdout as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), CommandError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(CommandError::stdout)
}

/// Writes a line to stderr. That nobody may be there to read it is no failure.
pub(crate) fn talk(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

fn table(headers: &[&str], rows: Vec<Vec<String>>) -> String {
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table
        .load_style(style)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headers.iter().copied());
    // A terminal that does not say how wide it is says 0 (a serial console, a pipe that plays one).
    if table.width().is_some_and(|width| width < WIDTH_MIN) {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    for row in rows {
        table.add_row(row.into_iter().map(printable));
    }
    table.to_string()
}

fn lines(pairs: &[(&str, String)]) -> String {
    let width = pairs
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {}", printable(value.clone()));
    pairs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Control characters in other people's values must not steer the terminal.
pub(crate) fn printable(value: String) -> String {
    if value.chars().any(char::is_control) {
        let shown = |c: char| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        };
        return value.chars().map(shown).collect();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb".to_owned()), "a\u{fffd}[2Jb");
        assert_eq!(printable("two\nlines".to_owned()), "two\nlines");
    }

    #[test]
    fn names_and_values_stand_in_two_columns() {
        let shown = lines(&[("name", "Harbour".to_owned()), ("id", "1".to_owned())]);
        assert_eq!(shown, "name  Harbour\nid    1");
    }
}
