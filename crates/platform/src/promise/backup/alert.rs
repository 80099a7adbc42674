//! Letters to the operators when a promise about backups breaks: on failure, and on silence, because the promise is looked at
//! whether or not anything happens. That such letters arrive is a promise of its own, tried once a month.
//!
//! Invariant: one letter a day for each promise that stays broken; what was seen before is the memory, so that nothing is
//! told twice after a restart, and is written down only after what it says was told. What counts is that the mail server took a letter, not that one was written.

use super::{
    super::look::Look, ALERT, DAY, ENCRYPTED, Ground, HOUR, MOMENT, NIGHTLY, RETENTION, SECOND, TESTED,
};
use crate::{
    Platform,
    delivery::{self, Channel, Delivery},
    error::Result,
    mail::{self, Letter},
    webhook::{self, Message},
};
use host::backup::record::Outcome as Ended;
use jiff::Timestamp;
use promises::{Observation, Outcome};
use store::control::{Keeps, account, job};
use types::EmailAddress;

const TOLD: [&str; 6] = [NIGHTLY, ENCRYPTED, SECOND, RETENTION, TESTED, MOMENT];
const DAY_US: i64 = 86_400_000_000;
/// A test of alerts counts for so long; the next goes before that is over.
const TEST_AGE_MAX: i64 = 30 * DAY;
const TEST_EVERY: i64 = 27 * DAY;
/// A failure is told when the promise is looked at next, or a day later where it was broken before.
const TOLD_WITHIN: i64 = 26 * HOUR;

/// How alerts go.
#[derive(Debug, Clone, Default)]
pub(super) struct Alerts {
    /// Mail is set.
    pub(super) is_mail_set: bool,
    /// Whom they are to.
    pub(super) operators: usize,
    /// The last letter by `strongroom mail test`.
    pub(super) test: Option<Delivery>,
    /// The last alert, or monthly test of one.
    pub(super) alert: Option<Delivery>,
    /// A program is told as well.
    pub(super) is_webhook_set: bool,
    /// The last message to it.
    pub(super) webhook: Option<Delivery>,
}

pub(super) async fn read(platform: &Platform) -> Result<Alerts> {
    let mut read = platform.control().read().await?;
    Ok(Alerts {
        is_mail_set: mail::settings(&mut read).await?.is_some(),
        operators: account::list_operators(&mut read).await?.len(),
        test: delivery::last(&mut read, Channel::Mail).await?,
        alert: delivery::last(&mut read, Channel::Alert).await?,
        is_webhook_set: webhook::is_set(&mut read).await?,
        webhook: delivery::last(&mut read, Channel::Webhook).await?,
    })
}

/// Whether somebody would be told, and was.
pub(super) fn told(ground: &Ground) -> Outcome {
    let Some(alerts) = &ground.alerts else {
        return Outcome::could_not_look("how alerts go was not looked at");
    };
    let mut look = Look::new();
    if !alerts.is_mail_set && !alerts.is_webhook_set {
        let advice =
            "set a mail server with `strongroom mail set`, or a program with `strongroom webhook set`";
        look.fault("mail is not set, so nobody is told", "the settings", advice);
    }
    if alerts.operators == 0 && !alerts.is_webhook_set {
        let advice = "appoint one with `strongroom operator appoint`";
        look.fault("there is no operator who could be told", "the accounts", advice);
    }
    // A letter that was taken since shows that what was wrong is mended.
    let newest = alerts
        .alert
        .as_ref()
        .filter(|alert| alerts.letter_taken().is_none_or(|at| at < alert.at));
    if let Some(failure) = newest.and_then(|alert| alert.failure.as_ref()) {
        look.fault(
            format!("the last alert was not taken: {failure}"),
            "the mail server",
            "run `strongroom mail test` with your address",
        );
    }
    if let Some(failure) = alerts.webhook.as_ref().and_then(|last| last.failure.as_ref()) {
        look.fault(
            format!("the last alert was not taken: {failure}"),
            "the webhook",
            "run `strongroom webhook test`",
        );
    }
    let is_old = |at: Option<Timestamp>| at.is_none_or(|at| ground.age(at) > TEST_AGE_MAX);
    if alerts.is_mail_set && is_old(alerts.letter_taken()) {
        look.fault(
            "no alert and no test of one was taken for 30 days",
            "the mail server",
            "run `strongroom mail test` with your address; the monthly test goes by itself where the worker runs",
        );
    }
    if alerts.is_webhook_set && is_old(alerts.message_taken()) {
        look.fault(
            "no alert and no test of one was taken for 30 days",
            "the webhook",
            "run `strongroom webhook test`; the monthly test goes by itself where the worker runs",
        );
    }
    let taken = alerts.letter_taken().max(alerts.message_taken());
    if let Some(failed) = newest_failure(ground)
        && ground.age(failed) > TOLD_WITHIN
        && taken.is_none_or(|at| at < failed)
    {
        look.fault(
            "a failure was told to nobody",
            failed.to_string(),
            "look at `strongroom mail show`, and whether the worker runs",
        );
    }
    let shown = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    look.fact("last alert or test that was taken", shown(taken))
        .fact(
            "a program is told too",
            if alerts.is_webhook_set { "yes" } else { "no" },
        )
        .fact("last failure", shown(newest_failure(ground)))
        .fact("operators", alerts.operators)
        .done()
}

impl Alerts {
    /// When the mail server last took a letter.
    fn letter_taken(&self) -> Option<Timestamp> {
        let both = [&self.test, &self.alert].into_iter().flatten();
        let taken = both.filter(|delivery| delivery.failure.is_none());
        taken.map(|delivery| delivery.at).max()
    }

    /// When the program last took a message.
    fn message_taken(&self) -> Option<Timestamp> {
        let last = self.webhook.as_ref().filter(|last| last.failure.is_none());
        last.map(|delivery| delivery.at)
    }

    /// When any was last tried.
    fn tried(&self) -> Option<Timestamp> {
        let all = [&self.test, &self.alert, &self.webhook].into_iter().flatten();
        all.map(|delivery| delivery.at).max()
    }
}

/// Of a backup, a drill or a copy.
fn newest_failure(ground: &Ground) -> Option<Timestamp> {
    let runs = ground.runs.iter().filter(|run| run.outcome == Ended::Failed);
    let drills = ground
        .drills
        .iter()
        .filter(|drill| drill.outcome == Ended::Failed);
    let copied = ground
        .copied
        .iter()
        .filter(|copied| copied.outcome == Ended::Failed);
    let all = runs
        .map(|run| run.ended_at)
        .chain(drills.map(|drill| drill.ended_at))
        .chain(copied.map(|copied| copied.at));
    all.max()
}

/// Writes to every operator where it is time to; what was seen before decides.
pub(in crate::promise) async fn tell(
    platform: &Platform,
    id: &str,
    before: Option<&Observation>,
    now: &Observation,
) -> Result<()> {
    let base_url = &platform.settings().base_url;
    if let Some(faults) = news(id, before, now) {
        let mut keep = platform.control().keep().await?;
        write(platform, &mut keep, |to| {
            Letter::backup_alert(to, base_url, id, &faults)
        })
        .await?;
        webhook::post(platform, &mut keep, &Message::alert(platform, id, &faults)).await?;
        return Ok(());
    }
    let is_looked_at = matches!(now.outcome, Outcome::Looked { .. });
    if id == ALERT && is_looked_at && is_test_due(platform, &read(platform).await?).await? {
        send_test(platform, &mut platform.control().keep().await?).await?;
    }
    Ok(())
}

/// Puts a test up to every operator, and to the program; answers how many of both.
pub(in crate::promise) async fn send_test(platform: &Platform, on: &mut impl Keeps) -> Result<usize> {
    let base_url = &platform.settings().base_url;
    let letters = write(platform, on, |to| Letter::backup_alert_test(to, base_url)).await?;
    let is_told = webhook::post(platform, on, &Message::test(platform)).await?;
    Ok(letters + usize::from(is_told))
}

/// Once a month on each way, and once a day while the last one was not taken.
async fn is_test_due(platform: &Platform, alerts: &Alerts) -> Result<bool> {
    let age = |at: Timestamp| platform.now().as_second() - at.as_second();
    let is_old_on = |at: Option<Timestamp>| at.is_none_or(|at| age(at) > TEST_EVERY);
    let is_old = (alerts.is_mail_set && is_old_on(alerts.letter_taken()))
        || (alerts.is_webhook_set && is_old_on(alerts.message_taken()));
    let is_rested = alerts.tried().is_none_or(|at| age(at) > DAY);
    if !is_old || !is_rested {
        return Ok(false);
    }
    let mut read = platform.control().read().await?;
    let letters = job::count_unfinished(&mut read, mail::ALERT).await?;
    let messages = job::count_unfinished(&mut read, webhook::SEND).await?;
    Ok(letters + messages == 0)
}

/// Answers how many letters were put up: none where mail is not set.
async fn write(
    platform: &Platform,
    on: &mut impl Keeps,
    letter: impl Fn(&EmailAddress) -> Letter,
) -> Result<usize> {
    let operators = account::list_operators(on).await?;
    let mut letters = 0;
    for operator in operators {
        let Ok(address) = operator.email.parse::<EmailAddress>() else {
            continue;
        };
        letters += usize::from(mail::post_alert(platform, on, &letter(&address)).await?);
    }
    Ok(letters)
}

/// What to tell; none where nothing is wrong, or it was told today.
fn news(id: &str, before: Option<&Observation>, now: &Observation) -> Option<Vec<String>> {
    let faults = faults(now);
    let was_told = before.is_some_and(|before| {
        !self::faults(before).is_empty() && before.checked_at_us / DAY_US == now.checked_at_us / DAY_US
    });
    (TOLD.contains(&id) && !faults.is_empty() && !was_told).then_some(faults)
}

/// Each with what to do.
fn faults(observation: &Observation) -> Vec<String> {
    match &observation.outcome {
        Outcome::Looked { faults, .. } => faults
            .iter()
            .map(|fault| format!("{} ({}): {}", fault.what, fault.where_, fault.advice))
            .collect(),
        Outcome::CouldNotLook { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at_us: i64, is_broken: bool) -> Observation {
        let outcome = Outcome::looked().with_fact("last", "x");
        Observation {
            checked_at_us: at_us,
            took_ms: 1,
            outcome: match is_broken {
                true => outcome.with_fault("no backup was taken", "the last is of Monday", "run it"),
                false => outcome,
            },
        }
    }

    #[test]
    fn what_breaks_is_told_at_once_and_once_a_day_while_it_lasts() {
        let is_told = |before: Option<&Observation>, now: &Observation| news(NIGHTLY, before, now).is_some();
        assert!(is_told(None, &seen(1, true)));
        assert!(is_told(Some(&seen(1, false)), &seen(2, true)));
        assert!(
            !is_told(Some(&seen(1, true)), &seen(2, true)),
            "it was told twice"
        );
        assert!(is_told(Some(&seen(1, true)), &seen(DAY_US + 1, true)));
        assert!(!is_told(Some(&seen(1, true)), &seen(2, false)));
        assert!(
            news("roles", None, &seen(1, true)).is_none(),
            "no promise about backups"
        );
    }
}
