//! Whether test machines can run here.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;

use crate::process;

/// Programs and what Debian calls their packages.
const PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/systemd-nspawn", "systemd-container"),
    ("/usr/bin/mmdebstrap", "mmdebstrap"),
    ("/usr/bin/dpkg-scanpackages", "dpkg-dev"),
    ("/usr/bin/nsenter", "util-linux"),
    ("/usr/bin/tcpdump", "tcpdump"),
];

/// Says what is missing for test machines.
///
/// # Errors
/// With the first thing that is missing, and what to do about it.
pub fn check_possible() -> Result<()> {
    ensure!(
        Uid::effective().is_root(),
        "test machines need root; run the tests as root"
    );
    let kernel = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    for filesystem in ["overlay", "cgroup2"] {
        ensure!(
            kernel.split_whitespace().any(|word| word == filesystem),
            "test machines need a kernel with {filesystem}"
        );
    }
    for (program, package) in PROGRAMS {
        ensure!(
            Path::new(program).exists(),
            "test machines need {program}; install {package}"
        );
    }
    let mount = process::run(Command::new("unshare").args(["--mount", "--propagation=private", "true"]));
    mount.map(drop).context("test machines need the right to mount")
}
