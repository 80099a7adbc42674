//! Whole files sealed: under a key, or under a passphrase by Argon2id (RFC 9106).
//!
//! Format, frozen: `SRF1 || kind(1) || …`. Kind 1: `nonce || ciphertext || tag`. Kind 2: `memory KiB(4, big-endian) || passes(4) ||
//! lanes(4) || salt(16)`, then the same. Everything before the nonce, and what the file is for, is associated data, so that
//! neither can be exchanged. Calls with a passphrase block for a second and take 64 MiB.

use crate::aead::{self, Fault};
use crate::crypto::CryptoError;
use crate::password::{self, PasswordError, Strength};
use crate::random::random_array;
use crate::secret::Secret;
use zeroize::Zeroizing;

const MAGIC: &[u8; 4] = b"SRF1";
const UNDER_KEY: u8 = 1;
const UNDER_PASSPHRASE: u8 = 2;
const SALT_BYTES: usize = 16;
const HEADER_BYTES: usize = MAGIC.len() + 1 + 12 + SALT_BYTES;

/// Fewest characters of a passphrase: it stands alone against whoever has the file.
pub const PASSPHRASE_CHARS_MIN: usize = 16;

/// What a passphrase's key costs: RFC 9106's second recommendation.
const STRENGTH: Strength = Strength {
    memory_kib: 65_536,
    passes: 3,
    lanes: 4,
};

/// A file may not ask for more than this of whoever opens it.
const STRENGTH_MAX: Strength = Strength {
    memory_kib: 1 << 20,
    passes: 20,
    lanes: 16,
};

/// Why a sealed file did not open, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is none of ours, or cut off.
    #[error("this is no sealed file of Strongroom's, or it is cut off")]
    NotSealed,
    /// The key or passphrase is another, the file is for something else, or bytes of it were changed.
    #[error("it does not open: the key or passphrase is another, or the file was changed")]
    Refused,
    /// The passphrase is too easily guessed.
    #[error("the passphrase has fewer than {PASSPHRASE_CHARS_MIN} characters")]
    TooShort,
    /// Argon2 has no key.
    #[error(transparent)]
    Passphrase(#[from] PasswordError),
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Seals a file under a key; `what` says what it is for.
///
/// # Errors
/// [`FileError::Crypto`].
pub fn seal(key: &Secret<32>, what: &str, plaintext: &[u8]) -> Result<Vec<u8>, FileError> {
    let mut out = header(UNDER_KEY);
    let head = out.clone();
    aead::encrypt(key, &[&head, what.as_bytes()], plaintext, &mut out)?;
    Ok(out)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`FileError::NotSealed`], [`FileError::Refused`].
pub fn open(key: &Secret<32>, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let head = header(UNDER_KEY);
    let body = sealed.strip_prefix(head.as_slice()).ok_or(FileError::NotSealed)?;
    aead::decrypt(key, &[&head, what.as_bytes()], body).map_err(refused)
}

/// Seals a file under a passphrase.
///
/// # Errors
/// [`FileError::TooShort`], [`FileError::Passphrase`], [`FileError::Crypto`].
pub fn seal_with_passphrase(passphrase: &str, what: &str, plaintext: &[u8]) -> Result<Vec<u8>, FileError> {
    if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
        return Err(FileError::TooShort);
    }
    let mut out = header(UNDER_PASSPHRASE);
    for number in [STRENGTH.memory_kib, STRENGTH.passes, STRENGTH.lanes] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    let salt: [u8; SALT_BYTES] = random_array()?;
    out.extend_from_slice(&salt);
    let key = password::derive(STRENGTH, passphrase, &salt)?;
    let head = out.clone();
    aead::encrypt(&key, &[&head, what.as_bytes()], plaintext, &mut out)?;
    Ok(out)
}

/// Opens what [`seal_with_passphrase`] made.
///
/// # Errors
/// [`FileError::NotSealed`], also for a file that asks for more than a gigabyte; [`FileError::Refused`].
pub fn open_with_passphrase(
    passphrase: &str,
    what: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let (head, body) = sealed
        .split_at_checked(HEADER_BYTES)
        .ok_or(FileError::NotSealed)?;
    let numbers = head
        .strip_prefix(header(UNDER_PASSPHRASE).as_slice())
        .ok_or(FileError::NotSealed)?;
    let number = |index: usize| {
        let bytes = numbers.get(index * 4..index * 4 + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (Some(memory_kib), Some(passes), Some(lanes)) = (number(0), number(1), number(2)) else {
        return Err(FileError::NotSealed);
    };
    let is_bearable =
        memory_kib <= STRENGTH_MAX.memory_kib && passes <= STRENGTH_MAX.passes && lanes <= STRENGTH_MAX.lanes;
    if !is_bearable {
        return Err(FileError::NotSealed);
    }
    let strength = Strength {
        memory_kib,
        passes,
        lanes,
    };
    let key = password::derive(strength, passphrase, &numbers[12..])?;
    aead::decrypt(&key, &[head, what.as_bytes()], body).map_err(refused)
}

fn header(kind: u8) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.push(kind);
    head
}

fn refused(fault: Fault) -> FileError {
    match fault {
        Fault::Length => FileError::NotSealed,
        Fault::Refused => FileError::Refused,
        Fault::Crypto(error) => FileError::Crypto(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "correct horse battery staple";

    #[test]
    fn a_file_opens_with_its_key_for_what_it_is_for_and_no_otherwise() {
        let (key, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        let sealed = seal(&key, "state", b"the keys").unwrap();
        assert_eq!(*open(&key, "state", &sealed).unwrap(), b"the keys");
        assert!(!sealed.windows(8).any(|part| part == b"the keys"));
        assert!(matches!(open(&other, "state", &sealed), Err(FileError::Refused)));
        assert!(matches!(open(&key, "kit", &sealed), Err(FileError::Refused)));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(open(&key, "state", &changed).is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(open(&key, "state", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_file_opens_with_its_passphrase_and_no_other() {
        let sealed = seal_with_passphrase(PASSPHRASE, "kit", b"the keys").unwrap();
        assert_eq!(
            *open_with_passphrase(PASSPHRASE, "kit", &sealed).unwrap(),
            b"the keys"
        );
        let other = open_with_passphrase("correct horse battery stable", "kit", &sealed);
        assert!(matches!(other, Err(FileError::Refused)));
        assert!(open_with_passphrase(PASSPHRASE, "state", &sealed).is_err());
        assert!(matches!(
            seal_with_passphrase("too short", "kit", b""),
            Err(FileError::TooShort)
        ));
    }

    #[test]
    fn a_file_that_asks_for_a_machine_s_memory_is_refused_before_any_is_taken() {
        let mut sealed = seal_with_passphrase(PASSPHRASE, "kit", b"the keys").unwrap();
        sealed[5..9].copy_from_slice(&u32::MAX.to_be_bytes());
        let opened = open_with_passphrase(PASSPHRASE, "kit", &sealed);
        assert!(matches!(opened, Err(FileError::NotSealed)));
        assert!(open_with_passphrase(PASSPHRASE, "kit", &sealed[..20]).is_err());
    }
}
