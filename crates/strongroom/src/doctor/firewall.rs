//! The firewall against what the configuration needs.

use crate::{command::firewall::ports, failure::CommandError, finding::Finding};
use ::host::helper::{FirewallReply, GetFirewall, Helper, HelperError, PlanFirewall, SshAccess};
use config::Config;

const CHECK: &str = "firewall";

pub(super) fn check(config: &Config) -> Finding {
    match look(config) {
        Ok((reply, plans)) => judge(&reply, &plans),
        Err(CommandError::Helper(error @ HelperError::Absent { .. })) => Finding::could_not_look(
            CHECK,
            error.to_string(),
            "run `systemctl enable --now strongroom-hostd.socket`",
        ),
        Err(error) => Finding::could_not_look(
            CHECK,
            error.to_string(),
            "run this as root; look at `journalctl -u strongroom-hostd`",
        ),
    }
}

/// What is loaded and confirmed, and the rulesets that would be right: with SSH, and without.
fn look(config: &Config) -> Result<(FirewallReply, [String; 2]), CommandError> {
    let ports = ports(config)?;
    let mut helper = Helper::connect()?;
    let reply = helper.call(&GetFirewall {})?;
    let mut plan = |ssh| {
        let ports = ports.clone();
        helper.call(&PlanFirewall { ports, ssh }).map(|plan| plan.ruleset)
    };
    Ok((reply, [plan(SshAccess::Keep)?, plan(SshAccess::Close)?]))
}

fn judge(reply: &FirewallReply, plans: &[String; 2]) -> Finding {
    let apply = "run `strongroom firewall apply`, and then `strongroom firewall confirm`";
    let Some(loaded) = &reply.loaded else {
        return Finding::warning(
            CHECK,
            "no ruleset of ours is loaded, so every port is open",
            apply,
        );
    };
    if !plans.contains(loaded) {
        let what = "the loaded ruleset is not what the configuration needs";
        return Finding::warning(CHECK, what, apply);
    }
    if reply.is_pending {
        let what = "the loaded ruleset waits to be confirmed";
        return Finding::warning(CHECK, what, "run `strongroom firewall confirm` from a new login");
    }
    if reply.confirmed.as_ref() != Some(loaded) {
        let what = "the loaded ruleset is not the one that a boot loads";
        return Finding::warning(CHECK, what, apply);
    }
    Finding::ok(CHECK, "the ports that are needed are open, the others closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    #[test]
    fn a_ruleset_that_is_absent_another_one_pending_or_gone_after_a_boot_is_told() {
        let plans = ["with ssh".to_owned(), "without".to_owned()];
        let level = |loaded: Option<&str>, confirmed: Option<&str>, is_pending| {
            let reply = FirewallReply {
                loaded: loaded.map(str::to_owned),
                confirmed: confirmed.map(str::to_owned),
                is_pending,
                turned_away: None,
            };
            judge(&reply, &plans).level
        };
        assert_eq!(level(Some("with ssh"), Some("with ssh"), false), Level::Ok);
        assert_eq!(level(Some("without"), Some("without"), false), Level::Ok);
        assert_eq!(level(None, Some("with ssh"), false), Level::Warning);
        assert_eq!(level(Some("flushed"), Some("flushed"), false), Level::Warning);
        assert_eq!(level(Some("with ssh"), None, true), Level::Warning);
        assert_eq!(level(Some("with ssh"), None, false), Level::Warning);
    }
}
