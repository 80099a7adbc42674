//! Encrypted wherever they lie; and elsewhere too.

use super::{super::look::Look, DAY, Ground, HOUR, NIGHT_MAX, WEEK_MAX};
use host::backup::record::{Keeps, Outcome as Ended};
use promises::Outcome;

/// The second location is fetched as a whole to be verified.
const SECOND_VERIFIED_MAX: i64 = 35 * DAY;

pub(super) fn encrypted(ground: &Ground) -> Outcome {
    let searched = ground
        .first
        .as_ref()
        .and_then(|first| Some((first.at, first.searched.as_ref()?)));
    let Some((at, searched)) = searched else {
        return Outcome::could_not_look("the backups were not searched yet; run `strongroom backup verify`");
    };
    if searched.known == 0 || searched.files == 0 {
        return Outcome::could_not_look("there was nothing to search for, or nothing to search");
    }
    let mut look = Look::new();
    for path in &searched.readable {
        look.fault(
            "a file can be read without a key",
            path.clone(),
            "remove it, and replace what stood in it",
        );
    }
    if ground.age(at) > WEEK_MAX {
        look.fault(
            "the backups were not searched for a week",
            at.to_string(),
            "run `strongroom backup verify`",
        );
    }
    let cipher = ground.report.as_ref().map(|report| report.info.cipher.as_str());
    if let Some(cipher) = cipher.filter(|cipher| *cipher != "aes-256-cbc") {
        let what = format!("the repository says that it is encrypted by {cipher}");
        look.fault(
            what,
            "the repository",
            "begin a new one with `strongroom backup enable`",
        );
    }
    look.fact("cipher", cipher.unwrap_or("not said"))
        .fact("files searched", searched.files)
        .fact("values searched for", searched.known)
        .fact("searched at", at)
        .done()
}

pub(super) fn second(ground: &Ground) -> Outcome {
    let mut look = Look::new();
    let Some(wanted) = &ground.wish.second else {
        look.fault(
            "there is no second copy",
            "strongroom.toml, [backup]",
            "name a second location, then run `strongroom backup copy --begin`",
        );
        return look.done();
    };
    judge_newest(ground, &wanted.shown(), &mut look);
    let well = ground
        .copied_well
        .as_ref()
        .filter(|copied| copied.to == wanted.shown());
    match well {
        Some(copied) if ground.age(copied.at) <= NIGHT_MAX => {}
        Some(copied) => {
            let what = format!("nothing was copied for {} hours", ground.age(copied.at) / HOUR);
            look.fault(what, copied.to.clone(), "run `strongroom backup copy`");
        }
        None => look.fault(
            "no copy there was ever whole",
            wanted.shown(),
            "run `strongroom backup copy --begin`",
        ),
    }
    for hole in well.iter().flat_map(|copied| &copied.holes) {
        look.fault(
            hole.clone(),
            wanted.shown(),
            "run `strongroom backup run --full`: moments before it cannot all be gone back to there",
        );
    }
    judge_verification(ground, &wanted.shown(), &mut look);
    look.fact("place", wanted.shown())
        .fact(
            "newest change there",
            well.and_then(|copied| copied.newest_change.as_deref())
                .unwrap_or("none"),
        )
        .fact(
            "deletion there",
            well.and_then(|copied| copied.keeps)
                .map_or("not seen", Keeps::told),
        )
        .done()
}

/// How the newest copy went, and the room that it found there.
fn judge_newest(ground: &Ground, place: &str, look: &mut Look) {
    let Some(copied) = &ground.copied else { return };
    if copied.outcome == Ended::Failed {
        let why = copied.why.as_deref().unwrap_or("it was cut off");
        look.fault(
            format!("the last copy failed: {why}"),
            copied.to.clone(),
            "run `strongroom backup copy`",
        );
    }
    if copied.to_go > 0 {
        // A fault only where what was whole before has grown old.
        look.note("files that are still to go there", copied.to_go);
    }
    // Of another place it says nothing.
    let space = copied.space.filter(|_| copied.to == place);
    if let Some(space) = space.filter(|space| space.is_little()) {
        look.fault(
            format!("the second location is nearly full: {}", space.told()),
            place.to_owned(),
            "make room there",
        );
    }
}

/// Whether what is there was fetched and read within a month.
fn judge_verification(ground: &Ground, place: &str, look: &mut Look) {
    // What was verified elsewhere says nothing of a place that was named since.
    let verified = ground
        .second
        .as_ref()
        .filter(|verified| verified.place.as_deref() == Some(place));
    match verified {
        Some(verified) if ground.age(verified.at) <= SECOND_VERIFIED_MAX => {
            let faults = verified.found.iter().flat_map(|found| &found.faults);
            for fault in faults.chain(&verified.why) {
                look.fault(
                    fault.clone(),
                    place.to_owned(),
                    "take another copy, and verify it",
                );
            }
        }
        Some(_) | None => look.fault(
            "the copy was not verified for a month",
            place.to_owned(),
            "run `strongroom backup verify --second`",
        ),
    }
}
