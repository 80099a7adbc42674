//! The letter to operators when a review of the appliance's logs is about to lapse.
//!
//! Invariant: once a week at most, by the time in a setting, whatever worker looks; each is an entry of the audit log.

use super::{REMIND_DAYS, newest};
use crate::{
    Caller, Platform,
    act::{Act, Object},
    error::Result,
    mail::{self, Letter},
    setting::Setting,
};
use jiff::{SignedDuration, Timestamp};
use store::control::account;
use types::EmailAddress;

/// When the last one went.
const SETTING: Setting<Timestamp> = Setting::named("log-review-reminded");
/// How often one goes while nobody signs.
const EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Writes to every operator, if the last review is old and nobody was reminded for a week; answers whether it did.
///
/// # Errors
/// `unavailable`.
pub async fn remind_if_due(platform: &Platform) -> Result<bool> {
    let now = platform.now();
    let (newest, figures) = newest(platform).await?;
    let since = newest.map(|review| review.signed_at).or(figures.began);
    let is_old =
        since.is_some_and(|since| now.duration_since(since) > SignedDuration::from_hours(24 * REMIND_DAYS));
    if !is_old || !mail::is_set(platform).await? {
        return Ok(false);
    }
    let mut tx = platform.control().begin().await?;
    let reminded = SETTING.read(&mut tx).await?;
    if reminded.is_some_and(|at| now.duration_since(at) < EVERY) {
        return Ok(false);
    }
    SETTING.write(platform, &mut tx, &now).await?;
    let act = Act::access("log-review.remind", Object::unknown("log-review"));
    let entry = platform.entry(&Caller::system(), None, &act)?;
    tx.commit(&entry, &[]).await?;
    let operators = account::list_operators(&mut platform.control().read().await?).await?;
    let mut keep = platform.control().keep().await?;
    let base_url = &platform.settings().base_url;
    for operator in operators {
        if let Ok(address) = operator.email.parse::<EmailAddress>() {
            mail::post_alert(
                platform,
                &mut keep,
                &Letter::log_review(&address, base_url, REMIND_DAYS),
            )
            .await?;
        }
    }
    Ok(true)
}
