//! Backups, runs and drills as rows.

use super::steps;
use crate::{
    view::{Badge, CheckRow, DrillRow, KeptRow, RunRow, Tone},
    words::{exact_moment, moment, size},
};
use jiff::Timestamp;
use platform::backup::{Backup, Check, Drill, Kind, Location, Outcome, Record, Run};
use std::time::Duration;

/// Runs of a month and drills of a quarter; the record keeps more.
const ROWS_MAX: usize = 31;

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Full => "full",
        Kind::Differential => "differential",
        Kind::Incremental => "incremental",
    }
}

/// As pgBackRest calls it.
pub(super) fn kind_named(name: &str) -> &str {
    match name {
        "diff" => "differential",
        "incr" => "incremental",
        name => name,
    }
}

fn bytes(bytes: u64) -> String {
    size(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// `41 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn took(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn between(began: Timestamp, ended: Timestamp) -> String {
    took(Duration::try_from(ended.duration_since(began)).unwrap_or_default())
}

pub(super) fn kept(record: &Record) -> Vec<KeptRow> {
    let row = |backup: &Backup| KeptRow {
        label: backup.label.clone(),
        kind: kind_named(&backup.kind).to_owned(),
        from: moment(backup.ended_at),
        size: bytes(backup.bytes),
        stored: bytes(backup.stored_bytes),
    };
    let backups = record.report.iter().flat_map(|report| &report.info.backups);
    let mut rows: Vec<KeptRow> = backups.map(row).collect();
    rows.reverse();
    rows
}

pub(super) fn runs(record: &Record) -> Vec<RunRow> {
    let row = |run: &Run| RunRow {
        at: moment(run.ended_at),
        state: match run.outcome {
            Outcome::Done => Badge::new("Taken", Tone::Good),
            Outcome::Failed => Badge::new("Failed", Tone::Bad),
        },
        kind: kind(run.kind),
        took: between(run.began_at, run.ended_at),
        stored: bytes(run.stored_bytes),
        label: run.label.clone(),
        why: match run.outcome {
            Outcome::Done => None,
            Outcome::Failed => Some(run.why.clone().unwrap_or_else(|| "it was cut off".to_owned())),
        },
        steps: steps(&run.steps),
    };
    record.runs.iter().take(ROWS_MAX).map(row).collect()
}

pub(super) fn drills(record: &Record) -> Vec<DrillRow> {
    record.drills.iter().take(ROWS_MAX).map(drill).collect()
}

fn drill(drill: &Drill) -> DrillRow {
    let place = match drill.from {
        Location::First => "from the first location",
        Location::Second => "from the second location",
    };
    let key = if drill.with_kit {
        ", opened with the recovery kit"
    } else {
        ""
    };
    let to = drill.moment.or(drill.point_at);
    let to = to.map_or_else(String::new, |to| format!(", to {}", exact_moment(to).text));
    DrillRow {
        at: moment(drill.ended_at),
        state: match drill.outcome {
            Outcome::Done => Badge::new("Passed", Tone::Good),
            Outcome::Failed => Badge::new("Failed", Tone::Bad),
        },
        said: format!("{place}{key}{to}"),
        took: between(drill.began_at, drill.ended_at),
        why: match drill.outcome {
            Outcome::Done => None,
            Outcome::Failed => Some(drill.why.clone().unwrap_or_else(|| "it was cut off".to_owned())),
        },
        checks: drill.checks.iter().map(check).collect(),
    }
}

fn check(check: &Check) -> CheckRow {
    CheckRow {
        name: check.name.clone(),
        state: match check.is_right {
            true => Badge::new("Right", Tone::Good),
            false => Badge::new("Wrong", Tone::Bad),
        },
        said: check.said.clone(),
        took: took(Duration::from_millis(check.took_ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_two_units_at_most() {
        for (milliseconds, text) in [
            (12, "12 ms"),
            (41_500, "41 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(took(Duration::from_millis(milliseconds)), text);
        }
    }
}
