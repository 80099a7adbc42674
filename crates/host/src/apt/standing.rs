//! Everything that there is to know of a machine's updates, read at once and judged elsewhere.

use std::fs;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use nix::sys::sysinfo::sysinfo;
use serde::Serialize;

use super::automatic::{LastRuns, Timer, last_runs, timers};
use super::index::{Index, LISTS, indices};
use super::package::{Packages, packages};
use super::pending::{Pending, pending};
use super::settings::Settings;
use super::stale::{Stale, is_reboot_required, stale};
use super::{SOURCE, Seen};
use crate::run::Program;
use crate::unit;
use crate::updates::{Folder, Refresh, Renewal};

/// apt's settings, as far as updates hang on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Automatic {
    /// The program that installs is there.
    pub is_unattended_upgrades_installed: bool,
    /// Lists are fetched each day.
    pub are_lists_fetched: bool,
    /// Updates are installed each day.
    pub are_updates_installed: bool,
    /// Where from: unattended-upgrades' patterns.
    pub origins: Vec<String>,
    /// Settings by which apt would take what it should refuse.
    pub weakening: Vec<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Our repository is named on this machine.
    pub has_repository: bool,
    /// How the last look at it went; none where there was none.
    pub refresh: Seen<Option<Refresh>>,
    /// The indices that apt has accepted.
    pub indices: Seen<Vec<Index>>,
    /// apt's settings.
    pub automatic: Seen<Automatic>,
    /// Held and unfinished packages, and ours.
    pub packages: Seen<Packages>,
    /// Updates that are there and not installed.
    pub pending: Seen<Vec<Pending>>,
    /// When the daily runs last came to their ends.
    pub last_runs: Seen<LastRuns>,
    /// Whether their timers run.
    pub timers: Seen<Vec<Timer>>,
    /// What still runs old code.
    pub stale: Seen<Stale>,
    /// A package has asked for a reboot.
    pub is_reboot_required: bool,
    /// The last look in a maintenance window that was not put off; none where there was none.
    pub renewal: Seen<Option<Renewal>>,
    /// When the machine was started; none where the kernel does not say.
    pub booted_at: Option<Timestamp>,
}

impl Standing {
    /// Reads this machine; takes some seconds.
    #[must_use]
    pub fn of_machine() -> Self {
        let root = Path::new("/");
        let timers = match unit::is_systemd_here() {
            true => Seen::of(timers()),
            false => Seen::Unknown("systemd does not run here".to_owned()),
        };
        Self {
            automatic: Seen::of(Settings::look()).map(automatic),
            pending: Seen::of(pending()),
            timers,
            stale: Seen::of(stale()),
            ..Self::of_files(root, &Folder::of_machine())
        }
    }

    /// What the files below a root say; what programs would have to be asked for is unknown.
    #[must_use]
    pub fn of_files(root: &Path, folder: &Folder) -> Self {
        let below = |path: &str| root.join(path.trim_start_matches('/'));
        let not_asked = || "nobody was asked".to_owned();
        Self {
            has_repository: below(SOURCE).exists(),
            refresh: Seen::of(folder.refresh()),
            indices: Seen::of(indices(&below(LISTS)).map_err(|error| cannot(LISTS, &error))),
            automatic: Seen::Unknown(not_asked()),
            packages: some_packages(root),
            pending: Seen::Unknown(not_asked()),
            last_runs: Seen::of(last_runs(root)),
            timers: Seen::Unknown(not_asked()),
            stale: Seen::Unknown(not_asked()),
            is_reboot_required: is_reboot_required(root),
            renewal: Seen::of(folder.renewals()).map(last_done),
            booted_at: booted_at(),
        }
    }

    /// Whether something asks for a reboot: a package, or a kernel that is newer than the one that runs.
    #[must_use]
    pub fn wants_reboot(&self) -> bool {
        let is_kernel_old = |stale: &Stale| stale.kernel.known() == Some(&true);
        self.is_reboot_required || self.stale.known().is_some_and(is_kernel_old)
    }
}

fn last_done(renewals: Vec<Renewal>) -> Option<Renewal> {
    renewals.into_iter().find(|renewal| renewal.deferred.is_none())
}

fn booted_at() -> Option<Timestamp> {
    let up = sysinfo().ok()?.uptime();
    Timestamp::now()
        .checked_sub(SignedDuration::try_from(up).ok()?)
        .ok()
}

/// Whether this process can ask the programs at all: a daemon's sandbox starts none.
#[must_use]
pub fn is_blind() -> bool {
    !Program::AptGet.may_start()
}

fn automatic(settings: Settings) -> Automatic {
    Automatic {
        is_unattended_upgrades_installed: fs::exists("/usr/bin/unattended-upgrade").unwrap_or(false),
        are_lists_fetched: settings.is_periodic("Update-Package-Lists"),
        are_updates_installed: settings.is_periodic("Unattended-Upgrade"),
        origins: settings
            .list("Unattended-Upgrade::Origins-Pattern")
            .chain(settings.list("Unattended-Upgrade::Allowed-Origins"))
            .map(str::to_owned)
            .collect(),
        weakening: settings.weakening(),
    }
}

/// dpkg tells of no packages where its files are gone; a system without any is none.
fn some_packages(root: &Path) -> Seen<Packages> {
    match packages(root) {
        Ok(found) if found.total == 0 => Seen::Unknown("dpkg knows of no package at all".to_owned()),
        found => Seen::of(found),
    }
}

fn cannot(path: &str, error: &io::Error) -> String {
    format!("{path} cannot be read ({error})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_machine_is_read_and_what_needs_a_program_is_unknown() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("var/lib/apt/lists/x_InRelease", "Origin: Strongroom\n");
        write(
            "var/lib/dpkg/status",
            "Package: a\nStatus: hold ok installed\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n",
        );
        write("etc/apt/sources.list.d/strongroom.sources", "Types: deb\n");
        write("run/reboot-required", "");
        let standing = Standing::of_files(root.path(), &Folder::at(&root.path().join("updates")));
        assert!(standing.has_repository && standing.is_reboot_required);
        assert_eq!(standing.indices.known().unwrap().len(), 1);
        assert_eq!(standing.packages.known().unwrap().held, ["a"]);
        assert_eq!(standing.refresh, Seen::Known(None));
        assert!(standing.pending.why().is_some() && standing.timers.why().is_some());
        let empty = tempfile::tempdir().unwrap();
        let nothing = Standing::of_files(empty.path(), &Folder::at(empty.path()));
        assert!(nothing.indices.why().unwrap().contains("/var/lib/apt/lists"));
        assert!(nothing.packages.why().is_some());
    }
}
