//! Tiles, then the swap of what was signed last, then the signature, then the checkpoint: in this order, each on disk before the
//! next.
//!
//! Invariants: no two notes of one size with different roots, wherever it is cut off. What may be signed is in `signed` before it is
//! signed, and what is there is never exchanged for another root of its size; whoever starts again finishes what is there. A key that was
//! exchanged signs no more, whoever writes it back into the database: the newest key that has signed, or was announced, is among those
//! that sign. Start at [`Publisher::open`].

use super::{
    error::LedgerError,
    folder::{Folder, Signed},
    key::LogKey,
    rotation,
};
use crate::Platform;
use audit::{
    Checkpoint, Leaf, LeafKind,
    leaf::LEAF_BYTES,
    merkle,
    note::Note,
    tile::{Edge, TiledTree, WIDTH},
};
use store::control::{
    Reads,
    audit_log::{self as rows, BATCH_MAX, StoredLeaf},
};

/// What has just been done, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One tile is on disk.
    Tile,
    /// All tiles are.
    Tiles,
    /// What may be signed is noted.
    Swapped,
    /// The note is signed, in memory.
    Signed,
    /// The checkpoint is on disk.
    Published,
    /// Parts of tiles that are no longer needed are gone.
    Trimmed,
}

/// Asked after each step whether to go on; a test says no.
pub(crate) type Watch<'a> = &'a mut (dyn FnMut(Step) -> bool + Send);

/// What signs, with the right edge of the tree.
pub(crate) struct Publisher {
    folder: Folder,
    key: LogKey,
    edge: Edge,
    signed: Signed,
    /// The published note is of that size.
    published: Option<u64>,
}

/// Nothing was signed yet.
pub(super) fn nothing() -> Signed {
    Signed {
        size: 0,
        root: merkle::Tree::default().root(),
    }
}

impl Publisher {
    /// Compares what was signed with tiles, checkpoint and database, and takes up from there.
    pub(crate) async fn open(platform: &Platform, on: &mut impl Reads) -> Result<Self, LedgerError> {
        let folder = Folder::at(&platform.settings().audit);
        let (key, signed) = begin(platform, &folder, on).await?;
        let published = check_published(&folder, &key, signed)?;
        let edge = check_tiles(&folder, signed)?;
        check_database(&folder, on, signed).await?;
        Ok(Self {
            folder,
            key,
            edge,
            signed,
            published,
        })
    }

    /// What is signed.
    pub(crate) fn signed(&self) -> Signed {
        self.signed
    }

    /// Publishes what the database has more.
    pub(crate) async fn publish(
        &mut self,
        platform: &Platform,
        on: &mut impl Reads,
        watch: Watch<'_>,
    ) -> Result<(), LedgerError> {
        if self.signed.size > 0 && self.published != Some(self.signed.size) {
            self.sign(watch)?;
        }
        loop {
            let first = i64::try_from(self.edge.size()).unwrap_or(i64::MAX);
            let leaves = rows::leaves_from(on, first, BATCH_MAX).await?;
            if leaves.is_empty() {
                return Ok(());
            }
            // After the leaves: where one of them announces a key, that key signs what covers it.
            self.reload_key(platform, on, &leaves).await?;
            let dense = (first..).zip(&leaves).find(|(index, leaf)| leaf.index != *index);
            if let Some((index, _)) = dense {
                return Err(LedgerError::Forked {
                    index: index.unsigned_abs(),
                });
            }
            self.grow(leaves.into_iter().map(|leaf| leaf.leaf), watch)?;
        }
    }

    /// The keys of now, which are those that signed before or what these became by an exchange.
    async fn reload_key(
        &mut self,
        platform: &Platform,
        on: &mut impl Reads,
        leaves: &[StoredLeaf],
    ) -> Result<(), LedgerError> {
        let found = match leaves.iter().any(|leaf| is_exchange(&leaf.leaf)) {
            true => load_key(platform, on).await?,
            false => LogKey::load(platform).await?,
        };
        let found = found.ok_or(LedgerError::KeyLost)?;
        if !found.follows(&self.key)? {
            return Err(LedgerError::KeySetBack);
        }
        self.key = found;
        Ok(())
    }

    fn grow(
        &mut self,
        leaves: impl Iterator<Item = [u8; LEAF_BYTES]>,
        watch: Watch<'_>,
    ) -> Result<(), LedgerError> {
        let growth = self.edge.append(leaves);
        for (tile, bytes) in &growth.tiles {
            self.folder.write_tile(*tile, bytes)?;
            pass(watch, Step::Tile)?;
        }
        pass(watch, Step::Tiles)?;
        let next = Signed {
            size: growth.size,
            root: growth.root,
        };
        self.folder.swap(Some(self.signed), next)?;
        self.signed = next;
        pass(watch, Step::Swapped)?;
        self.sign(watch)
    }

    /// Signs what is noted, and publishes it.
    fn sign(&mut self, watch: Watch<'_>) -> Result<(), LedgerError> {
        let note = signed_note(&self.key, self.signed)?;
        pass(watch, Step::Signed)?;
        self.folder.publish(&note.to_string())?;
        pass(watch, Step::Published)?;
        if let Some(old) = self.published.replace(self.signed.size) {
            self.folder.trim(old, self.signed.size)?;
        }
        pass(watch, Step::Trimmed)
    }
}

fn pass(watch: Watch<'_>, step: Step) -> Result<(), LedgerError> {
    if watch(step) {
        Ok(())
    } else {
        Err(LedgerError::Stopped)
    }
}

/// The checkpoint of what is noted, signed with all keys.
pub(super) fn signed_note(key: &LogKey, signed: Signed) -> Result<Note, LedgerError> {
    let mut note = Checkpoint::new(key.name().clone(), signed.size, signed.root).to_note()?;
    key.sign(&mut note)?;
    Ok(note)
}

/// Whether a leaf may announce a key of the log.
fn is_exchange(leaf: &[u8; LEAF_BYTES]) -> bool {
    Leaf::decode(leaf).is_ok_and(|leaf| leaf.kind == LeafKind::KeyRotation)
}

/// The keys, if the one that was announced last is among them.
pub(super) async fn load_key(
    platform: &Platform,
    on: &mut impl Reads,
) -> Result<Option<LogKey>, LedgerError> {
    // The entry first: a key that is announced in between comes with its own.
    let announced = rotation::announced(platform, on).await?;
    let Some(key) = LogKey::load(platform).await? else {
        return Ok(None);
    };
    let keys = key.verifiers()?;
    match announced.is_none_or(|announced| keys.iter().any(|key| key.to_string() == announced)) {
        true => Ok(Some(key)),
        false => Err(LedgerError::KeySetBack),
    }
}

/// The key and what was signed last; both made where nothing ever was signed.
async fn begin(
    platform: &Platform,
    folder: &Folder,
    on: &mut impl Reads,
) -> Result<(LogKey, Signed), LedgerError> {
    match (load_key(platform, on).await?, folder.signed()?) {
        (Some(key), Some(signed)) => Ok((key, signed)),
        (Some(_), None) => Err(LedgerError::StateLost),
        (None, Some(signed)) if signed.size > 0 => Err(LedgerError::KeyLost),
        (None, found) => {
            // The state first: a key without it means that the folder was lost.
            if found.is_none() {
                if folder.checkpoint()?.is_some() {
                    return Err(LedgerError::StateLost);
                }
                // Only now: where something was signed, a folder that is away must not look like an empty one.
                folder.make()?;
                folder.swap(None, nothing())?;
            }
            Ok((LogKey::make(platform).await?, nothing()))
        }
    }
}

/// The published checkpoint is one of ours, and not beyond what was signed, and the newest key that signed it is still there; gives its
/// size.
pub(super) fn check_published(
    folder: &Folder,
    key: &LogKey,
    signed: Signed,
) -> Result<Option<u64>, LedgerError> {
    let Some(bytes) = folder.checkpoint()? else {
        return Ok(None);
    };
    let note = Note::parse(&bytes)?;
    let trusted = key.policy()?.check(&note);
    let found = trusted.map_err(|_| LedgerError::Published)?.checkpoint;
    if found.size > signed.size || found.size == signed.size && found.root != signed.root {
        return Err(LedgerError::Published);
    }
    // Signatures stand in the order in which the keys were made.
    let keys = key.verifiers()?;
    let newest = note.signatures().iter().rfind(|line| line.name() == key.name());
    if !newest.is_some_and(|line| keys.iter().any(|key| line.claims(key))) {
        return Err(LedgerError::KeySetBack);
    }
    Ok(Some(found.size))
}

/// The tiles have the root that was signed.
pub(super) fn check_tiles(folder: &Folder, signed: Signed) -> Result<Edge, LedgerError> {
    let edge = Edge::load(signed.size, |tile| folder.read_tile(tile))?;
    if edge.root() == signed.root {
        return Ok(edge);
    }
    Err(LedgerError::Tiles {
        size: signed.size,
        found: edge.root(),
        signed: signed.root,
    })
}

/// The database has at least what was signed, and its newest leaves of that are those in the tiles. All of them are compared by the
/// nightly check.
pub(super) async fn check_database(
    folder: &Folder,
    on: &mut impl Reads,
    signed: Signed,
) -> Result<(), LedgerError> {
    let figures = rows::figures(on).await?;
    let database = figures.size.unsigned_abs();
    if database < signed.size {
        return Err(LedgerError::Behind {
            database,
            signed: signed.size,
        });
    }
    let Some(last) = signed.size.checked_sub(1) else {
        return Ok(());
    };
    let tile = last / u64::from(WIDTH);
    let first = tile * u64::from(WIDTH);
    let mut tree = TiledTree::new(signed.size, |tile| folder.read_tile(tile));
    let tiled = tree.leaves(tile)?;
    let count = i64::try_from(tiled.len()).unwrap_or(0);
    let stored = rows::leaves_from(on, i64::try_from(first).unwrap_or(i64::MAX), count).await?;
    compare(first, &stored, &tiled)
}

/// The first leaf that differs.
pub(super) fn compare(
    first: u64,
    stored: &[StoredLeaf],
    tiled: &[[u8; LEAF_BYTES]],
) -> Result<(), LedgerError> {
    for (index, leaf) in (first..).zip(tiled) {
        let at = usize::try_from(index - first).unwrap_or(usize::MAX);
        let same = stored
            .get(at)
            .is_some_and(|stored| stored.index.unsigned_abs() == index && stored.leaf == *leaf);
        if !same {
            return Err(LedgerError::Forked { index });
        }
    }
    Ok(())
}
