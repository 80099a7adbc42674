//! What systemd lets our units reach, drop-ins included.

use crate::promise::look::Look;
use host::{firewall::RULED, helper::UnitReply, unit::Reach};
use std::{collections::BTreeSet, net::IpAddr};

/// What a unit of ours may reach as it was shipped.
#[derive(Clone, Copy)]
struct Shipped {
    unit: &'static str,
    /// Its account; empty for root.
    user: &'static str,
    families: &'static [&'static str],
    has_own_network: bool,
    denies_every_address: bool,
}

/// The server hears clients from any address, so that only the rules for its account keep it in.
const SHIPPED: [Shipped; 3] = [
    Shipped {
        unit: "strongroom.service",
        user: RULED[0],
        families: &["AF_UNIX", "AF_INET", "AF_INET6"],
        has_own_network: false,
        denies_every_address: false,
    },
    Shipped {
        unit: "strongroom-worker.service",
        user: RULED[0],
        families: &["AF_UNIX"],
        has_own_network: true,
        denies_every_address: true,
    },
    Shipped {
        unit: "strongroom-hostd.service",
        user: "",
        families: &["AF_UNIX", "AF_NETLINK"],
        has_own_network: false,
        denies_every_address: true,
    },
];

/// The worker has no network while no setting names a target, and these families with those addresses when one does.
const WORKER: &str = "strongroom-worker.service";
const WORKER_FAMILIES: &[&str] = &["AF_UNIX", "AF_INET", "AF_INET6"];

/// `targets` are the addresses that settings let the daemons reach.
pub(super) fn check(
    units: &[UnitReply],
    targets: &BTreeSet<IpAddr>,
    look: &mut Look,
    unseen: &mut Vec<String>,
) {
    for shipped in SHIPPED {
        let found = units.iter().find(|unit| unit.name == shipped.unit);
        let Some(reach) = found.and_then(|unit| unit.reach.as_ref()) else {
            let why = found.and_then(|unit| unit.why.as_deref());
            unseen.push(format!(
                "nobody says what {} may reach ({})",
                shipped.unit,
                why.unwrap_or("it is not said why")
            ));
            continue;
        };
        let open = opened(&expected(&shipped, targets), reach, targets);
        if !open.is_empty() {
            let advice = format!(
                "look at `systemctl cat {0}`; `systemctl revert {0}` undoes changes made here",
                shipped.unit
            );
            look.fault(open.join(", "), shipped.unit, &advice);
        }
    }
}

/// As it was shipped, and as `strongroom firewall apply` opens it.
fn expected(shipped: &Shipped, targets: &BTreeSet<IpAddr>) -> Shipped {
    if shipped.unit != WORKER || targets.is_empty() {
        return *shipped;
    }
    Shipped {
        families: WORKER_FAMILIES,
        has_own_network: false,
        ..*shipped
    }
}

/// In which ways it may reach more than it should.
fn opened(shipped: &Shipped, reach: &Reach, targets: &BTreeSet<IpAddr>) -> Vec<String> {
    let mut open = Vec::new();
    if reach.user != shipped.user {
        let user = if reach.user.is_empty() {
            "root"
        } else {
            &reach.user
        };
        open.push(format!(
            "it runs as {user}, whose connections no rule of ours holds"
        ));
    }
    if shipped.has_own_network && !reach.has_own_network {
        open.push("it shares the machine's network".to_owned());
    }
    if shipped.denies_every_address && !reach.denies_every_address {
        open.push("some addresses are not denied".to_owned());
    }
    let allowed_of_unit = match shipped.unit == WORKER {
        true => targets,
        false => &BTreeSet::new(),
    };
    if shipped.denies_every_address && reach.allows_more_than(allowed_of_unit) {
        open.push("addresses that no setting names are not denied".to_owned());
    }
    // None at all, and all but some, are everything else.
    let is_known = |family: &String| shipped.families.contains(&family.as_str());
    if reach.families.is_empty() || !reach.families.iter().all(is_known) {
        let families = shipped.families.join(" ");
        open.push(format!("it may make sockets other than {families}"));
    }
    open
}
