//! Why the log is not signed, told apart: what somebody must see to, and what may pass by itself.

use crate::error::{Failure, PlatformError};
use audit::{Hash, checkpoint::CheckpointError, note::NoteError, tile::TileReadError};
use host::write::WriteError;
use store::StoreError;
use types::ProblemCode;

/// What stands in the way of a signature.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database has fewer leaves than were signed: it was set back under the log.
    #[error(
        "the database has {database} leaves of the audit log, and {signed} were signed: it was set back; run `strongroom audit recover`"
    )]
    Behind {
        /// Leaves in the database.
        database: u64,
        /// Leaves that were signed.
        signed: u64,
    },
    /// A leaf in the database is not the one that was signed.
    #[error(
        "leaf {index} of the audit log is another in the database than in the tiles that were signed; keep copies of both and find out who wrote there"
    )]
    Forked {
        /// Its index.
        index: u64,
    },
    /// The tiles do not have the root that was signed.
    #[error(
        "the tiles of the audit log have the root {found}, and {signed} was signed at {size} leaves; bring the folder back from a copy"
    )]
    Tiles {
        /// The size that was signed.
        size: u64,
        /// Their root.
        found: Hash,
        /// What was signed.
        signed: Hash,
    },
    /// Nobody knows what was signed last.
    #[error(
        "the audit log was signed before, and what was signed last is not in its folder; bring the folder back from a copy, or run `strongroom audit recover`"
    )]
    StateLost,
    /// What was signed last cannot be read.
    #[error("what was signed last cannot be read: the file is damaged; bring the folder back from a copy")]
    StateDamaged,
    /// The key that signed is not in the database.
    #[error(
        "the key that signed the audit log is not in the database: it was set back to before the key was made"
    )]
    KeyLost,
    /// The keys in the database are those of before an exchange.
    #[error(
        "the database has an older key of the audit log than the one that was announced or has signed: it was set back, or somebody wrote there; find out which, and see `strongroom audit recover`"
    )]
    KeySetBack,
    /// Somebody else signed meanwhile.
    #[error("what was signed last is not what this process signed; another one signs the same log")]
    Swapped,
    /// The published note is of another log, or beyond what was signed.
    #[error("the published checkpoint is not one that this log has signed; find out who wrote it")]
    Published,
    /// A tile cannot be read.
    #[error("{tile} of the audit log cannot be read, or is not as long as its name says")]
    Tile {
        /// Its path.
        tile: String,
    },
    /// A file or folder.
    #[error("the folder of the audit log cannot be used")]
    Write(#[from] WriteError),
    /// The operating system refused.
    #[error("cannot {what} in the folder of the audit log")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What was answered.
        #[source]
        source: std::io::Error,
    },
    /// The note.
    #[error("the published checkpoint is no signed note")]
    Note(#[from] NoteError),
    /// What the note says.
    #[error("the published note is no checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// The database.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The key.
    #[error("the checkpoint cannot be signed: {0}")]
    Vault(String),
    /// Whoever watched the steps asked for the end, as a test does.
    #[error("stopped after a step")]
    Stopped,
}

impl LedgerError {
    /// Whether the log must not grow until somebody has looked: going on could end in two logs.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Behind { .. }
            | Self::Forked { .. }
            | Self::Tiles { .. }
            | Self::StateLost
            | Self::StateDamaged
            | Self::KeyLost
            | Self::KeySetBack
            | Self::Swapped
            | Self::Published
            | Self::Tile { .. }
            | Self::Note(_)
            | Self::Checkpoint(_) => true,
            Self::Write(_) | Self::Io { .. } | Self::Store(_) | Self::Vault(_) | Self::Stopped => false,
        }
    }
}

impl From<TileReadError<LedgerError>> for LedgerError {
    fn from(error: TileReadError<Self>) -> Self {
        match error {
            TileReadError::Read { source, .. } => source,
            TileReadError::Length { tile, .. } | TileReadError::Leaf { tile } => Self::Tile {
                tile: tile.to_string(),
            },
            TileReadError::Range { size, .. } => Self::Tile {
                tile: format!("a tile beyond {size} leaves"),
            },
        }
    }
}

impl From<LedgerError> for PlatformError {
    fn from(error: LedgerError) -> Self {
        let code = match error {
            LedgerError::Store(error) => return error.into(),
            LedgerError::Vault(what) => return Self::internal(Failure::Vault(what)),
            ref refusal if refusal.is_refusal() => ProblemCode::Conflict,
            _ => ProblemCode::Unavailable,
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::new(code, format!("{error}{}", cause.unwrap_or_default()))
    }
}
