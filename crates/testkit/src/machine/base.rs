//! The root that machines of a release boot on: made once by mmdebstrap, kept, never written to by a machine.
//!
//! It holds Debian's packages that a test installs, as an apt archive of its own in `/srv/packages`, so that machines
//! need no network.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{Release, check_possible};
use crate::once;
use crate::process;
use crate::state::state_folder;

/// What every machine has; the rest is a test's to install.
const INCLUDED: &str = "systemd,systemd-sysv,dbus,apt";
const ARCHIVE: &str = "srv/packages";
/// Part of the recipe: raised when the way a root is made changes.
const RECIPE: u32 = 2;

/// A root to boot machines on.
#[derive(Debug)]
pub struct Base {
    /// One for each release and set of packages, so that a change never pulls the root from under a running machine.
    root: PathBuf,
}

impl Base {
    /// The release's root with these packages at hand; made if there is none, which takes a minute and the network.
    ///
    /// # Errors
    /// When machines cannot run here, or Debian's archive cannot be reached.
    pub fn ensure(release: Release, packages: &[&str]) -> Result<Self> {
        Self::ensure_with_older(release, packages, &[])
    }

    /// The same with packages of the release before at hand, as a machine has them that was brought from there.
    ///
    /// # Errors
    /// As [`Base::ensure`].
    pub fn ensure_with_older(release: Release, packages: &[&str], older: &[&str]) -> Result<Self> {
        check_possible()?;
        let mut recipe = format!(
            "{RECIPE} {} {INCLUDED} {}",
            release.codename(),
            packages.join(" ")
        );
        if !older.is_empty() {
            recipe.push_str(&format!(" older {}", older.join(" ")));
        }
        let folder = machines_folder()?.join(format!("{}-{:016x}", release.codename(), fingerprint(&recipe)));
        let script = fetch_script(packages) + &older_script(release, older);
        let root = once::ensure(&folder, |draft| make(release, &script, &folder, draft))?;
        Ok(Self { root })
    }

    /// The root of the file system.
    pub(super) fn root(&self) -> PathBuf {
        self.root.clone()
    }
}

fn make(release: Release, script: &str, folder: &Path, draft: &Path) -> Result<()> {
    debootstrap(release, script, folder, draft)?;
    let archive = draft.join(ARCHIVE);
    let index = process::run(
        Command::new("dpkg-scanpackages")
            .args(["--multiversion", "."])
            .current_dir(&archive),
    )?;
    fs::write(archive.join("Packages"), index.stdout)?;
    use_own_archive_only(draft)?;
    // The machine is told its name when it boots.
    fs::remove_file(draft.join("etc/hostname")).ok();
    // A machine does not outlive its test, so dpkg need not wait for the disk.
    fs::write(draft.join("etc/dpkg/dpkg.cfg.d/unsafe-io"), "force-unsafe-io\n")?;
    Ok(())
}

/// Where running machines keep their layers.
pub(super) fn runs_folder() -> Result<PathBuf> {
    let runs = machines_folder()?.join("running");
    fs::create_dir_all(&runs)?;
    Ok(runs)
}

/// Where roots are kept.
pub(super) fn machines_folder() -> Result<PathBuf> {
    Ok(state_folder()?.join("machines"))
}

/// Not cryptographic: it tells recipes apart.
pub(super) fn fingerprint(recipe: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    recipe.hash(&mut hasher);
    hasher.finish()
}

fn debootstrap(release: Release, script: &str, folder: &Path, root: &Path) -> Result<()> {
    let hook = folder.join("fetch");
    fs::write(&hook, script)?;
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))?;
    let mut command = Command::new("mmdebstrap");
    command
        .args(["--quiet", "--variant=minbase"])
        .arg(format!("--include={INCLUDED}"))
        .arg(format!("--customize-hook={}", hook.display()))
        .arg(release.codename())
        .arg(root)
        .stdin(Stdio::null());
    process::run(&mut command)
        .map(drop)
        .context("cannot make a Debian root; it needs Debian's archive")
}

/// What mmdebstrap runs with the root as argument, when it is whole: apt works from outside, with the root's lists.
fn fetch_script(packages: &[&str]) -> String {
    format!(
        "#!/bin/sh\nset -eu\nexport APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\"\n\
         apt-get --quiet --yes --no-install-recommends --download-only install {}\n\
         mkdir -p \"$1/{ARCHIVE}\"\nmv \"$1\"/var/cache/apt/archives/*.deb \"$1/{ARCHIVE}\"\n",
        packages.join(" ")
    )
}

/// What is fetched beside it from the release before; nothing for none. After the rest, so that no other package comes from
/// there.
fn older_script(release: Release, packages: &[&str]) -> String {
    if packages.is_empty() {
        return String::new();
    }
    format!(
        "echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian {} main' \
         > \"$1/etc/apt/sources.list.d/older.list\"\napt-get --quiet update\n\
         apt-get --quiet --yes --no-install-recommends --download-only install {}\n\
         mv \"$1\"/var/cache/apt/archives/*.deb \"$1/{ARCHIVE}\"\n",
        release.before(),
        packages.join(" ")
    )
}

/// apt inside knows the packages at hand and no other source.
fn use_own_archive_only(root: &Path) -> Result<()> {
    let apt = root.join("etc/apt");
    for entry in fs::read_dir(apt.join("sources.list.d"))? {
        fs::remove_file(entry?.path())?;
    }
    fs::write(
        apt.join("sources.list"),
        format!("deb [trusted=yes] file:/{ARCHIVE} ./\n"),
    )?;
    process::run(
        Command::new("chroot")
            .arg(root)
            .args(["apt-get", "--quiet", "update"]),
    )
    .map(drop)
}
