//! Nothing leaves the machine that no setting names: the daemons' sandboxes, the loaded rules for what goes out, the
//! console's pages and answers, and the settings' own targets.
//!
//! Invariant: it is kept only if all four were looked at. A fault breaks it whatever else could not be seen.

mod answers;
mod pages;
mod reach;

pub use pages::PageSource;

use super::{look::Look, tls::reachable};
use crate::{
    Platform, PlatformError,
    error::Result,
    helper,
    outgoing::{self, Standing},
};
use host::{
    account::Account,
    apt,
    egress::Target,
    firewall::{DAEMONS, Outgoing, RULED, output_of, plan_output},
    helper::{FirewallReply, GetFirewall, GetUnits, HelperError, UnitReply},
    write,
};
use promises::Outcome;
use std::{collections::BTreeSet, path::Path};

pub(super) const ID: &str = "no-disclosure";

const TABLE: &str = "table inet strongroom";
const APPLY: &str = "run `strongroom firewall apply`, and then `strongroom firewall confirm`";

/// True in a process that has no console: it cannot see what pages are made of, nor, in its sandbox, what is answered.
pub(super) fn is_blind(platform: &Platform) -> bool {
    platform.pages().is_none()
}

/// What the root helper told.
struct Told {
    units: Vec<UnitReply>,
    firewall: FirewallReply,
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    let standing = match outgoing::standing(platform) {
        Ok(standing) => standing,
        Err(error) => return Ok(Outcome::could_not_look(error.detail)),
    };
    check_targets(&standing, &mut look);
    match ask(platform).await? {
        Ok(told) => {
            reach::check(&told.units, &standing.kept.addresses(), &mut look, &mut unseen);
            let accounts = outgoing_accounts();
            check_rules(
                &told.firewall,
                &accounts,
                &standing.kept.rules(),
                &mut look,
                &mut unseen,
            );
        }
        Err(error) => unseen.push(helper::text(&error)),
    }
    match platform.pages() {
        Some(sources) => pages::check(sources, &mut look),
        None => unseen.push("this process does not know what the console's pages are made of".to_owned()),
    }
    let look = look_at_answers(platform, look, &mut unseen).await?;
    Ok(conclude(&standing, look, &unseen))
}

async fn ask(platform: &Platform) -> Result<std::result::Result<Told, HelperError>> {
    let units = helper::ask(platform, GetUnits {}).await?;
    let firewall = helper::ask(platform, GetFirewall {}).await?;
    Ok(units.and_then(|units| {
        Ok(Told {
            units: units.units,
            firewall: firewall?,
        })
    }))
}

async fn look_at_answers(platform: &Platform, mut look: Look, unseen: &mut Vec<String>) -> Result<Look> {
    let Some(listener) = platform.settings().listener else {
        unseen.push("no listener is configured on this node".to_owned());
        return Ok(look);
    };
    let (address, base_url) = (reachable(listener), platform.settings().base_url.clone());
    let task = tokio::task::spawn_blocking(move || {
        let looked = answers::check(address, &base_url, &mut look);
        (look, looked)
    });
    let (look, looked) = task
        .await
        .map_err(|error| PlatformError::invariant(error.to_string()))?;
    match looked {
        Ok(count) => Ok(look.fact("answers of our own listener", count)),
        Err(fault) => {
            unseen.push(fault.to_string());
            Ok(look)
        }
    }
}

/// A target is what a setting names, looked up by root, and nothing else.
fn check_targets(standing: &Standing, look: &mut Look) {
    for (what, advice) in standing.faults() {
        look.fault(what, "[outgoing] of the settings file", &advice);
    }
}

fn conclude(standing: &Standing, mut look: Look, unseen: &[String]) -> Outcome {
    if !unseen.is_empty() {
        look.unseen(unseen.join("; "));
    }
    look.fact("targets that settings name", standing.told())
        .fact("apt, which is root's and not the daemons'", repository())
        .done()
}

/// The accounts that rules must be loaded for, by number.
pub(super) struct Accounts {
    /// All of them.
    uids: BTreeSet<u32>,
    /// The daemons'.
    daemons: Option<u32>,
}

/// The accounts; the name of one that this machine does not have.
pub(super) fn outgoing_accounts() -> std::result::Result<Accounts, &'static str> {
    let number = |name: &'static str| Account::named(name).map(|account| account.uid.as_raw());
    let uids = RULED.iter().map(|name| number(name).ok_or(*name));
    Ok(Accounts {
        uids: uids.collect::<std::result::Result<_, _>>()?,
        daemons: number(DAEMONS),
    })
}

/// The loaded rules for what goes out against those that the settings need.
pub(super) fn check_rules(
    firewall: &FirewallReply,
    accounts: &std::result::Result<Accounts, &'static str>,
    targets: &[Target],
    look: &mut Look,
    unseen: &mut Vec<String>,
) {
    let accounts = match accounts {
        Ok(accounts) => accounts,
        Err(name) => {
            unseen.push(format!("this machine has no account {name}"));
            return;
        }
    };
    let outgoing = Outgoing {
        uids: accounts.uids.clone(),
        daemons: accounts.daemons,
        targets,
    };
    let planned = match plan_output(&outgoing) {
        Ok(planned) => planned,
        Err(error) => {
            look.fault(error.to_string(), TABLE, APPLY);
            return;
        }
    };
    if firewall.loaded.as_deref().and_then(output_of) != Some(planned.as_str()) {
        let what = "the rules that keep the daemons and the database from connecting out, but to what settings name, are not loaded";
        look.fault(what, TABLE, APPLY);
    }
}

/// Where our own packages come from, which apt asks in root's name.
fn repository() -> String {
    let read = write::read(Path::new(apt::SOURCE));
    let text = match read {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(None) => return "no repository of ours; Debian's sources are the administrator's".to_owned(),
        Err(error) => return error.to_string(),
    };
    let address = text.lines().find_map(|line| line.strip_prefix("URIs:"));
    format!("our repository is {}", address.map_or("not named", str::trim))
}

#[cfg(test)]
mod tests;
