//! The programs and the kernel that a volume needs.

use super::KeyKind;
use crate::finding::Finding;
use ::host::{
    luks::{self, Tpm},
    run::Program,
    unit,
};
use std::path::Path;

/// Where systemd's part that unlocks at boot lies, in Debian 13 and 12.
const UNLOCKERS: [&str; 2] = [
    "/usr/bin/systemd-cryptsetup",
    "/usr/lib/systemd/systemd-cryptsetup",
];
/// The kernel's device mapper.
const MAPPER: &str = "/dev/mapper/control";

pub(super) fn check(key: KeyKind) -> Vec<Finding> {
    const CHECK: &str = "programs";
    let mut wanted = vec![
        Program::Blkid,
        Program::Cryptsetup,
        Program::MkfsExt4,
        Program::Mount,
    ];
    wanted.extend(match key {
        KeyKind::Tpm2 => Some(Program::SystemdCryptenroll),
        KeyKind::Host => Some(Program::SystemdCreds),
        KeyKind::Passphrase => None,
    });
    let mut findings: Vec<_> = wanted
        .into_iter()
        .filter(|program| !program.is_installed())
        .map(|program| {
            let what = format!("{} is not installed", program.path().display());
            Finding::fault(
                CHECK,
                what,
                "install Debian's packages cryptsetup, systemd-cryptsetup and e2fsprogs",
            )
        })
        .collect();
    if !UNLOCKERS.iter().any(|path| Path::new(path).exists()) {
        let what = "systemd cannot unlock volumes at boot";
        findings.push(Finding::fault(
            CHECK,
            what,
            "install Debian's package systemd-cryptsetup",
        ));
    }
    if !unit::is_systemd_here() {
        let advice = "encrypt the host's disk instead";
        findings.push(Finding::fault(CHECK, "systemd does not run this machine", advice));
    }
    if !Path::new(MAPPER).exists() {
        let what = format!("this kernel has no device mapper ({MAPPER} is not there)");
        findings.push(Finding::fault(
            "kernel",
            what,
            "in a container, encrypt the host's disk instead",
        ));
    }
    findings.extend((key == KeyKind::Tpm2).then(check_tpm).flatten());
    findings
}

fn check_tpm() -> Option<Finding> {
    const CHECK: &str = "tpm2";
    const ANOTHER: &str = "choose --key passphrase or --key host";
    if !Program::SystemdCryptenroll.is_installed() {
        return None;
    }
    match luks::tpm() {
        Ok(Tpm::Ready) => None,
        Ok(Tpm::NoDevice) => {
            let what = "this machine has no TPM2 that the kernel shows";
            Some(Finding::fault(CHECK, what, ANOTHER))
        }
        Ok(Tpm::NoLibraries) => {
            let what = "systemd has no libraries to speak to the TPM2";
            Some(Finding::fault(CHECK, what, "install Debian's package tpm2-tools"))
        }
        Err(error) => Some(Finding::fault(CHECK, error.to_string(), ANOTHER)),
    }
}
