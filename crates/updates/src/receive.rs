//! Taking a bundle in: one pass over the stream, from the first byte to the last.
//!
//! ```text
//! 8 bytes   SRBNDL01
//!           the roots (root.rs)
//!           the list (signed.rs, manifest.rs)
//!           the files, one after the other, in the order and with the lengths of the list
//! ```
//!
//! Invariants: memory does not grow with the file; nothing is parsed before its signatures hold; no more is read of a
//! file than the list says; the caller sees the bytes of files before they are verified and must not use them until
//! this returns. Every byte counts: the roots by their digest in the list, the list by its signatures, the files by
//! their digests.

use std::fs::File;
use std::io::{self, Read, Write};

use openssl::sha::Sha256;

use crate::digest::{Digest, Hashing};
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, Target};
use crate::refusal::Refusal;
use crate::root::{Anchor, Chain, Root};
use crate::signed::{Purpose, Signed, fill, unreadable};
use crate::terms::Terms;

/// How every bundle begins.
pub const MAGIC: &[u8; 8] = b"SRBNDL01";
/// What is held of a file at a time.
const PIECE_BYTES: usize = 64 << 10;

/// A bundle that was verified from the first byte to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its list.
    pub manifest: Manifest,
    /// The list as it was signed.
    pub manifest_body: Vec<u8>,
    /// The digest of that.
    pub manifest_sha256: Digest,
    /// Its newest root.
    pub root: Root,
    /// The same, as this machine will trust it from now on.
    pub anchor: Anchor,
    /// The digest of the whole file.
    pub sha256: Digest,
    /// The length of the whole file.
    pub bytes: u64,
}

/// Verifies a bundle. `keep` gives the file to write each target to, or none to look only.
///
/// # Errors
/// [`Refusal`]; what was written until then is worth nothing.
pub fn receive(
    source: impl Read,
    terms: &Terms,
    mut keep: impl FnMut(&Target) -> io::Result<Option<File>>,
) -> Result<Received, Refusal> {
    let mut source = Hashing::new(source);
    let magic: [u8; 8] = fill(&mut source, "its first bytes")?;
    if magic != *MAGIC {
        return Err(Refusal::NotABundle);
    }
    let chain = Chain::read(&mut source)?;
    let root = chain.follow(terms.trusted, terms.now())?;
    let anchor = chain.newest_anchor().ok_or(Refusal::ForeignRoot { version: 1 })?;
    let list = Signed::read(&mut source, "the list of files", MANIFEST_BYTES_MAX)?;
    list.check(Purpose::Bundle, "the list of files", &[&root.bundle])?;
    let manifest = Manifest::parse(&list.body)?;
    if manifest.roots_sha256 != Digest::of(&chain.encode()) {
        return Err(Refusal::Mixed);
    }
    let manifest_sha256 = Digest::of(&list.body);
    terms.check(&manifest, &root, manifest_sha256)?;
    for target in &manifest.targets {
        let unwritable = |source| Refusal::Unwritable {
            name: target.name.to_string(),
            source,
        };
        let file = keep(target).map_err(unwritable)?;
        take(&mut source, target, file)?;
    }
    let more = source
        .read(&mut [0])
        .map_err(|error| unreadable(error, "its end"))?;
    if more > 0 {
        return Err(Refusal::Endless);
    }
    let (sha256, bytes) = source.finish();
    Ok(Received {
        manifest,
        manifest_body: list.body,
        manifest_sha256,
        root,
        anchor,
        sha256,
        bytes,
    })
}

/// One file: as many bytes as the list says, hashed, and on disk when this returns.
fn take(source: &mut impl Read, target: &Target, mut file: Option<File>) -> Result<(), Refusal> {
    let name = target.name.as_str();
    let unwritable = |source| Refusal::Unwritable {
        name: name.to_owned(),
        source,
    };
    let mut hash = Sha256::new();
    let mut left = target.bytes;
    let mut piece = vec![0; PIECE_BYTES];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let read = match source.read(&mut piece[..wanted]) {
            Ok(0) => {
                return Err(Refusal::Truncated {
                    what: name.to_owned(),
                });
            }
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error, name)),
        };
        hash.update(&piece[..read]);
        if let Some(file) = &mut file {
            file.write_all(&piece[..read]).map_err(unwritable)?;
        }
        left -= read as u64;
    }
    if Digest(hash.finish()) != target.sha256 {
        return Err(Refusal::Altered {
            name: target.name.clone(),
        });
    }
    file.map_or(Ok(()), |file| file.sync_all()).map_err(unwritable)
}
