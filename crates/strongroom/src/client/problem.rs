//! What the server refuses, as RFC 9457 has it, for people to read.

use serde::Deserialize;
use std::fmt;

/// A refusal.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    /// The stable code.
    pub(crate) code: String,
    title: String,
    detail: String,
    request_id: String,
    errors: Vec<Fault>,
    status: u16,
}

/// A value at fault.
#[derive(Debug, Deserialize)]
struct Fault {
    pointer: String,
    message: String,
}

impl Default for Problem {
    fn default() -> Self {
        Self {
            code: String::new(),
            title: "The server refused".to_owned(),
            detail: String::new(),
            request_id: String::new(),
            errors: Vec::new(),
            status: 0,
        }
    }
}

impl Problem {
    /// Reads an answer; one that is no problem document (from a proxy, say) becomes one by its status.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let read = serde_json::from_slice::<Self>(body);
        let problem = read.ok().filter(|problem| !problem.code.is_empty());
        problem.unwrap_or_else(|| Self {
            detail: format!("it answered {status} without saying why; is there a proxy between?"),
            status,
            ..Self::default()
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = if self.detail.is_empty() {
            &self.title
        } else {
            &self.detail
        };
        f.write_str(first)?;
        for Fault { pointer, message } in &self.errors {
            let line = format!("{pointer}: {message}");
            if line != *first {
                write!(f, "\n  {line}")?;
            }
        }
        // Their administrator finds the cause by it; for a plain refusal it would be noise.
        if self.status >= 500 && !self.request_id.is_empty() {
            write!(f, "\n  request {}", self.request_id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_and_where() {
        let body =
            br#"{"type":"about:blank","title":"Some values are not valid","status":422,"code":"invalid",
            "detail":"2 values are not valid","request_id":"r1",
            "errors":[{"pointer":"/fields/amount","code":"required","message":"a value is required"},
                      {"pointer":"/fields/due","code":"malformed","message":"expected a date"}]}"#;
        let problem = Problem::read(422, body);
        assert_eq!(problem.code, "invalid");
        let expected =
            "2 values are not valid\n  /fields/amount: a value is required\n  /fields/due: expected a date";
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn our_own_fault_carries_the_request_and_strangers_are_told_apart() {
        let ours = Problem::read(
            500,
            br#"{"status":500,"code":"internal","detail":"it was logged","request_id":"r7"}"#,
        );
        assert_eq!(ours.to_string(), "it was logged\n  request r7");
        let strange = Problem::read(502, b"<html>Bad Gateway</html>");
        assert!(strange.to_string().contains("502"), "{strange}");
        assert_eq!(strange.code, "");
    }
}
