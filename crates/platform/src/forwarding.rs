//! Forwarding: the logs go to a collector elsewhere, as syslog over TLS (RFC 5424, RFC 5425), set by operators and sent by the worker.
//!
//! Invariants: nothing is sent but over TLS to the name that is set, under the authority that is set; no request waits for a collector; the
//! logs themselves are what waits, so nothing is lost while the collector is away for as long as they are kept; a position moves only
//! when the collector has taken what was sent, so that after a break one batch at most comes twice (docs/adr/0046). Messages hold no
//! values of records, no reasons, no names of people. Start at [`set`] and [`sender`].

mod access;
mod audit;
mod batch;
mod collector;
mod sender;
mod settings;
mod standing;
mod system;

pub(crate) use sender::run;
pub use sender::{Sent, run_once};
pub use settings::{ForwardingSettings, Stream};
pub use standing::{ForwardingView, StreamView};

use crate::{
    Caller, Platform,
    act::Act,
    error::{PlatformError, Result},
    operator, session,
    setting::Setting,
};
use settings::Stored;
use store::control::{ControlTx, Reads, access_event, audit_log, forwarding as rows};
use syslog::{Facility, Message, Severity};
use types::ProblemCode;
use vault::SecretText;

/// The setting's name.
const SETTING: Setting<Stored> = Setting::named("forwarding");

/// Where a log begins that was not sent before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what comes from now on.
    Now,
    /// With the oldest that is kept, but the journal with its newest line; logs that were sent before are sent again.
    Beginning,
}

/// How forwarding is set, and how it goes; nothing where it is not.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn show(platform: &Platform, caller: &Caller) -> Result<Option<ForwardingView>> {
    operator::require(caller)?;
    standing::look(platform).await
}

/// Sets the collector. Another host or port takes the client's key along, unless a new one is given.
///
/// # Errors
/// `invalid` at the setting at fault; `not-allowed`; `proof-required`.
pub async fn set(
    platform: &Platform,
    caller: &Caller,
    settings: ForwardingSettings,
    key_pem: Option<SecretText>,
    from: Start,
) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    settings.check(key_pem.as_ref())?;
    let mut tx = platform.control().begin().await?;
    let before = SETTING.read(&mut tx).await?;
    let kept = before.filter(|before| before.settings.is_same_client(&settings));
    let key = match key_pem {
        Some(key) => Some(settings::seal_key(platform, &settings, &key)?),
        None => kept.and_then(|kept| kept.key),
    };
    if settings.certificate_pem.is_some() && key.is_none() {
        let text = "the certificate's key, which is not kept for another host, port or certificate";
        return Err(PlatformError::invalid_at("/key", "required", text));
    }
    begin_streams(&mut tx, &settings, from).await?;
    let stored = Stored { settings, key };
    SETTING.write(platform, &mut tx, &stored).await?;
    rows::forget_failure(&mut tx).await?;
    let place = stored.settings.place();
    let act = Act::configuration("forwarding.set", SETTING.object()).because(&place);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

async fn begin_streams(tx: &mut ControlTx, settings: &ForwardingSettings, from: Start) -> Result<()> {
    let known = rows::positions(tx).await?;
    for stream in &settings.streams {
        let is_known = known.iter().any(|position| position.stream == stream.as_str());
        if is_known && from == Start::Now {
            continue;
        }
        let position = match (stream, from) {
            (Stream::Audit, Start::Now) => audit_log::newest(tx)
                .await?
                .map_or(-1, |leaf| leaf.index)
                .to_string(),
            (Stream::Access, Start::Now) => access_event::newest(tx).await?.to_string(),
            (Stream::Audit, Start::Beginning) => "-1".to_owned(),
            (Stream::Access, Start::Beginning) => "0".to_owned(),
            (Stream::System, _) => system::UNBEGUN.to_owned(),
        };
        rows::place(tx, stream.as_str(), &position).await?;
    }
    Ok(())
}

/// Sets that nothing is forwarded. How far it was sent is kept, so that nothing is left out when it is set again.
///
/// # Errors
/// `not-allowed`; `proof-required`.
pub async fn clear(platform: &Platform, caller: &Caller) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    SETTING.clear(platform, &mut tx).await?;
    rows::forget_failure(&mut tx).await?;
    let act = Act::configuration("forwarding.clear", SETTING.object());
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Sends one message of its own now, and says in plain words what became of it.
///
/// # Errors
/// `conflict` where no collector is set; `unavailable` with what went wrong; `not-allowed`; `proof-required`.
pub async fn test(platform: &Platform, caller: &Caller) -> Result<Sent> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let stored = SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .ok_or_else(unset)?;
    let message = Message {
        facility: Facility::Audit,
        severity: Severity::Notice,
        at: platform.now(),
        host: &batch::host_of(platform),
        program: batch::PROGRAM,
        kind: "test",
        parameters: Vec::new(),
        text: "a test of Strongroom's forwarding; nothing happened",
    };
    let taken = collector::deliver(platform, &stored, &message.frame()).await;
    let act = Act::configuration("forwarding.test", SETTING.object());
    let act = act.because(if taken.is_ok() { "taken" } else { "not taken" });
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    let by = taken?;
    Ok(Sent {
        messages: 1,
        by: Some(by),
    })
}

fn unset() -> PlatformError {
    let text = "no collector is set; set it with `strongroom forwarding set`";
    PlatformError::new(ProblemCode::Conflict, text)
}

/// How it stands, for what looks at the platform itself.
pub(crate) async fn look(platform: &Platform) -> Result<Option<ForwardingView>> {
    standing::look(platform).await
}

/// The collector, for what nobody is shown.
pub(crate) async fn settings(on: &mut impl Reads) -> Result<Option<ForwardingSettings>> {
    Ok(SETTING.read(on).await?.map(|stored| stored.settings))
}
