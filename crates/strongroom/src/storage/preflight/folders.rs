//! The folders that are moved, and what stays elsewhere.

use super::super::{
    moved::DATABASE,
    places::{PLATFORM, TEMPORARY},
    plan::Move,
};
use crate::finding::Finding;
use ::host::{
    encryption::{self, Encryption},
    mount,
    postgresql::Cluster,
};
use std::{fs, path::Path};

/// What PostgreSQL keeps outside its folder would stay where it is.
pub(super) fn database(cluster: &Cluster) -> Vec<Finding> {
    let data = &cluster.data_folder;
    let mut findings = Vec::new();
    if let Encryption::Encrypted { by, place } = encryption::of_folder(data) {
        findings.push(Finding::fault(
            "encryption",
            format!("{} lies on {place}, encrypted by {by} already", data.display()),
            "there is nothing to do; see `strongroom storage status`",
        ));
    }
    match fs::read_dir(data.join("pg_tblspc")).map(|mut entries| entries.next().is_some()) {
        Ok(false) => {}
        Ok(true) => findings.push(Finding::fault(
            "tablespaces",
            "the cluster has tablespaces outside its folder",
            "move their tables into the default tablespace and drop them",
        )),
        Err(error) => findings.push(Finding::fault(
            "tablespaces",
            format!("cannot look into {} ({error})", data.display()),
            "run this as root",
        )),
    }
    if data.join("pg_wal").is_symlink() {
        let what = "the write-ahead log lies outside the cluster's folder";
        findings.push(Finding::fault(
            "write-ahead-log",
            what,
            "move it back into pg_wal",
        ));
    }
    findings
}

/// What is encrypted or in memory already stays where it is.
pub(super) fn moves(cluster: &Cluster) -> Vec<Move> {
    let moved = |name: &str, place: &Path, is_shared| Move {
        name: name.to_owned(),
        place: place.to_owned(),
        is_shared,
    };
    let others = [("platform", PLATFORM, false), ("temporary", TEMPORARY, true)];
    let mut moves = vec![moved(DATABASE, &cluster.data_folder, false)];
    moves.extend(
        others
            .into_iter()
            .filter(|(_, place, _)| {
                matches!(encryption::of_folder(Path::new(place)), Encryption::Plain { .. })
            })
            .map(|(name, place, is_shared)| moved(name, Path::new(place), is_shared)),
    );
    moves
}

/// A folder can be mounted over only where it is what it seems.
pub(super) fn movable(moved: &Move) -> Option<Finding> {
    let place = &moved.place;
    if place.canonicalize().ok().as_ref() != Some(place) {
        let what = format!("{} is not there, or leads through a link", place.display());
        return Some(Finding::fault(
            "folders",
            what,
            "put the folder itself in the link's place",
        ));
    }
    mount::is_mounted(place).then(|| {
        let what = format!("{} is a disk of its own", place.display());
        Finding::fault(
            "folders",
            what,
            "encrypt that disk instead, with `cryptsetup reencrypt` for example",
        )
    })
}

/// What this command does not move, and the promise asks for.
pub(super) fn elsewhere() -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Encryption::Plain { place } = encryption::of_folder(Path::new("/tmp")) {
        findings.push(Finding::warning(
            "temporary",
            format!("/tmp lies on {place}, which is not encrypted, and stays there"),
            "keep it in memory: `systemctl enable --now /usr/share/systemd/tmp.mount`, then restart",
        ));
    }
    let areas = ::host::swap::areas().unwrap_or_default();
    let plain = areas
        .iter()
        .filter(|area| matches!(area.encryption, Encryption::Plain { .. }));
    findings.extend(plain.map(|area| {
        Finding::warning(
            "swap",
            format!("memory is written in the clear to {}", area.path.display()),
            "run `swapoff` on it, or encrypt it (a line with `swap` in /etc/crypttab)",
        )
    }));
    findings
}
