//! People look at the security logs every 90 days, and sign that they did. What only people can keep is told with who kept it and when.
//!
//! The appliance's review decides. An organization's own is its own affair, and how many do it is a fact. Where nobody ever signed one, nothing
//! has lapsed before the appliance is 90 days old, and until then nobody can say.

use super::look::Look;
use crate::{
    Platform, account,
    error::Result,
    log_review::{self, DAYS},
};
use jiff::SignedDuration;
use promises::Outcome;

pub(super) const ID: &str = "log-review";

const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(24 * DAYS);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let (newest, figures) = log_review::newest(platform).await?;
    let now = platform.now();
    let mut look = Look::new();
    let advice = "look at what `strongroom log-review prepare` or the console's page shows, and sign it";
    let Some(review) = newest else {
        let Some(began) = figures.began else {
            return Ok(Outcome::could_not_look("the appliance's log has not begun"));
        };
        if now.duration_since(began) <= LAPSES_AFTER {
            return Ok(Outcome::could_not_look(format!(
                "no review was signed yet; the first is due {DAYS} days after {began}"
            )));
        }
        let what = format!("no review of the security logs was ever signed since {began}");
        look.fault(what, "the appliance", advice);
        return Ok(look.done());
    };
    if now.duration_since(review.signed_at) > LAPSES_AFTER {
        let what = format!(
            "the last review was signed on {}, more than {DAYS} days ago",
            review.signed_at
        );
        look.fault(what, "the appliance", advice);
    }
    let names = account::names(platform, &[review.signed_by]).await?;
    let by = names.get(&review.signed_by).cloned();
    Ok(look
        .fact("last review", review.signed_at)
        .fact("signed by", by.unwrap_or_else(|| review.signed_by.to_string()))
        .fact("reached until", review.ends_at)
        .fact(
            "organizations that reviewed their own in 90 days",
            format!("{} of {}", figures.reviewing, figures.organizations),
        )
        .done())
}
