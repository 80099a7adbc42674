//! An update by a bundle on a machine without a network, as docs/OPERATIONS.md says.

use std::fs;

use serde_json::{Value, json};
use testkit::machine::Release;
use testkit::package::{repack, wrap};
use testkit::process;

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
    packages_of_debian_that_were_cut_off_are_ended_at_the_next_boot(&site, &maker);
    a_bundle_in_the_spool_is_verified_by_root_and_installs_nothing(&site, &maker);

    a_bundle_that_is_not_well_is_undone_and_stays_denied(&site, &maker);
    let after = site.machine.packets_sent().unwrap();
    assert_eq!(after, before, "somebody tried the network");
    let console = site.console();
    console.wait_until_ready();
    assert!(console.sign_in(OWNER, PASSWORD).contains("Sign out"));
}

/// The version before is kept from its own update now.
/// As a power cut leaves it: the files are there, the scripts have not run, and the record says what was wanted.
fn packages_of_debian_that_were_cut_off_are_ended_at_the_next_boot(site: &Site, maker: &Maker) {
    site.machine
        .copy_in(&maker.other("1.0"), "/root/other.deb")
        .unwrap();
    let cut_off = format!(
        "dpkg --unpack /root/other.deb && \
         echo '{{\"wanted\":[\"{OTHER}=2.0\"],\"began_at\":\"2026-01-01T00:00:00Z\"}}' \
             > /var/lib/strongroom/updates/debian-packages.json"
    );
    site.machine.run(&["sh", "-c", &cut_off]).unwrap();
    let state = || {
        let shown = ["dpkg-query", "--show", "--showformat=${Status} ${Version}", OTHER];
        site.machine.run(&shown).unwrap()
    };
    assert_eq!(state(), "install ok unpacked 1.0");
    let resume = "systemctl start strongroom-update-resume && \
                  while systemctl is-active --quiet strongroom-update-resume; do sleep 1; done && \
                  ! systemctl is-failed --quiet strongroom-update-resume";
    site.machine.run(&["sh", "-c", resume]).unwrap();
    assert_eq!(state(), "install ok installed 2.0");
    let left = "test ! -e /var/lib/strongroom/updates/debian-packages.json";
    site.machine.run(&["sh", "-c", left]).unwrap();
}

fn a_bundle_that_is_not_well_is_undone_and_stays_denied(site: &Site, maker: &Maker) {
    let unwell = repack(&package(), UNWELL, maker.folder.path(), |tree| {
        wrap(&tree.join("usr/bin/strongroom"), DEAD_DAEMON)
    });
    maker.carry(site, 4, UNWELL, unwell.unwrap());
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
    assert_eq!(ends(0), (&json!("undone"), &json!(4)));
    assert_eq!(ends(1), (&json!("installed"), &json!(1)));
}

/// One with a flipped bit first; then a link and a folder that the daemons' account leaves; then a good one, and one that is copied. The
/// files lie in the spool as the web daemon writes them there; that it does stands in the console's own tests.
fn a_bundle_in_the_spool_is_verified_by_root_and_installs_nothing(site: &Site, maker: &Maker) {
    let deb = repack(&package(), NEXT, maker.folder.path(), |_| Ok(())).unwrap();
    let packages = [deb, maker.other("2.0")];
    let good = maker.bundle(2, NEXT, &packages);
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    let records = "sha256sum /etc/strongroom/update-record.json; ls -d /var/lib/strongroom/updates/[0-9]*";
    let before = site.machine.shell(records).unwrap();
    hand_over(site, &bad, "as the daemon");
    let refused = verdict(site, "1.bundle");
    assert_eq!(refused["outcome"], "refused", "{refused}");
    let why = refused["why"].as_str().unwrap();
    assert!(!why.is_empty(), "{refused}");
    let link = "cd /var/spool/strongroom/incoming && runuser -u strongroom -- ln -s /etc/shadow x.bundle";
    site.machine.shell(link).unwrap();
    let linked = verdict(site, "x.bundle");
    assert!(
        linked["why"].as_str().unwrap().contains("it is a link"),
        "{linked}"
    );
    let folder = "cd /var/spool/strongroom/incoming && runuser -u strongroom -- mkdir -p y.part/below && \
                  runuser -u strongroom -- mv y.part y.bundle";
    site.machine.shell(folder).unwrap();
    let made = verdict(site, "y.bundle");
    assert!(made["why"].as_str().unwrap().contains("a folder"), "{made}");
    let after = site.machine.shell(records).unwrap();
    assert_eq!(after, before, "a refused bundle leaves something");
    hand_over(site, &good, "as the daemon");
    let taken = verdict(site, "1.bundle");
    assert_eq!(
        (&taken["outcome"], &taken["sequence"]),
        (&json!("imported"), &json!(2)),
        "{taken}"
    );
    assert_eq!(version(site, "strongroom"), NEXT);
    hand_over(site, &maker.bundle(3, NEXT, &packages), "by hand");
    let copied = verdict(site, "mine.bundle");
    assert_eq!(copied["sequence"], 3, "{copied}");
    let left = site
        .machine
        .shell("ls /var/spool/strongroom/incoming /var/spool/strongroom/taken")
        .unwrap();
    assert!(!left.contains("bundle"), "{left}");
    for path in ["/var/spool/strongroom/taken/x", "/var/lib/strongroom/updates/x"] {
        let write = ["runuser", "-u", "strongroom", "--", "touch", path];
        let written = site.machine.attempt(&write).unwrap();
        assert!(!written.status.success(), "the daemons write {path}");
    }
    assert_ne!(site.unit("strongroom-take.service", "ActiveState"), "failed");
}

/// With its name when it is whole, as the daemon does it, or by `cp`, as an administrator does.
fn hand_over(site: &Site, bundle: &[u8], how: &str) {
    fs::write(site.machine.outside("/root/handed"), bundle).unwrap();
    let script = match how {
        "by hand" => "cp /root/handed /var/spool/strongroom/incoming/mine.bundle",
        _ => {
            "cd /var/spool/strongroom/incoming && install -o strongroom -m 0600 /root/handed 1.bundle.part && \
             runuser -u strongroom -- mv 1.bundle.part 1.bundle"
        }
    };
    site.machine.shell(script).unwrap();
}

/// Waits until root has looked at it; gives what the daemons' account reads of it.
fn verdict(site: &Site, name: &str) -> Value {
    let read = "test ! -e /var/spool/strongroom/incoming/NAME && sleep 1 && \
                runuser -u strongroom -- cat /var/lib/strongroom/updates/verdicts.json";
    let read = read.replace("NAME", name);
    let mut newest = Value::Null;
    let is_there = process::poll(std::time::Duration::from_secs(60), || {
        let said = site.machine.shell(&read).unwrap_or_default();
        let verdicts: Value = serde_json::from_str(&said).unwrap_or_default();
        newest = verdicts[0].clone();
        newest["name"] == name && site.unit("strongroom-take.service", "ActiveState") == "inactive"
    });
    assert!(is_there, "there is no verdict on {name}: {newest}");
    newest
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
