//! What is moved where: the one file that outlives an interruption.
//!
//! Invariant: it is on the disk before a device is touched, so that a volume of its number is known to be ours; `is_well` is
//! on the disk before plain data is removed, so that nobody goes back to half of it.

use super::{KeyKind, settings_folder};
use crate::failure::{CommandError, Exit};
use ::host::write::{self, Access};
use config::Config;
use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the volume is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    /// A block device.
    Device(PathBuf),
    /// A container file of so many bytes.
    File(PathBuf, u64),
}

impl Target {
    /// The path that cryptsetup takes.
    pub(super) fn path(&self) -> &PathBuf {
        let (Self::Device(path) | Self::File(path, _)) = self;
        path
    }

    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Device(path) => format!("the device {}", path.display()),
            Self::File(path, bytes) => {
                format!("the container file {} of {} MiB", path.display(), bytes >> 20)
            }
        }
    }
}

/// One folder that goes onto the volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// Its folder on the volume.
    pub(crate) name: String,
    /// Where it lies for everybody, before and after.
    pub(crate) place: PathBuf,
    /// Others write there while we copy, so it cannot be compared.
    pub(crate) is_shared: bool,
}

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    /// The volume's number (RFC 9562).
    pub(crate) uuid: String,
    pub(crate) key: KeyKind,
    /// The cluster, as `17/strongroom`.
    pub(crate) cluster: String,
    pub(crate) moves: Vec<Move>,
    pub(crate) keeps_plain: bool,
    /// Until then nobody can have changed anything on the volume.
    pub(crate) frozen_until: Option<Timestamp>,
    /// The appliance was seen well on the volume.
    pub(crate) is_well: bool,
}

impl Plan {
    /// For people, before anything is done.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "  make a LUKS2 volume (AES-256, argon2id) on {}",
                self.target.shown()
            ),
            format!("  unlock it at boot by {}", self.key.told()),
        ];
        lines.extend(
            self.moves
                .iter()
                .map(|moved| format!("  move {} onto it", moved.place.display())),
        );
        lines.push(match self.keeps_plain {
            true => "  keep the plain data beside its old place, with .plain at its name".to_owned(),
            false => "  remove the plain data once the appliance was seen well on the volume".to_owned(),
        });
        lines
    }
}

/// The plan that was begun or carried out; none where nothing was.
pub(crate) fn read(config: &Config) -> Result<Option<Plan>, CommandError> {
    let path = path(config);
    let Some(text) = write::read(&path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let text = format!(
            "{} is not as it was written ({error}); restore it from a backup of the settings",
            path.display()
        );
        CommandError::said(Exit::Failed, text)
    })
}

pub(super) fn write(config: &Config, plan: &Plan) -> Result<(), CommandError> {
    let text = serde_json::to_vec_pretty(plan).map_err(|error| {
        CommandError::said(
            Exit::Failed,
            format!("cannot write the plan of the storage ({error})"),
        )
    })?;
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    write::file(&path(config), &text, access)?;
    Ok(())
}

fn path(config: &Config) -> PathBuf {
    settings_folder(config).join("storage.json")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::storage) fn plan() -> Plan {
        let moved = |name: &str, place: &str, is_shared| Move {
            name: name.to_owned(),
            place: place.into(),
            is_shared,
        };
        Plan {
            target: Target::Device("/dev/vdb".into()),
            uuid: "0b2f2a52-6d9e-4c1c-8a5b-111111111111".to_owned(),
            key: KeyKind::Host,
            cluster: "17/strongroom".to_owned(),
            moves: vec![
                moved("database", "/var/lib/postgresql/17/strongroom", false),
                moved("platform", "/var/lib/strongroom", false),
                moved("temporary", "/var/tmp", true),
            ],
            keeps_plain: false,
            frozen_until: None,
            is_well: false,
        }
    }

    #[test]
    fn a_plan_comes_back_as_it_was_written_and_holds_no_key() {
        let text = serde_json::to_string(&plan()).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan());
        assert!(text.contains(r#""key":"host""#), "{text}");
    }

    #[test]
    fn everything_that_would_be_done_is_told() {
        let told = plan().told().join("\n");
        for part in [
            "/dev/vdb",
            "/var/lib/postgresql/17/strongroom",
            "/var/tmp",
            "remove",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
