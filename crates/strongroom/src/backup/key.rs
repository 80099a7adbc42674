//! The key under which everything that is not in the database is sealed: root's alone, and in the recovery kit.
//!
//! PostgreSQL's account has the pass phrase of the repository, because it archives; the root key and the settings lie beside
//! the repository under this other key, so that whoever takes over the database server has no more than the database.

use crate::failure::{CommandError, Exit};
use ::host::write::{self, Access};
use config::{CREDENTIALS, Config, SecretSource, read_secret};
use nix::unistd::{Gid, Uid};
use std::path::{Path, PathBuf};
use vault::Secret;
use zeroize::Zeroizing;

const NAME: &str = "backup-key";

/// Where it lies.
pub(super) fn path(config: &Config) -> PathBuf {
    let folder = config.path.parent().unwrap_or(Path::new("/"));
    folder.join(CREDENTIALS).join(NAME)
}

/// Makes it, where there is none.
pub(super) fn create(config: &Config) -> Result<(), CommandError> {
    let path = path(config);
    if write::look(&path)?.is_some() {
        read(config)?;
        return Ok(());
    }
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    write::new_file(&path, random_text()?.as_bytes(), access)?;
    Ok(())
}

/// The key of this machine.
pub(super) fn read(config: &Config) -> Result<Secret<32>, CommandError> {
    let path = path(config);
    let text = read_secret(&SecretSource::File(path.clone()))?;
    parse(text.expose()).ok_or_else(|| {
        let text = format!(
            "{} is no key of 64 hexadecimal digits; put the right one back",
            path.display()
        );
        CommandError::said(Exit::Failed, text)
    })
}

/// 64 hexadecimal digits.
pub(super) fn parse(text: &str) -> Option<Secret<32>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut bytes = Zeroizing::new([0_u8; 32]);
    let text = text.trim().as_bytes();
    if text.len() != 64 {
        return None;
    }
    for (target, pair) in bytes.iter_mut().zip(text.chunks(2)) {
        *target = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(Secret::take(&mut bytes))
}

/// A random secret of 64 hexadecimal digits.
pub(super) fn random_text() -> Result<Zeroizing<String>, CommandError> {
    let key =
        Secret::<32>::generate().map_err(|error| CommandError::said(Exit::Failed, error.to_string()))?;
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in key.expose() {
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_anything_else_is_none() {
        let text = random_text().unwrap();
        let key = parse(&text).unwrap();
        assert_eq!(
            parse(&format!("{}\n", text.to_uppercase())).unwrap().expose(),
            key.expose()
        );
        for other in ["", &text[..63], &"g".repeat(64), &"00".repeat(33)] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
