//! What became of the last test message by each channel: evidence that codes reach people.
//!
//! Invariant: a change of the channel's settings forgets it, since it says nothing of the new ones; one that was under way then
//! is not written down.

use crate::{Caller, Platform, act::Act, error::Result, setting::Setting};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::control::{ControlTx, Reads};

/// By what messages go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Mail,
    Sms,
    /// Letters about backups to the operators.
    Alert,
    /// The same to a program.
    Webhook,
}

impl Channel {
    fn setting(self) -> Setting<Delivery> {
        Setting::named(match self {
            Self::Mail => "mail-test",
            Self::Sms => "sms-test",
            Self::Alert => "backup-alert",
            Self::Webhook => "webhook-alert",
        })
    }

    /// The setting that says how messages go out.
    fn configured(self) -> Setting<Value> {
        Setting::named(match self {
            Self::Mail | Self::Alert => "mail",
            Self::Sms => "sms",
            Self::Webhook => "webhook",
        })
    }

    fn action(self) -> &'static str {
        match self {
            Self::Mail => "mail.test",
            Self::Sms => "sms.test",
            Self::Alert => "backup.alert",
            Self::Webhook => "webhook.alert",
        }
    }
}

/// A test message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// When.
    pub at: Timestamp,
    /// Why it was not taken; none when it was.
    pub failure: Option<String>,
}

/// A test message that is under way, with the settings that it goes out by.
pub(crate) struct Trial {
    channel: Channel,
    settings: Option<Value>,
}

/// To be called before the settings are read that the message goes out by.
pub(crate) async fn begin(platform: &Platform, channel: Channel) -> Result<Trial> {
    let mut read = platform.control().read().await?;
    let settings = channel.configured().read(&mut read).await?;
    Ok(Trial { channel, settings })
}

/// Writes down what became of a test message, unless the channel was set anew meanwhile.
pub(crate) async fn note(
    platform: &Platform,
    caller: &Caller,
    trial: Trial,
    sent: &Result<()>,
) -> Result<()> {
    let channel = trial.channel;
    let delivery = Delivery {
        at: platform.now(),
        failure: sent.as_ref().err().map(|error| error.detail.clone()),
    };
    let mut tx = platform.control().begin().await?;
    // Whoever sets the channel anew writes this row as well, and so comes before the next line or after the commit.
    channel.setting().write(platform, &mut tx, &delivery).await?;
    if channel.configured().read(&mut tx).await? != trial.settings {
        return Ok(tx.close().await?);
    }
    let act = Act::configuration(channel.action(), channel.setting().object());
    let act = match sent {
        Ok(()) => act.because("taken"),
        Err(_) => act.because("not taken"),
    };
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Forgets it, within the transaction that changes the channel.
pub(crate) async fn forget(platform: &Platform, tx: &mut ControlTx, channel: Channel) -> Result<()> {
    channel.setting().clear(platform, tx).await
}

/// What became of the last one since the channel was set.
pub(crate) async fn last(on: &mut impl Reads, channel: Channel) -> Result<Option<Delivery>> {
    channel.setting().read(on).await
}
