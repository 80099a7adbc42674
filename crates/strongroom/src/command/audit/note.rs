//! `strongroom audit note`: the note of the day, on the host: printed, and sent to whom.

use super::{super::Common, give};
use crate::{
    failure::CommandError,
    host,
    output::{Format, data},
};
use clap::Args;
use platform::{
    Caller, Platform,
    ledger::daily::{self, Addresses, Daily},
};
use serde_json::json;

#[derive(Debug, Args)]
pub(in crate::command) struct Note {
    /// Draw it as a QR code as well
    #[arg(long)]
    qr: bool,
    /// From now on send it once a day to these addresses and no other, then show whom it goes to
    #[arg(long, value_name = "ADDRESS", num_args = 1.., conflicts_with_all = ["qr", "addresses"])]
    mail_to: Vec<String>,
    /// Send it to nobody any more
    #[arg(long, conflicts_with_all = ["qr", "mail_to", "addresses"])]
    mail_to_nobody: bool,
    /// Show whom it goes to, and how that went
    #[arg(long, conflicts_with = "qr")]
    addresses: bool,
}

impl Note {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        host::with_platform(common.config.as_deref(), async |platform, _| {
            if !self.mail_to.is_empty() || self.mail_to_nobody {
                let set = daily::set_addresses(platform, &Caller::host(), &self.mail_to).await?;
                return show_addresses(&set, common.format());
            }
            if self.addresses {
                let found = Addresses::of(platform, &Caller::host()).await?;
                return show_addresses(&found, common.format());
            }
            self.show(platform, common.format()).await
        })
    }

    async fn show(&self, platform: &Platform, format: Format) -> Result<(), CommandError> {
        let daily = daily::note(platform, &Caller::host()).await?;
        let Daily { newest, witnessed } = &daily;
        let mut text = newest.note.clone();
        if let Some(older) = witnessed {
            text += &format!("\n{}", older.note);
        }
        let json = json!({
            "note": newest.note,
            "size": newest.size,
            "root": newest.root,
            "published_at": newest.at,
            "witnessed": witnessed.as_ref().map(|older| json!({
                "note": older.note, "size": older.size, "witnesses": older.witnesses,
            })),
        });
        give(format, &text, &json)?;
        match (self.qr, format) {
            (true, Format::Text) => data(&daily.blocks()?),
            (true, Format::Json) | (false, _) => Ok(()),
        }
    }
}

fn show_addresses(found: &Addresses, format: Format) -> Result<(), CommandError> {
    let texts: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
    let to = match (texts.is_empty(), found.has_mail) {
        (true, _) => "nobody".to_owned(),
        (false, true) => texts.join(", "),
        (false, false) => format!("{}; mail is not set, so nothing goes out", texts.join(", ")),
    };
    let sent = found
        .sent_at
        .map_or_else(|| "never".to_owned(), |at| at.to_string());
    let failure = found.failure.clone();
    format.thing(
        &[
            ("goes to", to),
            ("last taken", sent),
            ("last failure", failure.unwrap_or_else(|| "none since".to_owned())),
        ],
        &json!({
            "addresses": texts,
            "has_mail": found.has_mail,
            "sent_at": found.sent_at,
            "failure": found.failure,
        }),
    )
}
