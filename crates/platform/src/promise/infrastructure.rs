//! The whole platform runs on this machine: its units, its database, and nothing that is missed while every way out is
//! closed.
//!
//! The evidence is the platform's own life: the daemons and the database run under rules that let no connection out, and
//! the rules have turned nothing away. A feature that needs somebody elsewhere would have tried.

use super::{
    disclosure::{check_rules, outgoing_accounts},
    look::Look,
};
use crate::{Platform, error::Result, helper, outgoing};
use host::{
    helper::{FirewallReply, GetFirewall, GetUnits, UnitReply},
    listener,
};
use promises::Outcome;

pub(super) const ID: &str = "own-infrastructure";

/// Without these there is no platform here.
const DAEMONS: [&str; 2] = ["strongroom.service", "strongroom-worker.service"];

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    let units = helper::ask(platform, GetUnits {}).await?;
    let firewall = helper::ask(platform, GetFirewall {}).await?;
    match (units, firewall) {
        (Ok(units), Ok(firewall)) => {
            check_units(&units.units, &mut unseen);
            check_way_out(platform, &firewall, &mut look, &mut unseen);
        }
        (Err(error), _) | (_, Err(error)) => unseen.push(helper::text(&error)),
    }
    let database = listener::of_unix_socket(&platform.settings().database_socket);
    match database {
        Ok(user) => look.note("who listens on the database's unix socket", user),
        Err(error) => unseen.push(format!(
            "the database's socket {} does not say who listens: {error}",
            platform.settings().database_socket.display()
        )),
    }
    Ok(match look.is_clean() && !unseen.is_empty() {
        true => Outcome::could_not_look(unseen.join("; ")),
        false => look.done(),
    })
}

/// One that does not run shows nothing.
fn check_units(units: &[UnitReply], unseen: &mut Vec<String>) {
    for name in DAEMONS {
        let found = units.iter().find(|unit| unit.name == name);
        if found.is_none_or(|unit| unit.state != "active") {
            unseen.push(format!(
                "{name} does not run here, so what it needs does not show"
            ));
        }
    }
}

fn check_way_out(platform: &Platform, firewall: &FirewallReply, look: &mut Look, unseen: &mut Vec<String>) {
    let standing = match outgoing::standing(platform) {
        Ok(standing) => standing,
        Err(error) => return unseen.push(error.detail),
    };
    look.note("targets that settings name", standing.told());
    let mut open = Look::new();
    check_rules(
        firewall,
        &outgoing_accounts(),
        &standing.kept.rules(),
        &mut open,
        unseen,
    );
    if !open.is_clean() {
        unseen.push(
            "the rules that close the way out are not loaded, so that nobody notices who needs it; see no-disclosure"
                .to_owned(),
        );
        return;
    }
    match firewall.turned_away {
        Some(0) => look.note("packets turned away on their way out", 0),
        Some(count) => look.fault(
            format!(
                "something of the platform tried to reach another machine: {count} packets were turned away"
            ),
            "table inet strongroom, chain output",
            "find out who it was; `systemctl start strongroom-firewall` counts anew",
        ),
        None => unseen.push("the loaded rules count nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_does_not_run_shows_nothing() {
        let unit = |name: &str, state: &str| UnitReply {
            name: name.to_owned(),
            state: state.to_owned(),
            is_enabled: true,
            restarts: 0,
            exposure_tenths: None,
            drop_ins: Vec::new(),
            reach: None,
            why: None,
        };
        let mut unseen = Vec::new();
        check_units(&DAEMONS.map(|name| unit(name, "active")), &mut unseen);
        assert!(unseen.is_empty(), "{unseen:?}");
        check_units(
            &[unit(DAEMONS[0], "active"), unit(DAEMONS[1], "failed")],
            &mut unseen,
        );
        assert!(unseen.len() == 1 && unseen[0].contains(DAEMONS[1]), "{unseen:?}");
    }
}
