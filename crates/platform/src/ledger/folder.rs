//! The folder of the log: tiles, the newest checkpoint, and what was signed last. Outside of the database, so that no restore of
//! it touches them.
//!
//! ```text
//! tile/...      the tree (C2SP tlog-tiles)
//! checkpoint    the newest signed note
//! signed        size and root that were signed last
//! witnessed     the newest checkpoint that a witness elsewhere has signed
//! asked         what witnesses said that were asked over https
//! lock          held while `signed` is compared and swapped
//! ```
//!
//! Invariants: each file is whole or as before, and on disk when a call returns (`host::write`). What root writes here for the operator
//! belongs to the folder's owner, as what the worker writes: or the worker could not go on.

use super::error::LedgerError;
use audit::{
    Hash,
    tile::{Content, LEVELS, Tile, WIDTH},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use host::{
    account::Account,
    write::{self, Access},
};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::SystemTime,
};

const FIRST_LINE: &str = "strongroom-signed-1";
/// Readable by the daemons' group: an auditor may be given the tiles.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
/// The account of the daemons.
const DAEMONS: &str = "strongroom";

/// Size and root that were signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of so many.
    pub root: Hash,
}

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Makes it, below a folder that is there, for the daemons where root does.
    pub(crate) fn make(&self) -> Result<(), LedgerError> {
        let own = Access::own(FOLDER_MODE);
        let daemons = Account::named(DAEMONS).filter(|_| own.user.is_root());
        self.make_for(daemons.map_or(own, |Account { uid, gid, .. }| Access {
            user: uid,
            group: gid,
            ..own
        }))
    }

    /// Makes it for this process's user alone, as a witness has it.
    pub(crate) fn make_own(&self) -> Result<(), LedgerError> {
        self.make_for(Access::own(FOLDER_MODE))
    }

    fn make_for(&self, access: Access) -> Result<(), LedgerError> {
        if !self.path.is_dir() {
            write::folder(&self.path, access)?;
        }
        Ok(())
    }

    /// Whose a file in here is: the folder's owner's, when root writes it.
    fn access(&self, mode: u32) -> Result<Access, LedgerError> {
        let own = Access::own(mode);
        let folder = match own.user.is_root() {
            true => write::look(&self.path)?,
            false => None,
        };
        Ok(folder.map_or(own, |folder| Access { mode, ..folder }))
    }

    fn write(&self, name: impl AsRef<Path>, content: &[u8]) -> Result<(), LedgerError> {
        write::file(&self.path.join(name), content, self.access(FILE_MODE)?)?;
        Ok(())
    }

    /// What was signed last; none where nothing ever was.
    pub(crate) fn signed(&self) -> Result<Option<Signed>, LedgerError> {
        let Some(bytes) = write::read(&self.path.join("signed"))? else {
            return Ok(None);
        };
        parse_signed(&bytes).map(Some).ok_or(LedgerError::StateDamaged)
    }

    /// Puts `next` in the place of `expected`, or leaves what is there.
    pub(crate) fn swap(&self, expected: Option<Signed>, next: Signed) -> Result<(), LedgerError> {
        let lock = write::lock_file(&self.path.join("lock"), self.access(FILE_MODE)?)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(LedgerError::Swapped),
            Err(fs::TryLockError::Error(error)) => return Err(io_failed("take the lock")(error)),
        }
        if self.signed()? != expected {
            return Err(LedgerError::Swapped);
        }
        let text = format!("{FIRST_LINE}\n{}\n{}\n", next.size, STANDARD.encode(next.root.0));
        self.write("signed", text.as_bytes())
    }

    /// The newest checkpoint's bytes.
    pub(crate) fn checkpoint(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(write::read(&self.path.join("checkpoint"))?)
    }

    /// When it was published.
    pub(crate) fn published_at(&self) -> Option<SystemTime> {
        let metadata = fs::symlink_metadata(self.path.join("checkpoint")).ok()?;
        metadata.modified().ok()
    }

    pub(crate) fn publish(&self, note: &str) -> Result<(), LedgerError> {
        self.write("checkpoint", note.as_bytes())
    }

    /// The newest checkpoint with cosignatures.
    pub(crate) fn witnessed(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(write::read(&self.path.join("witnessed"))?)
    }

    pub(crate) fn keep_witnessed(&self, note: &[u8]) -> Result<(), LedgerError> {
        self.write("witnessed", note)
    }

    /// What witnesses said.
    pub(crate) fn asked(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(write::read(&self.path.join("asked"))?)
    }

    pub(crate) fn keep_asked(&self, said: &[u8]) -> Result<(), LedgerError> {
        self.write("asked", said)
    }

    pub(crate) fn write_tile(&self, tile: Tile, bytes: &[u8]) -> Result<(), LedgerError> {
        let relative = PathBuf::from(tile.to_string());
        let mut folder = self.path.clone();
        for part in relative.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            if !folder.is_dir() {
                write::folder(&folder, self.access(FOLDER_MODE)?)?;
            }
        }
        self.write(relative, bytes)
    }

    /// The bytes of a tile as its tree has it; out of a wider one where the log has grown since.
    pub(crate) fn read_tile(&self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        if let Some(bytes) = write::read(&self.path.join(tile.to_string()))? {
            return Ok(bytes);
        }
        let missing = || LedgerError::Tile {
            tile: tile.to_string(),
        };
        let wider = self.widest(tile)?.ok_or_else(missing)?;
        let mut bytes = write::read(&self.path.join(wider))?.ok_or_else(missing)?;
        if bytes.len() < tile.length() {
            return Err(missing());
        }
        bytes.truncate(tile.length());
        Ok(bytes)
    }

    /// The full tile of that place, or else the widest part of it that is not narrower.
    fn widest(&self, tile: Tile) -> Result<Option<String>, LedgerError> {
        let full = tile.filled().to_string();
        if self.path.join(&full).exists() {
            return Ok(Some(full));
        }
        let widths = self.widths(&full)?;
        let widest = widths
            .into_iter()
            .next_back()
            .filter(|width| *width >= tile.width());
        Ok(widest.map(|width| format!("{full}.p/{width}")))
    }

    /// Widths of the parts of a tile that are there.
    fn widths(&self, full: &str) -> Result<BTreeSet<u16>, LedgerError> {
        let entries = match fs::read_dir(self.path.join(format!("{full}.p"))) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(io_failed("list tiles")(error)),
        };
        let mut widths = BTreeSet::new();
        for entry in entries.take(usize::from(WIDTH) * 2) {
            let name = entry.map_err(io_failed("list tiles"))?.file_name();
            widths.extend(name.to_str().and_then(|name| name.parse::<u16>().ok()));
        }
        Ok(widths)
    }

    /// Removes parts of tiles that a tree of `size` leaves no longer has: of those that had `old`, the wider ones hold
    /// everything.
    pub(crate) fn trim(&self, old: u64, size: u64) -> Result<(), LedgerError> {
        let partial = |size: u64| tiles_of_edge(size);
        let now: BTreeSet<Tile> = partial(size).collect();
        for tile in partial(old).filter(|tile| !now.contains(tile)) {
            remove(&self.path.join(tile.to_string()))?;
        }
        Ok(())
    }
}

/// The partial tiles of a tree: those at its right edge.
fn tiles_of_edge(size: u64) -> impl Iterator<Item = Tile> {
    let contents = std::iter::once(Content::Entries).chain((0..LEVELS).map(Content::Hashes));
    contents.filter_map(move |content| {
        let level = match content {
            Content::Entries => 0,
            Content::Hashes(level) => level,
        };
        let items = size.checked_shr(u32::from(level) * 8)?;
        Tile::of(content, items / u64::from(WIDTH), size).filter(|tile| !tile.is_full())
    })
}

fn remove(path: &Path) -> Result<(), LedgerError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_failed("remove a tile")(error)),
        _ => Ok(()),
    }
}

fn parse_signed(bytes: &[u8]) -> Option<Signed> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (first, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    if first != FIRST_LINE || lines.next().is_some() {
        return None;
    }
    Some(Signed {
        size: size.parse().ok()?,
        root: Hash(STANDARD.decode(root).ok()?.try_into().ok()?),
    })
}

fn io_failed(what: &'static str) -> impl FnOnce(io::Error) -> LedgerError {
    move |source| LedgerError::Io { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(size: u64) -> Signed {
        let root = Hash([u8::try_from(size).unwrap(); 32]);
        Signed { size, root }
    }

    #[test]
    fn of_two_that_saw_the_same_only_one_swaps() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        folder.swap(None, of(5)).unwrap();
        for seen in [None, Some(of(4)), Some(Signed { size: 5, ..of(6) })] {
            let refused = folder.swap(seen, of(7)).unwrap_err();
            assert!(matches!(refused, LedgerError::Swapped), "{seen:?}: {refused:?}");
            assert_eq!(folder.signed().unwrap(), Some(of(5)), "{seen:?}");
        }
        folder.swap(Some(of(5)), of(7)).unwrap();
        assert_eq!(folder.signed().unwrap(), Some(of(7)));
    }

    #[test]
    fn nobody_swaps_while_another_does() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        folder.swap(None, of(5)).unwrap();
        let other = fs::File::open(place.path().join("lock")).unwrap();
        other.lock().unwrap();
        let refused = folder.swap(Some(of(5)), of(7)).unwrap_err();
        assert!(matches!(refused, LedgerError::Swapped), "{refused:?}");
        other.unlock().unwrap();
        folder.swap(Some(of(5)), of(7)).unwrap();
    }
}
