//! What must be true before anything is written: programs, kernel, the appliance's health, the device, the space.
//!
//! Invariant: everything that refuses is told at once, with what to do; nothing is changed here.

use super::{
    KeyKind, Plan, Target, Wish, boot, daemons, key,
    moved::DATABASE,
    places::{PLATFORM, TEMPORARY},
    plan::Move,
    volume::{self, MOUNT, NAME},
};
use crate::{failure::CommandError, finding::Finding, setup::step::services::UNITS, update::health};
use ::host::{
    blank, disk,
    encryption::{self, Encryption},
    luks, mount,
    postgresql::{self, Cluster},
    run::Program,
    tree, unit,
};
use config::Config;
use std::{fs, path::Path};

/// Where systemd's part that unlocks at boot lies, in Debian 13 and 12.
const UNLOCKERS: [&str; 2] = [
    "/usr/bin/systemd-cryptsetup",
    "/usr/lib/systemd/systemd-cryptsetup",
];
/// The kernel's device mapper.
const MAPPER: &str = "/dev/mapper/control";
/// What header and file system take for themselves.
const OVERHEAD_BYTES: u64 = 192 << 20;
/// What stays free on the disk of a container file.
const LEFT_FREE_BYTES: u64 = 512 << 20;

/// What is known when nothing speaks against it.
pub(super) struct Site {
    pub(super) cluster: Cluster,
    pub(super) plan: Plan,
}

/// All that speaks against a beginning, and what would be done.
pub(super) fn look(
    config: &Config,
    wish: &Wish,
    begun: Option<&Plan>,
) -> Result<(Option<Site>, Vec<Finding>), CommandError> {
    let mut findings = programs(wish.key);
    findings.extend(appliance(config));
    let Some(cluster) = postgresql::at_socket(&config.database.host, config.database.port)? else {
        let what = "the appliance's database is no cluster of Debian's here";
        findings.push(Finding::fault("database", what, "encrypt its disk where it runs"));
        return Ok((None, findings));
    };
    findings.extend(database(&cluster));
    let moves = moves(&cluster);
    findings.extend(moves.iter().filter_map(movable));
    findings.extend(elsewhere());
    let plan = planned(wish, begun, &cluster, moves)?;
    findings.extend(volume_free(begun));
    findings.extend(space(&plan, begun));
    Ok((Some(Site { cluster, plan }), findings))
}

fn planned(
    wish: &Wish,
    begun: Option<&Plan>,
    cluster: &Cluster,
    moves: Vec<Move>,
) -> Result<Plan, CommandError> {
    let same = begun.filter(|begun| begun.target == wish.target);
    Ok(Plan {
        target: wish.target.clone(),
        // By the same number a device is known to be ours already.
        uuid: match same {
            Some(begun) => begun.uuid.clone(),
            None => key::volume_number()?,
        },
        key: wish.key,
        cluster: format!("{}/{}", cluster.version, cluster.name),
        moves,
        keeps_plain: wish.keeps_plain,
        frozen_until: None,
        is_well: false,
    })
}

fn programs(key: KeyKind) -> Vec<Finding> {
    const CHECK: &str = "programs";
    let mut wanted = vec![
        Program::Blkid,
        Program::Cryptsetup,
        Program::MkfsExt4,
        Program::Mount,
    ];
    wanted.extend(match key {
        KeyKind::Tpm2 => Some(Program::SystemdCryptenroll),
        KeyKind::Host => Some(Program::SystemdCreds),
        KeyKind::Passphrase => None,
    });
    let mut findings: Vec<_> = wanted
        .into_iter()
        .filter(|program| !program.is_installed())
        .map(|program| {
            let what = format!("{} is not installed", program.path().display());
            Finding::fault(
                CHECK,
                what,
                "install Debian's packages cryptsetup, systemd-cryptsetup and e2fsprogs",
            )
        })
        .collect();
    if !UNLOCKERS.iter().any(|path| Path::new(path).exists()) {
        let what = "systemd cannot unlock volumes at boot";
        findings.push(Finding::fault(
            CHECK,
            what,
            "install Debian's package systemd-cryptsetup",
        ));
    }
    if !unit::is_systemd_here() {
        let advice = "encrypt the host's disk instead";
        findings.push(Finding::fault(CHECK, "systemd does not run this machine", advice));
    }
    if !Path::new(MAPPER).exists() {
        let what = format!("this kernel has no device mapper ({MAPPER} is not there)");
        findings.push(Finding::fault(
            "kernel",
            what,
            "in a container, encrypt the host's disk instead",
        ));
    }
    if key == KeyKind::Tpm2 && !luks::has_tpm() {
        let what = "this machine has no TPM2 that the kernel shows";
        findings.push(Finding::fault(
            "tpm2",
            what,
            "choose --key passphrase or --key host",
        ));
    }
    findings
}

fn appliance(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in UNITS {
        match unit::look(name) {
            Ok(found) if found.is_installed && found.is_enabled => {}
            Ok(_) => findings.push(Finding::fault(
                "services",
                format!("{name} does not start at boot"),
                "run `strongroom setup` to its end first",
            )),
            Err(error) => findings.push(Finding::could_not_look(
                "services",
                error.to_string(),
                "look at systemd",
            )),
        }
    }
    findings.push(match health::look(config) {
        Ok(()) => Finding::ok("health", "the appliance is well"),
        Err(why) => Finding::fault(
            "health",
            format!("the appliance is not well: {why}"),
            "mend that first: `strongroom doctor`",
        ),
    });
    match daemons::other_maintenance(config) {
        Ok(false) => {}
        Ok(true) => findings.push(Finding::fault(
            "maintenance",
            "maintenance is announced or on",
            "end it with `strongroom maintenance off`: this begins its own",
        )),
        Err(error) => findings.push(Finding::fault(
            "maintenance",
            super::told(&error),
            "start the database",
        )),
    }
    if let Err(error) = boot::check_tables() {
        findings.push(Finding::fault(
            "tables",
            super::told(&error),
            "correct it by hand",
        ));
    }
    findings
}

/// What PostgreSQL keeps outside its folder would stay where it is.
fn database(cluster: &Cluster) -> Vec<Finding> {
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
fn moves(cluster: &Cluster) -> Vec<Move> {
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
fn movable(moved: &Move) -> Option<Finding> {
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
fn elsewhere() -> Vec<Finding> {
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

fn volume_free(begun: Option<&Plan>) -> Option<Finding> {
    let is_taken = luks::is_open(NAME) || mount::is_mounted(Path::new(MOUNT));
    (begun.is_none() && is_taken).then(|| {
        let what = format!("there is a volume {NAME} or something mounted on {MOUNT} that this did not make");
        Finding::fault("volume", what, "close it with `cryptsetup close`, or rename it")
    })
}

/// The target, and whether it holds the data twice, so that it can grow.
fn space(plan: &Plan, begun: Option<&Plan>) -> Vec<Finding> {
    let mut used = 0;
    for moved in &plan.moves {
        match tree::bytes(&moved.place) {
            Ok(bytes) => used += bytes,
            Err(error) => return vec![Finding::fault("space", error.to_string(), "run this as root")],
        }
    }
    let found = match &plan.target {
        Target::Device(path) => device(plan, begun, path),
        Target::File(path, bytes) => container(plan, begun, path, *bytes),
    };
    vec![found.map_or_else(|refused| refused, |bytes| enough(bytes, used))]
}

fn enough(bytes: u64, used: u64) -> Finding {
    let needed = used.saturating_mul(2).saturating_add(OVERHEAD_BYTES);
    let what = format!(
        "the data takes {} MiB, the volume has {}",
        used >> 20,
        bytes >> 20
    );
    match bytes >= needed {
        true => Finding::ok("space", what),
        false => Finding::fault(
            "space",
            what,
            format!("give it {} MiB at least: twice the data", needed >> 20),
        ),
    }
}

fn device(plan: &Plan, begun: Option<&Plan>, path: &Path) -> Result<u64, Finding> {
    let is_ours =
        begun.is_some_and(|begun| begun.uuid == plan.uuid) && volume::is_ours(plan).unwrap_or(false);
    // One that a former run left open is closed before it is written to.
    let checked = match is_ours && luks::is_open(NAME) {
        true => blank::size(path).map_err(|error| error.to_string()),
        false if is_ours => blank::check_unused(path).map_err(|error| error.to_string()),
        false => blank::check_device(path).map_err(|error| error.to_string()),
    };
    checked.map_err(|what| Finding::fault("device", what, "name a device that is blank"))
}

fn container(plan: &Plan, begun: Option<&Plan>, path: &Path, bytes: u64) -> Result<u64, Finding> {
    let refuse = |what: String, advice: &str| Err(Finding::fault("file", what, advice));
    let is_begun = begun.is_some_and(|begun| begun.target == plan.target);
    if path.symlink_metadata().is_ok() && !is_begun {
        let what = format!("{} is there already", path.display());
        return refuse(what, "name a file that is not there");
    }
    let Some(folder) = path
        .parent()
        .filter(|folder| path.is_absolute() && folder.is_dir())
    else {
        let what = format!("{} has no folder that is there", path.display());
        return refuse(what, "name an absolute path in a folder of root's");
    };
    if folder.canonicalize().ok().as_deref() != Some(folder) {
        let what = format!("{} leads through a link", folder.display());
        return refuse(what, "name the path that it leads to");
    }
    if plan.moves.iter().any(|moved| path.starts_with(&moved.place)) || path.starts_with("/tmp") {
        let what = format!("{} lies in a folder that is moved or temporary", path.display());
        return refuse(what, "name a file elsewhere, such as /srv/strongroom.luks");
    }
    match disk::space(folder) {
        Ok(space) if is_begun || space.free_bytes >= bytes.saturating_add(LEFT_FREE_BYTES) => Ok(bytes),
        Ok(space) => refuse(
            format!(
                "the disk of {} has {} MiB free",
                folder.display(),
                space.free_bytes >> 20
            ),
            "name a smaller size: 512 MiB must stay free; or another disk",
        ),
        Err(error) => refuse(
            format!("cannot look at {} ({error})", folder.display()),
            "look at the disk",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::plan;
    use super::*;
    use crate::finding::Level;

    #[test]
    fn a_volume_holds_the_data_twice_or_is_refused() {
        assert_eq!(enough(4 << 30, 1 << 30).level, Level::Ok);
        assert_eq!(enough(2 << 30, 1 << 30).level, Level::Fault);
        assert_eq!(enough(100 << 20, 0).level, Level::Fault);
    }

    #[test]
    fn a_container_file_is_not_made_over_another_nor_where_it_would_hide_itself() {
        let folder = tempfile::tempdir_in("/srv").unwrap();
        let of = |path: &Path| {
            let target = Target::File(path.to_owned(), 1 << 20);
            container(&Plan { target, ..plan() }, None, path, 1 << 20)
        };
        let taken = folder.path().join("taken");
        fs::write(&taken, "precious").unwrap();
        for bad in [
            taken.as_path(),
            Path::new("/var/tmp/x.luks"),
            Path::new("/tmp/x.luks"),
            Path::new("relative.luks"),
            Path::new("/no/such/folder/x.luks"),
        ] {
            assert!(of(bad).is_err(), "{}", bad.display());
        }
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/var", &link).unwrap();
        assert!(of(&link.join("x.luks")).is_err());
        assert_eq!(of(&folder.path().join("x.luks")).unwrap(), 1 << 20);
        assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");
    }

    #[test]
    fn another_number_makes_a_device_a_foreign_one() {
        let begun = plan();
        let other = Plan {
            uuid: "0b2f2a52-6d9e-4c1c-8a5b-222222222222".to_owned(),
            ..plan()
        };
        let refused = device(&other, Some(&begun), Path::new("/dev/null")).unwrap_err();
        assert!(refused.what.contains("no block device"), "{}", refused.what);
    }
}
