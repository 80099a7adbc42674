//! Versions that were not well, denied to apt so that they are not taken again; later ones are.
//!
//! A pin and not a hold: a hold would keep every later version out as well (apt_preferences(5)).

use crate::failure::CommandError;
use ::host::{
    apt::OWN,
    updates::DENIED_MAX,
    write::{self, Access},
};
use nix::unistd::{Gid, Uid};
use std::path::Path;

/// Read before our other pins: of records that name the package, the first one that fits decides.
const FILE: &str = "/etc/apt/preferences.d/10strongroom-denied.pref";
const HEADER: &str =
    "# Versions that `strongroom update` had to undo. Written by it; remove one to have it tried again.\n";

/// Denies a version.
pub(super) fn deny(version: &str) -> Result<(), CommandError> {
    let path = Path::new(FILE);
    let before = write::read(path)?.unwrap_or_default();
    let text = with(&String::from_utf8_lossy(&before), version);
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o644,
    };
    write::file(path, text.as_bytes(), access)?;
    Ok(())
}

fn with(before: &str, version: &str) -> String {
    let denied = before
        .lines()
        .filter_map(|line| line.strip_prefix("Pin: version "));
    let mut versions: Vec<&str> = denied.filter(|other| *other != version).collect();
    versions.push(version);
    let oldest = versions.len().saturating_sub(DENIED_MAX);
    let record = |version: &&str| {
        format!(
            "\nPackage: {}\nPin: version {version}\nPin-Priority: -1\n",
            OWN.join(" ")
        )
    };
    let records: String = versions[oldest..].iter().map(record).collect();
    format!("{HEADER}{records}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_denied_once_and_the_oldest_go_when_there_are_many() {
        let once = with("", "0.1.2");
        assert!(once.contains("Pin: version 0.1.2\nPin-Priority: -1\n"), "{once}");
        assert_eq!(with(&once, "0.1.2"), once);
        let mut many = String::new();
        for patch in 0..30 {
            many = with(&many, &format!("0.1.{patch}"));
        }
        assert_eq!(many.matches("Pin-Priority").count(), DENIED_MAX);
        assert!(many.contains("version 0.1.29\n") && !many.contains("version 0.1.9\n"));
    }
}
