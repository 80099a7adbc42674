//! What must be true before anything is touched: majors, the cluster, the appliance's health, space, encryption.
//!
//! Invariant: everything that refuses is told at once, with what to do; nothing is changed here.

use super::{Run, Wish, find, told};
use crate::{
    failure::{CommandError, Exit},
    finding::Finding,
    standstill::{self, Reason},
    update::health,
};
use ::host::{
    disk,
    encryption::{self, Encryption},
    postgresql::{self, Cluster, MAJORS, major},
    run::Program,
    tree,
    updates::MajorOutcome,
};
use config::Config;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Left free beside the copy; a new cluster's own catalogues and write-ahead log come to less.
const SPARE_BYTES: u64 = 512 << 20;
/// Starting, counting anew and looking, whatever the size.
const FIXED_SECONDS: u64 = 30;

/// What is known when nothing speaks against it.
pub(super) struct Site {
    pub(super) cluster: Cluster,
    pub(super) to: u32,
    pub(super) data_folder: PathBuf,
    /// Where the wish named one.
    pub(super) named_folder: Option<PathBuf>,
    bytes: u64,
    seconds: Option<u64>,
}

impl Site {
    /// For people, before anything is done.
    pub(super) fn told(&self) -> Vec<String> {
        let (from, name) = (self.cluster.version, &self.cluster.name);
        let waiting = match self.seconds {
            Some(seconds) => format!("about {seconds} seconds, by the speed of the disk"),
            None => "for how long could not be measured".to_owned(),
        };
        vec![
            format!("  let nobody change anything, and stop both daemons: {waiting}"),
            format!(
                "  copy {from}/{name} ({} MB) into {}/{name} in {}",
                self.bytes / 1_000_000,
                self.to,
                self.data_folder.display()
            ),
            format!(
                "  start PostgreSQL {} in its place, on port {}, and look",
                self.to, self.cluster.port
            ),
            format!("  keep {from}/{name}, stopped, until `strongroom database upgrade --confirm`"),
        ]
    }
}

/// All that speaks against a beginning, and what is known.
pub(super) fn look(run: &Run, wish: &Wish) -> Result<(Option<Site>, Vec<Finding>), CommandError> {
    let config = &run.config;
    let mut findings: Vec<Finding> = programs().into_iter().collect();
    let Some(cluster) = postgresql::at_socket(&config.database.host, config.database.port)? else {
        let what = "the appliance's database is no cluster of Debian's here";
        findings.push(Finding::fault("database", what, "upgrade it where it runs"));
        return Ok((None, findings));
    };
    findings.extend(kept(run)?);
    findings.extend(ours(&cluster)?);
    let to = match target(&cluster, wish.to, &postgresql::installed_versions()) {
        Ok(to) => to,
        Err(refused) => {
            findings.push(refused);
            return Ok((None, findings));
        }
    };
    findings.push(Finding::ok("postgresql", format!("{} to {to}", cluster.version)));
    findings.extend(appliance(config));
    if find(to, &cluster.name)?.is_some() {
        let what = format!("there is a cluster {to}/{} already", cluster.name);
        let advice = format!(
            "`pg_dropcluster {to} {}` destroys it, where nobody needs it",
            cluster.name
        );
        findings.push(Finding::fault("postgresql", what, advice));
    }
    let data_folder = match &wish.data_folder {
        Some(folder) => folder.clone(),
        None => major::usual_data_folder(to, &cluster.name),
    };
    findings.extend(folder(&data_folder));
    findings.extend(same_encryption(&cluster.data_folder, &data_folder));
    let bytes = tree::bytes(&cluster.data_folder)?;
    findings.push(space(&data_folder, bytes));
    let site = Site {
        seconds: seconds(&data_folder, bytes),
        named_folder: wish.data_folder.clone(),
        cluster,
        to,
        data_folder,
        bytes,
    };
    Ok((Some(site), findings))
}

/// One that must be there.
pub(super) fn named(version: u32, name: &str) -> Result<Cluster, CommandError> {
    find(version, name)?.ok_or_else(|| {
        let text = format!("there is no cluster {version}/{name} any more; see `pg_lsclusters`");
        CommandError::said(Exit::NotFound, text)
    })
}

fn programs() -> Option<Finding> {
    (!Program::PgUpgradecluster.is_installed()).then(|| {
        let what = format!("{} is not installed", Program::PgUpgradecluster.path().display());
        Finding::fault("programs", what, "install Debian's package postgresql-common")
    })
}

fn kept(run: &Run) -> Result<Option<Finding>, CommandError> {
    let last = run.folder.major_last()?;
    let kept = last.filter(|last| last.outcome == Some(MajorOutcome::Kept));
    Ok(kept.map(|kept| {
        let what = format!(
            "the cluster {}/{} is kept from the last upgrade",
            kept.from, kept.cluster
        );
        Finding::fault("kept", what, "run this with --confirm first, which destroys it")
    }))
}

/// Settings of somebody else's cluster are not ours to carry over.
fn ours(cluster: &Cluster) -> Result<Option<Finding>, CommandError> {
    Ok((!postgresql::is_made_by_us(cluster)?).then(|| {
        let what = format!("set-up has not made the cluster {}/{}", cluster.version, cluster.name);
        let advice = "upgrade it as its owner does, with `pg_upgradecluster` for example, while strongroom.service and \
                      strongroom-worker.service are stopped";
        Finding::fault("database", what, advice)
    }))
}

/// The major to go to, out of those that are installed.
fn target(cluster: &Cluster, wanted: Option<u32>, installed: &[u32]) -> Result<u32, Finding> {
    const CHECK: &str = "postgresql";
    let newest = installed
        .iter()
        .copied()
        .filter(|major| MAJORS.contains(major))
        .max();
    let Some(to) = wanted.or(newest) else {
        let what = "no PostgreSQL that this release runs on is installed";
        return Err(Finding::fault(CHECK, what, "install Debian's package postgresql"));
    };
    if to <= cluster.version {
        let what = format!(
            "the cluster runs on PostgreSQL {} already, and {to} is no newer one",
            cluster.version
        );
        return Err(Finding::fault(
            CHECK,
            what,
            "there is nothing to do, or name a newer one with --to",
        ));
    }
    if !MAJORS.contains(&to) {
        let what = format!(
            "this release runs on PostgreSQL {} to {}, not on {to}",
            MAJORS.start(),
            MAJORS.end()
        );
        return Err(Finding::fault(
            CHECK,
            what,
            "update the platform first, or name another with --to",
        ));
    }
    for major in [cluster.version, to] {
        if !installed.contains(&major) {
            let what = format!("PostgreSQL {major} is not installed, and both majors are needed");
            let advice = format!("install Debian's package postgresql-{major}");
            return Err(Finding::fault(CHECK, what, advice));
        }
    }
    Ok(to)
}

fn appliance(config: &Config) -> Vec<Finding> {
    let health = match health::look(config) {
        Ok(()) => Finding::ok("health", "the appliance is well"),
        Err(why) => {
            let what = format!("the appliance is not well: {why}");
            Finding::fault("health", what, "mend that first: `strongroom doctor`")
        }
    };
    let maintenance = match standstill::other_maintenance(config, Reason::Database) {
        Ok(false) => None,
        Ok(true) => Some(Finding::fault(
            "maintenance",
            "maintenance is announced or on",
            "end it with `strongroom maintenance off`: this begins its own",
        )),
        Err(error) => Some(Finding::fault("maintenance", told(&error), "start the database")),
    };
    [health].into_iter().chain(maintenance).collect()
}

/// What is there already could be taken for a cluster, or destroyed when we go back.
fn folder(path: &Path) -> Option<Finding> {
    const ADVICE: &str = "name an empty folder, or one that is not there, with --data-folder";
    if !path.is_absolute() || disk::nearest(path).canonicalize().ok() != Some(disk::nearest(path)) {
        let what = format!("{} is no absolute path, or leads through a link", path.display());
        return Some(Finding::fault("folder", what, ADVICE));
    }
    match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Ok(true) => None,
        Ok(false) => Some(Finding::fault(
            "folder",
            format!("{} is not empty", path.display()),
            ADVICE,
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(Finding::fault(
            "folder",
            format!("cannot look into {} ({error})", path.display()),
            ADVICE,
        )),
    }
}

/// Data that lies encrypted does not come to lie in the clear.
fn same_encryption(old: &Path, new: &Path) -> Option<Finding> {
    let is_encrypted = |path: &Path| matches!(encryption::of_folder(path), Encryption::Encrypted { .. });
    (is_encrypted(old) && !is_encrypted(&disk::nearest(new))).then(|| {
        let what = format!(
            "{} is encrypted, and {} would not be",
            old.display(),
            new.display()
        );
        Finding::fault(
            "encryption",
            what,
            "name a folder on an encrypted disk with --data-folder",
        )
    })
}

fn space(folder: &Path, bytes: u64) -> Finding {
    match disk::space(folder) {
        Ok(space) => enough(space.free_bytes, bytes),
        Err(error) => Finding::fault(
            "space",
            format!("cannot look at the disk of {} ({error})", folder.display()),
            "look at the disk",
        ),
    }
}

fn enough(free: u64, bytes: u64) -> Finding {
    let needed = bytes.saturating_add(SPARE_BYTES);
    let what = format!(
        "the copy takes {} MB, {} MB are free",
        bytes / 1_000_000,
        free / 1_000_000
    );
    match free >= needed {
        true => Finding::ok("space", what),
        false => Finding::fault(
            "space",
            what,
            format!(
                "make {} MB free, or name a folder on another disk with --data-folder",
                needed / 1_000_000
            ),
        ),
    }
}

/// How long people wait, by what the disk takes now.
fn seconds(folder: &Path, bytes: u64) -> Option<u64> {
    let rate = disk::write_rate(folder).ok()?;
    Some(FIXED_SECONDS + bytes / rate.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn cluster(version: u32) -> Cluster {
        Cluster {
            version,
            name: "strongroom".to_owned(),
            port: 5432,
            is_running: true,
            data_folder: "/var/lib/postgresql/15/strongroom".into(),
            socket_folder: "/var/run/postgresql".into(),
            settings_folder: "/etc/postgresql/15/strongroom".into(),
        }
    }

    #[test]
    fn the_newest_supported_major_is_taken_and_a_lower_an_unknown_or_an_absent_one_refused() {
        let what = |from, wanted, installed: &[u32]| target(&cluster(from), wanted, installed);
        assert_eq!(what(15, None, &[99, 17, 16, 15]).unwrap(), 17);
        assert_eq!(what(15, Some(16), &[17, 16, 15]).unwrap(), 16);
        for (from, wanted, installed, says) in [
            (17, None, &[17, 15][..], "already"),
            (17, Some(15), &[17, 15], "no newer one"),
            (15, Some(99), &[99, 15], "not on 99"),
            (15, Some(17), &[15], "PostgreSQL 17 is not installed"),
            (15, Some(17), &[17], "PostgreSQL 15 is not installed"),
            (15, None, &[], "no PostgreSQL"),
        ] {
            let refused = what(from, wanted, installed).unwrap_err();
            assert!(refused.what.contains(says), "{}", refused.what);
        }
    }

    #[test]
    fn a_disk_without_room_for_the_copy_is_refused() {
        assert_eq!(enough(2 << 30, 1 << 30).level, Level::Ok);
        assert_eq!(enough(1 << 30, 1 << 30).level, Level::Fault);
    }

    #[test]
    fn a_folder_with_anything_in_it_or_behind_a_link_is_refused() {
        let place = tempfile::tempdir().unwrap();
        assert!(folder(&place.path().join("later")).is_none());
        assert!(folder(place.path()).is_none());
        fs::write(place.path().join("PG_VERSION"), "17").unwrap();
        assert!(folder(place.path()).is_some());
        assert!(folder(Path::new("relative")).is_some());
        let link = place.path().join("link");
        std::os::unix::fs::symlink("/var", &link).unwrap();
        assert!(folder(&link.join("lib/new")).is_some());
    }
}
