//! What was deleted is gone from backups in time: the oldest backup beside every deletion.
//!
//! Invariant: the second location lets go by a clock that is not ours; where there is one, this is never "kept" by our word alone.

use super::{super::look::Look, DAY, Ground, NIGHT_MAX};
use jiff::Timestamp;
use promises::Outcome;

/// The longest that an appliance may be set to.
const DAYS_MAX: u32 = 30;

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
    }
    if look.is_clean() && ground.wish.second.is_some() {
        return Outcome::could_not_look(
            "the first location is in order; the second lets go by its own clock, which is not looked at from here",
        );
    }
    let shown = oldest.map_or_else(|| "none".to_owned(), |backup| backup.began_at.to_string());
    look.fact("oldest backup", shown)
        .fact("deletions", deleted.len())
        .fact("held for at most, in days", days)
        .done()
}
