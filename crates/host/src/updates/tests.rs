use super::folder::{RENEWALS_MAX, UPDATES_MAX};
use super::*;
use std::fs;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn folder() -> (tempfile::TempDir, Folder) {
    let outer = tempfile::tempdir().unwrap();
    let folder = Folder::at(&outer.path().join("updates"));
    folder.prepare().unwrap();
    (outer, folder)
}

fn ended(second: i64) -> Update {
    let mut update = Update::new("0.1.0", "0.1.1", at(second));
    update.begin(Phase::Fetch, at(second));
    update.end_step(at(second + 2), "two files");
    update.end(Outcome::Installed, None, at(second + 3));
    update
}

#[test]
fn an_update_is_in_progress_until_it_stands_in_the_history() {
    let (_outer, folder) = folder();
    assert_eq!(folder.current().unwrap(), None);
    let mut update = Update::new("0.1.0", "0.1.1", at(10));
    update.begin(Phase::BackUp, at(11));
    folder.note(&update).unwrap();
    let found = folder.current().unwrap().unwrap();
    assert_eq!(
        (found.reached(), found.steps[0].took_ms),
        (Some(Phase::BackUp), None)
    );
    update.end_step(at(13), "");
    update.end(Outcome::Installed, None, at(14));
    folder.finish(&update).unwrap();
    assert_eq!(folder.current().unwrap(), None);
    assert_eq!(folder.history().unwrap(), [update.clone()]);
    // Cut off after the history was written and before the other file was removed.
    folder.note(&update).unwrap();
    folder.finish(&update).unwrap();
    assert_eq!(folder.history().unwrap().len(), 1);
}

#[test]
fn packages_of_debian_are_noted_until_they_are_there() {
    let (_outer, folder) = folder();
    folder.end_debian_packages().unwrap();
    let packages = DebianPackages {
        wanted: vec!["libssl3=3.0.15-1".to_owned()],
        began_at: at(10),
    };
    folder.note_debian_packages(&packages).unwrap();
    assert_eq!(folder.debian_packages().unwrap(), Some(packages));
    folder.end_debian_packages().unwrap();
    assert_eq!(folder.debian_packages().unwrap(), None);
}

#[test]
fn the_history_has_a_bound_and_the_newest_stays() {
    let (_outer, folder) = folder();
    for second in 0..60 {
        folder.finish(&ended(second * 10)).unwrap();
    }
    let history = folder.history().unwrap();
    assert_eq!(history.len(), UPDATES_MAX);
    assert_eq!(history[0].began_at, at(590));
}

#[test]
fn what_a_step_says_has_a_bound() {
    let mut update = Update::new("0.1.0", "0.1.1", at(0));
    update.begin(Phase::Rehearse, at(0));
    update.end_step(at(1), &"x".repeat(10_000));
    let said = update.steps[0].said.as_ref().unwrap();
    assert_eq!(said.len(), SAID_CHARS_MAX);
}

#[test]
fn two_runs_at_once_are_one_too_many() {
    let (_outer, folder) = folder();
    let first = folder.lock().unwrap();
    assert!(matches!(folder.lock(), Err(RecordError::Busy)));
    drop(first);
    folder.lock().unwrap();
}

#[test]
fn whoever_is_patient_comes_after_the_run_before_and_does_not_wait_for_ever() {
    let (_outer, folder) = folder();
    let first = folder.lock().unwrap();
    let waited = folder.lock_within(std::time::Duration::from_millis(1));
    assert!(matches!(waited, Err(RecordError::Busy)));
    let other = folder.clone();
    let second = std::thread::spawn(move || other.lock_within(std::time::Duration::from_secs(60)).map(drop));
    drop(first);
    second.join().unwrap().unwrap();
}

#[test]
fn a_record_that_is_none_is_named_and_a_planted_link_is_not_followed() {
    let (outer, folder) = folder();
    fs::write(folder.join("history.json"), "[{\"from\":").unwrap();
    let error = folder.history().unwrap_err();
    assert!(error.to_string().contains("history.json is no record"), "{error}");
    let target = outer.path().join("target");
    fs::write(&target, "[]").unwrap();
    fs::remove_file(folder.join("history.json")).unwrap();
    std::os::unix::fs::symlink(&target, folder.join("history.json")).unwrap();
    assert!(matches!(folder.history(), Err(RecordError::Write(_))));
}

#[test]
fn renewals_are_kept_newest_first_in_bounds_and_quiet_nights_do_not_push_them_out() {
    let (_outer, folder) = folder();
    let mut busy = Renewal::new(at(1));
    busy.restarted = vec!["x.service".to_owned(); 80];
    folder.note_renewal(&busy).unwrap();
    assert_eq!(folder.renewals().unwrap()[0].restarted.len(), 50);
    for second in 2..200 {
        folder.note_renewal(&Renewal::new(at(second))).unwrap();
    }
    let kept = folder.renewals().unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!((kept[0].at, kept[1].at), (at(199), at(1)));
    for second in 200..400 {
        folder
            .note_renewal(&Renewal::new(at(second)).deferred("a job runs"))
            .unwrap();
    }
    assert_eq!(folder.renewals().unwrap().len(), RENEWALS_MAX);
}

#[test]
fn verdicts_are_kept_newest_first_in_bounds_and_read_back() {
    let (_outer, folder) = folder();
    for number in 0..30 {
        let verdict = Verdict {
            name: format!("{number}{BUNDLE_SUFFIX}"),
            bytes: 7,
            at: at(number),
            found: match number % 2 {
                0 => Found::Imported {
                    sequence: 1,
                    version: "0.1.1".to_owned(),
                },
                _ => Found::Refused {
                    why: "it was altered ".repeat(100),
                },
            },
        };
        folder.note_verdict(&verdict).unwrap();
    }
    let kept = folder.verdicts().unwrap();
    assert_eq!((kept.len(), kept[0].name.as_str()), (20, "29.bundle"));
    let Found::Refused { why } = &kept[0].found else {
        panic!("{kept:?}")
    };
    assert!(why.len() <= 600);
    assert_eq!(folder.report().unwrap(), None);
    let report = Report {
        held: vec!["openssl".to_owned()],
        ..Report::default()
    };
    folder.note_report(&report).unwrap();
    assert_eq!(folder.report().unwrap(), Some(report));
}
