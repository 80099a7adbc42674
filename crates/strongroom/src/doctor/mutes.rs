//! Mutes: findings that somebody has seen and answers for, for a time.
//!
//! Invariant: a mute names a check, who answers for it, why, and until when; one that has ended, or that
//! cannot be read, mutes nothing. What is muted is still shown.

use super::CHECKS;
use crate::finding::{Finding, Level};
use ::host::write;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Nobody answers for longer than a year without looking again.
const DAYS_MAX: i32 = 366;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    mute: Vec<Mute>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mute {
    check: String,
    /// Who answers for it.
    owner: String,
    reason: String,
    /// The last day.
    until: Date,
}

/// Beside the settings.
pub(super) fn place(settings: &Path) -> PathBuf {
    settings.with_file_name("mutes.toml")
}

/// Marks what is muted, and adds what is to be said of the mutes themselves.
pub(super) fn apply(settings: &Path, findings: &mut Vec<Finding>) {
    let path = place(settings);
    let text = match write::read(&path) {
        Ok(None) => return,
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            findings.push(Finding::could_not_look(
                "mutes",
                error.to_string(),
                "run this as root",
            ));
            return;
        }
    };
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    mark(&text, &path, today, findings);
}

fn mark(text: &str, path: &Path, today: Date, findings: &mut Vec<Finding>) {
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let what = format!(
                "{} cannot be read, so nothing is muted: {}",
                path.display(),
                error.message()
            );
            findings.push(Finding::fault(
                "mutes",
                what,
                "correct the line; each mute has check, owner, reason and until",
            ));
            return;
        }
    };
    for mute in file.mute {
        if let Some(refusal) = refusal(&mute, today) {
            findings.push(refusal);
            continue;
        }
        let text = format!("by {} until {}: {}", mute.owner, mute.until, mute.reason);
        let muted = findings
            .iter_mut()
            .filter(|finding| finding.check == mute.check && finding.level != Level::Ok);
        muted.for_each(|finding| finding.muted = Some(text.clone()));
    }
}

/// Why a mute does not count.
fn refusal(mute: &Mute, today: Date) -> Option<Finding> {
    const CHECK: &str = "mutes";
    let Mute {
        check,
        owner,
        reason,
        until,
    } = mute;
    if !CHECKS.contains(&check.as_str()) || check == CHECK {
        let what = format!("a mute names {check:?}, which is no check that can be muted");
        return Some(Finding::warning(
            CHECK,
            what,
            "name a check as `strongroom doctor` shows it",
        ));
    }
    if owner.trim().is_empty() || reason.trim().is_empty() {
        let what = format!("the mute of {check} says not who answers for it, or not why");
        return Some(Finding::warning(CHECK, what, "fill in owner and reason"));
    }
    let days = today.until(*until).map_or(0, |span| span.get_days());
    if days < 0 {
        let what = format!("the mute of {check} by {owner} ended on {until}");
        return Some(Finding::warning(
            CHECK,
            what,
            "mend what it muted, or set another day",
        ));
    }
    (days > DAYS_MAX).then(|| {
        let what = format!("the mute of {check} by {owner} is for longer than a year");
        Finding::warning(CHECK, what, "set a day within a year")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const MUTE: &str = "[[mute]]\ncheck = \"swap\"\nowner = \"Ada\"\nreason = \"encrypted below us\"\nuntil = \"2027-03-01\"\n";

    fn marked(text: &str) -> Vec<Finding> {
        let mut findings = vec![
            Finding::warning("swap", "in the clear", "encrypt it"),
            Finding::ok("memory", "much"),
        ];
        mark(text, Path::new("mutes.toml"), date(2027, 2, 1), &mut findings);
        findings
    }

    #[test]
    fn a_muted_finding_is_shown_with_who_and_why_and_asks_for_nobody() {
        let findings = marked(MUTE);
        assert_eq!(
            findings[0].muted.as_deref(),
            Some("by Ada until 2027-03-01: encrypted below us")
        );
        assert!(!findings[0].is_open());
        assert_eq!((findings.len(), findings[1].muted.as_ref()), (2, None));
    }

    #[test]
    fn a_mute_that_has_ended_is_too_long_or_has_nobody_does_not_count() {
        for (from, to, says) in [
            ("2027-03-01", "2027-01-31", "ended on"),
            ("2027-03-01", "2037-01-31", "longer than a year"),
            ("\"Ada\"", "\" \"", "who answers"),
            ("\"swap\"", "\"sawp\"", "no check"),
            ("\"swap\"", "\"mutes\"", "no check"),
        ] {
            let findings = marked(&MUTE.replace(from, to));
            assert!(findings[0].is_open(), "{to}");
            assert!(findings.last().unwrap().what.contains(says), "{findings:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_mutes_nothing() {
        let findings = marked(&MUTE.replace("reason", "raeson"));
        assert!(findings[0].is_open());
        assert_eq!(findings.last().unwrap().level, Level::Fault, "{findings:?}");
    }
}
