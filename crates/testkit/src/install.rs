//! Debian packages that building, the demo and the tests need.
//!
//! Invariant: nothing is asked, no service's default data is made, and nothing happens when all is there already.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;

/// What `cargo build` needs.
pub const BUILD: &[&str] = &["build-essential", "pkg-config", "libssl-dev"];
/// What the demo runs on.
pub const DEMO: &[&str] = &["postgresql"];
/// What the tests drive, beside what the demo needs.
pub const TESTS: &[&str] = &[
    "acme-tiny",
    "age",
    "chromium",
    "chromium-driver",
    "curl",
    "dnsmasq-base",
    "fonts-dejavu-core",
    "libfaketime",
    "openssh-client",
    "openssh-server",
    "openssl",
    "pgbackrest",
    "python3-aiosmtpd",
    "python3-swift",
    "rclone",
    "rsyslog",
    "rsyslog-gnutls",
    "rsyslog-openssl",
    "systemd-journal-remote",
];

/// The directories that tests start for themselves. Their own services stay off: see [`SERVICES_OFF`].
pub const DIRECTORIES: &[&str] = &[
    "ldap-utils",
    "python3-samba",
    "samba",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "slapd",
];
/// Units that would listen to the network, with nothing of ours in them, and the packages that bring them.
const SERVICES_OFF: &[(&str, &str)] = &[
    ("openssh-server", "ssh.service"),
    ("openssh-server", "ssh.socket"),
    ("rsyslog", "rsyslog.service"),
    ("rsyslog", "syslog.socket"),
    ("samba", "nmbd.service"),
    ("samba", "samba-ad-dc.service"),
    ("samba", "smbd.service"),
    ("slapd", "slapd.service"),
];
/// What the test provider of OpenID Connect runs on, where no other Node is there.
pub const PROVIDER: &[&str] = &["nodejs", "npm"];

/// What builds and checks the Debian package.
pub const PACKAGE: &[&str] = &["debhelper", "dpkg-dev", "lintian"];
/// What makes and signs an apt repository.
pub const REPOSITORY: &[&str] = &["apt-utils", "gpg", "gpg-agent", "gpgconf"];
/// What test machines are made and run with.
pub const MACHINES: &[&str] = &[
    "debian-archive-keyring",
    "dpkg-dev",
    "iproute2",
    "mmdebstrap",
    "systemd-container",
    "tcpdump",
];

/// Read by `pg_createcluster` while PostgreSQL's package is set up.
const CREATECLUSTER_FOLDER: &str = "/etc/postgresql-common/createcluster.d";
/// Seconds to wait for another apt, such as the daily updates of a machine that was just switched on.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=300";

/// The packages that are not installed.
pub fn missing(packages: &[&str]) -> Result<Vec<String>> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Abbrev}\n"])
        .args(packages)
        .stderr(Stdio::null())
        .output()
        .context("cannot start dpkg-query: this needs Debian or one of its relatives")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let installed: Vec<&str> = text.lines().filter_map(installed_name).collect();
    let absent = packages.iter().filter(|package| !installed.contains(package));
    Ok(absent.map(|package| (*package).to_owned()).collect())
}

/// Installs packages, as root or through sudo.
///
/// # Errors
/// With the command to run when we are neither root nor allowed to use sudo without a password.
pub fn install(packages: &[String]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let privilege = Privilege::find(packages)?;
    let no_cluster = packages
        .iter()
        .any(|package| package == "postgresql")
        .then_some(NoDefaultCluster(privilege));
    if let Some(no_cluster) = &no_cluster {
        no_cluster.set()?;
    }
    keep_off(privilege, packages)?;
    let installed = run_apt(privilege, packages);
    if let Some(no_cluster) = &no_cluster {
        no_cluster.clear()?;
    }
    installed
}

/// Masks the units before their packages start them; a mask that is there already stays.
fn keep_off(privilege: Privilege, packages: &[String]) -> Result<()> {
    let comes = |package: &str| packages.iter().any(|wanted| wanted == package);
    for (_, unit) in SERVICES_OFF.iter().filter(|(package, _)| comes(package)) {
        let place = format!("/etc/systemd/system/{unit}");
        if !Path::new(&place).exists() {
            let status = privilege
                .command("ln")
                .args(["-sfn", "/dev/null", &place])
                .status()?;
            ensure!(status.success(), "cannot keep {unit} from starting ({status})");
        }
    }
    Ok(())
}

fn run_apt(privilege: Privilege, packages: &[String]) -> Result<()> {
    let update = privilege
        .command("apt-get")
        .args(["--quiet", "--quiet", "-o", LOCK_TIMEOUT, "update"])
        .status()?;
    ensure!(update.success(), "apt-get update failed ({update})");
    let status = privilege
        .command("apt-get")
        .args([
            "--quiet",
            "--yes",
            "--no-install-recommends",
            "-o",
            "Dpkg::Use-Pty=0",
            "-o",
            LOCK_TIMEOUT,
            "install",
        ])
        .args(packages)
        .stdout(Stdio::null())
        .status()?;
    ensure!(
        status.success(),
        "apt-get install {} failed ({status})",
        packages.join(" ")
    );
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Privilege {
    Root,
    Sudo,
}

impl Privilege {
    fn find(packages: &[String]) -> Result<Self> {
        if Uid::effective().is_root() {
            return Ok(Self::Root);
        }
        let sudo = Command::new("sudo").arg("-v").status();
        ensure!(
            sudo.is_ok_and(|status| status.success()),
            "packages are missing and only root can install them; run as root: apt-get update && apt-get install {}",
            packages.join(" ")
        );
        Ok(Self::Sudo)
    }

    /// Nothing is asked: `DEBIAN_FRONTEND` is set behind sudo, which drops the caller's environment.
    fn command(self, program: &str) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.arg("env");
                command
            }
        };
        command
            .arg("DEBIAN_FRONTEND=noninteractive")
            .arg(program)
            .stdin(Stdio::null());
        command
    }
}

/// Keeps Debian's package from making and starting a cluster `main` on port 5432, for as long as the installation
/// takes; a machine that has PostgreSQL already is left as it is.
struct NoDefaultCluster(Privilege);

impl NoDefaultCluster {
    fn path() -> String {
        format!("{CREATECLUSTER_FOLDER}/strongroom-development.conf")
    }

    fn set(&self) -> Result<()> {
        let draft = std::env::temp_dir().join(format!("strongroom-createcluster-{}", std::process::id()));
        crate::secret::write_private(&draft, "create_main_cluster = false\n")?;
        let copied = self
            .0
            .command("install")
            .arg("-D")
            .arg("--mode=644")
            .arg(&draft)
            .arg(Self::path())
            .status();
        fs::remove_file(&draft)?;
        ensure!(copied?.success(), "cannot write {}", Self::path());
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        if Path::new(&Self::path()).exists() {
            let removed = self.0.command("rm").arg("--force").arg(Self::path()).status()?;
            ensure!(removed.success(), "cannot remove {}", Self::path());
        }
        Ok(())
    }
}

/// From `curl ii `: the second letter is the state, `i` for installed (dpkg-query(1)).
fn installed_name(line: &str) -> Option<&str> {
    let (name, state) = line.split_once(' ')?;
    (state.chars().nth(1) == Some('i')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count() {
        assert_eq!(installed_name("curl ii "), Some("curl"));
        assert_eq!(installed_name("curl rc "), None);
        assert_eq!(installed_name("curl un "), None);
    }

    #[test]
    fn an_unknown_package_is_missing_and_a_present_one_is_not() {
        let missing = missing(&["dpkg", "strongroom-no-such-package"]).unwrap();
        assert_eq!(missing, ["strongroom-no-such-package"]);
    }
}
