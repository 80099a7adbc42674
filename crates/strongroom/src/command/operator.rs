//! `strongroom operator`

use super::Common;
use crate::{failure::CommandError, host, output};
use clap::Subcommand;
use platform::{Caller, Platform, operator};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Operator {
    /// Make an account an operator
    Appoint {
        /// The account's e-mail address
        email: String,
    },
    /// Let an account be an operator no longer
    Dismiss {
        /// The account's e-mail address
        email: String,
    },
    /// List the operators
    List,
}

impl Operator {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let file = common.config.as_deref();
        let caller = Caller::host();
        match self {
            Self::Appoint { email } => {
                let appoint = async |platform: &Platform, _: &config::Config| {
                    Ok(operator::appoint(platform, &caller, email).await?)
                };
                let changed = host::with_platform(file, appoint)?;
                tell(changed, &format!("{email} is an operator now"), "was one already");
            }
            Self::Dismiss { email } => {
                let dismiss = async |platform: &Platform, _: &config::Config| {
                    Ok(operator::dismiss(platform, &caller, email).await?)
                };
                let changed = host::with_platform(file, dismiss)?;
                tell(changed, &format!("{email} is no operator now"), "was none");
            }
            Self::List => return list(common),
        }
        Ok(())
    }
}

fn tell(changed: bool, done: &str, already: &str) {
    if changed {
        output::talk(done);
    } else {
        output::talk(&format!("nothing was changed: the account {already}"));
    }
}

fn list(common: &Common) -> Result<(), CommandError> {
    let found = host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(operator::list(platform, &Caller::host()).await?)
    })?;
    let rows = found.iter().map(|one| vec![one.email.clone(), one.name.clone()]);
    let items: Vec<_> = found
        .iter()
        .map(|one| json!({"account": one.id.to_string(), "email": one.email, "name": one.name}))
        .collect();
    let json = json!({"operators": items});
    common.format().list(&["email", "name"], rows.collect(), &json)
}
