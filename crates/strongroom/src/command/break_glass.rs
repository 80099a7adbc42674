//! `strongroom break-glass`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output,
};
use ::host::account;
use platform::{Caller, Platform, break_glass};
use std::io::{IsTerminal, stdout};

#[derive(Debug, clap::Args)]
pub(super) struct BreakGlass {
    /// The e-mail address of the account to let in
    #[arg(long, value_name = "EMAIL")]
    account: String,
    /// Why; it stands in the audit logs of the account's organizations
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl BreakGlass {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        if !account::is_root() {
            let text = "break-glass is for root on the host only; nothing was made";
            return Err(CommandError::said(Exit::NotAllowed, text));
        }
        // A link in a log or a pipe would let whoever reads that in.
        if !stdout().is_terminal() {
            let text = "the link is shown at a terminal only; run this command at one, without a pipe; nothing was made";
            return Err(CommandError::said(Exit::NotAllowed, text));
        }
        let make = async |platform: &Platform, _: &config::Config| {
            Ok(break_glass::create(platform, &Caller::host(), &self.account, &self.reason).await?)
        };
        let link = host::with_platform(common.config.as_deref(), make)?;
        let minutes = break_glass::MINUTES;
        output::talk(&format!(
            "this link signs {} in once, within {minutes} minutes; making and using it are entries of the audit log",
            self.account
        ));
        output::data(link.url.expose())
    }
}
