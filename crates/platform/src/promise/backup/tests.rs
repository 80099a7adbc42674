//! Each promise kept by a machine on which all went well, and broken by the one thing that went wrong.

use super::*;
use crate::delivery::Delivery;
use config::SecondLocation;
use host::backup::{
    engine::Kind,
    info::{Backup, Info},
    plain::Searched,
    record::{Check, Keeps, Outcome as Ended},
    verify::Verified,
};

const NOW: i64 = 1_800_000_000;
const ALL: [&str; 8] = [
    NIGHTLY, ENCRYPTED, SECOND, RETENTION, TESTED, RECOVERY, MOMENT, ALERT,
];

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW - seconds).unwrap()
}

fn run(outcome: Ended, seconds: i64) -> Run {
    Run {
        kind: Kind::Full,
        label: Some("20270115-010000F".to_owned()),
        point: None,
        began_at: ago(seconds + 60),
        ended_at: ago(seconds),
        outcome,
        why: None,
        bytes: 1,
        stored_bytes: 1,
        steps: Vec::new(),
    }
}

fn drill(outcome: Ended, seconds: i64) -> Drill {
    Drill {
        from: Location::Second,
        with_kit: true,
        label: None,
        point: None,
        point_at: None,
        moment: None,
        began_at: ago(seconds + 60),
        ended_at: ago(seconds),
        outcome,
        why: None,
        checks: vec![Check {
            name: "rows".to_owned(),
            is_right: outcome == Ended::Done,
            said: "as they were".to_owned(),
            took_ms: 1,
        }],
    }
}

fn verification(of: Location) -> Verification {
    Verification {
        place: (of == Location::Second).then(|| "/mnt/copy".to_owned()),
        of,
        at: ago(HOUR),
        found: Some(Verified {
            files: 10,
            changes: 10,
            newest_change: None,
            faults: Vec::new(),
        }),
        searched: Some(Searched {
            files: 10,
            known: 3,
            readable: Vec::new(),
        }),
        why: None,
    }
}

fn backup(seconds: i64) -> Backup {
    Backup {
        label: "20270115-010000F".to_owned(),
        kind: "full".to_owned(),
        began_at: ago(seconds + 60),
        ended_at: ago(seconds),
        bytes: 1,
        stored_bytes: 1,
        archive_start: String::new(),
        archive_stop: String::new(),
        has_errors: false,
    }
}

fn copied() -> Copied {
    Copied {
        to: "/mnt/copy".to_owned(),
        at: ago(HOUR),
        outcome: Ended::Done,
        why: None,
        files: 1,
        bytes: 1,
        newest_change: None,
        holes: Vec::new(),
        keeps: None,
        to_go: 0,
        oldest_backup: None,
        space: None,
    }
}

fn taken(seconds: i64) -> Option<Delivery> {
    Some(Delivery {
        at: ago(seconds),
        failure: None,
    })
}

fn a_bucket() -> config::Bucket {
    config::Bucket {
        host: "storage.example.org".to_owned(),
        port: 443,
        bucket: "copies".to_owned(),
        folder: "us".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "key".to_owned(),
        authority: None,
    }
}

/// One that went to a moment, from the first location.
fn drill_to_moment(seconds: i64) -> Drill {
    Drill {
        from: Location::First,
        with_kit: false,
        moment: Some(ago(seconds + 30)),
        ..drill(Ended::Done, seconds)
    }
}

/// A machine on which all went well.
fn sound() -> Ground {
    Ground {
        now: ago(0),
        wish: config::Backup {
            folder: "/srv".into(),
            record: "/srv".into(),
            retention_days: 7,
            full_days: 7,
            second: Some(SecondLocation::Folder("/mnt/copy".into())),
            second_bytes_per_second: None,
        },
        archiver: Some(Archiver {
            last: Some("000000010000000000000004".to_owned()),
            last_at: Some(ago(30)),
            failed: None,
            failed_at: None,
            is_on: true,
            files_behind: 0,
        }),
        runs: vec![run(Ended::Done, HOUR)],
        alerts: Some(alert::Alerts {
            is_mail_set: true,
            operators: 1,
            test: None,
            alert: taken(DAY),
            is_webhook_set: false,
            webhook: None,
        }),
        drills: vec![drill(Ended::Done, HOUR), drill_to_moment(HOUR)],
        report: Some(Report {
            seen_at: ago(HOUR),
            info: Info {
                backups: vec![backup(10 * DAY), backup(HOUR)],
                archived_until: None,
                cipher: "aes-256-cbc".to_owned(),
            },
            holes: Some(Vec::new()),
            gaps: Vec::new(),
            oldest_change_at: None,
            space: None,
        }),
        first: Some(verification(Location::First)),
        second: Some(verification(Location::Second)),
        copied: Some(copied()),
        copied_well: Some(copied()),
        kit: Some(Kit {
            made_at: ago(DAY),
            fingerprint: String::new(),
            verified_at: Some(ago(DAY)),
            is_current: true,
        }),
    }
}

fn faults(id: &str, ground: &Ground) -> Option<usize> {
    match judge(id, ground) {
        Outcome::Looked { faults, .. } => Some(faults.len()),
        Outcome::CouldNotLook { .. } => None,
    }
}

/// The promises that one thing breaks, and no others.
#[track_caller]
fn breaks(wanted: &[&str], change: impl FnOnce(&mut Ground)) {
    let mut ground = sound();
    change(&mut ground);
    let broken: Vec<&str> = ALL
        .into_iter()
        .filter(|id| faults(id, &ground).is_some_and(|faults| faults > 0))
        .collect();
    assert_eq!(broken, wanted);
}

#[test]
fn a_machine_on_which_all_went_well_keeps_all_of_them() {
    for id in ALL {
        assert_eq!(faults(id, &sound()), Some(0), "{id}: {:?}", judge(id, &sound()));
    }
}

#[test]
fn a_backup_that_failed_or_never_began_is_told() {
    breaks(&[NIGHTLY], |ground| ground.runs.insert(0, run(Ended::Failed, 60)));
    breaks(&[NIGHTLY], |ground| ground.runs = vec![run(Ended::Done, 2 * DAY)]);
    breaks(&[NIGHTLY], |ground| {
        ground.runs = vec![run(Ended::Done, -2 * DAY)]
    });
}

#[test]
fn an_archive_that_is_off_or_lags_is_told() {
    let archiver = |ground: &mut Ground, change: fn(&mut Archiver)| change(ground.archiver.as_mut().unwrap());
    breaks(&[NIGHTLY, MOMENT], |ground| {
        archiver(ground, |archiver| archiver.is_on = false)
    });
    breaks(&[NIGHTLY, MOMENT], |ground| {
        archiver(ground, |archiver| archiver.files_behind = 4)
    });
    breaks(&[NIGHTLY, MOMENT], |ground| {
        archiver(ground, |archiver| archiver.failed_at = Some(ago(1)))
    });
}

#[test]
fn a_file_that_can_be_read_or_a_search_long_ago_is_told() {
    let first = |ground: &mut Ground| ground.first.clone().unwrap();
    breaks(&[ENCRYPTED], |ground| {
        let mut found = first(ground);
        found
            .searched
            .as_mut()
            .unwrap()
            .readable
            .push("/srv/before.dump".to_owned());
        ground.first = Some(found);
    });
    breaks(&[ENCRYPTED], |ground| {
        ground.first.as_mut().unwrap().at = ago(9 * DAY)
    });
    breaks(&[ENCRYPTED], |ground| {
        ground.report.as_mut().unwrap().info.cipher = "none".to_owned()
    });
    let mut ground = sound();
    ground.first.as_mut().unwrap().searched.as_mut().unwrap().known = 0;
    assert_eq!(faults(ENCRYPTED, &ground), None, "nothing was searched for");
}

#[test]
fn a_second_location_that_is_missing_silent_or_not_whole_is_told() {
    breaks(&[SECOND], |ground| ground.wish.second = None);
    breaks(&[SECOND], |ground| {
        ground.copied.as_mut().unwrap().outcome = Ended::Failed
    });
    breaks(&[SECOND], |ground| {
        ground.copied_well.as_mut().unwrap().at = ago(2 * DAY)
    });
    breaks(&[SECOND], |ground| {
        ground.copied_well.as_mut().unwrap().to = "/mnt/other".to_owned()
    });
    breaks(&[SECOND], |ground| ground.second = None);
    breaks(&[SECOND], |ground| {
        let found = ground.second.as_mut().unwrap().found.as_mut().unwrap();
        found.faults.push("checksum invalid: 1".to_owned());
    });
}

#[test]
fn an_expiry_that_does_not_run_is_told() {
    breaks(&[RETENTION], |ground| {
        ground.report.as_mut().unwrap().info.backups[0] = backup(17 * DAY)
    });
    breaks(&[RETENTION, MOMENT], |ground| {
        ground.report.as_mut().unwrap().seen_at = ago(2 * DAY)
    });
}

#[test]
fn a_drill_that_failed_or_is_long_ago_is_told() {
    breaks(&[TESTED], |ground| {
        ground.drills.insert(0, drill(Ended::Failed, 60))
    });
    breaks(&[TESTED, RECOVERY, MOMENT], |ground| {
        ground.drills = vec![drill(Ended::Done, 91 * DAY)]
    });
    breaks(&[MOMENT], |ground| {
        ground.drills.truncate(1);
    });
    let mut ground = sound();
    ground.drills.clear();
    assert_eq!(faults(TESTED, &ground), None, "no drill is no drill that passed");
}

#[test]
fn a_hole_in_the_archive_and_a_drill_that_failed_at_a_moment_are_told() {
    breaks(&[MOMENT], |ground| {
        let hole = "changes between A and C are missing".to_owned();
        ground.report.as_mut().unwrap().holes = Some(vec![hole]);
    });
    breaks(&[SECOND], |ground| {
        let hole = "changes between A and C are missing".to_owned();
        ground.copied_well.as_mut().unwrap().holes = vec![hole];
    });
    breaks(&[TESTED, MOMENT], |ground| {
        let mut failed = drill_to_moment(60);
        failed.outcome = Ended::Failed;
        failed.checks.push(Check {
            name: host::backup::record::MOMENT.to_owned(),
            is_right: false,
            said: "what was committed just after the moment is there".to_owned(),
            took_ms: 1,
        });
        ground.drills.insert(0, failed);
    });
    breaks(&[MOMENT], |ground| ground.drills[1].ended_at = ago(91 * DAY));
    let mut ground = sound();
    ground.report.as_mut().unwrap().holes = None;
    assert_eq!(faults(MOMENT, &ground), None, "nobody looked for holes");
}

#[test]
fn alerts_that_reach_nobody_are_told() {
    let change = |change: fn(&mut alert::Alerts)| {
        breaks(&[ALERT], |ground| change(ground.alerts.as_mut().unwrap()));
    };
    change(|alerts| alerts.is_mail_set = false);
    change(|alerts| alerts.operators = 0);
    change(|alerts| {
        alerts.webhook = taken(HOUR);
        alerts.webhook.as_mut().unwrap().failure = Some("it answers with status 500".to_owned());
    });
    change(|alerts| alerts.alert = taken(31 * DAY));
    change(|alerts| alerts.alert = None);
    let refused = |alerts: &mut alert::Alerts, age: i64| {
        alerts.alert = taken(age);
        alerts.alert.as_mut().unwrap().failure = Some("refused".to_owned());
    };
    breaks(&[ALERT], |ground| {
        let alerts = ground.alerts.as_mut().unwrap();
        alerts.test = taken(2 * HOUR);
        refused(alerts, HOUR);
    });
    let mut ground = sound();
    let alerts = ground.alerts.as_mut().unwrap();
    refused(alerts, 2 * HOUR);
    alerts.test = taken(HOUR);
    assert_eq!(faults(ALERT, &ground), Some(0), "mail was mended and tried since");
    // A failure of the day before yesterday, and no letter since.
    breaks(&[ALERT], |ground| {
        ground.runs.push(run(Ended::Failed, 2 * DAY));
        ground.alerts.as_mut().unwrap().alert = taken(3 * DAY);
    });
    let mut ground = sound();
    ground.runs.push(run(Ended::Failed, 2 * DAY));
    assert_eq!(faults(ALERT, &ground), Some(0), "it was told since");
    ground.alerts = None;
    assert_eq!(faults(ALERT, &ground), None);
}

#[test]
fn a_kit_that_is_missing_old_or_never_tried_is_told() {
    breaks(&[RECOVERY], |ground| ground.kit = None);
    breaks(&[RECOVERY], |ground| {
        ground.kit.as_mut().unwrap().is_current = false
    });
    breaks(&[RECOVERY], |ground| {
        ground.kit.as_mut().unwrap().verified_at = None
    });
    breaks(&[RECOVERY], |ground| ground.drills[0].with_kit = false);
    breaks(&[RECOVERY], |ground| ground.drills[0].from = Location::First);
}

#[test]
fn what_was_deleted_is_held_no_longer_than_is_set() {
    let alone = || {
        let mut ground = sound();
        ground.wish.second = None;
        ground
    };
    let long_ago = [("harbour".to_owned(), ago(20 * DAY))];
    let found = |ground: &Ground| match deleted::deleted(ground, &long_ago) {
        Outcome::Looked { faults, .. } => Some(faults.len()),
        Outcome::CouldNotLook { .. } => None,
    };
    assert_eq!(found(&alone()), Some(0));
    let mut old = alone();
    old.report
        .as_mut()
        .unwrap()
        .info
        .backups
        .insert(0, backup(21 * DAY));
    assert_eq!(found(&old), Some(1));
    let mut changes = alone();
    changes.report.as_mut().unwrap().oldest_change_at = Some(ago(21 * DAY));
    assert_eq!(found(&changes), Some(1), "changes without their backup");
    let mut long = alone();
    long.wish.retention_days = 30;
    assert_eq!(found(&long), Some(1));
    let mut asleep = alone();
    asleep.report.as_mut().unwrap().seen_at = ago(3 * DAY);
    assert_eq!(found(&asleep), Some(1));
    assert_eq!(found(&sound()), None, "nobody saw what is at the second location");
    let there = |label: &str| {
        let mut ground = sound();
        ground.copied_well.as_mut().unwrap().oldest_backup = Some(label.to_owned());
        ground
    };
    let label = |days: i64| format!("{}F", ago(days * DAY).strftime("%Y%m%d-%H%M%S"));
    assert_eq!(found(&there(&label(10))), Some(0));
    assert_eq!(
        found(&there(&label(21))),
        Some(1),
        "an old backup at the second location"
    );
    assert_eq!(found(&there("latest")), Some(1), "a name that says no time");
    let bucket = |days: i64, keeps: Option<Keeps>| {
        let mut ground = there(&label(days));
        ground.wish.second = Some(SecondLocation::Bucket(a_bucket()));
        let copied = ground.copied_well.as_mut().unwrap();
        copied.to = ground.wish.second.as_ref().unwrap().shown();
        copied.keeps = keeps;
        ground
    };
    assert_eq!(found(&bucket(10, Some(Keeps::Nothing))), Some(0));
    for keeps in [Some(Keeps::Versions), Some(Keeps::All), None] {
        assert_eq!(found(&bucket(10, keeps)), None, "older versions are not listed");
        assert_eq!(found(&bucket(21, keeps)), Some(1), "what is seen counts");
    }
    let mut silent = there(&label(10));
    silent.copied_well.as_mut().unwrap().at = ago(3 * DAY);
    assert_eq!(found(&silent), Some(1), "nobody looked lately");
}
