//! SMS through an HTTPS gateway: one request, set by operators as a template.
//!
//! Invariants: https only, to the host that was set, without redirects; the gateway's secret is sealed and bound to that host,
//! and never part of an address; a number or a code in the template is escaped for the place where it stands.
//! Start at [`set`] and [`deliver`].

mod gateway;
mod number;
mod settings;
mod template;

pub use number::PhoneNumber;
pub use settings::{SmsContent, SmsMethod, SmsSettings};

use crate::{
    Caller, Platform,
    act::Act,
    delivery::{self, Channel, Delivery},
    error::{PlatformError, Result},
    factor::sent,
    operator, session,
    setting::Setting,
};
use settings::Stored;
use store::control::Reads;
use types::ProblemCode;
use vault::SecretText;

/// The setting's name.
const SETTING: Setting<Stored> = Setting::named("sms");

/// How SMS is set.
#[derive(Debug, Clone)]
pub struct SmsView {
    /// The settings.
    pub settings: SmsSettings,
    /// Is there a secret?
    pub has_secret: bool,
    /// `HOST:PORT`, as `[outgoing]` of the settings file names it.
    pub target: String,
    /// What became of the last test.
    pub last_test: Option<Delivery>,
}

/// How SMS is set; nothing where it is not.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn show(platform: &Platform, caller: &Caller) -> Result<Option<SmsView>> {
    operator::require(caller)?;
    let mut read = platform.control().read().await?;
    let Some(stored) = SETTING.read(&mut read).await? else {
        return Ok(None);
    };
    Ok(Some(SmsView {
        has_secret: stored.secret.is_some(),
        target: stored.settings.target()?,
        settings: stored.settings,
        last_test: delivery::last(&mut read, Channel::Sms).await?,
    }))
}

/// Sets the gateway. Another host or authority takes the secret along, unless a new one is given.
///
/// # Errors
/// `invalid` at the setting at fault; `not-allowed`; `proof-required`.
pub async fn set(
    platform: &Platform,
    caller: &Caller,
    settings: SmsSettings,
    secret: Option<SecretText>,
) -> Result<SmsView> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    settings.check()?;
    let target = settings.target()?;
    let mut tx = platform.control().begin().await?;
    let before = SETTING.read(&mut tx).await?;
    let kept = before.filter(|before| before.settings.is_same_gateway(&settings));
    let sealed = match secret {
        Some(secret) => Some(settings::seal_secret(platform, &settings, &secret)?),
        None => kept.and_then(|kept| kept.secret),
    };
    let stored = Stored {
        settings,
        secret: sealed,
    };
    SETTING.write(platform, &mut tx, &stored).await?;
    delivery::forget(platform, &mut tx, Channel::Sms).await?;
    let act = Act::configuration("sms.set", SETTING.object()).because(&target);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    show(platform, caller).await?.ok_or_else(unset)
}

/// Sets that there is no SMS. Numbers that were set up stay, and get no codes.
///
/// # Errors
/// `not-allowed`, `proof-required`.
pub async fn clear(platform: &Platform, caller: &Caller) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    SETTING.clear(platform, &mut tx).await?;
    delivery::forget(platform, &mut tx, Channel::Sms).await?;
    let act = Act::configuration("sms.clear", SETTING.object());
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Sends a message to this number now, and says in plain words what became of it; the promise of second factors reads it.
///
/// # Errors
/// `conflict` where SMS is not set; `invalid` for the number; `unavailable` with what went wrong, or when the day's
/// messages are spent; `not-allowed`; `proof-required`.
pub async fn test(platform: &Platform, caller: &Caller, to: &str) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let number = to.parse::<PhoneNumber>();
    let number = number.map_err(|error| PlatformError::invalid_at("/to", "malformed", error.to_string()))?;
    sent::count_sms(platform).await?;
    let trial = delivery::begin(platform, Channel::Sms).await?;
    let text = format!("The Strongroom at {} can send SMS.", host(platform));
    let sent = deliver(platform, &number, "00000000", &text).await;
    delivery::note(platform, caller, trial, &sent).await?;
    sent
}

/// The name that messages call the appliance by.
pub(crate) fn host(platform: &Platform) -> &str {
    let base = &platform.settings().base_url;
    base.split_once("://").map_or(base.as_str(), |(_, host)| host)
}

fn unset() -> PlatformError {
    let text = "SMS is not set; set it with `strongroom sms set` or in the console";
    PlatformError::new(ProblemCode::Conflict, text)
}

/// Is there SMS at all?
pub(crate) async fn is_set(on: &mut impl Reads) -> Result<bool> {
    Ok(SETTING.read(on).await?.is_some())
}

/// Hands one message to the gateway.
///
/// # Errors
/// `conflict` where SMS is not set; `unavailable` with what went wrong.
pub(crate) async fn deliver(platform: &Platform, number: &PhoneNumber, code: &str, text: &str) -> Result<()> {
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    let secret = stored.open_secret(platform)?;
    let message = template::Message {
        number: number.as_str(),
        code,
        text,
        secret: secret.as_ref().map_or("", |secret| secret.expose()),
    };
    let request = stored.settings.filled(&message)?;
    gateway::send(platform, stored.settings, request).await
}
