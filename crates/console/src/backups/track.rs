//! The timeline: pure geometry, from moments to 1000 units.
//!
//! Invariant: what lies outside of the picture is left out, and never drawn at its edge as if it were there.

use super::rows::kind_named;
use crate::{
    view::{Track, TrackMark, TrackSpan},
    words::{exact_moment, moment},
};
use jiff::{SignedDuration, Timestamp};
use platform::backup::{Backup, Drill, Gap, Outcome, Record, Run, Standing};

const WIDTH: i64 = 1000;
/// A picture of an hour would be one of nothing.
const SPAN_MIN: SignedDuration = SignedDuration::from_hours(24);
/// A stretch is never drawn so narrow that it is not seen.
const SPAN_UNITS_MIN: u16 = 3;
/// Room at both ends, in parts of the span: marks are not cut.
const MARGIN_PARTS: i32 = 50;

/// From when to when.
#[derive(Clone, Copy)]
struct Window {
    begins: Timestamp,
    ends: Timestamp,
}

impl Window {
    /// Where a moment lies; none where it lies outside.
    fn x(self, at: Timestamp) -> Option<u16> {
        let whole = self.ends.as_second() - self.begins.as_second();
        let part = at.as_second() - self.begins.as_second();
        if whole <= 0 || part < 0 || part > whole {
            return None;
        }
        u16::try_from(part * WIDTH / whole).ok()
    }

    fn clamped(self, at: Timestamp) -> u16 {
        self.x(at.clamp(self.begins, self.ends)).unwrap_or(0)
    }

    fn span(self, class: &'static str, from: Timestamp, to: Timestamp, said: String) -> TrackSpan {
        let (x, end) = (self.clamped(from), self.clamped(to));
        TrackSpan {
            class,
            x,
            width: end.saturating_sub(x).max(SPAN_UNITS_MIN),
            said,
        }
    }
}

/// The picture of what is kept and of what was tried in that time; none before the first backup that went well.
pub(super) fn draw(standing: &Standing, record: &Record) -> Option<Track> {
    let backups = record
        .report
        .as_ref()
        .map(|report| report.info.backups.as_slice())?;
    let oldest = backups.first()?.began_at;
    let window = window(oldest, standing.now);
    let mut spans = Vec::new();
    let said = match standing.restorable() {
        Some((from, to)) => {
            let said = format!(
                "From {} to {} can be gone back to",
                exact_moment(from).text,
                exact_moment(to).text
            );
            spans.push(window.span("reach", from, to, said.clone()));
            said
        }
        None => "Nothing is known to be within reach".to_owned(),
    };
    let gaps = record.report.iter().flat_map(|report| &report.gaps);
    spans.extend(gaps.map(|gap| gap_span(window, gap)));
    let taken = backups.iter().filter_map(|backup| backup_mark(window, backup));
    let failed = record.runs.iter().filter_map(|run| failed_mark(window, run));
    let drills = record.drills.iter().filter_map(|drill| drill_mark(window, drill));
    let marks: Vec<TrackMark> = taken.chain(failed).chain(drills).collect();
    let count = |is: fn(&str) -> bool| marks.iter().filter(|mark| is(mark.class)).count();
    Some(Track {
        said: format!(
            "{said}; {} backups, {} that failed, {} drills of which {} passed, {} gaps.",
            backups.len(),
            count(|class| class == "failed"),
            count(|class| class.starts_with("drill")),
            count(|class| class == "drill"),
            spans.iter().filter(|span| span.class == "gap").count(),
        ),
        spans,
        marks,
        begins: moment(window.begins),
        ends: moment(window.ends),
    })
}

fn window(oldest: Timestamp, now: Timestamp) -> Window {
    let earliest = now.checked_sub(SPAN_MIN).unwrap_or(now);
    let begins = oldest.min(earliest);
    let margin = now.duration_since(begins) / MARGIN_PARTS;
    Window {
        begins: begins.checked_sub(margin).unwrap_or(begins),
        ends: now.checked_add(margin).unwrap_or(now),
    }
}

fn gap_span(window: Window, gap: &Gap) -> TrackSpan {
    let until = gap.until.unwrap_or(window.ends);
    let said = format!("Out of reach from {} on", exact_moment(gap.from).text);
    window.span("gap", gap.from, until, said)
}

fn backup_mark(window: Window, backup: &Backup) -> Option<TrackMark> {
    let kind = kind_named(&backup.kind);
    let class = match kind {
        "differential" => "differential",
        "incremental" => "incremental",
        _ => "full",
    };
    Some(TrackMark {
        class,
        x: window.x(backup.ended_at)?,
        said: format!("{kind} backup, {}", moment(backup.ended_at).text),
    })
}

fn failed_mark(window: Window, run: &Run) -> Option<TrackMark> {
    if run.outcome == Outcome::Done {
        return None;
    }
    Some(TrackMark {
        class: "failed",
        x: window.x(run.ended_at)?,
        said: format!("backup that failed, {}", moment(run.ended_at).text),
    })
}

fn drill_mark(window: Window, drill: &Drill) -> Option<TrackMark> {
    let (class, said) = match drill.outcome {
        Outcome::Done => ("drill", "drill that passed"),
        Outcome::Failed => ("drill-failed", "drill that failed"),
    };
    Some(TrackMark {
        class,
        x: window.x(drill.ended_at)?,
        said: format!("{said}, {}", moment(drill.ended_at).text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn moments_lie_where_they_belong_and_others_are_left_out() {
        let window = Window {
            begins: at(1_000),
            ends: at(2_000),
        };
        assert_eq!(window.x(at(1_000)), Some(0));
        assert_eq!(window.x(at(1_500)), Some(500));
        assert_eq!(window.x(at(2_000)), Some(1000));
        assert_eq!((window.x(at(999)), window.x(at(2_001))), (None, None));
        let span = window.span("reach", at(0), at(1_250), String::new());
        assert_eq!((span.x, span.width), (0, 250));
        let gap = Gap {
            from: at(1_900),
            until: None,
        };
        let span = gap_span(window, &gap);
        assert_eq!((span.class, span.x, span.width), ("gap", 900, 100));
        assert_eq!(
            window.span("gap", at(1_500), at(1_500), String::new()).width,
            SPAN_UNITS_MIN
        );
    }

    #[test]
    fn a_young_repository_is_shown_in_a_day_with_room_at_both_ends() {
        let now = at(10_000_000);
        let young = window(at(9_999_000), now);
        assert!(young.begins < at(10_000_000 - 86_400) && young.ends > now);
        let old = window(at(9_000_000), now);
        assert!(old.x(at(9_000_000)).is_some_and(|x| (10..40).contains(&x)));
    }
}
