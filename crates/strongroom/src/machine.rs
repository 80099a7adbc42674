//! The machine under the appliance, judged: the same checks before set-up and ever after.
//!
//! Invariant: reading ([`Facts::gather`]) and judging ([`judge`]) are apart, so that every judgement has a
//! test in which it is bad. Start at [`judge`].

mod disk;
mod system;

use crate::finding::Finding;
use ::host::{
    clock::{self, InStep},
    disk as disks,
    encryption::{self, Encryption},
    machine::Machine,
    name::{self, Resolution},
    release::Release,
    swap::{self, Swap},
};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// A resolver that asks three servers twice needs no longer.
const RESOLVE_DEADLINE: Duration = Duration::from_secs(15);

/// A folder that matters, and the disk below it.
#[derive(Debug, Clone)]
pub(crate) struct DiskFacts {
    /// What it is for: "the database".
    pub(crate) purpose: &'static str,
    pub(crate) folder: PathBuf,
    pub(crate) space: Result<disks::Space, String>,
    /// How long a write takes until it is there; only where data is written.
    pub(crate) sync: Option<Result<Duration, String>>,
    pub(crate) encryption: Encryption,
}

/// What was read of the machine.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) release: Option<Release>,
    pub(crate) machine: Machine,
    pub(crate) now: SystemTime,
    pub(crate) in_step: InStep,
    pub(crate) clock_floor: Option<SystemTime>,
    pub(crate) disks: Vec<DiskFacts>,
    pub(crate) swap: Result<Vec<Swap>, String>,
    /// The host of the base URL, and what it resolves to; nothing to resolve for an address.
    pub(crate) name: Option<(String, Resolution)>,
}

impl Facts {
    /// Reads them; `written` are the folders that the appliance writes to. Blocks for as long as the resolver
    /// and the disks take.
    pub(crate) fn gather(written: &[(&'static str, &Path)], name: Option<&str>) -> Self {
        let to_resolve = name.filter(|name| name.parse::<IpAddr>().is_err());
        let written = written
            .iter()
            .map(|(purpose, folder)| DiskFacts::gather(purpose, folder, true));
        let temporary = DiskFacts::gather("temporary files", Path::new("/var/tmp"), false);
        Self {
            release: Release::of_machine(),
            machine: Machine::of_process(),
            now: SystemTime::now(),
            in_step: clock::in_step(),
            clock_floor: clock::floor(),
            disks: written.chain([temporary]).collect(),
            swap: swap::areas().map_err(|error| error.to_string()),
            name: to_resolve.map(|name| (name.to_owned(), name::resolve(name, RESOLVE_DEADLINE))),
        }
    }
}

impl DiskFacts {
    fn gather(purpose: &'static str, folder: &Path, is_written: bool) -> Self {
        let sync = is_written.then(|| disks::sync_time(folder).map_err(|error| error.to_string()));
        Self {
            purpose,
            space: disks::space(folder).map_err(|error| error.to_string()),
            sync,
            encryption: encryption::of_folder(folder),
            folder: folder.to_owned(),
        }
    }
}

/// Every finding about the machine.
pub(crate) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![
        system::release(facts),
        system::processors(&facts.machine),
        system::memory(&facts.machine),
    ];
    findings.extend(system::clock(facts));
    findings.extend(facts.name.as_ref().map(|(name, found)| system::name(name, found)));
    for disk in &facts.disks {
        findings.push(disk::space(disk));
        findings.extend(disk.sync.as_ref().map(|sync| disk::sync(disk, sync)));
        findings.push(disk::encryption(disk));
    }
    findings.push(disk::swap(&facts.swap));
    findings
}

#[cfg(test)]
mod tests;
