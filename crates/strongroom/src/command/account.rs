//! `strongroom account`

use super::Common;
use crate::{failure::CommandError, host, output};
use clap::Subcommand;
use platform::{
    Caller, Platform,
    account::standing::{self, Account},
};
use serde_json::json;
use types::PageSize;

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// List the accounts and whether they may be used
    List,
    /// Disable somebody everywhere: sessions, tokens and what runs for them end within five seconds
    Disable {
        /// The account's e-mail address
        email: String,
    },
    /// Let a disabled account be used again
    Enable {
        /// The account's e-mail address
        email: String,
    },
}

impl AccountCommand {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let file = common.config.as_deref();
        let caller = Caller::host();
        match self {
            Self::List => return list(common),
            Self::Disable { email } => {
                let disable = async |platform: &Platform, _: &config::Config| {
                    let account = standing::find(platform, &caller, email).await?;
                    Ok(standing::disable(platform, &caller, account.id).await?)
                };
                let ended = host::with_platform(file, disable)?;
                output::talk(&format!(
                    "{email} is disabled; {ended} sessions ended, and what runs for them ends within five seconds"
                ));
            }
            Self::Enable { email } => {
                let enable = async |platform: &Platform, _: &config::Config| {
                    let account = standing::find(platform, &caller, email).await?;
                    Ok(standing::enable(platform, &caller, account.id).await?)
                };
                host::with_platform(file, enable)?;
                output::talk(&format!("{email} is enabled"));
            }
        }
        Ok(())
    }
}

fn list(common: &Common) -> Result<(), CommandError> {
    let found = host::with_platform(common.config.as_deref(), async |platform, _| all(platform).await)?;
    let row = |one: &Account| {
        let operator = if one.operator { "operator" } else { "" };
        vec![
            one.email.clone(),
            one.name.clone(),
            one.state.as_str().to_owned(),
            operator.to_owned(),
        ]
    };
    let item = |one: &Account| {
        json!({
            "account": one.id.to_string(),
            "email": one.email,
            "name": one.name,
            "state": one.state.as_str(),
            "operator": one.operator,
        })
    };
    let json = json!({"accounts": found.iter().map(item).collect::<Vec<_>>()});
    let rows = found.iter().map(row).collect();
    common
        .format()
        .list(&["email", "name", "state", "operator"], rows, &json)
}

/// Page by page.
async fn all(platform: &Platform) -> Result<Vec<Account>, CommandError> {
    let size = PageSize::default();
    let mut found: Vec<Account> = Vec::new();
    loop {
        let after = found.last().map(|account| account.id);
        let page = standing::list(platform, &Caller::host(), size, after).await?;
        let is_last = page.len() < usize::from(size.get());
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}
