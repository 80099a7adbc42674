//! `strongroom sms`
//!
//! Invariant: the gateway's secret comes out of a file or stdin, never out of an argument.

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, pem, secret,
};
use clap::{Args, Subcommand, ValueEnum};
use platform::sms::{self, SmsContent, SmsMethod, SmsSettings, SmsView};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Sms {
    /// Set the gateway that sends SMS; `strongroom sms test` tries it afterwards
    Set(Box<Set>),
    /// Show how SMS is set, and what became of the last test
    Show,
    /// Send a message now, and say what became of it
    Test {
        /// The number to send it to, with its country: +4915123456789
        number: String,
    },
    /// Send no SMS any more
    Off,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The gateway's address, https; {number}, {text} and {code} are filled in
    #[arg(long, value_name = "URL")]
    url: String,
    /// The method of the request
    #[arg(long, value_name = "METHOD", default_value = "post")]
    method: Method,
    /// What the body is
    #[arg(long, value_name = "KIND", default_value = "json")]
    content: Content,
    /// The body; {number}, {text}, {code} and {secret} are filled in
    #[arg(long, value_name = "TEMPLATE")]
    body: Option<String>,
    /// One header more: "Authorization: Bearer {secret}"
    #[arg(long, value_name = "HEADER")]
    header: Option<String>,
    /// File with the gateway's secret, readable by its owner only; - for stdin
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The gateway's certificate authority in PEM, where this machine does not know it
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// With a body
    Post,
    /// All in the address
    Get,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Content {
    /// application/json
    Json,
    /// application/x-www-form-urlencoded
    Form,
}

impl Sms {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Set(set) => set.run(common),
            Self::Show => show(common),
            Self::Test { number } => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(sms::test(platform, caller, number).await?)
                })?;
                output::talk("the gateway took a message to that number; see whether it arrives");
                Ok(())
            }
            Self::Off => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(sms::clear(platform, caller).await?)
                })?;
                output::talk("no SMS is sent any more");
                Ok(())
            }
        }
    }
}

impl Set {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let authority_pem = pem::read_if_named(self.authority.as_deref())?;
        let settings = SmsSettings {
            url: self.url.clone(),
            method: match self.method {
                Method::Post => SmsMethod::Post,
                Method::Get => SmsMethod::Get,
            },
            content: match self.content {
                Content::Json => SmsContent::Json,
                Content::Form => SmsContent::Form,
            },
            body: self.body.clone().unwrap_or_default(),
            header: self.header.clone(),
            authority_pem,
        };
        let secret = secret::of_file_or_stdin(self.secret_file.as_deref())?;
        let view = host::as_host(common.config.as_deref(), async |platform, caller| {
            Ok(sms::set(platform, caller, settings, secret).await?)
        })?;
        output::talk(&format!(
            "name {} in [outgoing] of the settings file, then try it: strongroom sms test YOUR-NUMBER",
            view.target
        ));
        tell(common, &view)
    }
}

fn show(common: &Common) -> Result<(), CommandError> {
    let found = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(sms::show(platform, caller).await?)
    })?;
    match found {
        Some(view) => tell(common, &view),
        None => {
            let text = "SMS is not set; set it with `strongroom sms set`";
            Err(CommandError::said(Exit::NotFound, text))
        }
    }
}

fn tell(common: &Common, view: &SmsView) -> Result<(), CommandError> {
    let settings = &view.settings;
    let last = match &view.last_test {
        None => "none".to_owned(),
        Some(test) => match &test.failure {
            None => format!("taken at {}", test.at),
            Some(why) => format!("not taken at {}: {why}", test.at),
        },
    };
    let pairs = [
        ("url", settings.url.clone()),
        ("target", view.target.clone()),
        ("method", settings.method.as_str().to_owned()),
        ("content", settings.content.as_str().to_owned()),
        ("body", settings.body.clone()),
        ("header", settings.header.clone().unwrap_or_default()),
        (
            "secret",
            if view.has_secret { "stored" } else { "none" }.to_owned(),
        ),
        ("last test", last),
    ];
    let json = json!({
        "settings": settings, "target": view.target, "has_secret": view.has_secret, "last_test": view.last_test,
    });
    common.format().thing(&pairs, &json)
}
