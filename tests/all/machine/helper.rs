//! The root helper and the firewall on a whole machine: who may call, what comes back by itself, what a boot keeps.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use testkit::machine::Release;
use testkit::process::poll;

use super::site::Site;

/// What is not needed, and listens on the network all the same.
const INTRUDER: u16 = 4747;
/// How long an unconfirmed ruleset stays, and how long its going is waited for.
const RETURN_SECONDS: &str = "6";
const RETURNED_SECONDS_MAX: u64 = 40;
const SOCKET: &str = "/run/strongroom/hostd.sock";

#[test]
fn root_s_helper_and_the_firewall_hold_on_debian_13() {
    helper_and_firewall(Release::Trixie);
}

#[test]
fn long_root_s_helper_and_the_firewall_hold_on_debian_12() {
    helper_and_firewall(Release::Bookworm);
}

fn helper_and_firewall(release: Release) {
    let mut site = Site::boot(release);
    site.install();
    site.set_up();
    the_sandboxed_worker_sees_through_the_helper(&site);
    the_daemons_user_gets_facts_and_may_not_touch_the_firewall(&site);
    a_call_by_another_program_than_ours_is_in_the_audit_log(&site);
    another_user_is_not_let_in(&site);
    a_loosened_unit_is_told(&site);
    an_unconfirmed_ruleset_goes_by_itself(&site);
    a_confirmed_one_stays_over_a_boot(&mut site);
    a_rule_flushed_by_hand_and_a_database_on_the_network_break_the_promise(&site);
    removing_the_package_opens_the_machine_again(&site);
}

/// What a taken-over daemon could send, in its own words.
fn call_as(site: &Site, user: &str, message: &str) -> String {
    let script = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die \"no: $!\\n\";\
                  print $s $ARGV[1], \"\\0\"; $s->flush; $s->shutdown(1); local $/; print <$s>;";
    let command = ["runuser", "-u", user, "--", "perl", "-e", script, SOCKET, message];
    let output = site.machine.attempt(&command).unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn method(name: &str, parameters: &str) -> String {
    format!("{{\"method\":\"org.strongroom.Host.{name}\",\"parameters\":{parameters}}}")
}

fn the_daemons_user_gets_facts_and_may_not_touch_the_firewall(site: &Site) {
    for verb in ["GetStorage", "GetSsh", "GetListeners", "GetUnits", "GetFirewall"] {
        let said = call_as(site, "strongroom", &method(verb, "{}"));
        assert!(said.starts_with("{\"parameters\":"), "{verb}: {said}");
        assert!(!said.contains("Permission denied"), "{verb}: {said}");
    }
    let units = call_as(site, "strongroom", &method("GetUnits", "{}"));
    assert_eq!(units.matches("\"why\":null").count(), 3, "{units}");
    // What our own units said; with a place, what they said after it.
    let newest = call_as(site, "strongroom", &method("GetJournal", "{}"));
    assert!(newest.contains("\"unit\":\"strongroom"), "{newest}");
    let place = newest
        .split("\"place\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let after = call_as(
        site,
        "strongroom",
        &method("GetJournal", &format!("{{\"after\":\"{place}\"}}")),
    );
    assert!(after.starts_with("{\"parameters\":{\"lines\":["), "{after}");
    let apply = "{\"ports\":[443],\"ssh\":\"close\",\"seconds\":600}";
    for message in [
        method("ApplyFirewall", apply),
        method("ConfirmFirewall", "{\"session\":null}"),
    ] {
        let said = call_as(site, "strongroom", &message);
        assert!(said.contains("org.strongroom.Host.NotAllowed"), "{said}");
    }
    assert_eq!(ruleset(site), None);
    let said = call_as(
        site,
        "strongroom",
        &method("RestartUnit", "{\"unit\":\"worker\"}"),
    );
    assert!(said.contains("{\"unit\":\"worker\"}"), "{said}");
    let journal = site.machine.journal("strongroom-hostd").unwrap();
    assert!(
        !journal.contains("verb=org.strongroom.Host.GetJournal"),
        "a look is not a line:\n{journal}"
    );
    for wanted in [
        "verb=org.strongroom.Host.GetSsh outcome=done",
        "outcome=org.strongroom.Host.NotAllowed",
    ] {
        assert!(journal.contains(wanted), "{wanted} is not in\n{journal}");
    }
}

/// Root's own, and the daemons' of the step before; each as begun and as done.
fn a_call_by_another_program_than_ours_is_in_the_audit_log(site: &Site) {
    let said = call_as(site, "root", &method("RestartUnit", "{\"unit\":\"worker\"}"));
    assert!(said.contains("{\"unit\":\"worker\"}"), "{said}");
    let record = site
        .machine
        .shell("cat /var/lib/strongroom-hostd/changes.json")
        .unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let outcomes: Vec<&str> = record
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["begun", "done", "begun", "done"], "{record}");
    assert_eq!(record[2]["uid"], 0, "{record}");
    // Debian's own cluster has the usual port.
    let count = "cd /; runuser -u postgres -- psql --port $(pg_lsclusters -h | awk '$2 == \"strongroom\" {print $3}') \
                 -At strongroom -c 'SELECT count(*) FROM strongroom.entry'";
    let entries = |site: &Site| site.machine.shell(count).unwrap().trim().parse::<i64>().unwrap();
    let before = entries(site);
    let bring = "strongroom update renew 2>&1";
    let said = site.machine.shell(bring).unwrap();
    assert!(
        said.contains("4 lines of the root helper's record are in the audit log"),
        "{said}"
    );
    assert!(entries(site) >= before + 4);
    let again = site.machine.shell(bring).unwrap();
    assert!(!again.contains("root helper's record"), "{again}");
}

fn another_user_is_not_let_in(site: &Site) {
    for _ in 0..50 {
        let said = call_as(site, "nobody", &method("GetSsh", "{}"));
        assert!(said.contains("no: Permission denied"), "{said}");
    }
    let seen = site.machine.run(&["stat", "-c", "%A %U:%G", SOCKET]).unwrap();
    assert_eq!(seen, "srw-rw---- root:strongroom\n");
    let said = call_as(site, "strongroom", &method("GetSsh", "{}"));
    assert!(said.contains("\"state\":\"absent\""), "{said}");
}

fn promise(site: &Site, id: &str) -> Value {
    let output = site
        .machine
        .attempt(&["strongroom", "promises", "--check", "--json"])
        .unwrap();
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines = all["promises"].as_array().unwrap();
    lines.iter().find(|line| line["id"] == id).unwrap().clone()
}

/// The worker by itself, from inside its sandbox, and not a command of root's.
fn the_sandboxed_worker_sees_through_the_helper(site: &Site) {
    let user = site.machine.run(&["id", "-u", "strongroom"]).unwrap();
    let by_worker = |journal: &str, verb: &str| {
        let wanted = format!(
            " uid={} verb=org.strongroom.Host.{verb} outcome=done",
            user.trim()
        );
        journal.contains(&wanted)
    };
    let verbs = ["GetStorage", "GetSsh", "GetUnits"];
    let mut journal = String::new();
    let asked = poll(Duration::from_secs(60), || {
        journal = site.machine.journal("strongroom-hostd").unwrap();
        verbs.iter().all(|verb| by_worker(&journal, verb))
    });
    assert!(asked, "the worker asks nothing:\n{journal}");
}

fn a_loosened_unit_is_told(site: &Site) {
    let as_shipped = promise(site, "host-hardening");
    assert_eq!(as_shipped["state"], "unknown", "{as_shipped}");
    let folder = "/etc/systemd/system/strongroom.service.d";
    let drop_in = format!(
        "mkdir -p {folder}; printf '[Service]\\nProtectSystem=no\\nCapabilityBoundingSet=~\\n' > {folder}/x.conf; systemctl daemon-reload"
    );
    site.machine.shell(&drop_in).unwrap();
    let loosened = promise(site, "host-hardening");
    assert_eq!(loosened["state"], "broken", "{loosened}");
    assert!(loosened.to_string().contains("x.conf"), "{loosened}");
    site.machine
        .shell(&format!("rm -r {folder}; systemctl daemon-reload"))
        .unwrap();
}

fn firewall(site: &Site, arguments: &[&str]) -> String {
    site.machine
        .run(&[&["strongroom", "firewall"], arguments].concat())
        .unwrap()
}

/// Our table, by the kernel's own word.
fn ruleset(site: &Site) -> Option<String> {
    let output = site
        .machine
        .attempt(&["nft", "--stateless", "list", "table", "inet", "strongroom"])
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

fn reaches(site: &Site, port: u16) -> bool {
    let address = SocketAddr::new(site.machine.address().parse().unwrap(), port);
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

fn an_unconfirmed_ruleset_goes_by_itself(site: &Site) {
    let listen = format!(
        "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => {INTRUDER}, Listen => 5, ReuseAddr => 1) or die; sleep 3600;"
    );
    let unit = "--unit=intruder";
    site.machine
        .run(&["systemd-run", "--quiet", unit, "perl", "-e", &listen])
        .unwrap();
    assert!(poll(Duration::from_secs(10), || reaches(site, INTRUDER)));
    // An administrator's own table, which is nobody else's business.
    site.machine
        .run(&["nft", "add", "table", "inet", "mine"])
        .unwrap();
    let planned = firewall(site, &["plan"]);
    firewall(site, &["apply", "--seconds", RETURN_SECONDS]);
    assert_eq!(
        ruleset(site).as_ref(),
        Some(&planned),
        "nft prints it in another form"
    );
    assert!(!reaches(site, INTRUDER), "the port is open behind the firewall");
    assert!(
        site.console().answers(),
        "the firewall closes the platform's own port"
    );
    // Whatever becomes of the helper.
    site.machine
        .run(&[
            "systemctl",
            "kill",
            "--kill-whom=main",
            "--signal=KILL",
            "strongroom-hostd",
        ])
        .unwrap();
    let is_gone = poll(Duration::from_secs(RETURNED_SECONDS_MAX), || {
        ruleset(site).is_none()
    });
    assert!(is_gone, "an unconfirmed ruleset stays: {:?}", ruleset(site));
    assert!(reaches(site, INTRUDER));
    site.machine
        .run(&["nft", "list", "table", "inet", "mine"])
        .unwrap();
    let late = site
        .machine
        .attempt(&["strongroom", "firewall", "confirm"])
        .unwrap();
    assert_eq!(late.status.code(), Some(6), "{late:?}");
}

fn a_confirmed_one_stays_over_a_boot(site: &mut Site) {
    firewall(site, &["apply", "--seconds", RETURN_SECONDS]);
    the_login_that_applied_may_not_confirm(site);
    firewall(site, &["confirm"]);
    let kept = ruleset(site).expect("nothing is loaded");
    // The timer would have fired by then.
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(ruleset(site).as_ref(), Some(&kept));
    assert_eq!(
        promise(site, "firewall")["state"],
        "kept",
        "{}",
        promise(site, "firewall")
    );
    // One more that is not confirmed is not what the boot loads.
    firewall(site, &["apply", "--close-ssh", "--seconds", "600"]);
    site.machine.reboot().unwrap();
    assert_eq!(ruleset(site), Some(kept));
    site.console().wait_until_ready();
    assert!(firewall(site, &["status"]).contains("confirmed"));
    // It is not well in all: no source of Debian's security updates is known to this machine.
    let doctor = site.machine.attempt(&["strongroom", "doctor"]).unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(said.contains("ok      firewall"), "{said}");
}

/// Commands of a test have no login, so its number is spoken for.
fn the_login_that_applied_may_not_confirm(site: &Site) {
    let plan = "{\"ports\":[443],\"ssh\":\"keep\",\"seconds\":60,\"session\":7}";
    let said = call_as(site, "root", &method("ApplyFirewall", plan));
    assert!(said.starts_with("{\"parameters\":"), "{said}");
    let said = call_as(site, "root", &method("ConfirmFirewall", "{\"session\":7}"));
    assert!(said.contains("org.strongroom.Host.SameSession"), "{said}");
}

fn a_rule_flushed_by_hand_and_a_database_on_the_network_break_the_promise(site: &Site) {
    site.machine
        .run(&["nft", "flush", "table", "inet", "strongroom"])
        .unwrap();
    let flushed = promise(site, "firewall");
    assert_eq!(flushed["state"], "broken", "{flushed}");
    site.machine
        .run(&["systemctl", "start", "strongroom-firewall"])
        .unwrap();
    assert_eq!(promise(site, "firewall")["state"], "kept");
    let listen =
        "use IO::Socket::INET; IO::Socket::INET->new(LocalPort => 5555, Listen => 5) or die; sleep 3600;"
            .replace("IO::Socket::INET->new", "my $s = IO::Socket::INET->new");
    site.machine
        .run(&[
            "systemd-run",
            "--quiet",
            "--unit=database",
            "--uid=postgres",
            "perl",
            "-e",
            &listen,
        ])
        .unwrap();
    let is_broken = poll(Duration::from_secs(20), || {
        promise(site, "firewall")["state"] == "broken"
    });
    let seen = promise(site, "firewall");
    assert!(
        is_broken && seen.to_string().contains("the database listens on the network"),
        "{seen}"
    );
    site.machine.run(&["systemctl", "stop", "database"]).unwrap();
}

fn removing_the_package_opens_the_machine_again(site: &Site) {
    site.apt(&["remove", "strongroom"]);
    assert_eq!(
        ruleset(site),
        None,
        "a firewall stays that nobody is left to change"
    );
    site.machine
        .run(&["test", "-s", "/var/lib/strongroom-hostd/firewall.nft"])
        .unwrap();
}
