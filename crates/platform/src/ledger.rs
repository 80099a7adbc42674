//! The signed log: how it stands, what an auditor is given, and the receipt of one entry.
//!
//! Invariant: nothing here is believed of a file: checkpoints are verified, receipts are checked before they are handed out, and
//! where the log was set back or forked, that is said. Start at [`standing`]; [`crate::sequencer`] makes what is read here.

pub mod daily;
mod error;
mod export;
mod feed;
mod folder;
pub mod kept;
mod key;
mod publish;
mod recover;
pub mod rotation;
pub mod witness;

pub use audit::Hash;
pub use error::LedgerError;
pub(crate) use export::write as write_export;
pub use export::{Exported, export};
pub(crate) use folder::Folder;
pub use folder::Signed;
pub(crate) use key::was_signed;
pub use publish::Step;
pub(crate) use publish::{Publisher, Watch};
pub(crate) use recover::losses;
pub use recover::{Plan, plan, recover};

use crate::{
    Caller, Platform, Workspace,
    check::require_operator,
    error::{PlatformError, Result},
    trail,
};
use access::Permission;
use audit::{Checkpoint, Leaf, note::Note, policy::Policy, receipt::Receipt, tile::TiledTree};
use jiff::{SignedDuration, Timestamp};
use key::LogKey;
use store::control::audit_log::{self as rows, Figures, StoredLeaf};
use types::{EntryId, ProblemCode};

/// An entry that waits for longer is too late: it should be in the log within two seconds.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// How outbox, log and checkpoint stand.
#[derive(Debug)]
pub struct Standing {
    /// Leaves in the database.
    pub size: u64,
    /// Entries that wait for the log.
    pub pending: u64,
    /// How long the oldest of them has waited.
    pub oldest: Option<SignedDuration>,
    /// What was signed last; none before the first.
    pub signed: Option<Signed>,
    /// The time of the newest leaf; none before the first, or when it cannot be read.
    pub newest_at: Option<Timestamp>,
    /// When the newest checkpoint was published.
    pub published_at: Option<Timestamp>,
    /// Why nothing more is signed, or why nobody here can tell.
    pub trouble: Option<LedgerError>,
}

impl Standing {
    /// Whether an entry has waited too long.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.oldest.is_some_and(|age| age > LATE_AFTER)
    }

    /// Leaves that no checkpoint covers yet.
    #[must_use]
    pub fn unsigned(&self) -> u64 {
        self.size
            .saturating_sub(self.signed.map_or(0, |signed| signed.size))
    }
}

/// A checkpoint whose signature holds.
#[derive(Debug, Clone)]
pub struct Published {
    /// The note, to be kept as it is.
    pub note: String,
    /// Its size.
    pub size: u64,
    /// Its root, in hexadecimal.
    pub root: String,
    /// Witnesses that have signed this log, at this size or before.
    pub witnesses: usize,
    /// When it was published.
    pub at: Option<Timestamp>,
    /// How long ago that is.
    pub age: Option<SignedDuration>,
}

/// How far an entry has come.
#[derive(Debug, Clone)]
pub enum Proof {
    /// It waits for the log.
    Waiting,
    /// It is in the log, and no checkpoint covers it yet.
    Unsigned {
        /// Its index in the log, from 0.
        index: u64,
    },
    /// It is proven.
    Proven {
        /// Its index in the log, from 0.
        index: u64,
        /// The size of the checkpoint that covers it.
        size: u64,
        /// The receipt (C2SP tlog-proof), which anybody can check with the policy.
        receipt: String,
    },
}

/// Looks at everything that can be looked at without reading the whole log.
///
/// # Errors
/// `unavailable` when the database is away.
pub async fn standing(platform: &Platform) -> Result<Standing> {
    let mut read = platform.control().read().await?;
    let Figures {
        size,
        pending,
        oldest,
    } = rows::figures(&mut read).await?;
    let newest = rows::newest(&mut read).await?;
    let newest = newest.and_then(|newest| Leaf::decode(&newest.leaf).ok());
    let newest_at = newest.and_then(|leaf| Timestamp::from_millisecond(leaf.time_ms.try_into().ok()?).ok());
    let folder = Folder::at(&platform.settings().audit);
    let looked = look(platform, &folder, &mut read).await;
    let (signed, trouble) = match looked {
        Ok(signed) => (signed, None),
        Err(LedgerError::Store(error)) => return Err(error.into()),
        // Why is in the trouble; this only says how far it had come.
        Err(error) => (folder.signed().ok().flatten(), Some(error)),
    };
    Ok(Standing {
        size: size.unsigned_abs(),
        pending: pending.unsigned_abs(),
        oldest: oldest.map(|since| platform.now().duration_since(since)),
        signed,
        newest_at,
        published_at: folder.published_at().and_then(|at| Timestamp::try_from(at).ok()),
        trouble,
    })
}

async fn look(
    platform: &Platform,
    folder: &Folder,
    read: &mut store::control::ControlRead,
) -> Result<Option<Signed>, LedgerError> {
    match (publish::load_key(platform, read).await?, folder.signed()?) {
        (None, None) => Ok(None),
        (None, Some(signed)) if signed.size == 0 => Ok(Some(signed)),
        (None, Some(_)) => Err(LedgerError::KeyLost),
        (Some(_), None) => Err(LedgerError::StateLost),
        (Some(key), Some(signed)) => {
            publish::check_published(folder, &key, signed)?;
            publish::check_tiles(folder, signed)?;
            publish::check_database(folder, read, signed).await?;
            Ok(Some(signed))
        }
    }
}

/// The policy that an auditor pins: what the log is called and the key that it signs with; while that is exchanged, the new one alone as
/// soon as both sign. Hand it over once, by a way that the appliance has no part in.
///
/// # Errors
/// `not-allowed` for anybody but the host; `not-found` before the first checkpoint.
pub async fn policy(platform: &Platform, caller: &Caller) -> Result<String> {
    require_operator(caller)?;
    let key = LogKey::load(platform).await?.ok_or_else(no_key)?;
    let trusted = rotation::to_trust(platform, &key)?;
    Ok(witness::policy_of(platform, trusted).await?.to_string())
}

fn no_key() -> PlatformError {
    PlatformError::new(
        ProblemCode::NotFound,
        "the log has no key yet: the worker makes it when it first signs; see `strongroom doctor`",
    )
}

pub(crate) async fn policy_of(platform: &Platform) -> Result<Policy> {
    let key = LogKey::load(platform).await?.ok_or_else(no_key)?;
    Ok(key.policy()?)
}

/// The newest checkpoint, verified; none before the first.
///
/// # Errors
/// `conflict` for a checkpoint that the log has not signed.
pub async fn checkpoint(platform: &Platform) -> Result<Option<Published>> {
    let folder = Folder::at(&platform.settings().audit);
    let Some(bytes) = folder.checkpoint()? else {
        return Ok(None);
    };
    let note = Note::parse(&bytes).map_err(LedgerError::from)?;
    let trusted = policy_of(platform).await?.check(&note);
    let trusted = trusted.map_err(|_| LedgerError::Published)?;
    let at = folder.published_at().and_then(|at| Timestamp::try_from(at).ok());
    Ok(Some(Published {
        age: at.map(|at| platform.now().duration_since(at)),
        note: note.to_string(),
        size: trusted.checkpoint.size,
        root: trusted.checkpoint.root.to_string(),
        witnesses: witnesses(platform).await?,
        at,
    }))
}

/// How many witnesses have signed this log, at whatever size last. What cannot be read in the folder counts for nobody.
async fn witnesses(platform: &Platform) -> Result<usize> {
    let found = match witness::witnessed(platform).await {
        Err(error) if error.code == ProblemCode::Unavailable => return Err(error),
        found => found.ok().flatten().filter(|found| found.is_ours),
    };
    Ok(found.map_or(0, |found| found.times.len()))
}

/// The newest checkpoint for members with `audit.read`.
///
/// # Errors
/// `not-allowed`; `not-found` before the first; as [`checkpoint`].
pub async fn checkpoint_for(workspace: &Workspace) -> Result<Published> {
    workspace.permit(Permission::AuditRead).await?;
    let found = checkpoint(workspace.platform()).await?;
    found.ok_or_else(|| PlatformError::not_found("checkpoint"))
}

/// How far an entry of an organization's trail has come, with its receipt when it is proven.
///
/// # Errors
/// As [`trail::find`]; `conflict` when the entry is neither in the log nor waits for it.
pub async fn receipt(workspace: &Workspace, id: EntryId) -> Result<Proof> {
    let c_header = trail::commitment(workspace, id).await?;
    let platform = workspace.platform();
    let mut read = platform.control().read().await?;
    let standing = rows::standing(&mut read, id, &c_header).await?;
    drop(read);
    match standing {
        rows::Standing::Pending { .. } => Ok(Proof::Waiting),
        rows::Standing::Logged(leaf) => prove(platform, &leaf).await,
        rows::Standing::Nowhere => Err(PlatformError::new(
            ProblemCode::Conflict,
            "the entry is neither in the log nor waits for it; tell the operator to run `strongroom audit check`",
        )),
    }
}

/// The receipt of a leaf, checked as its holder would.
async fn prove(platform: &Platform, leaf: &StoredLeaf) -> Result<Proof> {
    let index = leaf.index.unsigned_abs();
    let Some(published) = checkpoint(platform).await?.filter(|found| found.size > index) else {
        return Ok(Proof::Unsigned { index });
    };
    let note = Note::parse(published.note.as_bytes()).map_err(LedgerError::from)?;
    let receipt = receipt_under(platform, leaf, note)?;
    let checked = receipt.check(&policy_of(platform).await?);
    checked.map_err(|_| LedgerError::Forked { index })?;
    Ok(Proof::Proven {
        index,
        size: published.size,
        receipt: receipt.to_string(),
    })
}

/// The proof of a leaf under a checkpoint that covers it.
fn receipt_under(platform: &Platform, leaf: &StoredLeaf, checkpoint: Note) -> Result<Receipt> {
    let index = leaf.index.unsigned_abs();
    let folder = Folder::at(&platform.settings().audit);
    let found = Checkpoint::parse(checkpoint.text()).map_err(LedgerError::from)?;
    let mut tree = TiledTree::new(found.size, |tile| folder.read_tile(tile));
    Ok(Receipt {
        leaf: leaf.leaf,
        index,
        hashes: tree.prove_inclusion(index).map_err(LedgerError::from)?,
        checkpoint,
    })
}
