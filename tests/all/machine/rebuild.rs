//! A machine that is lost with all its disks: another one, out of the copy in another network and the recovery kit alone.

use std::fs;
use std::process::Command;

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use testkit::SftpServer;
use testkit::machine::Release;
use testkit::process;

use super::super::package::{package_named, unpack};
use super::backup::{count, import_late, json, set_up, wait_until};
use super::site::{OWNER, PASSWORD, Site};

const MAKE_KIT: &str = "umask 077; echo 'correct horse battery staple' > /root/passphrase
strongroom recovery-kit make --to /root/kit --passphrase-file /root/passphrase";
const START: &str = "strongroom backup enable && systemctl enable --now strongroom strongroom-worker";

/// What is kept apart from the machine: the kit and its passphrase, and what the auditor has.
struct Kept(TempDir);

const KEPT: [(&str, &str); 5] = [
    ("/root/kit", "kit"),
    ("/root/passphrase", "passphrase"),
    ("/root/policy", "policy"),
    ("/var/lib/strongroom/audit/checkpoint", "checkpoint"),
    ("/root/token-acme", "token-acme"),
];

impl Kept {
    fn of(site: &Site) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, name) in KEPT {
            fs::copy(site.machine.outside(path), folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    fn carry_to(&self, site: &Site) {
        for (path, name) in KEPT.iter().take(2) {
            site.machine.copy_in(&self.0.path().join(name), path).unwrap();
        }
        site.machine
            .run(&["chmod", "0600", "/root/kit", "/root/passphrase"])
            .unwrap();
    }

    /// As the auditor does it, on a machine of his own: an export, the policy, and the checkpoint of before.
    fn verify(&self, export: &std::path::Path) {
        let unpacked = unpack(&package_named("strongroom-verify"));
        let mut verify = Command::new(unpacked.path().join("usr/bin/strongroom-verify"));
        verify.arg(export);
        verify.arg("--policy").arg(self.0.path().join("policy"));
        verify.arg("--since").arg(self.0.path().join("checkpoint"));
        let said = process::run(&mut verify).unwrap();
        assert!(said.stdout.starts_with(b"VERIFIED\n"), "{said:?}");
    }
}

/// Two organizations, a backup, a kit, more records after both, and a copy that has them too.
fn live_and_be_lost() -> (Kept, SftpServer) {
    let (site, server) = set_up();
    site.machine.run(&["strongroom", "backup", "run"]).unwrap();
    site.machine.shell(MAKE_KIT).unwrap();
    import_late(&site);
    site.machine
        .shell("strongroom audit policy > /root/policy")
        .unwrap();
    site.machine
        .run(&["strongroom", "backup", "copy", "--begin"])
        .unwrap();
    let moment = Timestamp::now();
    wait_until("every write has left the machine", || {
        site.machine.run(&["strongroom", "backup", "copy"]).unwrap();
        let newest = json(&site, "backup status")["restorable_to"].clone();
        newest
            .as_str()
            .is_some_and(|at| at.parse::<Timestamp>().unwrap() > moment)
    });
    site.machine.run(&["strongroom", "backup", "copy"]).unwrap();
    (Kept::of(&site), server)
}

#[test]
fn a_lost_machine_is_rebuilt_out_of_the_copy_and_the_kit_and_its_log_goes_on() {
    let (kept, mut server) = live_and_be_lost();
    let site = Site::boot(Release::Trixie);
    server.restart().unwrap();
    site.install();
    kept.carry_to(&site);
    let rebuild = [
        "strongroom",
        "rebuild",
        "--from",
        "second",
        "--kit",
        "/root/kit",
        "--passphrase-file",
        "/root/passphrase",
    ];
    site.machine.run(&rebuild).unwrap();
    // The log's folder was lost with the machine: what is signed anew is what the database holds.
    assert_eq!(json(&site, "audit recover")["plan"], Value::Null);
    site.machine.shell(START).unwrap();
    site.trust_its_authority();
    site.console().wait_until_ready();

    site.console().sign_in(OWNER, PASSWORD);
    let token = "cd /root; umask 077; echo 'correct horse battery staple' > owner
        for one in acme:olga globex:gil; do
          strongroom token create --organization ${one%%:*} --email ${one##*:}@example.org --name anew --password-file owner --output token-${one%%:*}
        done";
    site.machine
        .copy_in(&kept.0.path().join("token-acme"), "/root/token-acme")
        .unwrap();
    let old = "chmod 600 /root/token-acme; ! strongroom dataset --url https://localhost --ca /etc/strongroom/tls/authority.pem --token-file /root/token-acme -o acme list";
    site.machine.shell(old).unwrap();
    fs::remove_file(site.machine.outside("/root/token-acme")).unwrap();
    site.machine.shell(token).unwrap();
    assert_eq!((count(&site, "acme"), count(&site, "globex")), (400, 300));
    site.machine.run(&["strongroom", "audit", "check"]).unwrap();
    site.machine
        .run(&["strongroom", "audit", "export", "--out", "/root/export"])
        .unwrap();
    kept.verify(&site.machine.outside("/root/export"));
}
