//! `strongroom webhook`
//!
//! Invariant: the secret comes out of a file or stdin, never out of an argument.

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, pem, secret,
};
use clap::{Args, Subcommand};
use platform::webhook::{self, WebhookSettings, WebhookView};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Webhook {
    /// Set where alerts go; `strongroom webhook test` tries it afterwards
    Set(Set),
    /// Show where alerts go, and what became of the last
    Show,
    /// Send a test now, and say what became of it
    Test,
    /// Tell no program any more
    Clear,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The address, with https; its host must be named in [outgoing]
    #[arg(long, value_name = "URL")]
    url: String,
    /// File with the secret that both sides have, whsec_ and base64, readable by its owner only; - for stdin; the one that is
    /// set stays for the same host if not given
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The other side's certificate authority in PEM, where this machine does not know it
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

impl Webhook {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Set(set) => set.run(common),
            Self::Show => show(common),
            Self::Test => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(webhook::test(platform, caller).await?)
                })?;
                output::talk("the other side took a test; see whether it shows there");
                Ok(())
            }
            Self::Clear => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(webhook::clear(platform, caller).await?)
                })?;
                output::talk("no program is told any more");
                Ok(())
            }
        }
    }
}

impl Set {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let authority_pem = pem::read_if_named(self.authority.as_deref())?;
        let settings = WebhookSettings {
            url: self.url.clone(),
            authority_pem,
        };
        let secret = secret::of_file_or_stdin(self.secret_file.as_deref())?;
        let view = host::as_host(common.config.as_deref(), async |platform, caller| {
            Ok(webhook::set(platform, caller, settings, secret).await?)
        })?;
        output::talk("now try it: strongroom webhook test");
        tell(common, &view)
    }
}

fn show(common: &Common) -> Result<(), CommandError> {
    let found = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(webhook::show(platform, caller).await?)
    })?;
    match found {
        Some(view) => tell(common, &view),
        None => {
            let text = "no webhook is set; set it with `strongroom webhook set`";
            Err(CommandError::said(Exit::NotFound, text))
        }
    }
}

fn tell(common: &Common, view: &WebhookView) -> Result<(), CommandError> {
    let last = match &view.last {
        None => "none was sent".to_owned(),
        Some(last) => match &last.failure {
            None => format!("taken at {}", last.at),
            Some(why) => format!("not taken at {}: {why}", last.at),
        },
    };
    let pairs = [
        ("url", view.settings.url.clone()),
        ("secret", "stored".to_owned()),
        ("messages that wait", view.waiting.to_string()),
        ("last message", last),
    ];
    let json = json!({
        "settings": view.settings, "waiting": view.waiting, "last": view.last,
    });
    common.format().thing(&pairs, &json)
}
