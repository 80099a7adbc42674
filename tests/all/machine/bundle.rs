//! An update by a bundle on a machine without a network, as docs/OPERATIONS.md says.

use serde_json::{Value, json};
use testkit::machine::Release;
use testkit::package::{repack, wrap};

use super::super::package::package;
use super::maker::{INSIDE, Maker, OTHER};
use super::site::{OWNER, PASSWORD, Site};
use super::update::DEAD_DAEMON;

const NEXT: &str = "0.1.1";
const UNWELL: &str = "0.1.2";

#[test]
fn a_bundle_updates_a_machine_without_a_network_and_both_promises_can_be_looked_at() {
    let site = Site::boot(Release::Trixie);
    site.install();
    site.set_up();
    let maker = Maker::new();
    site.machine
        .copy_in(&maker.other("1.0"), "/root/other.deb")
        .unwrap();
    site.machine
        .run(&["dpkg", "--install", "/root/other.deb"])
        .unwrap();
    let before = site.machine.packets_sent().unwrap();

    let root = maker.chain.first_anchor().unwrap().to_string();
    let next = repack(&package(), NEXT, maker.folder.path(), |_| Ok(())).unwrap();
    maker.carry(&site, 1, NEXT, next);
    let taken = import(&site, &["--root", &root, "--install"]);
    let refused = taken.expect_err("nothing to go back to is at hand");
    assert!(refused.contains("--way-back"), "{refused}");
    assert_eq!(version(&site, "strongroom"), "0.1.0");
    let said = run(&site, &["--bundle", "--way-back", "/root/strongroom.deb"]).unwrap();
    assert_eq!(version(&site, "strongroom"), NEXT, "{said}");
    assert_eq!(version(&site, OTHER), "2.0", "{said}");
    look_at_promises(&site);

    a_bundle_that_is_not_well_is_undone_and_stays_denied(&site, &maker);
    let after = site.machine.packets_sent().unwrap();
    assert_eq!(after, before, "somebody tried the network");
    let console = site.console();
    console.wait_until_ready();
    assert!(console.sign_in(OWNER, PASSWORD).contains("Sign out"));
}

/// The version before is kept from its own update now.
fn a_bundle_that_is_not_well_is_undone_and_stays_denied(site: &Site, maker: &Maker) {
    let unwell = repack(&package(), UNWELL, maker.folder.path(), |tree| {
        wrap(&tree.join("usr/bin/strongroom"), DEAD_DAEMON)
    });
    maker.carry(site, 2, UNWELL, unwell.unwrap());
    let said = import(site, &["--install"]).expect_err("it is not well");
    assert!(said.contains(&format!("going back to {NEXT}")), "{said}");
    assert_eq!(version(site, "strongroom"), NEXT, "{said}");
    let again = run(site, &["--bundle"]).expect_err("it was not well");
    assert!(again.contains("denied"), "{again}");
    assert_eq!(version(site, "strongroom"), NEXT, "{again}");
    let history = ["strongroom", "--json", "update", "history"];
    let history: Value = serde_json::from_str(&site.machine.run(&history).unwrap()).unwrap();
    let ends = |at: usize| {
        (
            &history["updates"][at]["outcome"],
            &history["updates"][at]["bundle"],
        )
    };
    assert_eq!(ends(0), (&json!("undone"), &json!(2)));
    assert_eq!(ends(1), (&json!("installed"), &json!(1)));
}

fn import(site: &Site, more: &[&str]) -> Result<String, String> {
    say(
        site,
        &[&["strongroom", "update", "import", INSIDE], more].concat(),
    )
}

fn run(site: &Site, more: &[&str]) -> Result<String, String> {
    say(site, &[&["strongroom", "update", "run"], more].concat())
}

/// What a command said to people; as an error where it did not end well.
fn say(site: &Site, command: &[&str]) -> Result<String, String> {
    let output = site.machine.attempt(command).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("the database cannot be asked"), "{said}");
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}

fn version(site: &Site, package: &str) -> String {
    let shown = ["dpkg-query", "--show", "--showformat=${Version}", package];
    site.machine.run(&shown).unwrap()
}

/// As the daemons' user sees them, who may read the record and the data and write neither.
fn look_at_promises(site: &Site) {
    let check = "strongroom --json promises --check";
    for command in [
        check.to_owned(),
        "runuser -u strongroom -- test ! -w /var/lib/strongroom/updates".to_owned(),
    ] {
        site.machine.shell(&command).unwrap();
    }
    let read = "runuser -u strongroom -- cat /var/lib/strongroom/updates/update-record.json \
                /var/lib/strongroom/updates/1/files/tracker.json /etc/strongroom/update-record.json";
    site.machine.shell(read).unwrap();
    let seen: Value = serde_json::from_str(&site.machine.shell(check).unwrap()).unwrap();
    // Nothing but the bundle brings updates here.
    for id in ["offline-updates", "vulnerability-scanning", "security-updates"] {
        let line = find(&seen, id).unwrap_or_else(|| panic!("{id} is missing: {seen}"));
        assert_eq!(line["state"], "kept", "{line}");
    }
}

/// The object with this id, wherever it stands.
fn find<'a>(json: &'a Value, id: &str) -> Option<&'a Value> {
    match json {
        Value::Array(values) => values.iter().find_map(|value| find(value, id)),
        Value::Object(members) if members.get("id").is_some_and(|found| found == id) => Some(json),
        Value::Object(members) => members.values().find_map(|value| find(value, id)),
        _ => None,
    }
}
