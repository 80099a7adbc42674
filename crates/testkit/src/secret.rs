//! Random passwords kept in files that only we can read.
//!
//! Invariant: a secret never stands in an argument list or in a child's environment; children get files.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

const SECRET_BYTES: usize = 24;

/// 24 bytes from the kernel as 48 hexadecimal digits.
pub fn random_secret() -> Result<String> {
    let mut bytes = [0_u8; SECRET_BYTES];
    File::open("/dev/urandom")?
        .read_exact(&mut bytes)
        .context("cannot read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The secret in the file; a new one is written when the file is absent, so every later call gives the same.
pub fn read_or_create(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(secret) => Ok(secret.trim_end().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => create(path),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a file with mode 0600 under a temporary name and links it into place, so that of two processes that
/// create it at once both read the winner's secret.
fn create(path: &Path) -> Result<String> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    write_private(&draft, &random_secret()?)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make {}", path.display()))
        }
        _ => Ok(fs::read_to_string(path)?.trim_end().to_owned()),
    }
}

/// Writes text to a file with mode 0600, replacing what is there.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_stays_the_same_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let first = read_or_create(&path).unwrap();
        assert_eq!(first.len(), 48);
        assert_eq!(read_or_create(&path).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no draft is left behind"
        );
    }

    #[test]
    fn two_secrets_differ() {
        assert_ne!(random_secret().unwrap(), random_secret().unwrap());
    }
}
