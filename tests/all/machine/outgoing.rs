//! Nothing leaves a machine: the rules hold the daemons and the database, both promises notice when they do not, and
//! all of the platform works while nobody elsewhere can be reached.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::machine::Release;

use super::site::{OWNER, PASSWORD, Site};

/// How long members and operator work: a minute each time, ten minutes and an hour in the long forms.
const SHORT_WORK: Duration = Duration::from_secs(60);
const LONG_WORK: Duration = Duration::from_secs(600);
const HOUR_OF_WORK: Duration = Duration::from_secs(3600);
/// Between two rounds people think: timers and whatever works by itself have their time, and the root helper, which counts
/// its calls by the minute, is not asked too often.
const THINKING: Duration = Duration::from_secs(25);
/// All but answers to clients, and the neighbour's address that these need (RFC 826).
const LEAVES: &str = "not arp and not (tcp and src port 443)";
/// Who may not begin a connection.
const RULED: [&str; 2] = ["strongroom", "postgres"];
const DISCLOSURE: &str = "no-disclosure";
const INFRASTRUCTURE: &str = "own-infrastructure";
pub(super) const WITH_FIREWALL: &str = "[firewall]\napply = true\n";

#[test]
fn the_platform_works_with_no_way_out_and_tries_none_on_debian_13() {
    let site = boot(Release::Trixie);
    nobody_of_ours_gets_out_until_the_rules_are_flushed(&site);
    each_opened_unit_is_noticed(&site);
    a_target_that_settings_name_is_reached_and_its_neighbour_is_not(&site);
    // It counts its calls by the minute, and this minute had more than any other; a new one counts from zero.
    site.machine
        .run(&["systemctl", "stop", "strongroom-hostd.service"])
        .unwrap();
    work(&site, SHORT_WORK);
}

#[test]
fn long_the_platform_works_for_ten_minutes_with_no_way_out_and_tries_none() {
    let site = boot(Release::Trixie);
    work(&site, LONG_WORK);
}

#[test]
fn long_an_hour_of_work_sends_no_packet_but_answers() {
    let site = boot(Release::Trixie);
    work(&site, HOUR_OF_WORK);
}

#[test]
fn long_the_platform_works_with_no_way_out_and_tries_none_on_debian_12() {
    let site = boot(Release::Bookworm);
    nobody_of_ours_gets_out_until_the_rules_are_flushed(&site);
    work(&site, SHORT_WORK);
}

fn boot(release: Release) -> Site {
    let site = Site::boot(release);
    site.install();
    let said = site.set_up_with(WITH_FIREWALL);
    assert!(
        said.contains("done      firewall: loaded now and by every boot"),
        "{said}"
    );
    let again = site.set_up_with(WITH_FIREWALL);
    assert!(again.contains("unchanged firewall"), "{again}");
    site.console().wait_until_ready();
    site
}

/// Whether somebody's connection comes through.
fn connects(site: &Site, user: &str, address: &str, port: u16) -> bool {
    let connect = format!("exec 3<>/dev/tcp/{address}/{port}");
    let command = [
        "runuser", "-u", user, "--", "timeout", "2", "bash", "-c", &connect,
    ];
    site.machine.attempt(&command).unwrap().status.success()
}

/// What the kernel answers to a datagram: a dropped one is refused to its sender.
fn sends_name(site: &Site, user: &str, address: &str) -> bool {
    let send = "use IO::Socket::INET; my $s = IO::Socket::INET->new(Proto => 'udp', PeerAddr => $ARGV[0], \
                PeerPort => 53) or exit 1; $s->send('a name') or exit 1;";
    let command = ["runuser", "-u", user, "--", "perl", "-e", send, address];
    site.machine.attempt(&command).unwrap().status.success()
}

fn nobody_of_ours_gets_out_until_the_rules_are_flushed(site: &Site) {
    let host = site.machine.host_address();
    let listener = TcpListener::bind((host.as_str(), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(
        connects(site, "root", &host, port),
        "nobody reaches the listener, so it shows nothing"
    );
    for user in RULED {
        assert!(!connects(site, user, &host, port), "{user} gets out");
        assert!(!sends_name(site, user, &host), "{user} asks a resolver outside");
        assert!(
            !sends_name(site, user, "127.0.0.1"),
            "{user} asks a resolver that would ask others"
        );
    }
    assert!(site.console().answers(), "answers to clients do not pass");
    for unit in ["strongroom.service", "strongroom-worker.service"] {
        let bus = format!(
            "/proc/{}/root/run/dbus/system_bus_socket",
            site.unit(unit, "MainPID")
        );
        let seen = site.machine.attempt(&["test", "-S", &bus]).unwrap();
        assert!(
            !seen.status.success(),
            "{unit} can have others of the machine carry a message"
        );
    }
    let change = [
        "runuser",
        "-u",
        "strongroom",
        "--",
        "nft",
        "flush",
        "table",
        "inet",
        "strongroom",
    ];
    assert!(!site.machine.attempt(&change).unwrap().status.success());
    let attempted = look(site);
    assert_eq!(
        state(&attempted, INFRASTRUCTURE),
        "broken",
        "the attempts do not show"
    );
    assert_eq!(state(&attempted, DISCLOSURE), "kept", "{attempted}");
    site.machine
        .run(&["nft", "flush", "chain", "inet", "strongroom", "output"])
        .unwrap();
    for user in RULED {
        assert!(
            connects(site, user, &host, port),
            "the rules were not what held {user}"
        );
    }
    let flushed = look(site);
    assert_eq!(state(&flushed, DISCLOSURE), "broken", "{flushed}");
    assert_eq!(state(&flushed, INFRASTRUCTURE), "unknown", "{flushed}");
    site.machine
        .run(&["systemctl", "start", "strongroom-firewall"])
        .unwrap();
}

/// The name by which the settings know the other machine, which is the host of the tests.
const NEIGHBOURHOOD: &str = "directory.example.org";
const SETTINGS: &str = "/etc/strongroom/strongroom.toml";
const WORKER: &str = "strongroom-worker.service";

/// Lets the settings name targets, applies, and gives what was said; with no targets the section goes.
pub(super) fn apply(site: &Site, targets: &str) -> std::process::Output {
    let path = site.machine.outside(SETTINGS);
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.split("\n[outgoing]").next().unwrap();
    let section = match targets {
        "" => String::new(),
        targets => format!("\n[outgoing]\ntargets = [{targets}]\n"),
    };
    std::fs::write(&path, format!("{text}{section}")).unwrap();
    let script = "strongroom firewall apply && strongroom firewall confirm --same-login";
    site.machine.attempt(&["sh", "-c", script]).unwrap()
}

fn a_target_that_settings_name_is_reached_and_its_neighbour_is_not(site: &Site) {
    let host = site.machine.host_address();
    let listen = || TcpListener::bind((host.as_str(), 0)).unwrap();
    let (named, neighbour) = (listen(), listen());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let (named, neighbour) = (port(&named), port(&neighbour));
    a_name_without_an_address_opens_nothing(site, &host, named);
    site.machine
        .shell(&format!("echo '{host} {NEIGHBOURHOOD}' >> /etc/hosts"))
        .unwrap();
    let applied = apply(site, &format!("\"{NEIGHBOURHOOD}:{named}\""));
    assert!(applied.status.success(), "{applied:?}");
    assert!(
        connects(site, "strongroom", &host, named),
        "the target is not reached"
    );
    assert!(
        !connects(site, "strongroom", &host, neighbour),
        "its neighbour is reached"
    );
    assert!(
        !connects(site, "postgres", &host, named),
        "the database reaches the target"
    );
    assert!(
        !sends_name(site, "strongroom", &host),
        "the daemons ask a resolver"
    );
    the_worker_is_opened_for_it(site, &host);
    let looked = look(site);
    let told = line(&looked, DISCLOSURE).to_string();
    assert_eq!(state(&looked, DISCLOSURE), "kept", "{told}");
    assert!(
        told.contains(&format!("{NEIGHBOURHOOD}:{named} ({host})")),
        "{told}"
    );
    a_daemon_cannot_name_a_target(site);
    a_setting_that_is_not_applied_is_noticed(site, &host, neighbour);
    let closed = apply(site, "");
    assert!(closed.status.success(), "{closed:?}");
    assert!(
        !connects(site, "strongroom", &host, named),
        "the target stays open"
    );
    assert!(
        site.unit(WORKER, "PrivateNetwork") == "yes",
        "the worker stays open"
    );
    site.machine
        .run(&["systemctl", "start", "strongroom-firewall"])
        .unwrap();
}

fn a_name_without_an_address_opens_nothing(site: &Site, host: &str, port: u16) {
    let refused = apply(
        site,
        &format!("\"no-such-host.invalid:{port}\", \"{host}:{port}\""),
    );
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("no-such-host.invalid does not resolve"), "{said}");
    assert!(
        !connects(site, "strongroom", host, port),
        "half of the targets are open"
    );
    let looked = look(site);
    assert_eq!(state(&looked, DISCLOSURE), "broken", "{looked}");
}

fn the_worker_is_opened_for_it(site: &Site, host: &str) {
    assert_eq!(site.unit(WORKER, "PrivateNetwork"), "no");
    assert_eq!(site.unit(WORKER, "IPAddressAllow"), format!("{host}/32"));
    assert_eq!(site.unit(WORKER, "ActiveState"), "active");
    let exposure = site
        .machine
        .shell(&format!("systemd-analyze security --no-pager {WORKER} | tail -2"))
        .unwrap();
    let looked = look(site);
    assert_ne!(state(&looked, "host-hardening"), "broken", "{exposure}: {looked}");
}

/// Neither by the file of targets nor by the settings.
fn a_daemon_cannot_name_a_target(site: &Site) {
    for path in ["/etc/strongroom/outgoing.json", SETTINGS, "/etc/strongroom/new"] {
        let write = format!("echo >> {path}");
        let written = site
            .machine
            .attempt(&["runuser", "-u", "strongroom", "--", "sh", "-c", &write]);
        assert!(
            !written.unwrap().status.success(),
            "{path} is open to the daemons"
        );
    }
    // Nor does root's helper take the file from somebody else.
    let kept = "/etc/strongroom/outgoing.json";
    site.machine
        .shell(&format!("chown strongroom {kept}; chmod 0644 {kept}"))
        .unwrap();
    let planned = site.machine.attempt(&["strongroom", "firewall", "plan"]).unwrap();
    let said = String::from_utf8_lossy(&planned.stderr).into_owned();
    assert!(
        !planned.status.success() && said.contains("belongs to user"),
        "{said}"
    );
    site.machine
        .shell(&format!("chown root {kept}; chmod 0640 {kept}"))
        .unwrap();
}

fn a_setting_that_is_not_applied_is_noticed(site: &Site, host: &str, port: u16) {
    let more = format!(
        "printf '[outgoing]\\ntargets = [\"{host}:{port}\"]\\n' > /root/new.toml; \
                        sed -i '/^.outgoing/,$d' {SETTINGS}; cat /root/new.toml >> {SETTINGS}"
    );
    site.machine.shell(&more).unwrap();
    assert!(
        !connects(site, "strongroom", host, port),
        "a setting opens before it is applied"
    );
    let looked = look(site);
    assert_eq!(state(&looked, DISCLOSURE), "broken", "{looked}");
    let doctor = site.machine.attempt(&["strongroom", "doctor", "--json"]).unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        said.contains(&format!(
            "settings name {host}:{port}, whose addresses are not known"
        )),
        "{said}"
    );
}

/// All promises, looked at now by root.
fn look(site: &Site) -> Value {
    let output = site
        .machine
        .attempt(&["strongroom", "promises", "--check", "--json"])
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn line<'a>(looked: &'a Value, id: &str) -> &'a Value {
    let lines = looked["promises"].as_array().unwrap();
    lines.iter().find(|line| line["id"] == id).unwrap()
}

fn state<'a>(looked: &'a Value, id: &str) -> &'a str {
    line(looked, id)["state"].as_str().unwrap()
}

fn each_opened_unit_is_noticed(site: &Site) {
    let drop_ins = [
        ("strongroom-worker.service", "PrivateNetwork=no"),
        ("strongroom-hostd.service", "RestrictAddressFamilies=AF_INET"),
        ("strongroom.service", "User=root"),
    ];
    for (unit, setting) in drop_ins {
        let folder = format!("/etc/systemd/system/{unit}.d");
        let write = format!("mkdir -p {folder}; printf '[Service]\\n{setting}\\n' > {folder}/x.conf");
        site.machine.shell(&write).unwrap();
    }
    site.machine.run(&["systemctl", "daemon-reload"]).unwrap();
    let opened = look(site);
    let told = line(&opened, DISCLOSURE);
    assert_eq!(told["state"], "broken", "{told}");
    for (unit, _) in drop_ins {
        assert!(told.to_string().contains(unit), "{unit} is not told: {told}");
        let folder = format!("/etc/systemd/system/{unit}.d");
        site.machine.run(&["rm", "-r", &folder]).unwrap();
    }
    site.machine.run(&["systemctl", "daemon-reload"]).unwrap();
}

/// Counts whoever begins anything on the machine's line, root too, before any rule drops it (nft(8): after conntrack at
/// -200, before the filters at 0).
const WITNESS: &str = "table inet witness {\n chain out {\n  type filter hook output priority -150; policy accept;\n  \
                       oifname \"lo\" accept\n  ct direction original counter\n }\n}\n";

fn attempts(site: &Site) -> u64 {
    let listing = site
        .machine
        .run(&["nft", "list", "table", "inet", "witness"])
        .unwrap();
    let count = listing.split("counter packets ").nth(1).expect("nobody counts");
    count.split_whitespace().next().unwrap().parse().unwrap()
}

/// The members' and the operator's work: half of it with a way out on which attempts show, the other half with none.
fn work(site: &Site, duration: Duration) {
    std::fs::write(site.machine.outside("/root/witness.nft"), WITNESS).unwrap();
    site.machine.run(&["nft", "-f", "/root/witness.nft"]).unwrap();
    site.machine.shell(PREPARE).unwrap();
    let capture = site.machine.capture(LEAVES).unwrap();
    let half = duration / 2;
    let rounds = rounds(site, 0, half);
    assert_eq!(attempts(site), 0, "somebody tried to leave in {rounds} rounds");
    let kept = look(site);
    for id in [DISCLOSURE, INFRASTRUCTURE] {
        assert_eq!(state(&kept, id), "kept", "{}", line(&kept, id));
    }
    site.machine.remove_routes().unwrap();
    let rounds = self::rounds(site, rounds, half);
    assert_eq!(attempts(site), 0, "without a route somebody tried to leave");
    let left = capture.finish().unwrap();
    assert_eq!(left, Vec::<String>::new(), "packets left in {rounds} rounds");
    println!("{rounds} rounds of work in {duration:?}: no packet left but answers to clients");
    both_witnesses_see_an_attempt(site);
}

/// Rounds of work, one at least; gives the number of the next one.
fn rounds(site: &Site, first: usize, duration: Duration) -> usize {
    let until = Instant::now() + duration;
    let mut number = first;
    loop {
        one_round(site, number);
        number += 1;
        if Instant::now() + THINKING >= until {
            return number;
        }
        std::thread::sleep(THINKING);
    }
}

/// Or they would not be worth anything: the rules drop the daemons' attempts before they leave, and root's leave.
fn both_witnesses_see_an_attempt(site: &Site) {
    let host = site.machine.host_address();
    let before = attempts(site);
    assert!(!connects(site, "strongroom", &host, 443));
    assert!(attempts(site) > before, "an attempt to leave would not be seen");
    let capture = site.machine.capture(LEAVES).unwrap();
    connects(site, "root", &host, 9);
    assert!(
        !capture.finish().unwrap().is_empty(),
        "a packet that leaves would not be seen"
    );
}

/// Who asks, and where: members' commands speak to the server as browsers do.
const PREPARE: &str = "cd /root; umask 077
strongroom token create --organization acme --email olga@example.org --name work --password-file owner --output token
printf 'name,amount\\nMooring,12\\nPilot,7\\n' > harbour.csv";

const ROUND: &str = r#"cd /root; n=$1
as="--url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file token -o acme"
strongroom import $as --new "Harbour $n" --key "harbour$n" harbour.csv
strongroom dataset $as list
strongroom record $as list "harbour$n"
strongroom export $as "harbour$n"
strongroom export $as --archive --output "acme$n.tar"; rm "acme$n.tar"
strongroom audit check
strongroom doctor || test $? -eq 1
strongroom promises --check
strongroom update status || test $? -eq 1
strongroom support bundle --out "support$n.tar"; rm "support$n.tar"
strongroom maintenance on --until 30m --message Short
strongroom maintenance status
strongroom maintenance off
strongroom firewall status
strongroom config check
strongroom status"#;

fn one_round(site: &Site, number: usize) {
    let number = number.to_string();
    let said = site
        .machine
        .run(&["sh", "-eufc", ROUND, "work", &number])
        .unwrap();
    assert!(said.contains("Mooring"), "{said}");
    let console = site.console();
    let page = console.sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "the owner cannot sign in:\n{page}");
    for path in ["/o", "/o/acme", "/assets/console.js"] {
        assert!(console.get(path).is_some(), "{path} does not come");
    }
}
