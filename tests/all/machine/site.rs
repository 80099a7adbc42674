//! A machine with the package on it, set up as docs/OPERATIONS.md says by hand.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use testkit::certificate::Files;
use testkit::machine::{Base, Machine, Release};

use super::super::package::package;
use super::console::Console;

pub(super) const OWNER: &str = "olga@example.org";
pub(super) const PASSWORD: &str = "correct horse battery staple";
/// What the package depends on; apt in the machine has these and their dependencies, and no network.
const DEPENDENCIES: &[&str] = &["postgresql", "libssl3", "libgcc-s1"];
const INSIDE: &str = "/root/strongroom.deb";

/// Each line is a step that an administrator would take. The password of the owner, the certificate and its key are
/// there already.
const SET_UP: &str = r#"
version=$(ls /usr/lib/postgresql | sort -n | tail -1)
pg_createcluster --locale=C.UTF-8 --port=5433 "$version" strongroom -- --data-checksums
cd "/etc/postgresql/$version/strongroom"
echo "listen_addresses = ''" > conf.d/strongroom.conf
printf 'local all postgres peer map=host\nlocal all all scram-sha-256\n' > pg_hba.conf
printf 'host root postgres\nhost postgres postgres\n' > pg_ident.conf
systemctl start "postgresql@$version-strongroom"

umask 077
cd /etc/strongroom/credentials
od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > database-password
strongroom key create --file root-key
sed 's/^port = .*/port = 5433/; s#https://records.example.org#https://localhost#' \
    /usr/share/doc/strongroom/examples/strongroom.toml > /etc/strongroom/strongroom.toml
chgrp strongroom /etc/strongroom/strongroom.toml
chmod 0640 /etc/strongroom/strongroom.toml
strongroom config check
strongroom database prepare
strongroom organization create acme --owner-email olga@example.org --password-file /root/owner
systemctl start strongroom strongroom-worker
"#;

/// A machine, and the authority that signed its certificate.
pub(super) struct Site {
    pub(super) machine: Machine,
    tls: TempDir,
}

impl Site {
    /// A fresh Debian without the package.
    pub(super) fn boot(release: Release) -> Self {
        let base = Base::ensure(release, DEPENDENCIES).unwrap();
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

    pub(super) fn set_up(&self) {
        let files = Files::ensure(self.tls.path()).unwrap();
        let put = |file: &PathBuf, path: &str| self.machine.copy_in(file, path).unwrap();
        put(&files.certificate, "/etc/strongroom/tls/certificate.pem");
        put(&files.key, "/etc/strongroom/credentials/tls-key");
        fs::write(self.machine.outside("/root/owner"), PASSWORD).unwrap();
        self.machine
            .shell("chmod 0600 /root/owner; chmod 0644 /etc/strongroom/tls/certificate.pem")
            .unwrap();
        self.machine.shell(SET_UP).unwrap();
    }

    pub(super) fn console(&self) -> Console {
        Console::of(&self.machine, &Files::ensure(self.tls.path()).unwrap().authority)
    }

    /// One property of a unit, as systemd tells it.
    pub(super) fn unit(&self, unit: &str, property: &str) -> String {
        let command = ["systemctl", "show", "--value", "--property", property, unit];
        self.machine.run(&command).unwrap().trim().to_owned()
    }
}
