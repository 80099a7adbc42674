//! Making a bundle: the list over the files that are there, signed, and the files behind it.
//!
//! Invariant: what is written verifies; a file that changes between hashing and copying is noticed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::digest::{Digest, Hashing};
use crate::key::{KeyError, SigningKey};
use crate::manifest::{Content, FORMAT, Manifest, Target};
use crate::name::TargetName;
use crate::receive::MAGIC;
use crate::refusal::Refusal;
use crate::root::{Anchor, Chain, ROOT_BYTES_MAX, Root};
use crate::signed::{Purpose, Signed};
use crate::terms::Machine;
use crate::version::DebianVersion;

/// How a file of roots begins.
pub const ROOTS_MAGIC: &[u8; 8] = b"SRROOT01";

/// Why no bundle was made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file.
    #[error("cannot read or write {}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The list or the roots would be refused.
    #[error("what was asked for would be refused everywhere")]
    Unsound(#[source] Refusal),
    /// A file changed under our hands.
    #[error("{} changed while the bundle was made; begin again", .0.display())]
    Changed(PathBuf),
    /// A name or version that is none.
    #[error("a name or version that no bundle may have")]
    Name(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too large to write down.
    #[error("cannot write down the {0}")]
    Encode(&'static str, #[source] serde_json::Error),
}

impl BuildError {
    /// For a name or a version.
    pub fn name(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Name(Box::new(source))
    }
}

/// For whom a bundle is, and when.
#[derive(Debug, Clone)]
pub struct Draft {
    /// For which machines; the version is the one in the bundle.
    pub machine: Machine,
    /// The oldest version that it updates.
    pub from_oldest: DebianVersion,
    /// Its number.
    pub sequence: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it may be taken.
    pub not_before: Timestamp,
    /// Until when it may be taken.
    pub not_after: Timestamp,
}

/// A file that goes in.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name in the bundle.
    pub name: TargetName,
    /// Where it lies.
    pub path: PathBuf,
    /// What it is.
    pub content: Content,
}

/// Writes a bundle and gives its list.
///
/// # Errors
/// [`BuildError`]; then what was written is no bundle.
pub fn bundle(
    out: &mut impl Write,
    chain: &Chain,
    draft: &Draft,
    sources: &[Source],
    keys: &[SigningKey],
) -> Result<Manifest, BuildError> {
    let manifest = list(chain, draft, sources)?;
    let body = serde_json::to_vec(&manifest).map_err(|source| BuildError::Encode("list", source))?;
    let signed = Signed::sign(Purpose::Bundle, body, keys)?;
    check(chain, &manifest, &signed, draft.made_at)?;
    let head = [MAGIC.as_slice(), &chain.encode(), &signed.encode()].concat();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::Io { path, source }
    };
    out.write_all(&head).map_err(failed(Path::new("the bundle")))?;
    for (target, source) in manifest.targets.iter().zip(sources) {
        let mut file = Hashing::new(File::open(&source.path).map_err(failed(&source.path))?);
        io::copy(&mut file.by_ref().take(target.bytes + 1), out).map_err(failed(&source.path))?;
        if file.finish() != (target.sha256, target.bytes) {
            return Err(BuildError::Changed(source.path.clone()));
        }
    }
    out.flush().map_err(failed(Path::new("the bundle")))?;
    Ok(manifest)
}

fn list(chain: &Chain, draft: &Draft, sources: &[Source]) -> Result<Manifest, BuildError> {
    let target = |source: &Source| {
        let failed = |error| BuildError::Io {
            path: source.path.clone(),
            source: error,
        };
        let mut file = Hashing::new(File::open(&source.path).map_err(failed)?);
        io::copy(&mut file, &mut io::sink()).map_err(failed)?;
        let (sha256, bytes) = file.finish();
        Ok(Target {
            name: source.name.clone(),
            bytes,
            sha256,
            content: source.content.clone(),
        })
    };
    let manifest = Manifest {
        format: FORMAT,
        product: draft.machine.product.clone(),
        release: draft.machine.release.clone(),
        architecture: draft.machine.architecture.clone(),
        version: draft.machine.version.clone(),
        from_oldest: draft.from_oldest.clone(),
        sequence: draft.sequence,
        roots_sha256: Digest::of(&chain.encode()),
        made_at: draft.made_at,
        not_before: draft.not_before,
        not_after: draft.not_after,
        targets: sources.iter().map(target).collect::<Result<_, BuildError>>()?,
    };
    manifest.check().map_err(BuildError::Unsound)?;
    Ok(manifest)
}

/// As a machine would look at it that trusts the first root.
fn check(chain: &Chain, manifest: &Manifest, signed: &Signed, now: Timestamp) -> Result<(), BuildError> {
    let first = chain.first_anchor().ok_or(Refusal::ForeignRoot { version: 1 });
    let root = first
        .and_then(|first| chain.follow(first, now))
        .map_err(BuildError::Unsound)?;
    let held = signed.check(Purpose::Bundle, "the list of files", &[&root.bundle]);
    held.and_then(|()| manifest.check()).map_err(BuildError::Unsound)
}

/// Signs the next root. For a first one the keys are its own; for later ones keys of the one before as well.
///
/// # Errors
/// [`BuildError::Unsound`] when the chain with it would be refused.
pub fn add_root(chain: Chain, root: &Root, keys: &[SigningKey], now: Timestamp) -> Result<Chain, BuildError> {
    let body = serde_json::to_vec(root).map_err(|source| BuildError::Encode("root", source))?;
    if body.len() > ROOT_BYTES_MAX as usize {
        let (what, found, most) = ("the root".to_owned(), body.len() as u64, ROOT_BYTES_MAX.into());
        return Err(BuildError::Unsound(Refusal::TooLong { what, found, most }));
    }
    let signed = Signed::sign(Purpose::Root, body, keys)?;
    let chain = chain.with(signed);
    let first = chain.first_anchor().ok_or(Refusal::ForeignRoot { version: 1 });
    first
        .and_then(|first| chain.follow(first, now))
        .map_err(BuildError::Unsound)?;
    chain.check_first().map_err(BuildError::Unsound)?;
    Ok(chain)
}

/// Writes a file of roots.
#[must_use]
pub fn roots_file(chain: &Chain) -> Vec<u8> {
    [ROOTS_MAGIC.as_slice(), &chain.encode()].concat()
}

/// Reads a file of roots.
///
/// # Errors
/// [`BuildError`].
pub fn read_roots(path: &Path) -> Result<Chain, BuildError> {
    let mut file = File::open(path).map_err(|source| BuildError::Io {
        path: path.to_owned(),
        source,
    })?;
    let magic: [u8; 8] = crate::signed::fill(&mut file, "the file of roots").map_err(BuildError::Unsound)?;
    if magic != *ROOTS_MAGIC {
        return Err(BuildError::Unsound(Refusal::NotABundle));
    }
    Chain::read(&mut file).map_err(BuildError::Unsound)
}

/// What a machine is told to trust: the chain's first or newest root.
#[must_use]
pub fn anchors(chain: &Chain) -> Option<(Anchor, Anchor)> {
    Some((chain.first_anchor()?, chain.newest_anchor()?))
}
