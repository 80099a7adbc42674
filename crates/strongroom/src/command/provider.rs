//! `strongroom provider`
//!
//! Invariant: a secret comes out of a file or stdin, never out of an argument.

mod wishes;

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, secret,
};
use clap::Subcommand;
use platform::{
    identity,
    provider::{self, NewProvider, ProviderChange, ProviderState, ProviderView, Verdict},
};
use serde_json::{Value, json};
use wishes::Wishes;

#[derive(Debug, Subcommand)]
pub(super) enum Provider {
    /// Add a provider; `strongroom provider test` looks at it afterwards
    Add {
        /// Its name in addresses, such as company; it cannot be changed
        key: String,
        /// Its issuer, exactly as it says it, such as `https://login.example.com`; it cannot be changed
        #[arg(long, value_name = "URL")]
        issuer: String,
        #[command(flatten)]
        wishes: Box<Wishes>,
    },
    /// List the providers
    List,
    /// Change a provider; what is not named stays
    Alter {
        /// Its name in addresses
        key: String,
        /// Let people in by it
        #[arg(long, conflicts_with = "close")]
        open: bool,
        /// Let nobody in by it; who they are is kept
        #[arg(long)]
        close: bool,
        #[command(flatten)]
        wishes: Box<Wishes>,
    },
    /// Ask a provider for its document, its keys and its time, stage by stage
    Test {
        /// Its name in addresses
        key: String,
    },
    /// Remove a provider, and forget who people are there
    Remove {
        /// Its name in addresses
        key: String,
    },
    /// Let somebody at a provider open an account here
    Tie {
        /// The provider's name in addresses
        key: String,
        /// Who, as the provider says it in `sub`
        #[arg(long, value_name = "SUBJECT")]
        subject: String,
        /// The account's e-mail address
        #[arg(long, value_name = "EMAIL")]
        account: String,
    },
    /// Let a provider open an account no longer
    Untie {
        /// The provider's name in addresses
        key: String,
        /// The account's e-mail address
        #[arg(long, value_name = "EMAIL")]
        account: String,
    },
    /// List who waits to be let in by a provider
    Newcomers {
        /// The provider's name in addresses
        key: String,
    },
    /// Give somebody who waits an account, which is a member of nothing yet
    LetIn {
        /// The provider's name in addresses
        key: String,
        /// Who, as the list says
        #[arg(long, value_name = "SUBJECT")]
        subject: String,
        /// The e-mail address of the new account
        #[arg(long, value_name = "EMAIL")]
        email: String,
    },
}

impl Provider {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Add { key, issuer, wishes } => add(common, key, issuer, wishes),
            Self::List => list(common),
            Self::Alter {
                key,
                open,
                close,
                wishes,
            } => {
                let state = match (open, close) {
                    (true, _) => Some(ProviderState::Active),
                    (_, true) => Some(ProviderState::Disabled),
                    _ => None,
                };
                alter(common, key, state, wishes)
            }
            Self::Test { key } => test(common, key),
            Self::Remove { key } => remove(common, key),
            Self::Tie {
                key,
                subject,
                account,
            } => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(identity::tie(platform, caller, key, subject, account).await?)
                })?;
                output::talk(&format!(
                    "{subject} at {key} opens the account {account} from now on"
                ));
                Ok(())
            }
            Self::Untie { key, account } => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(identity::untie(platform, caller, key, account).await?)
                })?;
                output::talk(&format!("{key} does not open the account {account} any more"));
                Ok(())
            }
            Self::Newcomers { key } => newcomers(common, key),
            Self::LetIn { key, subject, email } => {
                host::as_host(common.config.as_deref(), async |platform, caller| {
                    Ok(provider::let_in(platform, caller, key, subject, email).await?)
                })?;
                output::talk(&format!(
                    "{subject} has the account {email} now; it is a member of nothing yet"
                ));
                Ok(())
            }
        }
    }
}

fn add(common: &Common, key: &str, issuer: &str, wishes: &Wishes) -> Result<(), CommandError> {
    let secret = secret::of_file_or_stdin(wishes.secret_file.as_deref())?;
    let view = host::as_host(common.config.as_deref(), async |platform, caller| {
        let new = NewProvider {
            key: key.to_owned(),
            label: wishes.label.clone().unwrap_or_else(|| key.to_owned()),
            issuer: issuer.to_owned(),
            settings: wishes.new_settings(platform, caller).await?,
            secret,
        };
        Ok(provider::add(platform, caller, new).await?)
    })?;
    output::talk(&format!(
        "allow {} at the provider, then run: strongroom provider test {key}\nwhere it tells others who has left (back-channel logout), \
         give it {}",
        view.redirect_uri, view.logout_uri
    ));
    show(common, &view)
}

fn alter(
    common: &Common,
    key: &str,
    state: Option<ProviderState>,
    wishes: &Wishes,
) -> Result<(), CommandError> {
    let secret = secret::of_file_or_stdin(wishes.secret_file.as_deref())?;
    let (before, view) = host::as_host(common.config.as_deref(), async |platform, caller| {
        let before = provider::get(platform, caller, key).await?;
        let change = ProviderChange {
            label: wishes.label.clone(),
            state,
            settings: Some(wishes.settings(platform, caller, before.settings.clone()).await?),
            secret,
        };
        Ok((
            before.has_secret,
            provider::alter(platform, caller, key, change).await?,
        ))
    })?;
    if before && !view.has_secret {
        output::talk("the client secret went with the authority that it was given under; set it again");
    }
    show(common, &view)
}

fn show(common: &Common, view: &ProviderView) -> Result<(), CommandError> {
    let pairs = [
        ("key", view.key.clone()),
        ("label", view.label.clone()),
        ("issuer", view.issuer.clone()),
        ("state", view.state.to_string()),
        ("redirect uri", view.redirect_uri.clone()),
        ("logout uri", view.logout_uri.clone()),
        ("newcomers", view.settings.first_sign_in.as_str().to_owned()),
        (
            "secret",
            if view.has_secret { "stored" } else { "none" }.to_owned(),
        ),
        ("accounts", view.people.to_string()),
    ];
    common.format().thing(&pairs, &json_of(view))
}

fn json_of(view: &ProviderView) -> Value {
    json!({
        "key": view.key, "label": view.label, "issuer": view.issuer, "state": view.state.as_str(),
        "redirect_uri": view.redirect_uri, "logout_uri": view.logout_uri, "settings": view.settings,
        "has_secret": view.has_secret, "accounts": view.people, "created_at": view.created_at, "changed_at": view.changed_at,
    })
}

fn list(common: &Common) -> Result<(), CommandError> {
    let found = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(provider::list(platform, caller).await?)
    })?;
    let row = |view: &ProviderView| {
        vec![
            view.key.clone(),
            view.label.clone(),
            view.issuer.clone(),
            view.state.to_string(),
            view.people.to_string(),
        ]
    };
    let json: Vec<Value> = found.iter().map(json_of).collect();
    let headers = ["Key", "Label", "Issuer", "State", "Accounts"];
    common
        .format()
        .list(&headers, found.iter().map(row).collect(), &Value::Array(json))
}

fn test(common: &Common, key: &str) -> Result<(), CommandError> {
    let report = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(provider::test(platform, caller, key).await?)
    })?;
    let word = |verdict: Verdict| match verdict {
        Verdict::Passed => "passed",
        Verdict::Doubtful => "doubtful",
        Verdict::Failed => "failed",
    };
    let rows = report.stages.iter().map(|stage| {
        vec![
            stage.name.to_owned(),
            word(stage.verdict).to_owned(),
            stage.milliseconds.to_string(),
            stage.detail.clone(),
        ]
    });
    let json = report.stages.iter().map(|stage| {
        json!({ "stage": stage.name, "verdict": word(stage.verdict), "detail": stage.detail,
            "milliseconds": stage.milliseconds })
    });
    let headers = ["Stage", "Verdict", "Milliseconds", "What was seen"];
    common
        .format()
        .list(&headers, rows.collect(), &Value::Array(json.collect()))?;
    if report.is_good() {
        return Ok(());
    }
    let text = format!("the provider {key} does not work; the last stage says why");
    Err(CommandError::said(Exit::Failed, text))
}

fn remove(common: &Common, key: &str) -> Result<(), CommandError> {
    let people = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(provider::remove(platform, caller, key).await?)
    })?;
    output::talk(&format!("{key} was removed; {people} accounts were known by it"));
    Ok(())
}

fn newcomers(common: &Common, key: &str) -> Result<(), CommandError> {
    let found = host::as_host(common.config.as_deref(), async |platform, caller| {
        Ok(provider::newcomers(platform, caller, key).await?)
    })?;
    let rows = found.iter().map(|one| {
        vec![
            one.subject.clone(),
            one.name.clone().unwrap_or_default(),
            one.email.clone().unwrap_or_default(),
            one.asked_at.to_string(),
        ]
    });
    let json = found.iter().map(|one| {
        json!({ "subject": one.subject, "name": one.name, "email": one.email, "asked_at": one.asked_at })
    });
    common.format().list(
        &["Subject", "Name", "Address as the provider says", "Since"],
        rows.collect(),
        &Value::Array(json.collect()),
    )
}
