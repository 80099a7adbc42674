//! How backups stand, for operators: what can be gone back to, where copies lie, what ran and what runs.
//!
//! Invariant: all of it is root's record on this machine, the settings, and what PostgreSQL says itself; what cannot be read is
//! said as such. Start at [`standing`].

use crate::{
    Caller, Platform,
    delivery::{self, Channel, Delivery},
    error::{PlatformError, Result},
    mail, operator, webhook,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use config::SecondLocation;
use host::{
    backup::{
        BackupError,
        record::{Copied, Drill, Folder, GoingBack, Kit, Location, Report, Run, UnderWay, Verification},
    },
    disk::{self, Space},
};
use jiff::Timestamp;
use std::path::Path;
use store::{backup::Archiver, control::archiver};

/// Everything that an operator sees of backups.
#[derive(Debug, Clone)]
pub struct Standing {
    /// When it was looked at.
    pub now: Timestamp,
    /// What is written down, or why that cannot be read.
    pub record: std::result::Result<Record, String>,
    /// How PostgreSQL hands changes over.
    pub archiver: Archiver,
    /// Every moment of so many days is to be within reach.
    pub retention_days: u32,
    /// Where backups lie.
    pub first: Place,
    /// Where the copy elsewhere lies; none where there is to be none.
    pub second: Option<Place>,
    /// Who is told when something is wrong.
    pub told: Told,
}

/// Who is told when something is wrong, and how that went.
#[derive(Debug, Clone)]
pub struct Told {
    /// Operators get letters.
    pub is_mail_set: bool,
    /// The last alert by mail, or test of one.
    pub letter: Option<Delivery>,
    /// The webhook's host and port; none where none is set.
    pub webhook: Option<String>,
    /// The last message to it.
    pub message: Option<Delivery>,
}

/// Root's record.
#[derive(Debug, Clone)]
pub struct Record {
    /// What the repository held when the last backup ended.
    pub report: Option<Report>,
    /// The backups, newest first.
    pub runs: Vec<Run>,
    /// The drills, newest first.
    pub drills: Vec<Drill>,
    /// The last verification of each location.
    pub verified: [Option<Verification>; 2],
    /// How the last copy went.
    pub copied: Option<Copied>,
    /// The last copy that went well.
    pub copied_well: Option<Copied>,
    /// The recovery kit.
    pub kit: Option<Kit>,
    /// The whole platform gone back, while that can be undone.
    pub going_back: Option<GoingBack>,
    /// What runs, or was cut off.
    pub under_way: Option<UnderWay>,
}

/// Where copies lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As people read it.
    pub shown: String,
    /// The room on its disk, or why it is not known.
    pub space: std::result::Result<Space, String>,
    /// The fingerprint of its host's key, as `ssh-keygen -l` shows it; none for a folder of this machine.
    pub host_key: Option<String>,
}

impl Standing {
    /// From when to when every moment can be gone back to, but for the gaps; none where nothing is known of it.
    #[must_use]
    pub fn restorable(&self) -> Option<(Timestamp, Timestamp)> {
        let report = self.record.as_ref().ok()?.report.as_ref()?;
        let (from, to) = (report.info.restorable_from()?, self.newest()?);
        (from <= to).then_some((from, to))
    }

    /// The newest moment that can be gone back to; none where nothing was archived.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let report = self
            .record
            .as_ref()
            .ok()
            .and_then(|record| record.report.as_ref());
        let archived = self.archiver.last_at;
        report.map_or(archived, |report| report.restorable_to(archived))
    }
}

/// How backups stand.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for anybody but an operator; `unavailable`.
pub async fn standing(platform: &Platform, caller: &Caller) -> Result<Standing> {
    operator::require(caller)?;
    let archiver = archiver::look(&mut platform.control().read().await?).await?;
    let ways = told_ways(platform, caller).await?;
    let (wish, now) = (platform.settings().backup.clone(), platform.now());
    // Files and disks: a mounted share may take its time.
    let look = move || Standing {
        now,
        record: read(&wish.record).map_err(|error| told(&error)),
        archiver,
        retention_days: wish.retention_days,
        first: Place {
            shown: wish.folder.display().to_string(),
            space: space(&wish.folder),
            host_key: None,
        },
        second: wish.second.as_ref().map(second),
        told: ways,
    };
    let task = tokio::task::spawn_blocking(look);
    task.await
        .map_err(|error| PlatformError::invariant(error.to_string()))
}

async fn told_ways(platform: &Platform, caller: &Caller) -> Result<Told> {
    let webhook = webhook::show(platform, caller).await?;
    let mut read = platform.control().read().await?;
    Ok(Told {
        is_mail_set: mail::settings(&mut read).await?.is_some(),
        letter: delivery::last(&mut read, Channel::Alert).await?,
        webhook: webhook.as_ref().map(|view| view.settings.target()).transpose()?,
        message: webhook.and_then(|view| view.last),
    })
}

fn read(path: &Path) -> std::result::Result<Record, BackupError> {
    let folder = Folder::at(path);
    let (copied, copied_well) = folder.copied()?;
    Ok(Record {
        report: folder.report()?,
        runs: folder.runs()?,
        drills: folder.drills()?,
        verified: [
            folder.verification(Location::First)?,
            folder.verification(Location::Second)?,
        ],
        copied,
        copied_well,
        kit: folder.kit()?,
        going_back: folder.going_back()?,
        under_way: folder.under_way()?,
    })
}

fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(beneath) = cause {
        text.push_str(&format!(" ({beneath})"));
        cause = beneath.source();
    }
    text
}

/// A folder that is not there has no room of its own: that of the disk around it would be another's.
fn space(folder: &Path) -> std::result::Result<Space, String> {
    if !folder.exists() {
        return Err(format!("{} is not there", folder.display()));
    }
    disk::space(folder).map_err(|error| error.to_string())
}

fn second(location: &SecondLocation) -> Place {
    let shown = location.shown();
    match location {
        SecondLocation::Folder(folder) => Place {
            shown,
            space: space(folder),
            host_key: None,
        },
        SecondLocation::Bucket(_) => Place {
            shown,
            space: Err("the storage is not asked for its room; it says so itself".to_owned()),
            host_key: None,
        },
        SecondLocation::Sftp(sftp) => Place {
            shown,
            space: Err("a machine elsewhere is not asked for its room; it says so itself".to_owned()),
            host_key: fingerprint(&sftp.host_key),
        },
    }
}

/// `SHA256:` and the digest of the key's blob in base64 without padding (ssh-keygen(1), `-l`).
fn fingerprint(host_key: &str) -> Option<String> {
    let blob = STANDARD.decode(host_key.split(' ').nth(1)?).ok()?;
    let digest = openssl::sha::sha256(&blob);
    Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_key_has_the_fingerprint_that_ssh_keygen_shows() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
        // GitHub's, as it publishes it.
        let shown = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
        assert_eq!(fingerprint(key).as_deref(), Some(shown));
        assert_eq!(fingerprint("ssh-ed25519"), None);
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_room() {
        let place = second(&SecondLocation::Folder("/nonexistent/copy".into()));
        assert!(place.space.unwrap_err().contains("is not there"));
    }
}
