//! To any moment: the archive has no hole and does not lag, and a drill has gone to a moment and has taken one organization
//! back.

use super::{super::look::Look, Ground, NIGHT_MAX, QUARTER};
use host::backup::record::{self, Drill, Location, Outcome as Ended};
use promises::Outcome;

/// An archive is at most a minute behind; a quiet cluster archives nothing for a while.
const BEHIND_MAX: i64 = 3;
const DRILL: &str = "run `strongroom backup drill`, and look at what it says";

pub(super) fn moment(ground: &Ground) -> Outcome {
    let looked = ground
        .report
        .as_ref()
        .and_then(|report| Some((report, report.holes.as_ref()?)));
    let (Some((report, holes)), Some(archiver)) = (looked, &ground.archiver) else {
        return Outcome::could_not_look(
            "nobody looked for holes in the archive yet; run `strongroom backup run`",
        );
    };
    let mut look = Look::new();
    for hole in holes {
        look.fault(
            hole.clone(),
            "the archive",
            "run `strongroom backup run --full`: moments between the hole and that backup cannot be gone back to",
        );
    }
    if ground.age(report.seen_at) > NIGHT_MAX {
        let what = "nobody looked for holes in the archive for more than a night";
        look.fault(what, report.seen_at.to_string(), "run `strongroom backup run`");
    }
    if report.info.restorable_from().is_none() {
        look.fault(
            "there is no backup to begin with",
            "the repository",
            "run `strongroom backup run`",
        );
    }
    if !archiver.is_on || archiver.files_behind > BEHIND_MAX || archiver.failed_at > archiver.last_at {
        let advice = "look at PostgreSQL's log and at the space of the repository; `strongroom backup enable` sets it up again";
        look.fault("the newest changes are not archived", "the archive", advice);
    }
    let drill = judge_drill(ground, &mut look);
    let shown = |at: Option<jiff::Timestamp>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    look.fact("restorable from", shown(report.info.restorable_from()))
        .fact("restorable to", shown(report.restorable_to(archiver.last_at)))
        .fact(
            "the last drill went to",
            shown(drill.and_then(|drill| drill.moment)),
        )
        .fact(
            "one organization, in that drill",
            drill.map_or("not tried", said_of_organization),
        )
        .done()
}

/// The newest one that went to a moment. A newer one that failed at it is told, too.
fn judge_drill<'a>(ground: &'a Ground, look: &mut Look) -> Option<&'a Drill> {
    let mut firsts = ground.drills.iter().filter(|drill| drill.from == Location::First);
    for name in [record::MOMENT, record::ORGANIZATION] {
        let newest = firsts.clone().next();
        let failed = newest.and_then(|drill| {
            drill
                .checks
                .iter()
                .find(|check| check.name == name && !check.is_right)
        });
        if let Some(check) = failed {
            look.fault(
                format!("the last drill failed at it: {}", check.said),
                name,
                DRILL,
            );
        }
    }
    let went = firsts.find(|drill| drill.outcome == Ended::Done && drill.moment.is_some());
    match went {
        Some(drill) if ground.age(drill.ended_at) <= QUARTER => {}
        Some(drill) => look.fault(
            "no drill went to a moment for 90 days",
            drill.ended_at.to_string(),
            DRILL,
        ),
        None => look.fault("no drill ever went to a moment", "the record of drills", DRILL),
    }
    went
}

fn said_of_organization(drill: &Drill) -> &str {
    let check = drill
        .checks
        .iter()
        .find(|check| check.name == record::ORGANIZATION);
    check.map_or("not tried", |check| check.said.as_str())
}
