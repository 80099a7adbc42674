//! Calls that change something: written down before they are carried out, and after.
//!
//! Invariant: what cannot be written down is not done.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use host::helper::record::{self, CHANGES};
use host::helper::{Answer, ErrorName, Refusal, Verb};

use crate::answer;
use crate::journal::{self, Level};
use crate::peer::Peer;

/// One line at a time.
static RECORD: Mutex<()> = Mutex::new(());

/// Carries a verb out that changes something.
pub(crate) fn carry_out(verb: &Verb, peer: Peer) -> Answer {
    noted(Path::new(CHANGES), peer, verb.name(), || answer::to(verb))
}

fn noted(path: &Path, peer: Peer, verb: &str, act: impl FnOnce() -> Answer) -> Answer {
    if let Err(error) = note(path, peer, verb, "begun") {
        let why = format!("the record of changes cannot be written, so nothing was done: {error}");
        return Answer::Refused(Refusal::new(ErrorName::Failed, why));
    }
    let answer = act();
    let outcome = match &answer {
        Answer::Done(_) => "done",
        Answer::Refused(refusal) => refusal.name.as_str(),
    };
    if let Err(error) = note(path, peer, verb, outcome) {
        journal::say(
            Level::Warning,
            &format!("the end of a change is not in the record: {error}"),
        );
    }
    answer
}

fn note(path: &Path, peer: Peer, verb: &str, outcome: &str) -> Result<(), record::RecordError> {
    let _alone = RECORD.lock().unwrap_or_else(PoisonError::into_inner);
    record::note(path, (peer.pid, peer.uid), verb, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = Peer {
        pid: 7,
        uid: 0,
        rank: None,
    };
    const VERB: &str = "org.strongroom.Host.ConfirmFirewall";

    #[test]
    fn a_change_stands_in_the_record_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changes.json");
        let refused = || Answer::Refused(Refusal::new(ErrorName::NothingToConfirm, "none"));
        noted(&path, PEER, VERB, || {
            assert_eq!(record::read(&path).unwrap()[0].outcome, "begun");
            refused()
        });
        let kept = record::read(&path).unwrap();
        assert_eq!(kept.len(), 2);
        assert!(kept[1].outcome.contains("NothingToConfirm"), "{kept:?}");
        assert!(
            kept.iter()
                .all(|change| (change.pid, change.uid) == (7, 0) && change.verb == VERB)
        );
    }

    #[test]
    fn what_cannot_be_written_down_is_not_done() {
        let answer = noted(Path::new("/nonexistent/changes.json"), PEER, VERB, || {
            panic!("it was done")
        });
        assert!(matches!(answer, Answer::Refused(refusal) if refusal.name == ErrorName::Failed));
    }
}
