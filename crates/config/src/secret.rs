//! Secrets: where they lie, and how they are read.
//!
//! Invariant: a secret's text is wiped when dropped and has no `Debug` that shows it; a file that others can read is
//! not a secret and is refused. The rights are those of the opened file, so nothing can be swapped in between.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// No secret is longer: a private key in PEM is a few KiB.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file of its own, readable by its owner only.
    File(PathBuf),
    /// In a credential that systemd hands to the unit (`LoadCredential=`, `LoadCredentialEncrypted=`).
    Credential {
        /// The credential's name.
        name: String,
        /// Where systemd put this process's credentials, or outside a unit where their sources lie; none where neither
        /// is known.
        folder: Option<PathBuf>,
    },
}

/// A secret text, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why a secret cannot be had. Never says anything of its text.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The unit has no credentials.
    #[error(
        "the credential {name:?} is not there, as systemd gave this process none; set LoadCredential={name}:FILE in the unit, or name a file"
    )]
    NoCredentials {
        /// The credential's name.
        name: String,
    },
    /// The file cannot be opened or read.
    #[error("cannot read the secret file {}; check that it is there and belongs to the service's user", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is a folder, a device, a pipe.
    #[error("{} is not a file; name the file that holds the secret", .path.display())]
    NotAFile {
        /// What it is not.
        path: PathBuf,
    },
    /// Others can read or change it.
    #[error("the secret file {} is open to others (mode {mode:04o}); run chmod 0600 on it, and replace the secret if others may have read it", .path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("the secret file {} is empty; write the secret into it", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is too much in it.
    #[error("the secret file {} is longer than 64 KiB, which no secret is; name the right file", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It is not text.
    #[error("the secret file {} is not UTF-8 text; name the right file", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a secret; one newline at its end is not part of it. Blocks on the file system.
///
/// # Errors
/// [`SecretError`], which says what to do.
pub fn read_secret(source: &SecretSource) -> Result<Secret, SecretError> {
    let path = source.path()?;
    let unreadable = |source| SecretError::Unreadable {
        path: path.clone(),
        source,
    };
    let file = open_secret(&path)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(SECRET_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > SECRET_BYTES_MAX {
        return Err(SecretError::TooLong { path });
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(SecretError::NotText { path });
    };
    let text = text
        .strip_suffix('\n')
        .map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(SecretError::Empty { path });
    }
    Ok(Secret(Zeroizing::new(text.to_owned())))
}

fn open_secret(path: &Path) -> Result<File, SecretError> {
    let unreadable = |source| SecretError::Unreadable {
        path: path.to_owned(),
        source,
    };
    // Asked before opening too: opening a pipe would wait for a writer.
    let before = std::fs::metadata(path).map_err(unreadable)?;
    if !before.is_file() {
        return Err(SecretError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(SecretError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mode = metadata.mode() & 0o7777;
    if !is_private(mode, metadata.uid(), metadata.gid()) {
        return Err(SecretError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(file)
}

/// Only the owner can read it. systemd lends a credential of root's to a service by an access control list, whose
/// mask shows where the group's bits stand (0440, root:root); no group but root's gains by that.
fn is_private(mode: u32, uid: u32, gid: u32) -> bool {
    mode & 0o077 == 0 || (mode == 0o440 && uid == 0 && gid == 0)
}

impl SecretSource {
    /// The file that holds it.
    ///
    /// # Errors
    /// [`SecretError::NoCredentials`] for a credential outside a unit.
    pub fn path(&self) -> Result<PathBuf, SecretError> {
        match self {
            SecretSource::File(path) => Ok(path.clone()),
            SecretSource::Credential {
                name,
                folder: Some(folder),
            } => Ok(folder.join(name)),
            SecretSource::Credential { name, folder: None } => {
                Err(SecretError::NoCredentials { name: name.clone() })
            }
        }
    }
}

impl Secret {
    /// The secret itself; keep it no longer than needed, and out of every text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    fn secret_file(content: &[u8], mode: u32) -> (TempDir, PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn read(content: &[u8], mode: u32) -> Result<Secret, SecretError> {
        let (_folder, path) = secret_file(content, mode);
        read_secret(&SecretSource::File(path))
    }

    #[test]
    fn a_secret_ends_before_its_last_newline_and_debug_hides_it() {
        for content in ["top secret", "top secret\n", "top secret\r\n"] {
            let secret = read(content.as_bytes(), 0o600).unwrap();
            assert_eq!(secret.expose(), "top secret");
            assert_eq!(format!("{secret:?}"), "Secret(hidden)");
        }
        assert_eq!(read(b" a \n\n", 0o400).unwrap().expose(), " a \n");
    }

    #[test]
    fn a_file_that_others_can_reach_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666] {
            let error = read(b"secret", mode).unwrap_err();
            assert!(
                matches!(error, SecretError::OpenToOthers { mode: seen, .. } if seen == mode),
                "{mode:o}"
            );
            assert!(!error.to_string().contains("secret\""), "{error}");
        }
    }

    #[test]
    fn a_group_may_read_only_what_systemd_lends_from_root() {
        assert!(is_private(0o440, 0, 0) && is_private(0o400, 0, 0) && is_private(0o600, 990, 990));
        assert!(
            !is_private(0o440, 990, 0)
                && !is_private(0o440, 0, 990)
                && !is_private(0o444, 0, 0)
                && !is_private(0o640, 0, 0)
        );
    }

    #[test]
    fn empty_long_binary_and_missing_files_are_refused() {
        assert!(matches!(read(b"", 0o600), Err(SecretError::Empty { .. })));
        assert!(matches!(read(b"\n", 0o600), Err(SecretError::Empty { .. })));
        assert!(matches!(
            read(&[b'a'; 64 * 1024 + 1], 0o600),
            Err(SecretError::TooLong { .. })
        ));
        assert!(read(&[b'a'; 64 * 1024], 0o600).is_ok());
        assert!(matches!(
            read(&[0xff, 0xfe], 0o600),
            Err(SecretError::NotText { .. })
        ));
        let (folder, path) = secret_file(b"", 0o600);
        let missing = SecretSource::File(path.with_extension("gone"));
        assert!(matches!(
            read_secret(&missing),
            Err(SecretError::Unreadable { .. })
        ));
        let not_a_file = SecretSource::File(folder.path().to_owned());
        assert!(matches!(
            read_secret(&not_a_file),
            Err(SecretError::NotAFile { .. })
        ));
    }

    #[test]
    fn a_credential_lies_in_the_folder_that_systemd_gave() {
        let (folder, _path) = secret_file(b"from systemd", 0o400);
        let folder = Some(folder.path().to_owned());
        let given = SecretSource::Credential {
            name: "secret".to_owned(),
            folder,
        };
        assert_eq!(read_secret(&given).unwrap().expose(), "from systemd");
        let outside = SecretSource::Credential {
            name: "secret".to_owned(),
            folder: None,
        };
        assert!(matches!(
            read_secret(&outside),
            Err(SecretError::NoCredentials { .. })
        ));
    }
}
