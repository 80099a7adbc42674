//! A message and its frame.
//!
//! Invariants: a frame is one message, whatever is in it; it has at most [`BYTES_MAX`] bytes; its first bytes are the count
//! of all others.

use std::fmt::Write;

use jiff::Timestamp;

use crate::text;

/// The longest message: what every collector should take (RFC 5425 4.3.1).
pub const BYTES_MAX: usize = 8_192;
/// The structured element's name. 32473 is set aside for documentation (RFC 5612); see the README.
const ELEMENT: &str = "strongroom@32473";
/// Longest names in the header (RFC 5424 6).
const HOST_MAX: usize = 255;
const PROGRAM_MAX: usize = 48;
const KIND_MAX: usize = 32;
/// What the header and the free text have for themselves, however many parameters there are.
const KEPT_FREE: usize = 1_024;

/// What part of the machine speaks (RFC 5424 table 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facility {
    /// 3: system daemons.
    Daemon,
    /// 10: security and authorization.
    Security,
    /// 13: log audit.
    Audit,
}

impl Facility {
    fn number(self) -> u8 {
        match self {
            Self::Daemon => 3,
            Self::Security => 10,
            Self::Audit => 13,
        }
    }
}

/// How bad it is (RFC 5424 table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// 0
    Emergency,
    /// 1
    Alert,
    /// 2
    Critical,
    /// 3
    Error,
    /// 4
    Warning,
    /// 5
    Notice,
    /// 6
    Informational,
    /// 7
    Debug,
}

impl Severity {
    /// Every severity, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Emergency,
        Self::Alert,
        Self::Critical,
        Self::Error,
        Self::Warning,
        Self::Notice,
        Self::Informational,
        Self::Debug,
    ];

    /// The number in the message.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Emergency => 0,
            Self::Alert => 1,
            Self::Critical => 2,
            Self::Error => 3,
            Self::Warning => 4,
            Self::Notice => 5,
            Self::Informational => 6,
            Self::Debug => 7,
        }
    }

    /// The severity with that number; what is none counts as the mildest.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        let found = Self::ALL.into_iter().find(|severity| severity.number() == number);
        found.unwrap_or(Self::Debug)
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// What part of the machine speaks.
    pub facility: Facility,
    /// How bad it is.
    pub severity: Severity,
    /// When it happened.
    pub at: Timestamp,
    /// On which machine.
    pub host: &'a str,
    /// Which program.
    pub program: &'a str,
    /// Which kind of message, by which collectors tell them apart.
    pub kind: &'a str,
    /// Names of ours (ASCII letters, at most 32) with values of any content.
    pub parameters: Vec<(&'static str, String)>,
    /// The same for people, of any content; empty for none.
    pub text: &'a str,
}

impl Message<'_> {
    /// The message with the count of its bytes before it (RFC 5425 4.3).
    #[must_use]
    pub fn frame(&self) -> Vec<u8> {
        let message = self.write();
        format!("{} {message}", message.len()).into_bytes()
    }

    fn write(&self) -> String {
        let mut out = format!(
            "<{}>1 {} {} {} - {} ",
            u32::from(self.facility.number()) * 8 + u32::from(self.severity.number()),
            moment(self.at),
            text::name(self.host, HOST_MAX),
            text::name(self.program, PROGRAM_MAX),
            text::name(self.kind, KIND_MAX),
        );
        self.write_parameters(&mut out);
        if !self.text.is_empty() {
            // Space and mark of byte order: the text is UTF-8 (RFC 5424 6.4).
            let room = BYTES_MAX - out.len() - " \u{feff}".len();
            write!(out, " \u{feff}{}", text::free(self.text, room)).ok();
        }
        out
    }

    fn write_parameters(&self, out: &mut String) {
        write!(out, "[{ELEMENT}").ok();
        for (name, value) in &self.parameters {
            // ` name="value"`, then the bracket that ends them all.
            let around = name.len() + " =\"\"".len();
            let room = (BYTES_MAX - KEPT_FREE).saturating_sub(out.len() + around + "]".len());
            if room == 0 {
                break;
            }
            write!(out, " {name}=\"{}\"", text::value(value, room)).ok();
        }
        out.push(']');
    }
}

/// With microseconds, in UTC (RFC 5424 6.2.3); none where no year of four digits holds it.
fn moment(at: Timestamp) -> String {
    if at < Timestamp::UNIX_EPOCH {
        return "-".to_owned();
    }
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests;
