//! What was deleted is gone from backups in time: the oldest backup, and the oldest archived change, beside every deletion.
//!
//! Invariant: the second location lets go by a clock that is not ours; where there is one, this is "kept" only by what was listed there, and
//! never where a bucket may hold older versions, which are not listed.

use super::{super::look::Look, DAY, Ground, NIGHT_MAX};
use config::SecondLocation;
use host::backup::{
    info,
    record::{Copied, Keeps},
};
use jiff::Timestamp;
use promises::Outcome;

/// The longest that an appliance may be set to.
const DAYS_MAX: u32 = 30;
/// The second location lets go a day or two after the first, and names say when a backup began only to half a day.
const SECOND_LATER: i64 = 3 * DAY;

/// `deleted`: which organization, and when.
pub(super) fn deleted(ground: &Ground, deleted: &[(String, Timestamp)]) -> Outcome {
    let Some(report) = &ground.report else {
        return Outcome::could_not_look("nobody looked into the repository yet; run `strongroom backup run`");
    };
    let mut look = Look::new();
    let days = ground.wish.days_held();
    if days > DAYS_MAX {
        let what = format!("backups may hold what was deleted for {days} days");
        look.fault(
            what,
            "strongroom.toml, [backup]",
            "make retention_days and full_days 29 together, or less",
        );
    }
    if ground.age(report.seen_at) > NIGHT_MAX {
        let advice = "run `strongroom backup run`; old backups are let go of after it";
        look.fault(
            "the repository was not looked at for more than a night",
            report.seen_at.to_string(),
            advice,
        );
    }
    let oldest = report.info.backups.first();
    for (slug, at) in deleted
        .iter()
        .filter(|(_, at)| ground.age(*at) > (i64::from(days) + 1) * DAY)
    {
        if let Some(holds) = oldest.filter(|backup| backup.began_at <= *at) {
            let what = format!("the backup {} still holds what was deleted on {at}", holds.label);
            look.fault(
                what,
                slug.clone(),
                "run `strongroom backup run`, and look why it was kept",
            );
        }
        // Of no use without its backup, but it can be read.
        if let Some(kept) = report.oldest_change_at.filter(|kept| kept <= at) {
            let what = format!("archived changes of {kept} still hold what was deleted on {at}");
            look.fault(
                what,
                slug.clone(),
                "run `strongroom backup run`, which lets them go after their backup",
            );
        }
    }
    if let Some(second) = &ground.wish.second {
        let place = second.shown();
        let seen = ground.copied_well.as_ref().filter(|copied| copied.to == place);
        match seen.and_then(|copied| Some((copied, copied.oldest_backup.as_deref()?))) {
            Some((copied, label)) => judge_second(ground, deleted, copied, label, &mut look),
            None if look.is_clean() => {
                return Outcome::could_not_look(
                    "the first location is in order; which backups lie at the second was not seen yet: run `strongroom backup copy`",
                );
            }
            None => {}
        }
        if look.is_clean()
            && let Some(why) = hidden(ground, seen)
        {
            return Outcome::could_not_look(why);
        }
    }
    let shown = oldest.map_or_else(|| "none".to_owned(), |backup| backup.began_at.to_string());
    if let Some(kept) = report.oldest_change_at {
        look.note("oldest archived change", kept.to_string());
    }
    look.fact("oldest backup", shown)
        .fact("deletions", deleted.len())
        .fact("held for at most, in days", days)
        .done()
}

/// Why a listing there does not say what is held: it names no older versions, of which a bucket may keep some for longer than we know.
fn hidden(ground: &Ground, seen: Option<&Copied>) -> Option<&'static str> {
    let Some(SecondLocation::Bucket(_)) = &ground.wish.second else {
        return None;
    };
    match seen.and_then(|copied| copied.keeps) {
        Some(Keeps::Nothing | Keeps::Replaceable) => None,
        Some(Keeps::Versions | Keeps::All) => Some(
            "the first location is in order, and so is what the bucket lists; it keeps what is deleted as older versions, and for how long is not \
             seen from here: see in its lifecycle rules that they end in time",
        ),
        None => Some(
            "the first location is in order, and so is what the bucket lists; whether it keeps older versions was not seen yet: run \
             `strongroom backup copy`",
        ),
    }
}

/// What the last listing there says. It lets go by its own clock, a little later than we do.
fn judge_second(
    ground: &Ground,
    deleted: &[(String, Timestamp)],
    copied: &Copied,
    label: &str,
    look: &mut Look,
) {
    if ground.age(copied.at) > NIGHT_MAX {
        look.fault(
            "the second location was not looked at for more than a night",
            copied.at.to_string(),
            "run `strongroom backup copy`",
        );
    }
    let held = (i64::from(ground.wish.days_held()) + 1) * DAY + SECOND_LATER;
    let began = info::moment_of(label);
    for (slug, at) in deleted.iter().filter(|(_, at)| ground.age(*at) > held) {
        if began.is_none_or(|began| began <= *at) {
            let what =
                format!("the backup {label} at the second location still holds what was deleted on {at}");
            look.fault(
                what,
                slug.clone(),
                "let the other side remove what is older than it may be: see OPERATIONS.md, the second location",
            );
        }
    }
    look.note("oldest backup at the second location", label);
}
