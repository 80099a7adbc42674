//! Second factors are open to everybody: every kind is set up to be used, test messages were taken, and what is kept of each
//! factor can be opened, so that no account's factor is one in name only.
//!
//! Invariant: a channel that is not set, or was never tried since it was set, makes the promise unknown and never kept.

use super::look::Look;
use crate::{
    Platform,
    delivery::{self, Channel, Delivery},
    error::Result,
    factor::{
        self,
        key::{self, Offer},
        sent,
    },
};
use jiff::{SignedDuration, Timestamp};
use promises::Outcome;
use store::control::{
    evidence::LIST_MAX,
    factor::{self as rows},
    factor_evidence,
};

pub(super) const ID: &str = "mfa-available";

/// A test message says so long that messages arrive.
const TEST_COUNTS: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let set = sent::channels(platform).await?;
    let mut read = platform.control().read().await?;
    let counts = factor_evidence::count_kinds(&mut read).await?;
    let factors = rows::list_newest_active(&mut read, LIST_MAX).await?;
    let mail = delivery::last(&mut read, Channel::Mail).await?;
    let sms = delivery::last(&mut read, Channel::Sms).await?;
    drop(read);
    let mut look = Look::new()
        .fact("active accounts", counts.accounts)
        .fact(
            "of those, with a second factor",
            share(counts.with_one, counts.accounts),
        )
        .fact("with an authenticator app", counts.totp)
        .fact("with a passkey or security key", counts.passkey)
        .fact("with codes by mail", counts.mail)
        .fact("with codes by SMS", counts.sms);
    for row in &factors {
        if factor::is_whole(platform, row).is_err() {
            let advice = "reset the person's factors (`strongroom factor reset`): their row was changed by hand, or its key is gone";
            look.fault(
                "what is kept of a factor cannot be opened",
                format!("factor {}", row.id),
                advice,
            );
        }
    }
    if counts.without_recovery > 0 {
        let what = format!(
            "{} accounts have a factor and never had recovery codes",
            counts.without_recovery
        );
        look.fault(what, "accounts", "report this as a bug; it should not happen");
    }
    let mut open = vec![
        judge(&mut look, "mail", set.mail, mail, platform.now()),
        judge(&mut look, "SMS", set.sms, sms, platform.now()),
    ];
    open.push(match key::offer(platform) {
        Offer::Offered { .. } => None,
        Offer::NoName => {
            Some("keys are not offered: the appliance is reached by an address and not by a name".to_owned())
        }
    });
    if factors.len() >= usize::try_from(LIST_MAX).unwrap_or(usize::MAX) {
        open.push(Some(format!(
            "there are more factors than the {LIST_MAX} newest that were looked at"
        )));
    }
    let missing: Vec<String> = open.into_iter().flatten().collect();
    match missing.is_empty() || !look.is_clean() {
        true => Ok(look.fact("factors looked at", factors.len()).done()),
        false => Ok(Outcome::could_not_look(missing.join("; "))),
    }
}

fn share(some: i64, all: i64) -> String {
    format!("{some} ({} %)", some * 100 / all.max(1))
}

/// What is missing for codes by this channel, if anything; a message that was not taken is a fault.
fn judge(
    look: &mut Look,
    name: &str,
    is_set: bool,
    last: Option<Delivery>,
    now: Timestamp,
) -> Option<String> {
    let command = format!("strongroom {} test", name.to_lowercase());
    if !is_set {
        return Some(format!("{name} is not set, so nobody gets codes by it"));
    }
    let Some(last) = last else {
        return Some(format!(
            "no test message went out by {name} since it was set; run `{command}`"
        ));
    };
    let is_old = last.at.checked_add(TEST_COUNTS).is_ok_and(|end| end < now);
    match &last.failure {
        None if is_old => {
            return Some(format!(
                "the last test message by {name} went out at {}; run `{command}`",
                last.at
            ));
        }
        None => look.note(
            &format!("last test message by {name}"),
            format!("taken at {}", last.at),
        ),
        Some(why) => {
            let what = format!(
                "the last test message by {name}, at {}, was not taken: {why}",
                last.at
            );
            look.fault(what, name, &format!("mend it, then run `{command}`"));
        }
    }
    None
}
