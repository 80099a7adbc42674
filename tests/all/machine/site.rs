//! A machine with the package on it, set up as docs/OPERATIONS.md says.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use testkit::machine::{Base, Machine, Release};

use super::super::package::package;
use super::console::Console;

pub(super) const OWNER: &str = "olga@example.org";
pub(super) const PASSWORD: &str = "correct horse battery staple";
/// What the package depends on; apt in the machine has these and their dependencies, and no network.
const DEPENDENCIES: &[&str] = &[
    "nftables",
    "openssh-client",
    "pgbackrest",
    "postgresql",
    "libssl3",
    "libgcc-s1",
];
const INSIDE: &str = "/root/strongroom.deb";

/// What an administrator answers; the rest is as delivered.
pub(super) const ANSWERS: &str = r#"
[server]
name = "localhost"

[organization]
slug = "acme"
owner_email = "olga@example.org"
owner_password_file = "/root/owner"
"#;
const ANSWERS_INSIDE: &str = "/root/answers.toml";

/// A machine, and the authority that signed its certificate.
pub(super) struct Site {
    pub(super) machine: Machine,
    tls: TempDir,
}

impl Site {
    /// A fresh Debian without the package.
    pub(super) fn boot(release: Release) -> Self {
        Self::boot_with_older(release, &[])
    }

    /// The same with packages of the release before at hand.
    pub(super) fn boot_with_older(release: Release, older: &[&str]) -> Self {
        let base = Base::ensure_with_older(release, DEPENDENCIES, older).unwrap();
        Self {
            machine: Machine::boot(&base).unwrap(),
            tls: tempfile::tempdir().unwrap(),
        }
    }

    /// `apt install` as a person types it, but for the confirmation of the list.
    pub(super) fn install(&self) -> String {
        self.machine.copy_in(&package(), INSIDE).unwrap();
        self.apt(&["install", INSIDE])
    }

    /// An apt command, without a frontend that would keep questions from being asked.
    pub(super) fn apt(&self, arguments: &[&str]) -> String {
        let command = [&["apt-get", "--yes", "-o", "Dpkg::Use-Pty=0"], arguments].concat();
        self.machine.run(&command).unwrap()
    }

    /// `strongroom setup` with answers from a file; gives what it said.
    pub(super) fn set_up(&self) -> String {
        self.set_up_with("")
    }

    /// The same with more answers.
    pub(super) fn set_up_with(&self, more: &str) -> String {
        let said = self.try_to_set_up(&format!("{ANSWERS}{more}"));
        let said = said.unwrap_or_else(|said| panic!("set-up fails:\n{said}"));
        println!("{said}");
        self.trust_its_authority();
        said
    }

    /// Carries the appliance's own authority out, to those who look at it from outside.
    pub(super) fn trust_its_authority(&self) {
        let authority = self.machine.outside("/etc/strongroom/tls/authority.pem");
        fs::copy(authority, self.authority()).unwrap();
    }

    /// With these answers; what it said, as an error where it did not end well.
    pub(super) fn try_to_set_up(&self, answers: &str) -> Result<String, String> {
        fs::write(self.machine.outside(ANSWERS_INSIDE), answers).unwrap();
        fs::write(self.machine.outside("/root/owner"), PASSWORD).unwrap();
        self.machine.run(&["chmod", "0600", "/root/owner"]).unwrap();
        let command = format!("strongroom setup --answers {ANSWERS_INSIDE} 2>&1");
        let output = self.machine.attempt(&["sh", "-c", &command]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(said),
            false => Err(said),
        }
    }

    pub(super) fn console(&self) -> Console {
        Console::of(&self.machine, &self.authority())
    }

    /// The console at the machine itself, which needs no line.
    pub(super) fn own_console(&self) -> Console {
        Console::at(&self.machine, &self.authority())
    }

    /// The appliance's own authority, as its administrator carries it to browsers.
    fn authority(&self) -> PathBuf {
        self.tls.path().join("authority.pem")
    }

    /// One property of a unit, as systemd tells it.
    pub(super) fn unit(&self, unit: &str, property: &str) -> String {
        let command = ["systemctl", "show", "--value", "--property", property, unit];
        self.machine.run(&command).unwrap().trim().to_owned()
    }
}
