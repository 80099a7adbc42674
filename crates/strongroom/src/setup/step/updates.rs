//! Updates: what unattended-upgrades takes from Debian, our own repository where one is named, and the timer.
//!
//! The files are written here and not shipped by the package, because dpkg would ask about a shipped one that somebody
//! changed. Our repository may offer our own packages and nothing else; and they are left to `strongroom update`,
//! which rehearses before it installs.

use super::{Run, Standing};
use crate::{
    failure::{CommandError, Exit},
    setup::site::Site,
};
use ::host::{
    apt::{KEYRING, ORIGIN, OWN, SOURCE},
    unit,
    write::{self, Access},
};
use nix::unistd::{Gid, Uid};
use std::path::Path;

const SETTINGS: &str = "/etc/apt/apt.conf.d/52strongroom";
const PINS: &str = "/etc/apt/preferences.d/50strongroom.pref";
const TIMER: &str = "strongroom-update.timer";

const UNATTENDED: &str = r#"// Written by `strongroom setup`, which writes it again when it differs; settings of your own go into a later file.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Origins-Pattern {
    "origin=Debian,codename=${distro_codename},label=Debian-Security";
    "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";
    "origin=Strongroom";
};
// The platform itself is updated by `strongroom update`: rehearsed, looked at, and undone where it is not well. The
// repository's key comes this way.
Unattended-Upgrade::Package-Blacklist {
    "^strongroom$";
    "^strongroom-hostd$";
    "^strongroom-verify$";
};
"#;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    if !site.answers.services.start {
        let what = "the answers leave this machine's services alone, so its updates too";
        return Ok(Standing::LeftOut(what.to_owned()));
    }
    let updates = &site.answers.updates;
    if !updates.automatic {
        return Ok(Standing::LeftOut(
            "the answers say so; see to security updates yourself".to_owned(),
        ));
    }
    if updates.repository.is_some() && write::look(Path::new(KEYRING))?.is_none() {
        let text = format!(
            "the answers name a repository, and its key {KEYRING} is not here; install the package \
             strongroom-archive-keyring, then run setup again"
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    for (path, text) in files(site) {
        if write::read(Path::new(path))?.as_deref() != Some(text.as_bytes()) {
            return Ok(Standing::ToDo(format!("write {path}")));
        }
    }
    let Some(repository) = &updates.repository else {
        return Ok(Standing::Done(
            "Debian's security updates by themselves; no repository is named, so the platform is updated with bundles"
                .to_owned(),
        ));
    };
    if unit::is_systemd_here() {
        let timer = unit::look(TIMER)?;
        if timer.is_installed && !(timer.is_enabled && timer.state == "active") {
            return Ok(Standing::ToDo(format!("enable and start {TIMER}")));
        }
    }
    Ok(Standing::Done(format!(
        "from Debian and from {repository}, each night"
    )))
}

pub(super) fn apply(run: &Run<'_>) -> Result<(), CommandError> {
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o644,
    };
    let updates = &run.site.answers.updates;
    for (path, text) in files(run.site) {
        write::file(Path::new(path), text.as_bytes(), access)?;
    }
    if updates.repository.is_some() && unit::is_systemd_here() && unit::look(TIMER)?.is_installed {
        unit::enable_and_start(TIMER)?;
    }
    Ok(())
}

/// The files with their texts. A repository that is named no more is left to whoever wrote the answers.
fn files(site: &Site) -> Vec<(&'static str, String)> {
    let mut files = vec![(SETTINGS, UNATTENDED.to_owned())];
    if let Some(repository) = &site.answers.updates.repository {
        files.push((SOURCE, source(repository)));
        files.push((PINS, pins()));
    }
    files
}

/// In the format of sources.list(5), deb822 style.
fn source(repository: &str) -> String {
    format!(
        "# Written by `strongroom setup`, which writes it again when it differs.\n\
         Types: deb\nURIs: {repository}\nSuites: stable\nComponents: main\nSigned-By: {KEYRING}\n"
    )
}

/// Any repository may offer any package unless it is pinned (apt_preferences(5)).
fn pins() -> String {
    format!(
        "# Written by `strongroom setup`, which writes it again when it differs: the repository offers our packages only.\n\
         Package: {own} strongroom-archive-keyring\nPin: release o={ORIGIN}\nPin-Priority: 600\n\n\
         Package: *\nPin: release o={ORIGIN}\nPin-Priority: -1\n",
        own = OWN.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_bound_to_its_key_and_may_offer_nothing_else() {
        let source = source("https://packages.example.org/debian");
        assert!(
            source.contains("\nSigned-By: /usr/share/keyrings/strongroom-archive-keyring.gpg\n"),
            "{source}"
        );
        assert!(!source.to_lowercase().contains("trusted"), "{source}");
        let pins = pins();
        assert!(
            pins.ends_with("Package: *\nPin: release o=Strongroom\nPin-Priority: -1\n"),
            "{pins}"
        );
        assert!(
            pins.contains(
                "Package: strongroom strongroom-hostd strongroom-verify strongroom-archive-keyring\n"
            )
        );
    }

    #[test]
    fn unattended_upgrades_leaves_the_platform_to_its_own_update() {
        for name in OWN {
            assert!(UNATTENDED.contains(&format!("\"^{name}$\";")), "{name}");
        }
    }
}
