//! Only the needed ports are open: who listens, and the loaded ruleset, against what the configuration needs.
//!
//! Invariant: a database that listens on the network breaks the promise whatever the ruleset says, because a ruleset is one
//! command away from gone.

use super::look::Look;
use crate::{Platform, error::Result, firewall::own_ports, helper};
use host::{
    firewall::difference,
    helper::{
        FirewallReply, GetFirewall, GetListeners, HelperError, ListenersReply, PlanFirewall, PlanReply,
        SshAccess,
    },
};
use promises::Outcome;
use std::collections::BTreeSet;

pub(super) const ID: &str = "firewall";

/// Whose sockets are the database's.
const DATABASE: &str = "postgres";

/// What was told.
struct Told {
    plan: PlanReply,
    /// The ruleset without SSH's ports, for an appliance with another way in.
    closed: String,
    firewall: FirewallReply,
    listeners: ListenersReply,
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    if platform.settings().listener.is_none() {
        return Ok(Outcome::could_not_look("no listener is configured on this node"));
    }
    Ok(match ask(platform).await? {
        Ok(told) => judge(&told),
        Err(error) => Outcome::could_not_look(helper::text(&error)),
    })
}

async fn ask(platform: &Platform) -> Result<std::result::Result<Told, HelperError>> {
    let ports = own_ports(platform)?;
    let plan = async |ssh| {
        let ports = ports.clone();
        helper::ask(platform, PlanFirewall { ports, ssh }).await
    };
    let (plan, closed) = (plan(SshAccess::Keep).await?, plan(SshAccess::Close).await?);
    let firewall = helper::ask(platform, GetFirewall {}).await?;
    let listeners = helper::ask(platform, GetListeners {}).await?;
    Ok(plan.and_then(|plan| {
        Ok(Told {
            plan,
            closed: closed?.ruleset,
            firewall: firewall?,
            listeners: listeners?,
        })
    }))
}

fn judge(told: &Told) -> Outcome {
    let mut look = Look::new();
    check_ruleset(told, &mut look);
    let behind = check_listeners(told, &mut look);
    let left_out = told.listeners.left_out;
    if left_out > 0 {
        look.unseen(format!("{left_out} listeners more than were looked at"));
    }
    look.fact("listeners", told.listeners.listeners.len())
        .fact("listeners behind the firewall", behind)
        .fact("SSH's ports", join(told.plan.ssh_ports.iter()))
        .done()
}

fn check_ruleset(told: &Told, look: &mut Look) {
    const TABLE: &str = "table inet strongroom";
    const APPLY: &str = "run `strongroom firewall apply`, and then `strongroom firewall confirm`";
    let FirewallReply {
        loaded,
        confirmed,
        is_pending,
        turned_away: _,
    } = &told.firewall;
    let Some(loaded) = loaded else {
        look.fault(
            "no ruleset of ours is loaded, so every port is open",
            TABLE,
            APPLY,
        );
        return;
    };
    if let Some((wanted, found)) = difference(&told.plan.ruleset, loaded)
        && *loaded != told.closed
    {
        let what = format!(
            "the loaded ruleset is not what the configuration needs: {found:?} instead of {wanted:?}"
        );
        look.fault(what, TABLE, APPLY);
    }
    if confirmed.as_ref() != Some(loaded) && !is_pending {
        look.fault(
            "the loaded ruleset is not the one that a boot loads",
            TABLE,
            APPLY,
        );
    }
}

/// Gives how many listeners the firewall hides.
fn check_listeners(told: &Told, look: &mut Look) -> usize {
    let open: BTreeSet<u16> = open_ports(told);
    let reached = told
        .listeners
        .listeners
        .iter()
        .filter(|listener| !listener.is_local());
    let mut behind = 0;
    for listener in reached {
        if listener.user == DATABASE {
            let place = format!(
                "{} port {} on {}",
                listener.protocol.as_str(),
                listener.port,
                listener.address
            );
            let advice = "set listen_addresses = '' in PostgreSQL's settings, and restart it";
            look.fault("the database listens on the network", place, advice);
        }
        behind += usize::from(!open.contains(&listener.port));
    }
    behind
}

/// As the configuration and SSH need them.
fn open_ports(told: &Told) -> BTreeSet<u16> {
    let line = told
        .plan
        .ruleset
        .lines()
        .find_map(|line| line.trim().strip_prefix("tcp dport "));
    let numbers = line
        .unwrap_or_default()
        .split(|character: char| !character.is_ascii_digit());
    numbers.filter_map(|number| number.parse().ok()).collect()
}

fn join<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::{
        firewall::{Outgoing, plan_ruleset},
        listener::{Listener, Protocol},
    };

    fn listener(user: &str, address: &str, port: u16) -> Listener {
        Listener {
            protocol: Protocol::Tcp,
            address: address.parse().unwrap(),
            port,
            user: user.to_owned(),
        }
    }

    fn sound() -> Told {
        let plan = |ports: &[u16]| {
            let outgoing = Outgoing {
                uids: BTreeSet::from([990]),
                daemons: Some(990),
                targets: &[],
            };
            plan_ruleset(&ports.iter().copied().collect(), &outgoing).unwrap()
        };
        let ruleset = plan(&[22, 443]);
        Told {
            closed: plan(&[443]),
            firewall: FirewallReply {
                loaded: Some(ruleset.clone()),
                confirmed: Some(ruleset.clone()),
                is_pending: false,
                turned_away: Some(0),
            },
            listeners: ListenersReply {
                listeners: vec![
                    listener("root", "::", 22),
                    listener("strongroom", "::", 443),
                    listener("monitor", "0.0.0.0", 9100),
                    listener(DATABASE, "127.0.0.1", 5432),
                ],
                left_out: 0,
            },
            plan: PlanReply {
                ruleset,
                ssh_ports: vec![22],
            },
        }
    }

    fn faults(told: &Told) -> Vec<String> {
        match judge(told) {
            Outcome::Looked { faults, .. } => faults.into_iter().map(|fault| fault.what).collect(),
            Outcome::CouldNotLook { why } => panic!("it could not look: {why}"),
        }
    }

    #[test]
    fn the_needed_ports_open_and_the_rest_closed_keep_it() {
        assert_eq!(faults(&sound()), Vec::<String>::new());
        let outcome = format!("{:?}", judge(&sound()));
        assert!(
            outcome.contains("name: \"listeners behind the firewall\", value: \"1\""),
            "{outcome}"
        );
        // With another way in than SSH.
        let mut closed = sound();
        closed.firewall.loaded = Some(closed.closed.clone());
        closed.firewall.confirmed = Some(closed.closed.clone());
        assert_eq!(faults(&closed), Vec::<String>::new());
    }

    #[test]
    fn a_database_on_the_network_breaks_it_behind_the_firewall_too() {
        let mut told = sound();
        told.listeners.listeners.push(listener(DATABASE, "0.0.0.0", 5432));
        assert!(
            faults(&told)[0].contains("the database listens"),
            "{:?}",
            faults(&told)
        );
    }

    #[test]
    fn rules_that_are_gone_flushed_or_loosened_by_hand_break_it() {
        let mut gone = sound();
        gone.firewall.loaded = None;
        assert!(faults(&gone)[0].contains("every port is open"));
        for (rule, instead) in [
            ("\t\ttcp dport { 22, 443 } accept\n", ""),
            ("policy drop", "policy accept"),
            ("{ 22, 443 }", "{ 22, 443, 5432 }"),
            (
                "\t\tct state invalid drop\n",
                "\t\taccept\n\t\tct state invalid drop\n",
            ),
        ] {
            let mut told = sound();
            let loaded = told.plan.ruleset.replace(rule, instead);
            assert_ne!(loaded, told.plan.ruleset);
            told.firewall.loaded = Some(loaded);
            assert!(
                faults(&told)[0].contains("not what the configuration needs"),
                "{:?}",
                faults(&told)
            );
        }
    }

    #[test]
    fn a_ruleset_that_no_boot_loads_breaks_it_unless_it_waits_to_be_confirmed() {
        let mut told = sound();
        told.firewall.confirmed = None;
        assert!(faults(&told)[0].contains("a boot loads"), "{:?}", faults(&told));
        told.firewall.is_pending = true;
        assert_eq!(faults(&told), Vec::<String>::new());
    }

    #[test]
    fn listeners_that_were_left_out_make_it_unknown() {
        let mut told = sound();
        told.listeners.left_out = 3;
        assert!(matches!(judge(&told), Outcome::CouldNotLook { .. }));
    }
}
