//! Whether updates arrive, and how the last one of the platform went.

use crate::finding::Finding;
use ::host::{
    apt::standing::{self, Standing},
    updates::{Folder, Outcome as Ended, RecordError, Update},
};
use jiff::Timestamp;
use platform::promise;
use promises::Outcome;
use updates::record::Places;

const SECURITY: &str = "security-updates";
const PLATFORM: &str = "platform-update";

pub(super) fn check() -> Vec<Finding> {
    let folder = Folder::of_machine();
    let read = folder
        .history()
        .and_then(|history| Ok((history.into_iter().next(), folder.current()?)));
    let mut findings = vec![judge_platform(read)];
    if standing::is_blind() {
        let what = "apt cannot be asked here";
        findings.push(Finding::could_not_look(
            SECURITY,
            what,
            "run this as root on the host",
        ));
        return findings;
    }
    let standing = Standing::of_machine();
    findings.extend(reboot(&standing));
    findings.extend(judge_security(promise::judge_security_updates(
        &standing,
        &promise::last_bundle(&Places::of_machine()),
        Timestamp::now(),
    )));
    findings
}

/// Left to the administrator unless the settings say otherwise.
fn reboot(standing: &Standing) -> Option<Finding> {
    let what =
        "a newer kernel or library is installed than the one that runs, and only a reboot changes that";
    let advice = "reboot, or set updates.reboot = \"in-window\" in the settings";
    standing
        .wants_reboot()
        .then(|| Finding::warning(SECURITY, what, advice))
}

/// A warning each: the platform works, and the promise of the same name is what is broken.
fn judge_security(outcome: Outcome) -> Vec<Finding> {
    match outcome {
        Outcome::CouldNotLook { why } => {
            vec![Finding::could_not_look(
                SECURITY,
                why,
                "run this as root on the host",
            )]
        }
        Outcome::Looked { faults, .. } if faults.is_empty() => {
            vec![Finding::ok(
                SECURITY,
                "they arrive and are installed by themselves",
            )]
        }
        Outcome::Looked { faults, .. } => {
            let warning = |fault: promises::Fault| {
                Finding::warning(
                    SECURITY,
                    format!("{}: {}", fault.where_, fault.what),
                    fault.advice,
                )
            };
            faults.into_iter().map(warning).collect()
        }
    }
}

fn judge_platform(read: Result<(Option<Update>, Option<Update>), RecordError>) -> Finding {
    let history = "`strongroom update history` says why";
    let (last, current) = match read {
        Ok(read) => read,
        Err(error) => {
            return Finding::could_not_look(PLATFORM, error.to_string(), "run this as root on the host");
        }
    };
    if let Some(current) = current {
        let what = format!("an update to {} is running, or was cut off", current.to);
        return Finding::warning(
            PLATFORM,
            what,
            "run `strongroom update run --resume`, which waits for nobody",
        );
    }
    let Some(last) = last else {
        return Finding::ok(PLATFORM, "there was none yet");
    };
    let way = format!("{} to {}", last.from, last.to);
    match last.outcome {
        Some(Ended::Installed) => Finding::ok(PLATFORM, format!("{way}: installed")),
        Some(Ended::Interrupted) => Finding::ok(PLATFORM, format!("{way}: cut off, nothing was installed")),
        Some(Ended::Refused) => Finding::warning(PLATFORM, format!("{way}: refused"), history),
        Some(Ended::Undone) => Finding::warning(PLATFORM, format!("{way}: not well, undone"), history),
        Some(Ended::Unwell) | None => {
            let what = format!("{way}: not well, and going back did not help");
            Finding::fault(PLATFORM, what, history)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn update(outcome: Option<Ended>) -> Update {
        let now = Timestamp::from_second(1000).unwrap();
        let mut update = Update::new("0.1.0", "0.1.1", now);
        if let Some(outcome) = outcome {
            update.end(outcome, None, now);
        }
        update
    }

    #[test]
    fn an_update_that_stayed_unwell_is_a_fault_and_one_that_was_undone_a_warning() {
        let level = |outcome| judge_platform(Ok((Some(update(Some(outcome))), None))).level;
        assert_eq!(level(Ended::Installed), Level::Ok);
        assert_eq!(level(Ended::Interrupted), Level::Ok);
        assert_eq!(level(Ended::Refused), Level::Warning);
        assert_eq!(level(Ended::Undone), Level::Warning);
        assert_eq!(level(Ended::Unwell), Level::Fault);
        let cut = judge_platform(Ok((None, Some(update(None)))));
        assert_eq!(cut.level, Level::Warning);
        assert_eq!(judge_platform(Ok((None, None))).level, Level::Ok);
        assert_eq!(judge_platform(Err(RecordError::Busy)).level, Level::CouldNotLook);
    }

    #[test]
    fn a_wish_for_a_reboot_is_told() {
        let root = tempfile::tempdir().unwrap();
        let standing = |root: &std::path::Path| Standing::of_files(root, &Folder::at(root));
        assert_eq!(reboot(&standing(root.path())), None);
        std::fs::create_dir(root.path().join("run")).unwrap();
        std::fs::write(root.path().join("run/reboot-required"), "").unwrap();
        assert_eq!(reboot(&standing(root.path())).unwrap().level, Level::Warning);
    }

    #[test]
    fn each_fault_of_the_machines_updates_is_told() {
        let outcome = Outcome::looked()
            .with_fact("a", 1)
            .with_fault("held", "openssl", "release it")
            .with_fault("stopped", "apt-daily.timer", "start it");
        let found = judge_security(outcome);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.level == Level::Warning), "{found:?}");
        let blind = judge_security(Outcome::could_not_look("the sandbox"));
        assert_eq!(blind[0].level, Level::CouldNotLook);
    }
}
