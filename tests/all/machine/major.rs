//! PostgreSQL's major upgrade on a machine that was brought from Debian 12 to 13, so that both majors are installed: refused
//! without room, done, undone when it is not well, cut off by power cuts, gone back from, confirmed.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::machine::Release;
use testkit::process;

use super::site::{OWNER, PASSWORD, Site};

const OLDER: &[&str] = &["postgresql-15"];
const ON_15: &str = "\n[database]\nversion = 15\n";
const UPGRADE: &[&str] = &["strongroom", "database", "upgrade", "--to", "17", "--yes"];
const RESUME: &str = "strongroom-database-resume.service";

/// A dataset with records, made by a member's token as members do it.
const FILL: &str = r#"cd /root; umask 077
strongroom token create --organization acme --email olga@example.org --name work --password-file owner --output token
seq 1 2000 | sed 's/.*/Berth &,&/' | (echo 'name,amount'; cat) > harbour.csv
strongroom import --url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file token -o acme --new Harbour --key harbour harbour.csv"#;
const COUNT: &str = "strongroom record --url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file /root/token -o acme \
                     aggregate harbour";
const BERTHS: u32 = 2000;

/// Set up on PostgreSQL 15, filled, and somebody signed in.
fn set_up() -> Site {
    let site = Site::boot_with_older(Release::Trixie, OLDER);
    site.apt(&["install", "postgresql-15"]);
    site.install();
    site.set_up_with(ON_15);
    site.console().wait_until_ready();
    site.machine.shell(FILL).unwrap();
    assert_eq!(major(&site), 15);
    site
}

/// The major that serves, by the server's own word.
fn major(site: &Site) -> u32 {
    let port = site
        .machine
        .shell("sed -n 's/^port = //p' /etc/strongroom/strongroom.toml")
        .unwrap();
    let ask = format!(
        "runuser -u postgres -- psql --port {} -Atc 'SHOW server_version_num'",
        port.trim()
    );
    site.machine.shell(&ask).unwrap().trim().parse::<u32>().unwrap() / 10_000
}

/// Whether the command ended well, and all that it said.
fn attempt(site: &Site, command: &[&str]) -> (bool, String) {
    let output = site.machine.attempt(command).unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    (output.status.success(), said)
}

/// Data, rights, log and sign-in are there, and nothing holds anybody.
fn all_is_well(site: &Site) {
    let console = site.console();
    console.wait_until_ready();
    let page = console.sign_in(OWNER, PASSWORD);
    assert!(page.contains("Sign out"), "{page}");
    let count = site.machine.shell(COUNT).unwrap();
    assert!(count.contains(&BERTHS.to_string()), "{count}");
    site.machine.run(&["strongroom", "audit", "check"]).unwrap();
    let maintenance = site
        .machine
        .run(&["strongroom", "maintenance", "status"])
        .unwrap();
    assert!(maintenance.contains("off"), "{maintenance}");
    let failed = site
        .machine
        .run(&["systemctl", "--failed", "--no-legend"])
        .unwrap();
    assert_eq!(failed, "", "units failed");
}

/// What the doctor says of PostgreSQL.
fn doctor(site: &Site) -> (String, String) {
    let output = site.machine.attempt(&["strongroom", "--json", "doctor"]).unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["check"] == "postgresql").unwrap();
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("level"), text("what"))
}

#[test]
fn long_the_database_comes_to_postgresql_17_and_back_and_nothing_is_lost() {
    let site = set_up();
    let (level, what) = doctor(&site);
    assert!(
        level == "warning" && what.contains("17 is installed"),
        "{level}: {what}"
    );
    let status = site.machine.attempt(&["strongroom", "update", "status"]).unwrap();
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("17 is installed and supported"), "{status}");

    looking_changes_nothing(&site);
    too_little_space_is_refused_before_anything_is_touched(&site);
    a_new_major_that_is_not_well_is_undone(&site);

    let began = Instant::now();
    let (is_well, said) = attempt(&site, UPGRADE);
    assert!(is_well, "{said}");
    println!("15 to 17 took {:?}", began.elapsed());
    assert_eq!(major(&site), 17, "{said}");
    all_is_well(&site);
    assert!(doctor(&site).1.contains("15/strongroom of before is kept"));
    let (is_well, said) = attempt(&site, UPGRADE);
    assert!(!is_well && said.contains("already"), "{said}");

    // A reboot starts the new one and not the old one.
    let mut site = site;
    site.machine.reboot().unwrap();
    all_is_well(&site);
    let clusters = site.machine.run(&["pg_lsclusters", "--no-header"]).unwrap();
    assert!(
        clusters
            .lines()
            .any(|line| line.starts_with("15") && line.contains("down")),
        "{clusters}"
    );

    // What was written since is lost, and so it is said.
    let (is_well, said) = attempt(&site, &["strongroom", "database", "upgrade", "--return"]);
    assert!(!is_well && said.contains("--discard-changes"), "{said}");
    let (is_well, said) = attempt(
        &site,
        &[
            "strongroom",
            "database",
            "upgrade",
            "--return",
            "--discard-changes",
        ],
    );
    assert!(is_well, "{said}");
    assert_eq!(major(&site), 15);
    all_is_well(&site);

    let (is_well, said) = attempt(&site, UPGRADE);
    assert!(is_well, "{said}");
    let (is_well, said) = attempt(&site, &["strongroom", "database", "upgrade", "--confirm"]);
    assert!(is_well, "{said}");
    // Beside it stands the one that Debian's package made.
    let left = site
        .machine
        .shell("pg_lsclusters -h; ls -d /var/lib/postgresql/15/* /etc/postgresql/15/*")
        .unwrap();
    assert!(
        !left.contains("15 strongroom") && !left.contains("/15/strongroom"),
        "{left}"
    );
    assert_eq!(major(&site), 17);
    all_is_well(&site);
    assert_eq!(doctor(&site).0, "ok");
}

/// Clusters, their settings, and whether an upgrade is under way.
fn state(site: &Site) -> String {
    let look = "pg_lsclusters -h; find /etc/postgresql /var/lib/postgresql -maxdepth 2 | sort; \
                find /etc/postgresql -type f -exec md5sum {} + | sort; \
                find /var/lib/strongroom -name 'cluster*'";
    site.machine.shell(look).unwrap()
}

fn looking_changes_nothing(site: &Site) {
    let before = state(site);
    let (is_well, said) = attempt(site, &["strongroom", "database", "upgrade", "--plan"]);
    assert!(
        is_well && said.contains("seconds, by the speed of the disk"),
        "{said}"
    );
    let (is_well, said) = attempt(site, &["strongroom", "database", "upgrade"]);
    assert!(!is_well && said.contains("nothing was changed"), "{said}");
    let after = state(site);
    assert_eq!(before, after);
}

fn too_little_space_is_refused_before_anything_is_touched(site: &Site) {
    site.machine
        .shell("mkdir -p /srv/small; mount -t tmpfs -o size=32M tmpfs /srv/small")
        .unwrap();
    let before = state(site);
    let named = [UPGRADE, &["--data-folder", "/srv/small/data"]].concat();
    let (is_well, said) = attempt(site, &named);
    assert!(!is_well && said.contains("MB free"), "{said}");
    assert_eq!(before, state(site));
    for unit in ["strongroom.service", "strongroom-worker.service"] {
        assert_eq!(site.unit(unit, "ActiveState"), "active");
    }
    site.machine.run(&["umount", "/srv/small"]).unwrap();
}

/// Once while the copy is made, and once when the new one stands and too few can connect to it. Debian's hook for
/// administrators spoils the new cluster.
fn a_new_major_that_is_not_well_is_undone(site: &Site) {
    let hook = "/etc/postgresql-common/pg_upgradecluster.d/spoil";
    for (setting, says) in [
        ("no_such_setting = 1", "pg_upgradecluster"),
        ("max_connections = 4", "going back to PostgreSQL 15"),
    ] {
        let script = format!(
            "#!/bin/sh\n[ \"$4\" = init ] && echo '{setting}' > /etc/postgresql/17/strongroom/conf.d/spoiled.conf\n"
        );
        std::fs::write(site.machine.outside(hook), script).unwrap();
        site.machine.run(&["chmod", "0755", hook]).unwrap();
        let (is_well, said) = attempt(site, UPGRADE);
        assert!(
            !is_well && said.contains("everything is as it was before"),
            "{setting}: {said}"
        );
        assert!(said.contains(says), "{setting}: {said}");
        assert_eq!(major(site), 15, "{said}");
        all_is_well(site);
        let clusters = site.machine.run(&["pg_lsclusters", "--no-header"]).unwrap();
        assert!(!clusters.contains("17 "), "{clusters}");
    }
    site.machine.run(&["rm", hook]).unwrap();
}

/// So long after a step of the record was begun the power is cut. At `copy` the new cluster is half made; at `judge` it
/// is whole, and nobody knows yet whether the appliance is well on it.
const CUTS: [(&str, u64); 8] = [
    ("hold", 0),
    ("copy", 200),
    ("copy", 2_500),
    ("copy", 6_000),
    ("copy", 9_000),
    ("judge", 0),
    ("judge", 3_000),
    ("judge", 9_000),
];

#[test]
fn long_a_major_upgrade_that_is_cut_off_at_any_time_comes_back_on_one_major_or_the_other() {
    let mut site = set_up();
    let (mut hits, mut forward) = (0, 0);
    for (step, after) in CUTS {
        let cut = format!("cut {after} ms after {step:?} was begun");
        begin_in_the_background(&site);
        wait_for_step(&site, step);
        std::thread::sleep(Duration::from_millis(after));
        site.machine.cut_power().unwrap();
        let is_over = process::poll(Duration::from_secs(240), || {
            let state = site.unit(RESUME, "ActiveState");
            state == "inactive" || state == "failed"
        });
        let journal = site.machine.journal(RESUME).unwrap();
        assert!(is_over, "{cut}:\n{journal}");
        hits += u32::from(journal.contains("was cut off"));
        let now = major(&site);
        println!("{cut}: on {now}");
        all_is_well(&site);
        if now == 17 {
            forward += 1;
            let (is_well, said) = attempt(
                &site,
                &[&UPGRADE[..3], &["--return", "--discard-changes"]].concat(),
            );
            assert!(is_well, "{cut}: {said}\n{journal}");
        }
        assert_eq!(major(&site), 15, "{cut}:\n{journal}");
        let clusters = site.machine.run(&["pg_lsclusters", "--no-header"]).unwrap();
        assert!(!clusters.contains("17 "), "{cut}: {clusters}");
    }
    assert!(hits > 5, "only {hits} cuts hit an upgrade");
    assert!(forward > 1, "only {forward} went forward");
}

fn begin_in_the_background(site: &Site) {
    let start = ["systemd-run", "--quiet", "--unit=major", "--collect"];
    site.machine
        .run(&[&start[..], &UPGRADE[..3], &["--yes"]].concat())
        .unwrap();
}

fn wait_for_step(site: &Site, step: &str) {
    let record = site
        .machine
        .outside("/var/lib/strongroom/updates/cluster-upgrade.json");
    let wanted = format!("\"phase\": \"{step}\"");
    let is_there = process::poll(Duration::from_secs(120), || {
        std::fs::read_to_string(&record).is_ok_and(|text| text.contains(&wanted))
    });
    assert!(is_there, "the step {step} is never begun");
}
