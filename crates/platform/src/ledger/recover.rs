//! The way back to one log after a restore of the database, or after the folder was lost.
//!
//! Invariants: leaves come back only out of tiles whose root was signed, and only where the database's own leaves are the beginning
//! of them; nothing that was signed is given up. What was done is an entry of the appliance (kind 4) that names the leaves; the check
//! takes an entry that is missing for one of these as lost by the restore, and no other. The entry comes first: cut off in between, the
//! leaves still come back with it, never without. Start at [`plan`].

use super::{
    error::LedgerError,
    folder::{Folder, Signed},
    key::LogKey,
    publish::{check_published, check_tiles, load_key, nothing, signed_note},
};
use crate::{
    Caller, Platform,
    act::{Act, Object, read_header},
    check::require_operator,
    database::AdminAccess,
    error::{PlatformError, Result},
    trail,
};
use audit::{
    Checkpoint,
    leaf::LEAF_BYTES,
    merkle::Tree,
    note::Note,
    tile::{TiledTree, WIDTH},
};
use std::ops::RangeInclusive;
use store::control::{
    audit_log::{self as rows, Lead, Standing},
    entry_log,
};
use types::ProblemCode;

/// What the entry of a recovery is called.
const ACTION: &str = "log.recover";
/// Leaves read or written at once.
const PAGE: i64 = 5_000;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The database was set back: leaves come back out of the tiles.
    Return {
        /// Leaves in the database.
        database: u64,
        /// Leaves that were signed.
        signed: u64,
    },
    /// What was signed last is taken from the checkpoint that lies there.
    Remember {
        /// Its size.
        size: u64,
    },
    /// The folder is empty: tiles are made anew out of the database, and a checkpoint of its size is signed. Compare it with one that
    /// was kept elsewhere.
    BeginAgain {
        /// Leaves in the database.
        database: u64,
    },
    /// The database was set back to before an exchange of the log's key, and has the key of before: what was signed last is signed once
    /// more, with that. Only an operator knows that it was a restore, and not somebody who wrote an old key back.
    Resign {
        /// Its size.
        size: u64,
    },
}

impl Plan {
    /// What the operator types to have it carried out.
    #[must_use]
    pub fn confirmation(self) -> String {
        match self {
            Self::Return { database, signed } => format!("return-{database}-{signed}"),
            Self::Remember { size } => format!("remember-{size}"),
            Self::BeginAgain { database } => format!("begin-again-{database}"),
            Self::Resign { size } => format!("sign-again-{size}"),
        }
    }
}

/// What would be done, for the operator at the host; none where nothing is wrong that this mends.
///
/// # Errors
/// `not-allowed`; `unavailable`; `conflict` for a log that this cannot mend.
pub async fn plan(platform: &Platform, caller: &Caller) -> Result<Option<Plan>> {
    require_operator(caller)?;
    let standing = super::standing(platform).await?;
    match standing.trouble {
        None => Ok(None),
        Some(LedgerError::Behind { database, signed }) => Ok(Some(Plan::Return { database, signed })),
        Some(LedgerError::StateLost) => match kept(platform).await? {
            Some(signed) => Ok(Some(Plan::Remember { size: signed.size })),
            None => Ok(Some(Plan::BeginAgain {
                database: standing.size,
            })),
        },
        Some(trouble @ (LedgerError::Published | LedgerError::KeySetBack)) => match unsigned(platform).await?
        {
            Some((_, signed)) => Ok(Some(Plan::Resign { size: signed.size })),
            None => Err(trouble.into()),
        },
        Some(other) => Err(other.into()),
    }
}

/// What was signed last, where the published note says just that, the tiles are those of it, and nothing but its newest signature is not
/// of a key that is here; with the keys that are. Not where the database still knows that a newer one was announced.
async fn unsigned(platform: &Platform) -> Result<Option<(LogKey, Signed)>> {
    let folder = Folder::at(&platform.settings().audit);
    let key = load_key(platform, &mut platform.control().read().await?).await?;
    let (Some(key), Some(signed), Some(note)) = (key, folder.signed()?, folder.checkpoint()?) else {
        return Ok(None);
    };
    let note = Note::parse(&note).map_err(LedgerError::from)?;
    let found = Checkpoint::parse(note.text()).map_err(LedgerError::from)?;
    let is_same = found == Checkpoint::new(key.name().clone(), signed.size, signed.root);
    if !is_same || check_published(&folder, &key, signed).is_ok() {
        return Ok(None);
    }
    check_tiles(&folder, signed)?;
    Ok(Some((key, signed)))
}

/// Size and root of the checkpoint that lies in the folder, if it is one of ours and the tiles are those of it.
async fn kept(platform: &Platform) -> Result<Option<Signed>> {
    let folder = Folder::at(&platform.settings().audit);
    let Some(bytes) = folder.checkpoint()? else {
        return Ok(None);
    };
    let found = Note::parse(&bytes).map_err(LedgerError::from)?;
    let found = Checkpoint::parse(found.text()).map_err(LedgerError::from)?;
    let signed = Signed {
        size: found.size,
        root: found.root,
    };
    let key = LogKey::load(platform).await?.ok_or(LedgerError::KeyLost)?;
    check_published(&folder, &key, signed)?;
    check_tiles(&folder, signed)?;
    Ok(Some(signed))
}

/// Carries the plan out, if `confirmation` is that of the plan as it is now, and says what was done.
///
/// # Errors
/// `conflict` while the worker leads, when the plan is another by now, or when the database's leaves are not the beginning of what was
/// signed; `unavailable`.
pub async fn recover(
    platform: &Platform,
    caller: &Caller,
    admin: &AdminAccess,
    database: &str,
    confirmation: &str,
) -> Result<Plan> {
    require_operator(caller)?;
    let conflict = |what: &str| PlatformError::new(ProblemCode::Conflict, what);
    let lead = rows::lead(platform.control()).await?;
    let mut lead = lead
        .ok_or_else(|| conflict("the worker leads the log; stop strongroom-worker.service for the time"))?;
    let done = carry_out(platform, &mut lead, caller, admin, database, confirmation).await;
    lead.close().await?;
    done
}

async fn carry_out(
    platform: &Platform,
    lead: &mut Lead,
    caller: &Caller,
    admin: &AdminAccess,
    database: &str,
    confirmation: &str,
) -> Result<Plan> {
    let conflict = |what: &str| PlatformError::new(ProblemCode::Conflict, what);
    let plan = plan(platform, caller).await?;
    let plan = plan.ok_or_else(|| conflict("nothing is wrong with the log that this would mend"))?;
    if plan.confirmation() != confirmation {
        let what = format!(
            "the confirmation of what would be done now is {}",
            plan.confirmation()
        );
        return Err(conflict(&what));
    }
    let folder = Folder::at(&platform.settings().audit);
    // The entry comes first: cut off after it, the plan is the same and it is written once more; before it, nothing was done. Nobody
    // else appends meanwhile, so that its leaf comes after those that it explains.
    match plan {
        Plan::Return { .. } => {
            let proven = prove(&folder, lead).await?;
            note(platform, caller, plan).await?;
            return_leaves(&folder, proven, admin, database).await?;
        }
        Plan::Remember { .. } => {
            let signed = kept(platform).await?.ok_or(LedgerError::StateLost)?;
            note(platform, caller, plan).await?;
            folder.swap(None, signed)?;
        }
        Plan::BeginAgain { .. } => {
            folder.make()?;
            note(platform, caller, plan).await?;
            folder.swap(None, nothing())?;
        }
        Plan::Resign { .. } => {
            let (key, signed) = unsigned(platform).await?.ok_or(LedgerError::Published)?;
            note(platform, caller, plan).await?;
            folder.publish(&signed_note(&key, signed)?.to_string())?;
        }
    }
    Ok(plan)
}

/// What may come back: the tree of the database's leaves, which is the beginning of what was signed.
struct Proven {
    tree: Tree,
    signed: Signed,
}

/// Holds all leaves of the tiles against what was signed, and the database's against the tiles.
async fn prove(folder: &Folder, lead: &mut Lead) -> Result<Proven> {
    let signed = folder.signed()?.ok_or(LedgerError::StateLost)?;
    check_tiles(folder, signed)?;
    let (mut tree, size) = beginning(lead, signed).await?;
    let mut tiled = TiledTree::new(signed.size, |tile| folder.read_tile(tile));
    if tiled.root_at(size).map_err(LedgerError::from)? != tree.root() {
        let index = first_difference(lead, &mut tiled, size).await?;
        return Err(LedgerError::Forked { index }.into());
    }
    let proven = tree.clone();
    while tree.size() < signed.size {
        let leaves = rest_of_tile(&mut tiled, tree.size())?;
        leaves.iter().for_each(|leaf| tree.push(leaf));
    }
    check_root(&tree, signed)?;
    Ok(Proven { tree: proven, signed })
}

/// Brings back what the tiles have more, all of it or nothing.
async fn return_leaves(folder: &Folder, proven: Proven, admin: &AdminAccess, database: &str) -> Result<()> {
    let Proven { mut tree, signed } = proven;
    let mut tiled = TiledTree::new(signed.size, |tile| folder.read_tile(tile));
    let client = admin.connect(database).await?;
    let failed = store::StoreError::from;
    client.batch_execute("BEGIN").await.map_err(failed)?;
    while tree.size() < signed.size {
        let first = i64::try_from(tree.size()).unwrap_or(i64::MAX);
        let leaves = rest_of_tile(&mut tiled, tree.size())?;
        leaves.iter().for_each(|leaf| tree.push(leaf));
        rows::return_leaves(&client, first, &leaves).await?;
    }
    // The tiles are read a second time: what comes back is what was proven, or goes with the connection.
    check_root(&tree, signed)?;
    client.batch_execute("COMMIT").await.map_err(failed)?;
    Ok(())
}

/// The leaves from one on, to the end of its tile.
fn rest_of_tile<R>(tiled: &mut TiledTree<R>, first: u64) -> Result<Vec<[u8; LEAF_BYTES]>, LedgerError>
where
    R: FnMut(audit::tile::Tile) -> Result<Vec<u8>, LedgerError>,
{
    let width = u64::from(WIDTH);
    let leaves = tiled.leaves(first / width)?;
    let skip = usize::try_from(first % width).unwrap_or(0);
    Ok(leaves.into_iter().skip(skip).collect())
}

fn check_root(tree: &Tree, signed: Signed) -> Result<(), LedgerError> {
    if tree.root() == signed.root {
        return Ok(());
    }
    Err(LedgerError::Tiles {
        size: signed.size,
        found: tree.root(),
        signed: signed.root,
    })
}

/// The tree of the database's leaves, up to what was signed.
async fn beginning(lead: &mut Lead, signed: Signed) -> Result<(Tree, u64)> {
    let mut tree = Tree::default();
    loop {
        let next = i64::try_from(tree.size()).unwrap_or(i64::MAX);
        let page = rows::leaves_from(lead, next, PAGE).await?;
        let room = usize::try_from(signed.size - tree.size()).unwrap_or(usize::MAX);
        if page.is_empty() || room == 0 {
            let size = tree.size();
            return Ok((tree, size));
        }
        for (expected, stored) in (next..).zip(page.iter().take(room)) {
            if stored.index != expected {
                return Err(LedgerError::Forked {
                    index: expected.unsigned_abs(),
                }
                .into());
            }
            tree.push(&stored.leaf);
        }
    }
}

async fn first_difference<R>(lead: &mut Lead, tiled: &mut TiledTree<R>, size: u64) -> Result<u64>
where
    R: FnMut(audit::tile::Tile) -> Result<Vec<u8>, LedgerError>,
{
    let width = u64::from(WIDTH);
    for tile in 0..size.div_ceil(width) {
        let first = i64::try_from(tile * width).unwrap_or(i64::MAX);
        let stored = rows::leaves_from(lead, first, i64::from(WIDTH)).await?;
        let leaves = tiled.leaves(tile).map_err(LedgerError::from)?;
        let pairs = stored.iter().zip(&leaves);
        if let Some((stored, _)) = pairs.clone().find(|(stored, leaf)| stored.leaf != **leaf) {
            return Ok(stored.index.unsigned_abs());
        }
    }
    Ok(0)
}

/// The entry that says what was done. The verifier reads the range, first and last, in the object's id.
async fn note(platform: &Platform, caller: &Caller, plan: Plan) -> Result<()> {
    let (object, reason) = match plan {
        Plan::Return { database, signed } => (
            Object::new("log", format!("{database}-{}", signed.saturating_sub(1))),
            "the database was set back; leaves that were signed came back out of the tiles",
        ),
        Plan::Remember { .. } => (
            Object::unknown("log"),
            "what was signed last was lost, and taken from the checkpoint",
        ),
        Plan::BeginAgain { .. } => (
            Object::unknown("log"),
            "the folder was lost; the tiles were made anew out of the database",
        ),
        Plan::Resign { .. } => (
            Object::unknown("log"),
            "the database was set back to before the key was exchanged; what was signed last is signed with the key of before",
        ),
    };
    let act = Act::restore(ACTION, object).because(reason);
    let entry = platform.entry(caller, None, &act)?;
    let tx = platform.control().begin().await?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Leaves whose entries a restore lost.
#[derive(Debug, Clone)]
pub(crate) struct Loss {
    /// Their indexes, first and last.
    pub(crate) range: RangeInclusive<u64>,
    /// The leaf that says so; none while it waits for the log.
    pub(crate) leaf: Option<u64>,
}

/// What was lost by restores, as the appliance's own log says. An entry counts only where its header opens its commitment, and only for
/// leaves before its own: nobody explains beforehand what will be gone.
pub(crate) async fn losses(platform: &Platform) -> Result<Vec<Loss>> {
    let kind = i16::from(audit::LeafKind::Restore.number());
    let mut read = platform.control().read().await?;
    let mut losses = Vec::new();
    for entry in entry_log::list_of_kind(&mut read, kind).await? {
        let (id, c_header) = (entry.id, entry.c_header);
        let Some(range) = range_of(platform, entry) else {
            continue;
        };
        let leaf = match rows::standing(&mut read, id, &c_header).await? {
            Standing::Logged(leaf) => Some(leaf.index.unsigned_abs()),
            Standing::Pending { .. } | Standing::Nowhere => None,
        };
        if leaf.is_none_or(|leaf| *range.end() < leaf) {
            losses.push(Loss { range, leaf });
        }
    }
    Ok(losses)
}

fn range_of(platform: &Platform, entry: entry_log::StoredEntry) -> Option<RangeInclusive<u64>> {
    let header = read_header(platform.appliance_keys(), &trail::as_tenants(entry)).ok()?;
    let object = header.object.id.filter(|_| header.action == ACTION)?;
    let (first, last) = object.split_once('-')?;
    Some(first.parse().ok()?..=last.parse().ok()?)
}
