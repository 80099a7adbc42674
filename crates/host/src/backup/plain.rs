//! Whether anything in a repository can be read: each file begins as an encrypted one does, and none holds what is known to
//! stand in the database in the clear.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::{BackupError, Repository};

/// How OpenSSL's `enc` begins a file, and pgBackRest with it.
pub(super) const ENCRYPTED: &[u8] = b"Salted__";
/// How our own sealed files begin (`vault::file`).
pub(super) const SEALED: &[u8] = b"SRF1";
/// Read at once.
const PIECE_BYTES: usize = 1 << 20;
/// Shorter words stand in random bytes by chance.
const KNOWN_BYTES_MIN: usize = 8;
/// Most files that are named.
const NAMED_MAX: usize = 20;

/// What was searched and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searched {
    /// Files.
    pub files: u64,
    /// Values that were searched for.
    pub known: u64,
    /// Files that can be read, at most 20.
    pub readable: Vec<String>,
}

impl Searched {
    /// Nothing can be read, and something was looked at, for something.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.readable.is_empty() && self.files > 0 && self.known > 0
    }
}

/// Reads every file of a repository and what lies beside it. What is known is searched for if it has at least 8 bytes.
///
/// # Errors
/// [`BackupError::Refused`] where a file cannot be read.
pub fn search(repository: &Repository, known: &[String]) -> Result<Searched, BackupError> {
    let known: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|value| value.len() >= KNOWN_BYTES_MIN)
        .collect();
    let finders: Vec<Finder<'_>> = known.iter().map(Finder::new).collect();
    let mut searched = Searched {
        known: known.len() as u64,
        ..Searched::default()
    };
    search_folder(&repository.data(), ENCRYPTED, &finders, &mut searched)?;
    search_folder(&repository.state(), SEALED, &finders, &mut searched)?;
    Ok(searched)
}

fn search_folder(
    folder: &Path,
    beginning: &[u8],
    known: &[Finder<'_>],
    searched: &mut Searched,
) -> Result<(), BackupError> {
    let refused = |source| BackupError::Refused {
        what: "search",
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(refused)?);
        if kind.is_dir() {
            search_folder(&path, beginning, known, searched)?;
        } else if kind.is_file() {
            match is_readable(&path, beginning, known) {
                Ok(is_readable) => {
                    searched.files += 1;
                    if is_readable && searched.readable.len() < NAMED_MAX {
                        searched.readable.push(path.display().to_string());
                    }
                }
                // It was let go of meanwhile, or is written at this moment under another name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(refused(error)),
            }
        }
    }
    Ok(())
}

fn is_readable(path: &Path, beginning: &[u8], known: &[Finder<'_>]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let keep = known
        .iter()
        .map(|finder| finder.needle().len())
        .max()
        .unwrap_or(1)
        - 1;
    let mut buffer = Vec::with_capacity(PIECE_BYTES + keep);
    let mut is_first = true;
    loop {
        let read = file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut buffer)?;
        if is_first && !buffer.is_empty() && !buffer.starts_with(beginning) {
            return Ok(true);
        }
        if known.iter().any(|finder| finder.find(&buffer).is_some()) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        is_first = false;
        // What begins at the end of one piece and ends in the next is found too.
        buffer.drain(..buffer.len().saturating_sub(keep));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "ada@example.org";

    fn look(content: &[u8]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, content).unwrap();
        is_readable(&path, ENCRYPTED, &[Finder::new(KNOWN)]).unwrap()
    }

    #[test]
    fn a_file_that_is_not_encrypted_is_told_whatever_it_holds() {
        assert!(!look(b"Salted__12345678 and then nothing that is known"));
        assert!(look(b"PGDMP a dump in the clear"));
        assert!(!look(b""));
    }

    #[test]
    fn what_is_known_is_found_also_where_two_pieces_meet() {
        for place in [16, PIECE_BYTES - 5, PIECE_BYTES, 2 * PIECE_BYTES - 1] {
            let mut content = vec![b'x'; 3 * PIECE_BYTES];
            content[..8].copy_from_slice(ENCRYPTED);
            assert!(!look(&content));
            content[place..place + KNOWN.len()].copy_from_slice(KNOWN.as_bytes());
            assert!(look(&content), "at {place}");
        }
    }
}
