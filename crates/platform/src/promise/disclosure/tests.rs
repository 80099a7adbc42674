//! Each part of the promise is broken once.

use super::*;
use crate::promise::disclosure::pages::foreign;
use host::{egress, unit::Reach};
use promises::Outcome;

fn reach(user: &str, has_own_network: bool, families: &[&str], denies_every_address: bool) -> Option<Reach> {
    Some(Reach {
        user: user.to_owned(),
        has_own_network,
        families: families.iter().map(|family| (*family).to_owned()).collect(),
        denies_every_address,
        allowed: Vec::new(),
    })
}

fn unit(name: &str, reach: Option<Reach>) -> UnitReply {
    UnitReply {
        name: name.to_owned(),
        state: "active".to_owned(),
        is_enabled: true,
        restarts: 0,
        exposure_tenths: None,
        drop_ins: Vec::new(),
        reach,
        why: None,
    }
}

const INTERNET: [&str; 3] = ["AF_UNIX", "AF_INET", "AF_INET6"];

/// As they are shipped.
fn units() -> [UnitReply; 3] {
    [
        unit("strongroom.service", reach("strongroom", false, &INTERNET, false)),
        unit(
            "strongroom-worker.service",
            reach("strongroom", true, &["AF_UNIX"], true),
        ),
        unit(
            "strongroom-hostd.service",
            reach("", false, &["AF_NETLINK", "AF_UNIX"], true),
        ),
    ]
}

fn faults(look: Look) -> Vec<String> {
    match look.done() {
        Outcome::Looked { faults, .. } => faults.into_iter().map(|fault| fault.what).collect(),
        Outcome::CouldNotLook { why } => panic!("{why}"),
    }
}

fn of_units(units: &[UnitReply]) -> (Vec<String>, Vec<String>) {
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    reach::check(units, &BTreeSet::new(), &mut look, &mut unseen);
    (faults(look), unseen)
}

#[test]
fn a_drop_in_that_opens_a_unit_or_gives_it_another_account_breaks_it() {
    assert_eq!(of_units(&units()), (Vec::new(), Vec::new()));
    for (place, opened) in [
        (0, reach("root", false, &INTERNET, false)),
        (0, reach("", false, &INTERNET, false)),
        (0, reach("strongroom", false, &["AF_PACKET"], false)),
        (0, reach("strongroom", false, &[], false)),
        (1, reach("strongroom", false, &["AF_UNIX"], true)),
        (1, reach("strongroom", true, &["AF_UNIX"], false)),
        (1, reach("strongroom", true, &["AF_UNIX", "AF_INET"], true)),
        (1, reach("strongroom", true, &["~AF_PACKET"], true)),
        (2, reach("", false, &["AF_UNIX", "AF_INET"], true)),
        (2, reach("", false, &["AF_UNIX"], false)),
    ] {
        let mut units = units();
        units[place].reach = opened;
        let (faults, unseen) = of_units(&units);
        assert!(
            faults.len() == 1 && unseen.is_empty(),
            "{:?}: {faults:?}",
            units[place]
        );
    }
}

#[test]
fn the_worker_reaches_what_settings_name_and_no_other_address_breaks_it() {
    let targets = BTreeSet::from([[10, 0, 0, 5].into()]);
    let of = |allowed: &[&str], families: &[&str]| {
        let mut units = units();
        let mut opened = reach("strongroom", false, families, true).unwrap();
        opened.allowed = allowed.iter().map(|text| (*text).to_owned()).collect();
        units[1].reach = Some(opened);
        let (mut look, mut unseen) = (Look::new(), Vec::new());
        reach::check(&units, &targets, &mut look, &mut unseen);
        faults(look).len()
    };
    assert_eq!(of(&["10.0.0.5/32"], &INTERNET), 0);
    assert_eq!(of(&["10.0.0.0/24"], &INTERNET), 1);
    assert_eq!(of(&["10.0.0.5/32", "10.0.0.6/32"], &INTERNET), 1);
    assert_eq!(of(&["10.0.0.5/32"], &["AF_INET", "AF_PACKET"]), 1);
    // Closed although it may be open: it cannot reach anything, which discloses nothing.
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    reach::check(&units(), &targets, &mut look, &mut unseen);
    assert_eq!(faults(look), Vec::<String>::new());
    // What only the worker was given does not open another unit.
    let mut helper = units();
    if let Some(reach) = helper[2].reach.as_mut() {
        reach.allowed = vec!["10.0.0.5/32".to_owned()];
    }
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    reach::check(&helper, &targets, &mut look, &mut unseen);
    assert_eq!(faults(look).len(), 1);
}

#[test]
fn a_target_that_was_never_looked_up_or_is_no_setting_any_more_breaks_it() {
    let named: [config::Target; 1] = ["dc1.example.com:636".parse().unwrap()];
    let mut look = Look::new();
    check_targets(&outgoing::compare(&named, Default::default()), &mut look);
    assert!(faults(look)[0].contains("dc1.example.com:636"));
    let kept = host::outgoing::Kept {
        targets: vec![host::outgoing::KeptTarget {
            host: "dc1.example.com".to_owned(),
            port: 636,
            addresses: vec![[10, 0, 0, 5].into()],
        }],
        services: Vec::new(),
    };
    let mut look = Look::new();
    check_targets(&outgoing::compare(&named, kept.clone()), &mut look);
    assert_eq!(faults(look), Vec::<String>::new());
    let mut look = Look::new();
    check_targets(&outgoing::compare(&[], kept), &mut look);
    assert_eq!(faults(look).len(), 1);
}

#[test]
fn a_unit_that_nobody_could_look_at_leaves_it_unknown() {
    let mut units = units();
    units[1].reach = None;
    let (faults, unseen) = of_units(&units);
    assert!(faults.is_empty() && unseen.len() == 1, "{unseen:?}");
    assert_eq!(of_units(&units[..1]).1.len(), 2);
}

fn firewall(loaded: Option<String>) -> FirewallReply {
    FirewallReply {
        confirmed: loaded.clone(),
        loaded,
        is_pending: false,
        turned_away: None,
    }
}

fn of_rules(loaded: Option<String>, targets: &[Target]) -> (Vec<String>, Vec<String>) {
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    let accounts = Ok(Accounts {
        uids: BTreeSet::from([107, 990]),
        daemons: Some(990),
    });
    check_rules(&firewall(loaded), &accounts, targets, &mut look, &mut unseen);
    (faults(look), unseen)
}

#[test]
fn rules_that_are_flushed_loosened_or_for_one_account_only_break_it() {
    let plan = |uids: &[u32], targets| {
        let outgoing = Outgoing {
            uids: uids.iter().copied().collect(),
            daemons: Some(990),
            targets,
        };
        let output = plan_output(&outgoing).unwrap();
        format!("table inet strongroom {{\n\tchain input {{\n\t}}\n\n{output}}}\n")
    };
    let whole = plan(&[107, 990], &[]);
    assert_eq!(of_rules(Some(whole.clone()), &[]), (Vec::new(), Vec::new()));
    let target = [egress::Target {
        address: [192, 0, 2, 9].into(),
        port: 443,
    }];
    for broken in [
        None,
        Some("table inet strongroom {\n\tchain input {\n\t}\n\n\tchain output {\n\t}\n}\n".to_owned()),
        Some(whole.replace("counter drop", "counter accept")),
        Some(plan(&[990], &[])),
        Some(plan(&[107, 990], &target)),
    ] {
        assert_eq!(of_rules(broken.clone(), &[]).0.len(), 1, "{broken:?}");
    }
    assert_eq!(of_rules(Some(plan(&[107, 990], &target)), &target).0.len(), 0);
}

#[test]
fn a_machine_without_the_accounts_leaves_it_unknown() {
    let (mut look, mut unseen) = (Look::new(), Vec::new());
    check_rules(&firewall(None), &Err("postgres"), &[], &mut look, &mut unseen);
    assert!(look.is_clean() && unseen.len() == 1);
}

#[test]
fn a_page_that_names_another_host_breaks_it() {
    for text in [
        "<script src=\"https://cdn.example.org/x.js\"></script>",
        "<img src=//cdn.example.org/x.png>",
        "<link href='//fonts.example.org/f.css'>",
        "<img src=\"/\\cdn.example.org/x.png\">",
        "a { background: url(//cdn.example.org/x.png) }",
        "@import \"x.css\";",
        "new WebSocket(`wss://example.org`)",
        "<IMG SRC=\"HTTP://example.org/x\">",
        "<image href=\"http://www.w3.org/2000/svg/x\"/>",
    ] {
        let mut look = Look::new();
        pages::check(
            &[PageSource {
                name: "page.html",
                text,
            }],
            &mut look,
        );
        assert_eq!(faults(look).len(), 1, "{text}");
    }
    let own =
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><a href=\"/o/{{ x }}\">a // b</a> url(/assets/a.svg)";
    assert_eq!(foreign(own), None);
}
