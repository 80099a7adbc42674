//! The units' sandbox, as systemd itself judges it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::package::checkout;

const EXPOSURE_MAX: &str = "15";
const DAEMONS: &[&str] = &["strongroom.service", "strongroom-worker.service"];
/// On another host, where no promise is looked at.
const WITNESS: &str = "strongroom-witness.service";
const OF_ROOT: &[&str] = &["strongroom-hostd.service", "strongroom-firewall.service"];

fn unit(name: &str) -> PathBuf {
    checkout().join("packaging").join(name)
}

/// Whether systemd finds no more exposure than 1.5 of 10, and what it says.
fn judge(unit: &Path) -> (bool, String) {
    judge_by(unit, EXPOSURE_MAX)
}

/// The same for another bound, in tenths.
fn judge_by(unit: &Path, tenths_max: &str) -> (bool, String) {
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=yes", "--no-pager"])
        .arg(format!("--threshold={tenths_max}"))
        .arg(unit)
        .output()
        .expect("systemd-analyze is not installed");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn no_unit_is_exposed_more_than_one_and_a_half() {
    for name in DAEMONS.iter().chain(OF_ROOT).chain([&WITNESS]) {
        let (is_tight, said) = judge(&unit(name));
        assert!(is_tight, "{name}:\n{said}");
    }
}

/// Root, with a network and a program that is not ours: more than the daemons have, and no more than this.
#[test]
fn what_renews_certificates_is_closed_as_far_as_an_authority_can_be_asked() {
    let (is_tight, said) = judge_by(&unit("strongroom-certificate.service"), "19");
    assert!(is_tight, "{said}");
}

/// Root as well, because keys and the server's files are read, and PostgreSQL's account is asked; what backs up and restores has no network, what copies
/// has one.
#[test]
fn what_backs_up_is_closed_as_far_as_it_can_work() {
    for (name, bound) in [
        ("strongroom-backup.service", "19"),
        ("strongroom-backup-drill.service", "19"),
        ("strongroom-backup-copy.service", "28"),
    ] {
        let (is_tight, said) = judge_by(&unit(name), bound);
        assert!(is_tight, "{name}:\n{said}");
        let text = fs::read_to_string(unit(name)).unwrap();
        assert_eq!(
            text.contains("PrivateNetwork=yes"),
            !name.contains("copy"),
            "{name}"
        );
    }
}

#[test]
fn a_sandbox_with_a_hole_would_be_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for hole in ["SystemCallFilter=", "CapabilityBoundingSet=", "ProtectSystem="] {
        let text = fs::read_to_string(unit("strongroom.service")).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(hole)).collect();
        let leaky = folder.path().join("leaky.service");
        fs::write(&leaky, lines.join("\n")).unwrap();
        let (is_tight, said) = judge(&leaky);
        assert!(!is_tight, "without {hole} nobody minds:\n{said}");
    }
}

#[test]
fn secrets_reach_a_daemon_as_credentials_only_and_its_memory_reaches_no_file() {
    for name in DAEMONS {
        let text = fs::read_to_string(unit(name)).unwrap();
        assert!(
            !text.contains("Environment"),
            "{name}: the environment is no place for settings"
        );
        for wanted in [
            "LoadCredential=root-key:",
            "LoadCredential=database-password:",
            "LimitCORE=0\n",
        ] {
            assert!(text.contains(wanted), "{name} lacks {wanted}");
        }
        assert!(
            text.contains("MemorySwapMax=0\n") && text.contains("WatchdogSec="),
            "{name}"
        );
    }
}

#[test]
fn what_runs_as_root_has_no_secret_one_capability_and_a_list_of_programs() {
    for name in OF_ROOT {
        let text = fs::read_to_string(unit(name)).unwrap();
        let set = text
            .lines()
            .find_map(|line| line.strip_prefix("CapabilityBoundingSet="));
        assert_eq!(set, Some("CAP_NET_ADMIN"), "{name}");
        assert!(!text.contains("LoadCredential"), "{name} needs no secret");
        assert!(text.contains("NoExecPaths=/\nExecPaths=/usr/"), "{name}");
    }
    let helper = fs::read_to_string(unit(OF_ROOT[0])).unwrap();
    assert!(
        helper.contains(" -/etc/strongroom/credentials\n"),
        "the helper can read the daemons' secrets"
    );
}

#[test]
fn what_the_promise_takes_for_as_shipped_is_so() {
    for name in DAEMONS.iter().chain(&OF_ROOT[..1]) {
        let bound = host::exposure::shipped_tenths_max(name).unwrap();
        let (is_within, said) = judge_by(&unit(name), &bound.to_string());
        assert!(is_within, "{name}:\n{said}");
        let (is_tighter, _) = judge_by(&unit(name), &(bound - 1).to_string());
        assert!(
            !is_tighter,
            "{name} is closed tighter than {bound} tenths, which nobody would see loosened"
        );
    }
}
