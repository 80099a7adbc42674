//! Backups on a booted machine: by their timers, over SFTP to another network namespace, drilled under the units' own sandbox; and
//! one organization that goes back ten minutes while another one writes.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use testkit::machine::Release;

use super::site::Site;

const API: &str = "--url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file";
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
const PATIENCE: Duration = Duration::from_secs(300);

/// OpenSSH's server at this end of the machine's line, for SFTP alone, with one key.
struct Vault {
    folder: TempDir,
    address: String,
    port: u16,
    child: Child,
}

impl Vault {
    fn start(address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("host-key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
            .arg(&key)
            .status();
        assert!(made.unwrap().success());
        fs::create_dir_all("/run/sshd").unwrap();
        let free = std::net::TcpListener::bind((address, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let settings = format!(
            "ListenAddress {address}\nPort {port}\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nPermitRootLogin prohibit-password\nAuthorizedKeysFile {keys}\n\
             Subsystem sftp internal-sftp\nForceCommand internal-sftp\n",
            key = key.display(),
            keys = folder.path().join("authorized").display()
        );
        fs::write(folder.path().join("sshd"), settings).unwrap();
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("sshd"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let vault = Self {
            folder,
            address: address.to_owned(),
            port,
            child,
        };
        wait_until("sshd listens", || {
            TcpStream::connect((vault.address.as_str(), vault.port)).is_ok()
        });
        vault
    }

    fn place(&self) -> String {
        let folder = self.folder.path().join("copy");
        format!("sftp://root@{}:{}{}", self.address, self.port, folder.display())
    }

    fn host_key(&self) -> String {
        let key = self.folder.path().join("host-key.pub");
        fs::read_to_string(key).unwrap().trim().to_owned()
    }

    fn admit(&self, key: &str) {
        fs::write(self.folder.path().join("authorized"), key).unwrap();
    }

    fn copy(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn json(site: &Site, command: &str) -> Value {
    let output = site
        .machine
        .attempt(&["sh", "-c", &format!("strongroom --json {command}")])
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{command}: {said}"))
}

fn set_up() -> (Site, Vault) {
    let site = Site::boot(Release::Trixie);
    let vault = Vault::start(&site.machine.host_address());
    site.install();
    site.set_up_with(&format!(
        "\n[backup]\nenable = true\nsecond = {:?}\nsecond_host_key = {:?}\n",
        vault.place(),
        vault.host_key()
    ));
    site.console().wait_until_ready();
    site.machine.shell(FILL).unwrap();
    let key = site
        .machine
        .run(&["strongroom", "backup", "copy", "--key"])
        .unwrap();
    vault.admit(&key);
    (site, vault)
}

#[test]
fn long_backups_run_by_their_timers_reach_another_network_and_pass_their_drills() {
    let (site, vault) = set_up();
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

    site.machine
        .run(&["strongroom", "backup", "copy", "--begin"])
        .unwrap();
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
        .arg(vault.copy().join("copy"))
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
    let amounts = |organization: &str| {
        let command = format!("record {API} /root/token-{organization} -o {organization} aggregate harbour");
        json(&site, &command)
    };
    let count = |organization: &str| {
        let measure = amounts(organization)["bins"][0]["measures"][0].clone();
        let text = measure
            .as_str()
            .map_or_else(|| measure.to_string(), str::to_owned);
        text.parse::<i64>().unwrap()
    };
    assert_eq!((count("acme"), count("globex")), (300, 300));
    let moment = site.machine.shell("date --utc +%Y-%m-%dT%H:%M:%S.%NZ").unwrap();
    let more = format!(
        "cd /root; (echo 'name,amount'; seq 1 100 | sed 's/.*/Late &,&/') > late.csv
         strongroom import {API} token-acme -o acme --dataset harbour late.csv"
    );
    site.machine.shell(&more).unwrap();
    assert_eq!(count("acme"), 400);
    let writer = format!(
        "cd /root; nohup sh -c 'i=0; while [ ! -e stop ] && [ $i -lt 2000 ]; do i=$((i+1)); \
         echo \"[{{\\\"action\\\":\\\"create\\\",\\\"fields\\\":{{\\\"name\\\":\\\"n$i\\\"}}}}]\" | \
         strongroom record {API} token-globex -o globex batch harbour - >/dev/null && echo $i > written; done; touch stopped' \
         >/dev/null 2>&1 &"
    );
    site.machine.shell(&writer).unwrap();
    wait_until("the other organization writes", || {
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
    assert_eq!(count("acme"), 300);
    fs::write(site.machine.outside("/root/stop"), "").unwrap();
    wait_until("the writer ends", || {
        site.machine.outside("/root/stopped").exists()
    });
    let written = fs::read_to_string(site.machine.outside("/root/written")).unwrap();
    let written: i64 = written.trim().parse().unwrap();
    assert_eq!(
        count("globex"),
        300 + written,
        "a write of the other organization is lost"
    );
    site.machine.run(&["strongroom", "audit", "check"]).unwrap();
    let undone = json(&site, "restore organization acme --undo --confirm acme");
    assert_eq!(undone["carried_out"], true, "{undone}");
    assert_eq!(count("acme"), 400);
}
