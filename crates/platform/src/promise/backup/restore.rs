//! Really restored; and enough to begin anew elsewhere.

use super::{super::look::Look, Ground, QUARTER, WEEK_MAX};
use host::backup::record::{Drill, Location, Outcome as Ended};
use promises::Outcome;

const ADVICE: &str = "run `strongroom backup drill`, and look at what it says";

pub(super) fn tested(ground: &Ground) -> Outcome {
    let Some(newest) = ground.drills.first() else {
        return Outcome::could_not_look("no drill was carried out yet; run `strongroom backup drill`");
    };
    let mut look = Look::new();
    for check in newest.checks.iter().filter(|check| !check.is_right) {
        look.fault(format!("{}: {}", check.name, check.said), place(newest), ADVICE);
    }
    if newest.outcome == Ended::Failed && newest.checks.iter().all(|check| check.is_right) {
        look.fault(newest.why.clone().unwrap_or_default(), place(newest), ADVICE);
    }
    let passed = ground.drills.iter().find(|drill| drill.outcome == Ended::Done);
    match passed {
        Some(drill) if ground.age(drill.ended_at) <= QUARTER => {}
        Some(drill) => look.fault("no drill passed for 90 days", drill.ended_at.to_string(), ADVICE),
        None => look.fault("no drill ever passed", place(newest), ADVICE),
    }
    let is_late = passed.is_some_and(|drill| ground.age(drill.ended_at) > WEEK_MAX);
    let took = passed.map(|drill| drill.ended_at.duration_since(drill.began_at).as_secs());
    for check in passed.iter().flat_map(|drill| &drill.checks) {
        look.note(&check.name, &check.said);
    }
    look.fact(
        "last that passed",
        passed.map_or_else(|| "none".to_owned(), |drill| drill.ended_at.to_string()),
    )
    .fact("it took, in seconds", took.unwrap_or_default())
    .fact("more than a week ago", is_late)
    .done()
}

pub(super) fn recovery(ground: &Ground) -> Outcome {
    const MAKE: &str = "run `strongroom recovery-kit make`, and put the file into a safe";
    const TRY: &str = "run `strongroom backup drill --second --kit FILE`";
    let mut look = Look::new();
    match &ground.kit {
        None => look.fault("there is no recovery kit", "this machine", MAKE),
        Some(kit) => {
            let age = kit.verified_at.map(|at| ground.age(at));
            if !kit.is_current {
                look.fault(
                    "the kit holds other keys than those in use",
                    kit.made_at.to_string(),
                    MAKE,
                );
            }
            if age.is_none_or(|age| age > QUARTER) {
                let advice = "run `strongroom recovery-kit verify --kit FILE`";
                look.fault(
                    "the kit was not read back for 90 days",
                    kit.made_at.to_string(),
                    advice,
                );
            }
        }
    }
    let is_rebuild =
        |drill: &&Drill| drill.with_kit && drill.from == Location::Second && drill.outcome == Ended::Done;
    let rebuilt = ground.drills.iter().find(is_rebuild);
    if rebuilt.is_none_or(|drill| ground.age(drill.ended_at) > QUARTER) {
        let what = "nothing was restored from the second location with the kit for 90 days";
        look.fault(what, "the record of drills", TRY);
    }
    let shown = |at: Option<jiff::Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    look.fact(
        "kit read back",
        shown(ground.kit.as_ref().and_then(|kit| kit.verified_at)),
    )
    .fact(
        "restored elsewhere with it",
        shown(rebuilt.map(|drill| drill.ended_at)),
    )
    .done()
}

fn place(drill: &Drill) -> String {
    format!(
        "the drill of {} from the {} location",
        drill.began_at,
        drill.from.as_str()
    )
}
