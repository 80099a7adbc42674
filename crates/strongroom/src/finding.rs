//! What a check of set-up or the doctor found, typed, with what to do about it.
//!
//! Invariant: a check that could not look says so; it is neither good nor bad.

use crate::output::printable;
use serde::Serialize;

/// How good or bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Nobody here can say.
    CouldNotLook,
    /// It works, and somebody should see to it.
    Warning,
    /// It does not work, or a promise is not kept; set-up does not begin.
    Fault,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The check's stable name.
    pub(crate) check: &'static str,
    pub(crate) level: Level,
    /// What was found, on which thing.
    pub(crate) what: String,
    /// What to do next; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    /// Who muted it, why and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) muted: Option<String>,
    /// What `--repair` did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repaired: Option<String>,
}

impl Level {
    /// For eyes that run down a list.
    fn mark(self) -> &'static str {
        match self {
            Self::Ok => "  ok      ",
            Self::CouldNotLook => "  unknown ",
            Self::Warning => "! warning ",
            Self::Fault => "✗ fault   ",
        }
    }
}

impl Finding {
    pub(crate) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, what.into(), None)
    }

    pub(crate) fn warning(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, Level::Warning, what.into(), Some(advice.into()))
    }

    pub(crate) fn fault(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, Level::Fault, what.into(), Some(advice.into()))
    }

    pub(crate) fn could_not_look(
        check: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::new(check, Level::CouldNotLook, what.into(), Some(advice.into()))
    }

    fn new(check: &'static str, level: Level, what: String, advice: Option<String>) -> Self {
        Self {
            check,
            level,
            what,
            advice,
            muted: None,
            repaired: None,
        }
    }

    /// Whether it still asks for somebody.
    pub(crate) fn is_open(&self) -> bool {
        self.level > Level::CouldNotLook && self.muted.is_none()
    }

    /// For people: one line, and one more for each thing to know or do.
    pub(crate) fn lines(&self) -> String {
        let mut text = format!("{}{}: {}", self.level.mark(), self.check, self.what);
        let more = [
            ("repaired", &self.repaired),
            ("muted", &self.muted),
            ("to do", &self.advice),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                text.push_str(&format!("\n            {name}: {value}"));
            }
        }
        printable(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_and_what_to_do() {
        let finding = Finding::warning("memory", "there is little", "add some");
        assert_eq!(
            finding.lines(),
            "! warning memory: there is little\n            to do: add some"
        );
        let json = serde_json::to_value(&finding).unwrap();
        let expected = serde_json::json!({"check": "memory", "level": "warning", "what": "there is little", "advice": "add some"});
        assert_eq!(json, expected);
    }

    #[test]
    fn what_is_muted_or_unknown_asks_for_nobody() {
        let mut finding = Finding::fault("memory", "none", "add some");
        assert!(finding.is_open());
        finding.muted = Some("ada".to_owned());
        assert!(!finding.is_open());
        assert!(!Finding::could_not_look("swap", "hidden", "look as root").is_open());
    }
}
