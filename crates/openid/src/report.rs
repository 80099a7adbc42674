//! The staged test of a provider that an operator runs: name, document, keys, clock. The first stage that fails says what
//! to do; what comes after it is left out.

use crate::{
    claims::SKEW_SECONDS,
    client::{Client, EXCHANGE_SECONDS, OpenIdError},
    discovery::Document,
    wire::Deadline,
};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use std::{
    error::Error,
    time::{Duration, Instant},
};

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should.
    Passed,
    /// It works, but not for long or not for everybody.
    Doubtful,
    /// It does not.
    Failed,
}

/// One stage.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What was tried.
    pub name: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen, in plain words.
    pub detail: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// All stages up to the first that failed.
#[derive(Debug, Clone)]
pub struct Report {
    /// In order.
    pub stages: Vec<Stage>,
}

impl Report {
    /// Did every stage pass, or nearly?
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.stages.iter().all(|stage| stage.verdict != Verdict::Failed)
    }
}

type Outcome = Result<(Verdict, String), String>;

impl Client {
    /// Looks at the provider without anybody signing in. Blocks, for twice [`EXCHANGE_SECONDS`] at most.
    pub fn test(&self, clock: fn() -> Timestamp) -> Report {
        let mut stages = Vec::new();
        let mut seen: Option<(Document, Option<String>)> = None;
        let good = stage(&mut stages, "name", || self.look_up())
            && stage(&mut stages, "document", || {
                let found = self.fetch_document(deadline()).map_err(|error| words(&error))?;
                let text = format!("people sign in at {}", found.0.authorization);
                seen = Some(found);
                Ok((Verdict::Passed, text))
            });
        if let (true, Some((document, date))) = (good, seen)
            && stage(&mut stages, "keys", || self.look_at_keys(&document))
        {
            stage(&mut stages, "clock", || Ok(compare(date.as_deref(), clock())));
        }
        Report { stages }
    }

    fn look_up(&self) -> Outcome {
        let host = self.provider.issuer.host();
        let found = self.reach.look_up(&host)?;
        let addresses: Vec<String> = found
            .iter()
            .take(4)
            .map(|address| address.ip().to_string())
            .collect();
        Ok((Verdict::Passed, format!("{host} is {}", addresses.join(", "))))
    }

    fn look_at_keys(&self, document: &Document) -> Outcome {
        let keys = self
            .fetch_keys(document, deadline())
            .map_err(|error| words(&error))?;
        let algorithms = &self.provider.algorithms;
        let names: Vec<&str> = algorithms.iter().map(|one| one.as_str()).collect();
        match keys.count(algorithms) {
            0 => Err(format!(
                "there is no key for {}; choose other algorithms",
                names.join(", ")
            )),
            count => Ok((Verdict::Passed, format!("{count} for {}", names.join(", ")))),
        }
    }
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(EXCHANGE_SECONDS))
}

/// Runs a stage; may the next one run?
fn stage(stages: &mut Vec<Stage>, name: &'static str, run: impl FnOnce() -> Outcome) -> bool {
    let begun = Instant::now();
    let (verdict, detail) = run().unwrap_or_else(|text| (Verdict::Failed, text));
    stages.push(Stage {
        name,
        verdict,
        detail,
        milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    verdict != Verdict::Failed
}

/// An HTTP date has whole seconds, so one more lies between two clocks that agree.
fn compare(date: Option<&str>, now: Timestamp) -> (Verdict, String) {
    let parsed = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    let Some(theirs) = parsed else {
        return (
            Verdict::Doubtful,
            "the provider does not say what time it is".to_owned(),
        );
    };
    let apart = (now.as_second() - theirs.as_second()).abs();
    if apart > SKEW_SECONDS {
        let text = format!(
            "the clocks are {apart} s apart and at most {SKEW_SECONDS} are borne; set this machine's"
        );
        return (Verdict::Failed, text);
    }
    let verdict = if apart > SKEW_SECONDS / 2 {
        Verdict::Doubtful
    } else {
        Verdict::Passed
    };
    (verdict, format!("the clocks are {apart} s apart"))
}

/// An error with everything beneath it.
fn words(error: &OpenIdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_lie_apart_are_seen() {
        let now: Timestamp = "2026-11-29T03:20:00Z".parse().unwrap();
        let verdict = |date| compare(Some(date), now).0;
        assert_eq!(verdict("Sun, 29 Nov 2026 03:20:01 GMT"), Verdict::Passed);
        assert_eq!(verdict("Sun, 29 Nov 2026 03:19:15 GMT"), Verdict::Doubtful);
        assert_eq!(verdict("Sun, 29 Nov 2026 03:21:30 GMT"), Verdict::Failed);
        assert_eq!(verdict("yesterday"), Verdict::Doubtful);
        assert_eq!(compare(None, now).0, Verdict::Doubtful);
    }
}
