//! Mail: set by operators, sent by the worker, over TLS only.
//!
//! Invariants: nothing waits for a mail server but a code that somebody waits for ([`send_now`]): a letter is a job, sealed, tried a
//! few times, and a failure stays to be seen; at most [`WAITING_MAX`] letters wait. The account's secret is sealed and bound to the server that it is for. Links in letters
//! are made with the configured base URL. Start at [`set`] and [`post`].

mod letter;
mod send;
mod settings;

pub(crate) use letter::Letter;
pub use settings::{MailSecurity, MailSettings};

use crate::{
    Caller, Platform,
    act::{Act, vault_failure},
    delivery::{self, Channel},
    error::{PlatformError, Result},
    operator, session,
    setting::Setting,
    workspace::random,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use serde_json::{Value, json};
use settings::Stored;
use std::time::Duration;
use store::control::{
    Keeps, Reads,
    job::{self as jobs, Job, JobStart, NewJob},
};
use types::{EmailAddress, JobId, ProblemCode};
use vault::{Purpose, SecretText, mac, seal};

/// The kind of job that sends a letter.
pub(crate) const SEND: &str = "mail.send";
/// The kind of job that sends an alert, and writes down what became of it.
pub(crate) const ALERT: &str = "mail.alert";
/// Most letters to one address within an hour: whoever has others invited cannot bury somebody in letters.
pub const HOURLY_MAX: i64 = 5;
/// As long as somebody waits for a letter to be taken.
const NOW_MAX: Duration = Duration::from_secs(10);
/// Most letters that wait.
pub const WAITING_MAX: i64 = 1_000;
/// The setting's name.
const SETTING: Setting<Stored> = Setting::named("mail");
/// Where a letter is sealed to.
const PLACE: &[u8] = b"mail-letter";

/// How mail is set, and how it goes.
#[derive(Debug, Clone)]
pub struct MailView {
    /// The settings.
    pub settings: MailSettings,
    /// Is there a secret for the account?
    pub has_secret: bool,
    /// Letters that wait.
    pub waiting: i64,
    /// Letters that were given up, among the jobs that are kept.
    pub failed: i64,
    /// Why the last of them was.
    pub last_failure: Option<String>,
}

/// How mail is set; nothing where it is not.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn show(platform: &Platform, caller: &Caller) -> Result<Option<MailView>> {
    operator::require(caller)?;
    let mut read = platform.control().read().await?;
    let Some(stored) = SETTING.read(&mut read).await? else {
        return Ok(None);
    };
    let failure = jobs::last_failure(&mut read, SEND).await?;
    Ok(Some(MailView {
        has_secret: stored.secret.is_some(),
        settings: stored.settings,
        waiting: jobs::count_unfinished(&mut read, SEND).await?,
        failed: jobs::count_failed(&mut read, SEND).await?,
        last_failure: failure.and_then(|result| Some(result.get("error")?.as_str()?.to_owned())),
    }))
}

/// Sets mail. Another server, security, authority or account takes the secret along, unless a new one is given.
///
/// # Errors
/// `invalid` at the setting at fault; `not-allowed`; `proof-required`.
pub async fn set(
    platform: &Platform,
    caller: &Caller,
    settings: MailSettings,
    secret: Option<SecretText>,
) -> Result<MailView> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    settings.check()?;
    let mut tx = platform.control().begin().await?;
    let before = SETTING.read(&mut tx).await?;
    let kept = before.filter(|before| before.settings.is_same_server(&settings));
    let sealed = match secret {
        Some(secret) => Some(settings::seal_secret(platform, &settings, &secret)?),
        None => kept.and_then(|kept| kept.secret),
    };
    let stored = Stored {
        settings,
        secret: sealed,
    };
    SETTING.write(platform, &mut tx, &stored).await?;
    delivery::forget(platform, &mut tx, Channel::Mail).await?;
    delivery::forget(platform, &mut tx, Channel::Alert).await?;
    let act = Act::configuration("mail.set", SETTING.object()).because(&stored.settings.host);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    show(platform, caller).await?.ok_or_else(unset)
}

/// Sets that there is no mail.
///
/// # Errors
/// `not-allowed`; `proof-required`.
pub async fn clear(platform: &Platform, caller: &Caller) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    SETTING.clear(platform, &mut tx).await?;
    delivery::forget(platform, &mut tx, Channel::Mail).await?;
    delivery::forget(platform, &mut tx, Channel::Alert).await?;
    let act = Act::configuration("mail.clear", SETTING.object());
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Sends a letter to this address now, past the queue, and says in plain words what became of it.
///
/// # Errors
/// `conflict` where mail is not set; `invalid` for the address; `unavailable` with what the server said; `not-allowed`; `proof-required`.
pub async fn test(platform: &Platform, caller: &Caller, to: &str) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let to = to.trim().parse::<EmailAddress>();
    let to = to.map_err(|error| PlatformError::invalid_at("/to", "malformed", error.to_string()))?;
    let trial = delivery::begin(platform, Channel::Mail).await?;
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    let letter = letter::test(platform, &to);
    let sent = send::deliver(platform, &stored, &letter).await;
    delivery::note(platform, caller, trial, &sent).await?;
    sent
}

/// Sends a letter now, past the queue: for what somebody waits for.
///
/// # Errors
/// `conflict` where mail is not set; `unavailable` with what the server said, or after [`NOW_MAX`].
pub(crate) async fn send_now(platform: &Platform, letter: &Letter) -> Result<()> {
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    let sent = tokio::time::timeout(NOW_MAX, send::deliver(platform, &stored, letter)).await;
    sent.map_err(|_| PlatformError::new(ProblemCode::Unavailable, "the mail server took too long"))?
}

/// Can the server be reached, and does it let us in?
///
/// # Errors
/// `conflict` where mail is not set; `unavailable` with what went wrong; `not-allowed`.
pub async fn look(platform: &Platform, caller: &Caller) -> Result<()> {
    operator::require(caller)?;
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    send::reach(platform, &stored).await
}

fn unset() -> PlatformError {
    let text = "mail is not set; set it with `strongroom mail set` or in the console";
    PlatformError::new(ProblemCode::Conflict, text)
}

/// How mail is set, for what nobody is shown.
pub(crate) async fn settings(on: &mut impl Reads) -> Result<Option<MailSettings>> {
    Ok(SETTING.read(on).await?.map(|stored| stored.settings))
}

/// Is there mail at all?
pub(crate) async fn is_set(platform: &Platform) -> Result<bool> {
    Ok(SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .is_some())
}

/// Puts a letter up within a transaction; answers whether there is mail at all. A full queue takes no more and says so to
/// the journal: whatever the letter is for goes on without it.
pub(crate) async fn post(platform: &Platform, on: &mut impl Keeps, letter: &Letter) -> Result<bool> {
    if SETTING.read(on).await?.is_none() {
        return Ok(false);
    }
    put_up(platform, on, SEND, letter).await
}

/// Puts an alert up; answers whether there is mail at all. The platform itself has written it, so an address gets as many in an
/// hour as there are.
pub(crate) async fn post_alert(platform: &Platform, on: &mut impl Keeps, letter: &Letter) -> Result<bool> {
    if SETTING.read(on).await?.is_none() || is_full(on, ALERT).await? {
        return Ok(false);
    }
    insert(platform, on, ALERT, letter).await?;
    Ok(true)
}

/// Sends the alert of a job.
pub(crate) async fn run_alert(platform: &Platform, job: &Job) -> Result<Value> {
    let trial = delivery::begin(platform, Channel::Alert).await?;
    let sent = run(platform, job).await;
    let outcome = sent
        .as_ref()
        .map(drop)
        .map_err(|error| PlatformError::new(error.code, error.detail.clone()));
    delivery::note(platform, &Caller::system(), trial, &outcome).await?;
    sent
}

/// Puts a job of another kind up that is about a letter's address, under the same bounds.
///
/// # Errors
/// `conflict` where mail is not set.
pub(crate) async fn post_job(
    platform: &Platform,
    on: &mut impl Keeps,
    kind: &str,
    letter: &Letter,
) -> Result<bool> {
    if SETTING.read(on).await?.is_none() {
        return Err(unset());
    }
    put_up(platform, on, kind, letter).await
}

async fn put_up(platform: &Platform, on: &mut impl Keeps, kind: &str, letter: &Letter) -> Result<bool> {
    if is_full(on, kind).await? {
        return Ok(false);
    }
    let (recipient, now) = (recipient(platform, letter), platform.now());
    let since = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now);
    if jobs::count_since(on, kind, "recipient", &recipient, since).await? >= HOURLY_MAX {
        tracing::warn!("an address had its letters of this hour; one was not sent");
        return Ok(false);
    }
    insert(platform, on, kind, letter).await?;
    Ok(true)
}

async fn is_full(on: &mut impl Reads, kind: &str) -> Result<bool> {
    let is_full = jobs::count_unfinished(on, kind).await? >= WAITING_MAX;
    if is_full {
        tracing::warn!(letters = WAITING_MAX, "too many letters wait; one was not sent");
    }
    Ok(is_full)
}

async fn insert(platform: &Platform, on: &mut impl Keeps, kind: &str, letter: &Letter) -> Result<()> {
    let plain = serde_json::to_vec(letter).map_err(vault_failure)?;
    let key = platform.appliance_keys().current(Purpose::Letters);
    let sealed = seal::seal(key, PLACE, &plain).map_err(vault_failure)?;
    let new = NewJob {
        id: JobId::new(platform.now_ms(), random()?),
        organization: None,
        account: None,
        kind: kind.to_owned(),
        start: JobStart::Waiting,
        payload: json!({ "letter": STANDARD.encode(sealed), "recipient": recipient(platform, letter) }),
        created_at: platform.now(),
    };
    jobs::insert(on, new).await?;
    Ok(())
}

/// By what letters to one address are told apart without saying which address it is.
pub(crate) fn recipient(platform: &Platform, letter: &Letter) -> String {
    let key = platform.appliance_keys().current(Purpose::BlindIndex);
    let address = letter.to.to_lowercase();
    hex::encode(mac::tag(key, b"mail-recipient", address.as_bytes()))
}

/// The letter of a job.
pub(crate) fn open(platform: &Platform, job: &Job) -> Result<Letter> {
    let text = job.payload.get("letter").and_then(Value::as_str);
    let sealed = STANDARD.decode(text.unwrap_or_default()).map_err(vault_failure)?;
    let plain = seal::open(platform.appliance_keys(), Purpose::Letters, PLACE, &sealed);
    serde_json::from_slice(&plain.map_err(vault_failure)?).map_err(vault_failure)
}

/// Sends the letter of a job.
pub(crate) async fn run(platform: &Platform, job: &Job) -> Result<Value> {
    send(platform, &open(platform, job)?.sent_by(job.id)).await?;
    Ok(json!({}))
}

/// Sends a letter that a job has written.
pub(crate) async fn send(platform: &Platform, letter: &Letter) -> Result<()> {
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    send::deliver(platform, &stored, letter).await
}
