//! What witnesses said that are asked over https.

use crate::finding::Finding;
use platform::{
    Platform,
    ledger::witness::{self, Answer, Asked},
};
use std::collections::BTreeMap;

const CHECK: &str = "audit-witness";

/// A refusal is a fault; a witness that is away a warning, since its next word covers what it missed.
pub(super) fn check(platform: &Platform) -> Finding {
    match witness::asked(platform) {
        Ok(asked) => judge(&asked),
        Err(error) => Finding::could_not_look(CHECK, error.detail, "run this as root"),
    }
}

fn judge(asked: &BTreeMap<String, Asked>) -> Finding {
    let said = |find: fn(&Answer) -> Option<&String>| {
        asked
            .iter()
            .find_map(|(name, asked)| Some((name, asked, find(&asked.answer)?)))
    };
    let refused = said(|answer| match answer {
        Answer::Refused { why } => Some(why),
        Answer::Signed { .. } | Answer::Away { .. } => None,
    });
    if let Some((name, _, why)) = refused {
        return Finding::fault(
            CHECK,
            format!("{name} does not sign this log: {why}"),
            "keep copies of the database and of the log's folder, and find out who wrote there; see OPERATIONS.md",
        );
    }
    let away = said(|answer| match answer {
        Answer::Away { why } => Some(why),
        Answer::Signed { .. } | Answer::Refused { .. } => None,
    });
    match away {
        Some((name, Asked { at, .. }, why)) => Finding::warning(
            CHECK,
            format!("{name} did not sign at {at}: {why}"),
            "see that it runs and is let through, then run `strongroom audit anchor --ask`",
        ),
        None if asked.is_empty() => Finding::ok(CHECK, "no witness is asked over https"),
        None => Finding::ok(CHECK, format!("{} witnesses have signed", asked.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use jiff::Timestamp;

    fn level(answers: &[Answer]) -> Level {
        let asked = answers.iter().enumerate().map(|(number, answer)| {
            let asked = Asked {
                at: Timestamp::UNIX_EPOCH,
                answer: answer.clone(),
            };
            (format!("w{number}"), asked)
        });
        judge(&asked.collect()).level
    }

    #[test]
    fn a_refusal_is_a_fault_before_anything_else_and_a_witness_that_is_away_a_warning() {
        let (signed, why) = (Answer::Signed { size: 7 }, String::new());
        let (away, refused) = (Answer::Away { why: why.clone() }, Answer::Refused { why });
        assert_eq!(level(&[]), Level::Ok);
        assert_eq!(level(std::slice::from_ref(&signed)), Level::Ok);
        assert_eq!(level(&[signed, away.clone()]), Level::Warning);
        assert_eq!(level(&[away, refused]), Level::Fault);
    }
}
