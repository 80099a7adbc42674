//! Whether backups are taken, copied and restored, as root's record says.

use crate::finding::Finding;
use ::host::backup::{
    BackupError,
    record::{Copied, Drill, Folder, Keeps, Outcome, Run},
};
use ::host::run::Program;
use config::{Config, SecondLocation};
use jiff::Timestamp;

const CHECK: &str = "backups";
/// A night, and the time that a long backup takes.
const NIGHT_HOURS_MAX: i64 = 36;
/// A week and a day.
const WEEK_HOURS_MAX: i64 = 8 * 24;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let folder = Folder::at(&config.backup.record);
    let read = || Ok((folder.runs()?, folder.drills()?, folder.copied()?.0));
    match read() {
        Ok((runs, drills, copied)) => judge(Timestamp::now(), config, &runs, &drills, copied.as_ref()),
        Err::<_, BackupError>(error) => {
            vec![Finding::could_not_look(
                CHECK,
                error.to_string(),
                "run this as root",
            )]
        }
    }
}

fn judge(
    now: Timestamp,
    config: &Config,
    runs: &[Run],
    drills: &[Drill],
    copied: Option<&Copied>,
) -> Vec<Finding> {
    let Some(run) = runs.first() else {
        let advice = "run `strongroom backup enable`, then `strongroom backup run`";
        return vec![Finding::warning(CHECK, "no backup was ever taken here", advice)];
    };
    vec![
        judge_run(now, run),
        judge_drill(now, drills.first()),
        judge_copy(now, config, copied),
    ]
}

fn hours(now: Timestamp, at: Timestamp) -> i64 {
    now.duration_since(at).as_hours()
}

fn judge_run(now: Timestamp, run: &Run) -> Finding {
    match run.outcome {
        Outcome::Failed => {
            let why = run.why.as_deref().unwrap_or("it was cut off");
            Finding::fault(
                CHECK,
                format!("the last backup failed: {why}"),
                "run `strongroom backup run`",
            )
        }
        Outcome::Done if hours(now, run.ended_at) > NIGHT_HOURS_MAX => {
            let what = format!("the last backup is {} hours old", hours(now, run.ended_at));
            Finding::fault(
                CHECK,
                what,
                "look at `systemctl list-timers strongroom-backup.timer`",
            )
        }
        Outcome::Done => Finding::ok(
            CHECK,
            format!("the last one is {} hours old", hours(now, run.ended_at)),
        ),
    }
}

fn judge_drill(now: Timestamp, drill: Option<&Drill>) -> Finding {
    match drill {
        None => Finding::warning(
            CHECK,
            "no backup was ever restored to see that it works",
            "run `strongroom backup drill`",
        ),
        Some(drill) if drill.outcome == Outcome::Failed => {
            let why = drill.why.as_deref().unwrap_or("it was cut off");
            Finding::fault(
                CHECK,
                format!("the last drill failed: {why}"),
                "run `strongroom backup drill`",
            )
        }
        Some(drill) if hours(now, drill.ended_at) > WEEK_HOURS_MAX => {
            let what = format!("the last drill is {} days old", hours(now, drill.ended_at) / 24);
            Finding::warning(
                CHECK,
                what,
                "look at `systemctl list-timers strongroom-backup-drill.timer`",
            )
        }
        Some(_) => Finding::ok(CHECK, "the last drill passed"),
    }
}

fn kept(copied: &Copied) -> String {
    let deletion = copied.keeps.map_or("not seen", Keeps::told);
    format!("copied to {}; deletion there: {deletion}", copied.to)
}

fn judge_copy(now: Timestamp, config: &Config, copied: Option<&Copied>) -> Finding {
    match (&config.backup.second, copied) {
        (Some(SecondLocation::Bucket(_)), _) if !Program::Rclone.is_installed() => Finding::fault(
            CHECK,
            "the second location is a bucket, and rclone is not installed",
            "run `apt install rclone`",
        ),
        (None, _) => Finding::warning(
            CHECK,
            "there is no second copy elsewhere",
            "name `second` in [backup]; see OPERATIONS.md",
        ),
        (Some(second), None) => {
            let what = format!("nothing was copied to {} yet", second.shown());
            Finding::warning(CHECK, what, "run `strongroom backup copy --begin`")
        }
        (Some(_), Some(copied)) if copied.outcome == Outcome::Failed => {
            let why = copied.why.as_deref().unwrap_or("it was cut off");
            Finding::fault(
                CHECK,
                format!("the last copy elsewhere failed: {why}"),
                "run `strongroom backup copy`",
            )
        }
        (Some(_), Some(copied)) if hours(now, copied.at) > NIGHT_HOURS_MAX => {
            let what = format!("the last copy elsewhere is {} hours old", hours(now, copied.at));
            Finding::fault(
                CHECK,
                what,
                "look at `systemctl list-timers strongroom-backup-copy.timer`",
            )
        }
        (Some(_), Some(copied)) if !copied.holes.is_empty() => Finding::fault(
            CHECK,
            format!("the copy elsewhere has a hole: {}", copied.holes[0]),
            "run `strongroom backup run --full`: moments before it cannot all be gone back to",
        ),
        (Some(_), Some(copied)) if copied.keeps.is_some_and(|keeps| !keeps.is_something()) => {
            let advice = "let its account there only add, and have the storage keep versions or lock what is there; or mute this with a reason";
            Finding::warning(CHECK, kept(copied), advice)
        }
        (Some(_), Some(copied)) => Finding::ok(CHECK, kept(copied)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use ::host::backup::{engine::Kind, record::Location};
    use config::Environment;
    use jiff::SignedDuration;
    use std::path::Path;

    fn config(second: &str) -> Config {
        let text = format!(
            "[tls]\ncertificate = \"/c\"\nkey = \"/k\"\n[database]\nhost = \"/s\"\nname = \"n\"\nuser = \"u\"\n\
             [keys]\nroot_file = \"/r\"\n[backup]\n{second}\n"
        );
        Config::parse(&text, Path::new("/etc/strongroom.toml"), &Environment::default()).unwrap()
    }

    fn run(outcome: Outcome, at: Timestamp) -> Run {
        Run {
            kind: Kind::Full,
            label: None,
            point: None,
            began_at: at,
            ended_at: at,
            outcome,
            why: None,
            bytes: 0,
            stored_bytes: 0,
            steps: Vec::new(),
        }
    }

    fn drill(outcome: Outcome, at: Timestamp) -> Drill {
        Drill {
            from: Location::First,
            with_kit: false,
            label: None,
            point: None,
            point_at: None,
            moment: None,
            began_at: at,
            ended_at: at,
            outcome,
            why: None,
            checks: Vec::new(),
        }
    }

    #[test]
    fn what_did_not_happen_is_told_as_well_as_what_failed() {
        let now = Timestamp::now();
        let days = |days: i64| now - SignedDuration::from_hours(24 * days);
        let copied = Copied {
            to: "/mnt/copy".to_owned(),
            at: now,
            outcome: Outcome::Done,
            why: None,
            files: 0,
            bytes: 0,
            newest_change: None,
            holes: Vec::new(),
            keeps: None,
            to_go: 0,
            oldest_backup: None,
            space: None,
        };
        let levels = |run: Run, drill: Drill, copied: Option<&Copied>| -> Vec<Level> {
            let config = config("second = \"/mnt/copy\"");
            let found = judge(now, &config, &[run], &[drill], copied);
            found.iter().map(|finding| finding.level).collect()
        };
        let (done, failed) = (Outcome::Done, Outcome::Failed);
        let ok = Level::Ok;
        assert_eq!(
            levels(run(done, now), drill(done, now), Some(&copied)),
            [ok, ok, ok]
        );
        assert_eq!(
            levels(run(done, days(2)), drill(done, now), Some(&copied))[0],
            Level::Fault
        );
        assert_eq!(
            levels(run(failed, now), drill(done, now), Some(&copied))[0],
            Level::Fault
        );
        assert_eq!(
            levels(run(done, now), drill(failed, now), Some(&copied))[1],
            Level::Fault
        );
        assert_eq!(
            levels(run(done, now), drill(done, days(9)), Some(&copied))[1],
            Level::Warning
        );
        assert_eq!(levels(run(done, now), drill(done, now), None)[2], Level::Warning);
        let late = Copied {
            at: days(2),
            ..copied.clone()
        };
        assert_eq!(
            levels(run(done, now), drill(done, now), Some(&late))[2],
            Level::Fault
        );
        let broken = Copied {
            holes: vec!["changes between A and C are missing".to_owned()],
            ..copied.clone()
        };
        assert_eq!(
            levels(run(done, now), drill(done, now), Some(&broken))[2],
            Level::Fault
        );
        assert_eq!(judge(now, &config(""), &[], &[], None)[0].level, Level::Warning);
    }
}
