//! A bundle that was taken, as the one source of an update: on a machine without a network.
//!
//! Invariants: only what the signed list names is installed, by version; apt sees the bundle's folder and no other source,
//! so nothing is looked for elsewhere; Debian's packages come first and stay, as unattended-upgrades would bring them; which ones is on the
//! disk before the first of them is touched, so that whoever comes after a power cut ends that.

use super::{Offer, fetch, health, installed};
use crate::{
    failure::{CommandError, Exit},
    output,
};
use ::host::{
    apt::{OWN, act, package},
    updates::{DebianPackages, Folder},
    write::{self, Access},
};
use config::Config;
use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use std::path::{Path, PathBuf};
use updates::manifest::{Content, Manifest};

/// A bundle that was verified and unpacked.
#[derive(Debug)]
pub(crate) struct Bundle {
    sequence: u64,
    version: String,
    /// Debian's packages in it, with their versions.
    others: Vec<(String, String)>,
    folder: PathBuf,
}

impl Bundle {
    /// By its list, and the folder that it was unpacked to.
    pub(crate) fn of(manifest: &Manifest, folder: PathBuf) -> Self {
        let packages = manifest
            .targets
            .iter()
            .filter_map(|target| match &target.content {
                Content::Package { package, version, .. } => {
                    Some((package.clone(), version.as_str().to_owned()))
                }
                _ => None,
            });
        Self {
            sequence: manifest.sequence,
            version: manifest.version.as_str().to_owned(),
            others: packages
                .filter(|(name, _)| !OWN.contains(&name.as_str()))
                .collect(),
            folder,
        }
    }
}

/// The file that names the bundle to apt.
pub(super) fn sources(folder: &Folder) -> PathBuf {
    folder.join("bundle.list")
}

/// Brings Debian's packages, and tells of the platform's version if it is a newer one.
pub(super) fn newer(
    folder: &Folder,
    config: &Config,
    bundle: &Bundle,
) -> Result<Option<Offer>, CommandError> {
    let sources = sources(folder);
    name(&sources, &bundle.folder)?;
    act::refresh(&sources)?;
    bring_others(folder, config, bundle)?;
    let (from, to) = (installed()?, bundle.version.clone());
    if package::compare(&to, &from)?.is_le() {
        output::talk(&format!("{from} is the newest version that the bundle offers"));
        return Ok(None);
    }
    if act::candidate(&sources, "strongroom")?.as_ref() != Some(&to) {
        let text = format!(
            "apt does not take strongroom {to} out of the bundle: a pin denies it (`apt-cache policy strongroom` shows \
             pins); if it was undone here before, /etc/apt/preferences.d/10strongroom-denied.pref says so"
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(Some(Offer {
        from,
        to,
        bundle: Some(bundle.sequence),
    }))
}

/// In the format of sources.list(5). It has no signature of apt's: the bundle had one, and root alone writes to the
/// folder.
fn name(sources: &Path, folder: &Path) -> Result<(), CommandError> {
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    let line = format!("deb [trusted=yes] file:{} ./\n", folder.display());
    write::file(sources, line.as_bytes(), access)?;
    Ok(())
}

/// Those that are installed in an older version; a bundle adds no others but what these depend on.
fn bring_others(folder: &Folder, config: &Config, bundle: &Bundle) -> Result<(), CommandError> {
    let mut wanted = Vec::new();
    for (name, version) in &bundle.others {
        if let Some(here) = package::version(name)?
            && package::compare(version, &here)?.is_gt()
        {
            wanted.push(format!("{name}={version}"));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    health::look(config).map_err(|why| {
        let text = format!("the platform is not well before the update: {why}; see `strongroom doctor`");
        CommandError::said(Exit::Failed, text)
    })?;
    output::talk(&format!("installing {} of Debian's packages", wanted.len()));
    fetch::keep_program(folder)?;
    folder.note_debian_packages(&DebianPackages {
        wanted: wanted.clone(),
        began_at: Timestamp::now(),
    })?;
    install(folder, config, &wanted)
}

/// Ends the installation of Debian's packages that was cut off. It is tried once: the doctor tells of packages that are unfinished.
pub(super) fn end_others(folder: &Folder, config: &Config) -> Result<(), CommandError> {
    match folder.debian_packages()? {
        Some(cut_off) => {
            output::talk(&format!(
                "the installation of {} of Debian's packages was cut off; ending it",
                cut_off.wanted.len()
            ));
            install(folder, config, &cut_off.wanted)
        }
        None => Ok(()),
    }
}

fn install(folder: &Folder, config: &Config, wanted: &[String]) -> Result<(), CommandError> {
    // Where a former run was cut off, apt refuses before this; what fails here fails again below.
    act::configure_rest().ok();
    let installed = act::install(Some(&sources(folder)), wanted);
    folder.end_debian_packages()?;
    installed?;
    health::wait(config).map(drop)
}
