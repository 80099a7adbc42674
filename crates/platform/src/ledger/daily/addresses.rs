//! Whom the daily note goes to.
//!
//! Invariant: operators name them, each change is an entry, and there are at most [`ADDRESSES_MAX`].

use super::SEND;
use crate::{
    Caller, Platform,
    act::{Act, vault_failure},
    error::{PlatformError, Result},
    mail, operator, session,
    setting::Setting,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::control::{
    ControlTx, Reads,
    job::{self as jobs, JobState},
    setting,
};
use types::EmailAddress;

/// The setting with the addresses.
const SETTING: Setting<BTreeSet<String>> = Setting::named("audit-note-addresses");
/// What is written before letters are put up, so that one worker does it at a time.
const LOCK: &str = "audit-note-looked";
/// Most addresses.
const ADDRESSES_MAX: usize = 16;

/// Whom the daily note goes to, and how that goes.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The addresses.
    pub addresses: Vec<EmailAddress>,
    /// Whether there is a server that sends mail.
    pub has_mail: bool,
    /// When a mail server took the last note.
    pub sent_at: Option<Timestamp>,
    /// Why the last note that was given up was, if none was taken since.
    pub failure: Option<String>,
}

impl Addresses {
    /// How it stands, for operators and the host.
    ///
    /// # Errors
    /// `not-allowed`; `unavailable`.
    pub async fn of(platform: &Platform, caller: &Caller) -> Result<Self> {
        operator::require(caller)?;
        let mut on = platform.control().read().await?;
        let sent_at = jobs::last_end(&mut on, SEND, JobState::Done).await?;
        let failed_at = jobs::last_end(&mut on, SEND, JobState::Failed).await?;
        let failure = match failed_at > sent_at {
            true => jobs::last_failure(&mut on, SEND).await?,
            false => None,
        };
        Ok(Self {
            addresses: read(&mut on).await?,
            has_mail: mail::settings(&mut on).await?.is_some(),
            sent_at,
            failure: failure.and_then(|result| Some(result.get("error")?.as_str()?.to_owned())),
        })
    }
}

/// Names the addresses; none of them sends no notes.
///
/// # Errors
/// `invalid` for what is no address and for too many; `not-allowed`; `proof-required`.
pub async fn set_addresses(platform: &Platform, caller: &Caller, wanted: &[String]) -> Result<Addresses> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let addresses = parse(wanted)?;
    let mut tx = platform.control().begin().await?;
    SETTING.write(platform, &mut tx, &addresses).await?;
    let said = match addresses.is_empty() {
        true => "to nobody".to_owned(),
        false => addresses.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let act = Act::configuration("audit-note.set", SETTING.object()).because(&said);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Addresses::of(platform, caller).await
}

fn parse(wanted: &[String]) -> Result<BTreeSet<String>> {
    if wanted.len() > ADDRESSES_MAX {
        let text = format!("at most {ADDRESSES_MAX} addresses");
        return Err(PlatformError::invalid_at("/addresses", "too-many", text));
    }
    let one = |(place, text): (usize, &String)| {
        let parsed = text.trim().parse::<EmailAddress>();
        let pointer = format!("/addresses/{place}");
        parsed.map_err(|error| PlatformError::invalid_at(pointer, "malformed", format!("{text:?}: {error}")))
    };
    let parsed = wanted
        .iter()
        .enumerate()
        .map(one)
        .collect::<Result<Vec<EmailAddress>>>()?;
    Ok(parsed.iter().map(ToString::to_string).collect())
}

/// The addresses.
pub(super) async fn read(on: &mut impl Reads) -> Result<Vec<EmailAddress>> {
    let texts = SETTING.read(on).await?.unwrap_or_default();
    let parsed: std::result::Result<_, _> = texts.iter().map(|text| text.parse()).collect();
    parsed.map_err(vault_failure)
}

/// Waits for whoever else puts letters up.
pub(super) async fn lock(tx: &mut ControlTx, now: Timestamp) -> Result<()> {
    Ok(setting::set(tx, LOCK, &serde_json::json!(now), now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_once_and_a_wrong_one_by_its_place() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let taken = parse(&texts(&[" a@example.org ", "b@example.org", "a@example.org"])).unwrap();
        assert_eq!(
            taken.into_iter().collect::<Vec<_>>(),
            ["a@example.org", "b@example.org"]
        );
        let refused = parse(&texts(&["a@example.org", "b@example.org\r\nBcc: c@example.org"])).unwrap_err();
        assert_eq!(refused.errors[0].pointer, "/addresses/1");
        assert!(parse(&texts(&["a@example.org"; ADDRESSES_MAX + 1])).is_err());
    }
}
