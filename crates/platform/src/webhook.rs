//! Alerts as requests to a program: set by the host's operator, sent by the worker over https, signed as Standard Webhooks 1.0
//! has it (<https://www.standardwebhooks.com>), so that libraries on the other side check them.
//!
//! Invariants: nothing waits for the other side: a message is a job, sealed, tried for hours at growing intervals; at most [`WAITING_MAX`] wait. The
//! secret is sealed, bound to the host that it is for, and never shown. Only the host's operator names an address, and the
//! connection goes where `[outgoing]` and root's look-up lead. No organization's member has a say in any of it. Start at
//! [`set`] and [`post`].

mod request;
mod settings;

pub use settings::{WebhookSettings, check_secret};

use crate::{
    Caller, Platform,
    act::{Act, vault_failure},
    delivery::{self, Channel, Delivery},
    error::{PlatformError, Result},
    job, operator, outgoing, session,
    setting::Setting,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::Stored;
use store::control::{
    Keeps, Reads,
    job::{self as jobs, Job, JobStart, NewJob},
};
use types::ProblemCode;
use vault::{Purpose, SecretText, seal};

/// The kind of job that sends a message.
pub(crate) const SEND: &str = "webhook.alert";
/// Most messages that wait.
pub const WAITING_MAX: i64 = 100;
/// The setting's name.
const SETTING: Setting<Stored> = Setting::named("webhook");
/// Where a message is sealed to.
const PLACE: &[u8] = b"webhook-message";

/// How the webhook is set, and how it goes.
#[derive(Debug, Clone)]
pub struct WebhookView {
    /// The settings.
    pub settings: WebhookSettings,
    /// Messages that wait.
    pub waiting: i64,
    /// What became of the last one since it was set so.
    pub last: Option<Delivery>,
}

/// What is told. Its form is what programs read: members are added, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// What happened: `backup.alert`, or `backup.alert-test`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// When it was noticed (RFC 3339).
    pub(crate) timestamp: String,
    /// What there is to know of it.
    pub(crate) data: Data,
}

/// Of a promise about backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Data {
    /// Which Strongroom says so.
    pub(crate) strongroom: String,
    /// Which promise; none in a test.
    pub(crate) promise: Option<String>,
    /// What is wrong, each with what to do; none in a test.
    pub(crate) faults: Vec<String>,
}

impl Message {
    /// That a promise about backups is broken.
    pub(crate) fn alert(platform: &Platform, promise: &str, faults: &[String]) -> Self {
        Self::new(platform, "backup.alert", Some(promise.to_owned()), faults)
    }

    /// With nothing wrong.
    pub(crate) fn test(platform: &Platform) -> Self {
        Self::new(platform, "backup.alert-test", None, &[])
    }

    fn new(platform: &Platform, kind: &str, promise: Option<String>, faults: &[String]) -> Self {
        Self {
            kind: kind.to_owned(),
            timestamp: platform.now().to_string(),
            data: Data {
                strongroom: platform.settings().base_url.clone(),
                promise,
                faults: faults.to_vec(),
            },
        }
    }
}

/// How the webhook is set; nothing where it is not.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn show(platform: &Platform, caller: &Caller) -> Result<Option<WebhookView>> {
    operator::require(caller)?;
    let mut read = platform.control().read().await?;
    let Some(stored) = SETTING.read(&mut read).await? else {
        return Ok(None);
    };
    Ok(Some(WebhookView {
        settings: stored.settings,
        waiting: jobs::count_unfinished(&mut read, SEND).await?,
        last: delivery::last(&mut read, Channel::Webhook).await?,
    }))
}

/// Sets the webhook. Another host, port or authority takes the secret along, unless a new one is given.
///
/// # Errors
/// `invalid` at the setting at fault; `not-allowed`; `proof-required`.
pub async fn set(
    platform: &Platform,
    caller: &Caller,
    settings: WebhookSettings,
    secret: Option<SecretText>,
) -> Result<WebhookView> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    settings.check()?;
    let mut tx = platform.control().begin().await?;
    let before = SETTING.read(&mut tx).await?;
    let kept = before.filter(|before| before.settings.is_same_host(&settings));
    let secret = match secret {
        Some(secret) => settings::seal_secret(platform, &settings, &secret)?,
        None => kept.map(|kept| kept.secret).ok_or_else(|| {
            let text = "a secret that the other side knows too; give it in a file";
            PlatformError::invalid_at("/secret", "required", text)
        })?,
    };
    let target = settings.target()?;
    SETTING
        .write(platform, &mut tx, &Stored { settings, secret })
        .await?;
    delivery::forget(platform, &mut tx, Channel::Webhook).await?;
    // The address itself may hold what only both sides are to know.
    let act = Act::configuration("webhook.set", SETTING.object()).because(&target);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    show(platform, caller).await?.ok_or_else(unset)
}

/// Sets that there is none.
///
/// # Errors
/// `not-allowed`; `proof-required`.
pub async fn clear(platform: &Platform, caller: &Caller) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    SETTING.clear(platform, &mut tx).await?;
    delivery::forget(platform, &mut tx, Channel::Webhook).await?;
    let act = Act::configuration("webhook.clear", SETTING.object());
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Sends a test now, past the queue, and says what became of it.
///
/// # Errors
/// `conflict` where there is none; `unavailable` with what went wrong; `not-allowed`; `proof-required`.
pub async fn test(platform: &Platform, caller: &Caller) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let id = job::new_id(platform)?;
    deliver(platform, caller, &id.to_string(), &Message::test(platform)).await
}

/// Would its host be dialled? Nothing is sent.
///
/// # Errors
/// `invalid` where no setting names it, `unavailable` where root has not looked it up.
pub fn look(platform: &Platform, settings: &WebhookSettings) -> Result<()> {
    let (host, port) = settings.place()?;
    outgoing::Door::of(platform).beyond(&host, port).map(drop)
}

/// Is there one?
pub(crate) async fn is_set(on: &mut impl Reads) -> Result<bool> {
    Ok(SETTING.read(on).await?.is_some())
}

/// Puts a message up within a transaction; answers whether it waits now. A full queue takes no more and says so to the journal.
pub(crate) async fn post(platform: &Platform, on: &mut impl Keeps, message: &Message) -> Result<bool> {
    if SETTING.read(on).await?.is_none() {
        return Ok(false);
    }
    if jobs::count_unfinished(on, SEND).await? >= WAITING_MAX {
        tracing::warn!(
            messages = WAITING_MAX,
            "too many alerts wait for the webhook; one was not sent"
        );
        return Ok(false);
    }
    let plain = serde_json::to_vec(message).map_err(vault_failure)?;
    let key = platform.appliance_keys().current(Purpose::Letters);
    let sealed = seal::seal(key, PLACE, &plain).map_err(vault_failure)?;
    let new = NewJob {
        id: job::new_id(platform)?,
        organization: None,
        account: None,
        kind: SEND.to_owned(),
        start: JobStart::Waiting,
        payload: json!({ "message": STANDARD.encode(sealed) }),
        created_at: platform.now(),
    };
    jobs::insert(on, new).await?;
    Ok(true)
}

/// Sends the message of a job. Tried again it has the same id, by which the other side knows it.
pub(crate) async fn run(platform: &Platform, job: &Job) -> Result<Value> {
    let text = job.payload.get("message").and_then(Value::as_str);
    let sealed = STANDARD.decode(text.unwrap_or_default()).map_err(vault_failure)?;
    let plain = seal::open(platform.appliance_keys(), Purpose::Letters, PLACE, &sealed);
    let message = serde_json::from_slice(&plain.map_err(vault_failure)?).map_err(vault_failure)?;
    deliver(platform, &Caller::system(), &job.id.to_string(), &message).await?;
    Ok(json!({}))
}

/// Sends a message, and writes down what became of it.
async fn deliver(platform: &Platform, caller: &Caller, id: &str, message: &Message) -> Result<()> {
    let trial = delivery::begin(platform, Channel::Webhook).await?;
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    let sent = request::send(platform, stored, id, message).await;
    delivery::note(platform, caller, trial, &sent).await?;
    sent
}

fn unset() -> PlatformError {
    let text = "no webhook is set; set it with `strongroom webhook set`";
    PlatformError::new(ProblemCode::Conflict, text)
}
