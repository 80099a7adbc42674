//! What the helper answers with: facts that are read and not judged.
//!
//! Invariant: what could not be seen says why; it is never left out.

use serde::{Deserialize, Serialize};

use super::method::OwnUnit;
use crate::encryption::Encryption;
use crate::journal::Cursor;
use crate::listener::Listener;
use crate::unit::Reach;

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfoReply {
    /// Who makes it.
    pub vendor: String,
    /// What it is.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Where more is told; a page of the manual, since there is no address outside.
    pub url: String,
    /// The interfaces.
    pub interfaces: Vec<String>,
}

/// An interface in varlink's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescriptionReply {
    /// The text.
    pub description: String,
}

/// Lines of our units, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalReply {
    /// The lines.
    pub lines: Vec<JournalLine>,
    /// More were there than fit into an answer.
    pub more: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalLine {
    /// Where it stands.
    pub place: Cursor,
    /// Microseconds since 1970, UTC.
    pub at_us: i64,
    /// The unit it is about.
    pub unit: String,
    /// As syslog counts.
    pub priority: u8,
    /// What was said, of any content; cut where it is very long.
    pub message: String,
}

/// The places on the disks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageReply {
    /// At most 100.
    pub places: Vec<Place>,
    /// How many more there are.
    pub left_out: usize,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What it is for.
    pub kind: PlaceKind,
    /// The cluster of a database, as PostgreSQL names it: `17/strongroom`.
    pub cluster: Option<String>,
    /// Where it lies.
    pub path: String,
    /// What the kernel says.
    pub state: PlaceState,
    /// By what it is encrypted.
    pub by: Option<String>,
    /// The device, mount or dataset that is, or is not.
    pub device: Option<String>,
    /// Why nobody can say.
    pub why: Option<String>,
}

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A cluster's data.
    Database,
    /// Files of a while.
    Temporary,
    /// Memory on a disk.
    Swap,
}

/// What the kernel says of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// Encrypted.
    Encrypted,
    /// In the clear.
    Plain,
    /// On no disk.
    Memory,
    /// Nobody can say.
    Unknown,
}

impl Place {
    /// A place with what was found there.
    #[must_use]
    pub fn new(kind: PlaceKind, cluster: Option<String>, path: String, found: Encryption) -> Self {
        let (state, by, device, why) = match found {
            Encryption::Encrypted { by, place } => (PlaceState::Encrypted, Some(by), Some(place), None),
            Encryption::Plain { place } => (PlaceState::Plain, None, Some(place), None),
            Encryption::Memory => (PlaceState::Memory, None, None, None),
            Encryption::Unknown { why } => (PlaceState::Unknown, None, None, Some(why)),
        };
        Self {
            kind,
            cluster,
            path,
            state,
            by,
            device,
            why,
        }
    }

    /// What was found there. An answer that lacks what its state needs says nothing.
    #[must_use]
    pub fn encryption(&self) -> Encryption {
        match (self.state, &self.by, &self.device) {
            (PlaceState::Encrypted, Some(by), Some(device)) => Encryption::Encrypted {
                by: by.clone(),
                place: device.clone(),
            },
            (PlaceState::Plain, _, device) => Encryption::Plain {
                place: device.clone().unwrap_or_else(|| self.path.clone()),
            },
            (PlaceState::Memory, ..) => Encryption::Memory,
            (PlaceState::Encrypted | PlaceState::Unknown, ..) => Encryption::Unknown {
                why: self
                    .why
                    .clone()
                    .unwrap_or_else(|| "the helper does not say why".to_owned()),
            },
        }
    }
}

/// What the SSH server lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshReply {
    /// Whether there is one, and whether it answered.
    pub state: SshState,
    /// Passwords, or what asks for them at the keyboard.
    pub passwords: Option<bool>,
    /// Root with a password.
    pub root_with_password: Option<bool>,
    /// Its ports.
    pub ports: Vec<u16>,
    /// Why nobody can say.
    pub why: Option<String>,
}

/// Whether there is an SSH server, and whether it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshState {
    /// None is installed.
    Absent,
    /// It told its settings.
    Known,
    /// It did not.
    Unknown,
}

/// Who listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenersReply {
    /// At most 256.
    pub listeners: Vec<Listener>,
    /// How many more there are.
    pub left_out: usize,
}

/// Our units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitsReply {
    /// One of each.
    pub units: Vec<UnitReply>,
}

/// One of our units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitReply {
    /// As systemd calls it.
    pub name: String,
    /// `active`, `inactive`, `failed` ...; empty where systemd does not say.
    pub state: String,
    /// It starts at boot.
    pub is_enabled: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// systemd's own measure in tenths, 0 to 100; none where it does not say.
    pub exposure_tenths: Option<u32>,
    /// Files that change it, at most 20.
    pub drop_ins: Vec<String>,
    /// What it may reach over the network; none where systemd does not say.
    pub reach: Option<Reach>,
    /// Why something of it is not known.
    pub why: Option<String>,
}

/// The unit that was started anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartReply {
    /// Which.
    pub unit: OwnUnit,
}

/// The backup that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupReply {
    /// One ran already, and was left alone.
    pub was_running: bool,
}

/// The ruleset that is kept from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmReply {
    /// As nft prints it.
    pub ruleset: String,
}
