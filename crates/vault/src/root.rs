//! The root key: 32 bytes in a file (or a systemd credential, which is one), never in the database.
//!
//! Invariant: a key that others can read is not used, and an existing key is never overwritten.

use crate::crypto::CryptoError;
use crate::hkdf::derive_key;
use crate::random::random_array;
use crate::secret::Secret;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The key above all others.
#[derive(Debug)]
pub struct RootKey(Secret<32>);

/// Names a root key without telling anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RootKeyId(pub [u8; 8]);

impl std::fmt::Display for RootKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why there is no root key.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file cannot be opened or read.
    #[error("cannot read the root key {}: check that it exists and that this user owns it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory, a device.
    #[error("the root key {} is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Group or others can read it.
    #[error("the root key {} can be read by others (mode {mode:04o}): run chmod 0600 {}", path.display(), path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not 32 bytes and not 64 hexadecimal digits, or nothing but zeros.
    #[error("the root key {} is neither 32 bytes nor 64 hexadecimal digits: restore it from the recovery kit", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// There is one already.
    #[error("a root key stands at {} already: it is never overwritten, move it away if it is not needed", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write the root key {}: check that its directory exists and is writable", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl RootKey {
    /// A random root key that is in no file, for tests and for making recovery kits.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        Secret::generate().map(Self)
    }

    /// Reads the key: 32 raw bytes, or 64 hexadecimal digits with or without a line end.
    ///
    /// # Errors
    /// The file is absent, open to others or not a key; the message names it and says what to do.
    pub fn load(path: &Path) -> Result<Self, RootKeyError> {
        let unreadable = |source| RootKeyError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        // Of the open file, not of the path: the path could be another file by then.
        let metadata = file.metadata().map_err(unreadable)?;
        check_file(path, &metadata)?;
        let mut content = Zeroizing::new(Vec::with_capacity(128));
        file.take(128).read_to_end(&mut content).map_err(unreadable)?;
        parse(&content).map(Self).ok_or_else(|| RootKeyError::Malformed {
            path: path.to_owned(),
        })
    }

    /// Makes a key and writes it (mode 0600, on disk when this returns), unless the file exists.
    ///
    /// # Errors
    /// The file exists, or its directory cannot be written.
    pub fn create(path: &Path) -> Result<Self, RootKeyError> {
        let key = Self::generate()?;
        let text = Zeroizing::new(format!("{}\n", *Zeroizing::new(hex::encode(key.0.expose()))));
        let temporary = temporary_path(path, random_array()?);
        let written = write_new(path, &temporary, text.as_bytes());
        // The link, if it was made, stays; without it this leaves nothing behind.
        let removed = std::fs::remove_file(&temporary);
        match written.and(removed).and_then(|()| sync_directory(path)) {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(RootKeyError::Exists {
                path: path.to_owned(),
            }),
            Err(source) => Err(RootKeyError::Unwritable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// The name of this key.
    ///
    /// # Errors
    /// OpenSSL failed.
    pub fn id(&self) -> Result<RootKeyId, CryptoError> {
        let derived = self.derive("strongroom/root-key-id/v1")?;
        let [
            id @ ..,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
        ] = openssl::sha::sha256(derived.expose());
        Ok(RootKeyId(id))
    }

    pub(crate) fn derive(&self, info: &str) -> Result<Secret<32>, CryptoError> {
        derive_key(&self.0, b"", info)
    }
}

fn check_file(path: &Path, metadata: &Metadata) -> Result<(), RootKeyError> {
    if !metadata.is_file() {
        return Err(RootKeyError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mode = metadata.mode() & 0o7777;
    if is_private(mode, metadata.uid(), metadata.gid()) {
        Ok(())
    } else {
        Err(RootKeyError::TooOpen {
            path: path.to_owned(),
            mode,
        })
    }
}

/// Only the owner can read it. systemd lends a credential of root's to a service by an access control list, whose
/// mask shows where the group's bits stand (0440, root:root); no group but root's gains by that.
fn is_private(mode: u32, uid: u32, gid: u32) -> bool {
    mode & 0o077 == 0 || (mode & 0o077 == 0o040 && uid == 0 && gid == 0)
}

fn parse(content: &[u8]) -> Option<Secret<32>> {
    let key = match Secret::from_slice(content) {
        Some(raw) => raw,
        None => {
            let digits = content.trim_ascii_end();
            let mut bytes = Zeroizing::new([0; 32]);
            hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
            Secret::take(&mut bytes)
        }
    };
    (key.expose() != &[0; 32]).then_some(key)
}

fn temporary_path(path: &Path, random: [u8; 8]) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", hex::encode(random)));
    name.into()
}

/// Complete or absent: the content reaches the disk under another name, and a link, which never overwrites, gives
/// it its own.
fn write_new(path: &Path, temporary: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::hard_link(temporary, path)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        write(&path, content).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (directory, path)
    }

    fn load(content: &[u8], mode: u32) -> Result<RootKey, RootKeyError> {
        let (_directory, path) = file(content, mode);
        RootKey::load(&path)
    }

    #[test]
    fn a_created_key_is_private_and_loads_as_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        let created = RootKey::create(&path).unwrap();
        let loaded = RootKey::load(&path).unwrap();
        assert_eq!(created.0.expose(), loaded.0.expose());
        assert_eq!(created.id().unwrap(), loaded.id().unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_key_is_never_overwritten() {
        let (directory, path) = file(&[7; 32], 0o600);
        assert!(matches!(RootKey::create(&path), Err(RootKeyError::Exists { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), [7; 32]);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_without_a_directory_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("absent/root.key");
        let error = RootKey::create(&path).unwrap_err();
        assert!(matches!(error, RootKeyError::Unwritable { .. }), "{error}");
        assert!(error.to_string().contains("absent/root.key"));
        assert!(matches!(
            RootKey::load(&path),
            Err(RootKeyError::Unreadable { .. })
        ));
        assert!(matches!(
            RootKey::load(directory.path()),
            Err(RootKeyError::NotAFile { .. })
        ));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_remedy() {
        let error = load(&[7; 32], 0o644).unwrap_err().to_string();
        assert!(
            error.contains("mode 0644") && error.contains("chmod 0600"),
            "{error}"
        );
        for mode in [0o604, 0o620, 0o660, 0o601] {
            assert!(
                matches!(load(&[7; 32], mode), Err(RootKeyError::TooOpen { .. })),
                "{mode:o}"
            );
        }
        assert!(load(&[7; 32], 0o400).is_ok());
    }

    #[test]
    fn a_credential_lent_by_systemd_is_private() {
        assert!(is_private(0o440, 0, 0));
        for (mode, uid, gid) in [(0o440, 1000, 0), (0o440, 0, 1000), (0o444, 0, 0), (0o460, 0, 0)] {
            assert!(!is_private(mode, uid, gid), "{mode:o} {uid} {gid}");
        }
    }

    #[test]
    fn raw_bytes_and_digits_are_the_same_key() {
        let raw = load(&[0xab; 32], 0o600).unwrap();
        for text in ["ab".repeat(32), "AB".repeat(32) + "\n", "ab".repeat(32) + "\r\n"] {
            assert_eq!(load(text.as_bytes(), 0o600).unwrap().0.expose(), raw.0.expose());
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        let short = "ab".repeat(31);
        for content in [
            &b""[..],
            &[7; 31],
            &[7; 33],
            &[0; 32],
            &[7; 64],
            short.as_bytes(),
            &[b'a'; 1000],
        ] {
            assert!(matches!(
                load(content, 0o600),
                Err(RootKeyError::Malformed { .. })
            ));
        }
    }

    #[test]
    fn a_log_line_shows_the_id_and_not_the_key() {
        let key = load(&[0xab; 32], 0o600).unwrap();
        assert_eq!(format!("{key:?}"), "RootKey(Secret(..))");
        // Computed apart from this program: SHA-256 of HKDF, eight bytes of it.
        assert_eq!(key.id().unwrap().to_string(), "7fe16d6fc20228e3");
    }
}
