//! The daemons' units, and the machine's SSH server.

use super::Hand;
use crate::{finding::Finding, setup::step::services::UNITS};
use ::host::{
    outgoing::Kept,
    ssh::{self, Ssh},
    unit::{self, Reach, Unit},
};
use std::{collections::BTreeSet, net::IpAddr};

/// Without it, what only root sees is unknown.
const HELPER: &str = "strongroom-hostd.socket";
/// A daemon that begins anew this often has something.
const RESTARTS_MAX: u32 = 5;

pub(super) fn check(hand: Hand) -> Vec<Finding> {
    const CHECK: &str = "units";
    if !unit::is_systemd_here() {
        let what = "systemd does not run here, so nobody can say which daemons run";
        return vec![Finding::could_not_look(CHECK, what, "run this on the host")];
    }
    let look = |name| match unit::look(name) {
        Ok(found) => mend(name, &found, hand),
        Err(error) => Finding::could_not_look(CHECK, error.to_string(), "run this as root"),
    };
    UNITS.into_iter().chain([HELPER]).map(look).collect()
}

fn mend(name: &str, found: &Unit, hand: Hand) -> Finding {
    let mut finding = judge(name, found);
    let is_idle = found.is_installed && !(found.is_enabled && found.state == "active");
    if hand == Hand::Look || !is_idle {
        return finding;
    }
    match unit::enable_and_start(name) {
        Ok(()) => {
            finding = Finding::ok("units", finding.what);
            finding.repaired = Some("enabled and started".to_owned());
        }
        Err(error) => finding.advice = Some(error.to_string()),
    }
    finding
}

fn judge(name: &str, found: &Unit) -> Finding {
    const CHECK: &str = "units";
    let journal = format!("look at `journalctl -u {name}`");
    if !found.is_installed {
        return Finding::warning(
            CHECK,
            format!("{name} is not installed"),
            "install the package strongroom",
        );
    }
    if found.state != "active" {
        let what = format!("{name} is {}", found.state);
        return Finding::fault(CHECK, what, format!("{journal}, then `systemctl start {name}`"));
    }
    if !found.is_enabled {
        let what = format!("{name} runs and will not after a reboot");
        return Finding::fault(CHECK, what, "run `strongroom doctor --repair`");
    }
    if found.restarts > RESTARTS_MAX {
        let what = format!("{name} was started again {} times", found.restarts);
        return Finding::warning(CHECK, what, journal);
    }
    Finding::ok(CHECK, format!("{name} runs"))
}

/// The unit that needs no network at all.
const WORKER: &str = "strongroom-worker.service";

/// Whether the worker can reach anything but what the settings name, which is kept: a drop-in may have opened it.
pub(super) fn egress(kept: &Kept) -> Finding {
    const CHECK: &str = "egress";
    if !unit::is_systemd_here() {
        let what = "systemd does not run here, so nobody can say what the daemons may reach";
        return Finding::could_not_look(CHECK, what, "run this on the host");
    }
    match unit::look(WORKER) {
        Ok(found) if !found.is_installed => {
            return Finding::could_not_look(
                CHECK,
                format!("{WORKER} is not installed"),
                "see the check `units`",
            );
        }
        Ok(_) => {}
        Err(error) => return Finding::could_not_look(CHECK, error.to_string(), "run this as root"),
    }
    match unit::reach(WORKER) {
        Ok(reach) => judge_egress(&reach, &kept.addresses()),
        Err(error) => Finding::could_not_look(CHECK, error.to_string(), "run this as root"),
    }
}

fn judge_egress(reach: &Reach, targets: &BTreeSet<IpAddr>) -> Finding {
    const CHECK: &str = "egress";
    let families: &[&str] = match targets.is_empty() {
        true => &["AF_UNIX"],
        false => &["AF_UNIX", "AF_INET", "AF_INET6"],
    };
    let mut open = Vec::new();
    if !reach.has_own_network && targets.is_empty() {
        open.push("it shares the machine's network");
    }
    let is_known = |family: &String| families.contains(&family.as_str());
    if reach.families.is_empty() || !reach.families.iter().all(is_known) {
        open.push("it may make sockets of families that it does not need");
    }
    if !reach.denies_every_address || reach.allows_more_than(targets) {
        open.push("addresses that no setting names are not denied");
    }
    if open.is_empty() {
        let what = match targets.len() {
            0 => format!("{WORKER} reaches nothing outside the machine"),
            count => format!("{WORKER} reaches {count} addresses, which settings name, and no other"),
        };
        return Finding::ok(CHECK, what);
    }
    let advice = format!(
        "remove the drop-in that opens it (`systemctl cat {WORKER}`), then restart it; name targets in [outgoing] of the settings"
    );
    Finding::fault(CHECK, format!("{WORKER}: {}", open.join(", ")), advice)
}

pub(super) fn ssh() -> Finding {
    match ssh::look() {
        Ok(found) => judge_ssh(found.as_ref()),
        Err(error) => Finding::could_not_look("ssh", error.to_string(), "run this as root"),
    }
}

fn judge_ssh(found: Option<&Ssh>) -> Finding {
    const CHECK: &str = "ssh";
    let advice =
        "set PasswordAuthentication no and KbdInteractiveAuthentication no in /etc/ssh/sshd_config.d/";
    match found {
        None => Finding::ok(CHECK, "there is no SSH server"),
        Some(Ssh {
            root_with_password: true,
            ..
        }) => Finding::warning(CHECK, "root may sign in with a password", advice),
        Some(Ssh { passwords: true, .. }) => Finding::warning(CHECK, "passwords are taken", advice),
        Some(_) => Finding::ok(CHECK, "keys only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn running() -> Unit {
        Unit {
            is_installed: true,
            is_enabled: true,
            state: "active".to_owned(),
            restarts: 0,
        }
    }

    #[test]
    fn a_unit_that_is_absent_idle_off_at_boot_or_restless_is_told() {
        let level = |unit: Unit| judge("strongroom.service", &unit).level;
        assert_eq!(level(running()), Level::Ok);
        assert_eq!(
            level(Unit {
                is_installed: false,
                ..running()
            }),
            Level::Warning
        );
        assert_eq!(
            level(Unit {
                state: "failed".to_owned(),
                ..running()
            }),
            Level::Fault
        );
        assert_eq!(
            level(Unit {
                is_enabled: false,
                ..running()
            }),
            Level::Fault
        );
        assert_eq!(
            level(Unit {
                restarts: 9,
                ..running()
            }),
            Level::Warning
        );
    }

    #[test]
    fn a_worker_that_a_drop_in_opens_is_told() {
        let closed = Reach {
            user: "strongroom".to_owned(),
            has_own_network: true,
            families: vec!["AF_UNIX".to_owned()],
            denies_every_address: true,
            allowed: Vec::new(),
        };
        let none = BTreeSet::new();
        assert_eq!(judge_egress(&closed, &none).level, Level::Ok);
        let named = BTreeSet::from([[10, 0, 0, 5].into()]);
        let open = Reach {
            has_own_network: false,
            families: ["AF_UNIX", "AF_INET6", "AF_INET"].map(str::to_owned).into(),
            allowed: vec!["10.0.0.5/32".to_owned()],
            ..closed.clone()
        };
        assert_eq!(judge_egress(&open, &named).level, Level::Ok);
        assert_eq!(judge_egress(&open, &none).level, Level::Fault);
        let neighbour = BTreeSet::from([[10, 0, 0, 6].into()]);
        assert_eq!(judge_egress(&open, &neighbour).level, Level::Fault);
        let families = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        for opened in [
            Reach {
                has_own_network: false,
                ..closed.clone()
            },
            Reach {
                denies_every_address: false,
                ..closed.clone()
            },
            Reach {
                families: families(&["AF_UNIX", "AF_INET"]),
                ..closed.clone()
            },
            Reach {
                families: families(&["~AF_PACKET"]),
                ..closed.clone()
            },
            Reach {
                families: Vec::new(),
                ..closed
            },
        ] {
            assert_eq!(judge_egress(&opened, &none).level, Level::Fault, "{opened:?}");
        }
    }

    #[test]
    fn an_ssh_server_that_takes_passwords_is_told() {
        let ssh = |passwords, root_with_password| {
            judge_ssh(Some(&Ssh {
                passwords,
                root_with_password,
                ports: Default::default(),
            }))
            .level
        };
        assert_eq!(ssh(false, false), Level::Ok);
        assert_eq!(ssh(true, false), Level::Warning);
        assert_eq!(ssh(true, true), Level::Warning);
        assert_eq!(judge_ssh(None).level, Level::Ok);
    }
}
