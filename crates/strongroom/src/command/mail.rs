//! `strongroom mail`
//!
//! Invariant: the account's secret comes out of a file or stdin, never out of an argument.

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, pem, secret,
};
use clap::{Args, Subcommand, ValueEnum};
use platform::mail::{self, MailSecurity, MailSettings, MailView};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// Set the mail server; `strongroom mail test` tries it afterwards
    Set(Box<Set>),
    /// Show how mail is set, and how it goes
    Show,
    /// Send a letter now, and say what became of it
    Test {
        /// The address to send it to
        to: String,
    },
    /// Send no mail any more
    Clear,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The server's name, as its certificate says it
    #[arg(long, value_name = "HOST")]
    host: String,
    /// Its port; 465 with tls and 587 with starttls by default
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// How the connection is encrypted; there is no way without
    #[arg(long, value_name = "HOW", default_value = "tls")]
    security: Security,
    /// Our account there
    #[arg(long, value_name = "NAME", requires = "secret_file")]
    account: Option<String>,
    /// File with the account's secret, readable by its owner only; - for stdin
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Whom letters are from
    #[arg(long, value_name = "EMAIL")]
    from: String,
    /// The server's certificate authority in PEM, where this machine does not know it
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Security {
    /// From the first byte
    Tls,
    /// By STARTTLS, without which nothing is sent
    Starttls,
}

impl Mail {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Set(set) => set.run(common),
            Self::Show => show(common),
            Self::Test { to } => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(mail::test(platform, caller, to).await?)
                })?;
                output::talk(&format!(
                    "the server took a letter to {to}; see whether it arrives"
                ));
                Ok(())
            }
            Self::Clear => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(mail::clear(platform, caller).await?)
                })?;
                output::talk("no mail is sent any more");
                Ok(())
            }
        }
    }
}

impl Set {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let (security, port) = match self.security {
            Security::Tls => (MailSecurity::Tls, 465),
            Security::Starttls => (MailSecurity::StartTls, 587),
        };
        let authority_pem = pem::read_if_named(self.authority.as_deref())?;
        let settings = MailSettings {
            host: self.host.clone(),
            port: self.port.unwrap_or(port),
            security,
            account: self.account.clone(),
            from: self.from.clone(),
            authority_pem,
        };
        let secret = secret::of_file_or_stdin(self.secret_file.as_deref())?;
        let view = host::as_host(common.config.as_deref(), async |platform, caller| {
            Ok(mail::set(platform, caller, settings, secret).await?)
        })?;
        output::talk("now try it: strongroom mail test YOUR-ADDRESS");
        tell(common, &view)
    }
}

fn show(common: &Common) -> Result<(), CommandError> {
    let found = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(mail::show(platform, caller).await?)
    })?;
    match found {
        Some(view) => tell(common, &view),
        None => {
            let text = "mail is not set; set it with `strongroom mail set`";
            Err(CommandError::said(Exit::NotFound, text))
        }
    }
}

fn tell(common: &Common, view: &MailView) -> Result<(), CommandError> {
    let settings = &view.settings;
    let pairs = [
        ("host", settings.host.clone()),
        ("port", settings.port.to_string()),
        ("security", settings.security.as_str().to_owned()),
        ("account", settings.account.clone().unwrap_or_default()),
        (
            "secret",
            if view.has_secret { "stored" } else { "none" }.to_owned(),
        ),
        ("from", settings.from.clone()),
        ("letters that wait", view.waiting.to_string()),
        ("letters given up", view.failed.to_string()),
        ("why the last was", view.last_failure.clone().unwrap_or_default()),
    ];
    let json = json!({
        "settings": settings, "has_secret": view.has_secret, "waiting": view.waiting, "failed": view.failed,
        "last_failure": view.last_failure,
    });
    common.format().thing(&pairs, &json)
}
