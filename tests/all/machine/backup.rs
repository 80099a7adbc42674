//! Backups on a booted machine: by their timers, over SFTP to another network namespace, drilled under the units' own sandbox; and
//! one organization that goes back ten minutes while another one writes.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::SftpServer;
use testkit::machine::Release;

use super::site::Site;

pub(super) const API: &str = "--url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file";
/// Two organizations with a dataset each.
const FILL: &str = r#"cd /root; umask 077
strongroom organization create globex --owner-email gil@example.org --password-file owner
for one in acme:olga globex:gil; do
  strongroom token create --organization "${one%%:*}" --email "${one##*:}@example.org" --name work --password-file owner --output "token-${one%%:*}"
  seq 1 300 | sed 's/.*/Berth &,&/' | (echo 'name,amount'; cat) > harbour.csv
  strongroom import --url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file "token-${one%%:*}" -o "${one%%:*}" --new Harbour --key harbour harbour.csv
done"#;
/// All night long, but sooner.
const SOONER: &str = r"for unit in strongroom-backup strongroom-backup-copy strongroom-backup-drill; do
  mkdir -p /etc/systemd/system/$unit.timer.d
  printf '[Timer]\nOnCalendar=\nOnCalendar=*:*:0/30\nRandomizedDelaySec=0\nFixedRandomDelay=no\n' > /etc/systemd/system/$unit.timer.d/sooner.conf
done
systemctl daemon-reload";
/// Goes on beside the test, and outlives the shell that began it.
const START: &str = "setsid --fork sh /root/write < /dev/null > /root/said 2>&1";
const PATIENCE: Duration = Duration::from_secs(300);

/// How many records an organization's dataset holds.
pub(super) fn count(site: &Site, organization: &str) -> i64 {
    let command = format!("record {API} /root/token-{organization} -o {organization} aggregate harbour");
    let measure = json(site, &command)["bins"][0]["measures"][0].clone();
    let text = measure
        .as_str()
        .map_or_else(|| measure.to_string(), str::to_owned);
    text.parse().unwrap()
}

/// A hundred records more for acme.
pub(super) fn import_late(site: &Site) {
    let more = format!(
        "cd /root; (echo 'name,amount'; seq 1 100 | sed 's/.*/Late &,&/') > late.csv
         strongroom import {API} token-acme -o acme --dataset harbour late.csv"
    );
    site.machine.shell(&more).unwrap();
    assert_eq!(count(site, "acme"), 400);
}

/// A script that writes a hundred records at a time for globex until it is told to stop, and counts those that were answered.
fn writer() -> String {
    format!(
        r#"cd /root
seq 1 100 | sed 's/.*/{{"action":"create","fields":{{"name":"n&","amount":&}}}}/' | paste -sd, | sed 's/.*/[&]/' > hundred
written=0
while [ ! -e stop ] && [ $written -lt 500000 ]; do
  strongroom record {API} token-globex -o globex batch harbour hundred > answered || break
  written=$((written + 100)); echo $written > written
done
touch stopped"#
    )
}

pub(super) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

pub(super) fn json(site: &Site, command: &str) -> Value {
    let output = site
        .machine
        .attempt(&["sh", "-c", &format!("strongroom --json {command}")])
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{command}: {said}"))
}

pub(super) fn set_up() -> (Site, SftpServer) {
    let site = Site::boot(Release::Trixie);
    let server = SftpServer::start_at(&site.machine.host_address()).unwrap();
    site.install();
    site.set_up_with(&format!(
        "\n[backup]\nenable = true\nsecond = {:?}\nsecond_host_key = {:?}\n",
        server.location(),
        server.host_key().unwrap()
    ));
    site.console().wait_until_ready();
    site.machine.shell(FILL).unwrap();
    let key = site
        .machine
        .run(&["strongroom", "backup", "copy", "--key"])
        .unwrap();
    server.admit(&key).unwrap();
    (site, server)
}

#[test]
fn long_backups_run_by_their_timers_reach_another_network_and_pass_their_drills() {
    let (site, server) = set_up();
    for unit in [
        "strongroom-backup",
        "strongroom-backup-copy",
        "strongroom-backup-drill",
    ] {
        let timer = format!("{unit}.timer");
        assert_eq!(site.unit(&timer, "UnitFileState"), "enabled", "{timer}");
    }
    site.machine.shell(SOONER).unwrap();
    let is_done = |what: &str| json(&site, "backup status")[what]["outcome"] == "done";
    site.machine
        .run(&["systemctl", "restart", "strongroom-backup.timer"])
        .unwrap();
    wait_until("the nightly backup", || is_done("last_run"));
    site.machine
        .run(&["systemctl", "stop", "strongroom-backup.timer"])
        .unwrap();

    // Other timers have begun something, too.
    wait_until("the first copy", || {
        site.machine
            .run(&["strongroom", "backup", "copy", "--begin"])
            .is_ok()
    });
    let before = json(&site, "backup status")["last_copy"]["at"].clone();
    site.machine
        .run(&["systemctl", "restart", "strongroom-backup-copy.timer"])
        .unwrap();
    wait_until("the copy by its timer", || {
        let copy = &json(&site, "backup status")["last_copy"];
        copy["outcome"] == "done" && copy["at"] != before
    });
    let there = Command::new("grep")
        .args(["--recursive", "--files-with-matches", "olga@example.org"])
        .arg(server.copy())
        .output()
        .unwrap();
    assert!(there.stdout.is_empty(), "something is readable there: {there:?}");

    site.machine
        .run(&["systemctl", "restart", "strongroom-backup-drill.timer"])
        .unwrap();
    wait_until("the weekly drill", || {
        !json(&site, "backup status")["last_drill"].is_null()
    });
    site.machine
        .run(&["systemctl", "stop", "strongroom-backup-drill.timer"])
        .unwrap();
    let drill = json(&site, "backup status")["last_drill"].clone();
    assert_eq!(drill["outcome"], "done", "{drill}");
    assert!(drill["moment"].is_string(), "{drill}");
    let log = site
        .machine
        .run(&["strongroom", "--json", "promises", "--check"])
        .unwrap();
    let log: Value = serde_json::from_str(&log).unwrap();
    let lines = log["promises"].as_array().unwrap();
    let state = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap()["state"].clone();
    for id in [
        "backup-nightly",
        "backup-encrypted",
        "restore-tested",
        "restore-point-in-time",
    ] {
        assert_eq!(state(id), "kept", "{id}");
    }
    assert_eq!(state("backup-alert"), "broken", "nobody set mail");
    let failed = site
        .machine
        .run(&["systemctl", "--failed", "--no-legend"])
        .unwrap();
    assert_eq!(failed, "", "units failed");
}

#[test]
fn an_organization_goes_back_while_another_one_writes() {
    let site = Site::boot(Release::Trixie);
    site.install();
    site.set_up();
    site.console().wait_until_ready();
    site.machine.shell(FILL).unwrap();
    assert_eq!((count(&site, "acme"), count(&site, "globex")), (300, 300));
    let moment = site.machine.shell("date --utc +%Y-%m-%dT%H:%M:%S.%NZ").unwrap();
    import_late(&site);
    site.machine
        .shell(&format!("cat > /root/write <<'END'\n{}\nEND\n{START}", writer()))
        .unwrap();
    let said = || fs::read_to_string(site.machine.outside("/root/said")).unwrap_or_default();
    wait_until("the other organization writes", || {
        assert!(!site.machine.outside("/root/stopped").exists(), "{}", said());
        site.machine.outside("/root/written").exists()
    });
    let planned = json(
        &site,
        &format!("restore organization acme --to {}", moment.trim()),
    );
    assert_eq!(planned["datasets"][0]["trashed"], 100, "{planned}");
    let done = json(
        &site,
        &format!("restore organization acme --to {} --confirm acme", moment.trim()),
    );
    assert_eq!(done["carried_out"], true, "{done}");
    assert_eq!(count(&site, "acme"), 300);
    fs::write(site.machine.outside("/root/stop"), "").unwrap();
    wait_until("the writer ends", || {
        site.machine.outside("/root/stopped").exists()
    });
    let written = fs::read_to_string(site.machine.outside("/root/written")).unwrap();
    let written: i64 = written.trim().parse().unwrap();
    for line in said().lines() {
        assert_eq!(line, "100 records changed", "globex was disturbed");
    }
    assert_eq!(
        count(&site, "globex"),
        300 + written,
        "a write of the other organization is lost"
    );
    site.machine.run(&["strongroom", "audit", "check"]).unwrap();
    let undone = json(&site, "restore organization acme --undo --confirm acme");
    assert_eq!(undone["carried_out"], true, "{undone}");
    assert_eq!(count(&site, "acme"), 400);
}
