//! Sealed values: `algorithm(1) || key version(4, big-endian) || nonce(12) || ciphertext || tag(16)`.
//!
//! Invariant: a value opens only with its organization's key, for its purpose, at its place, unchanged. Algorithm
//! and version are authenticated too. Every value names its version, so old ones open after a rotation.

use crate::aead::{self, Fault, OVERHEAD_BYTES};
use crate::crypto::CryptoError;
use crate::purpose::{OrganizationKeys, Purpose, PurposeKey};
use zeroize::Zeroizing;

/// AES-256-GCM with a random nonce.
const ALGORITHM: u8 = 1;

const HEAD_BYTES: usize = 5;

/// What sealing adds to a value, in bytes.
pub const SEAL_BYTES: usize = HEAD_BYTES + OVERHEAD_BYTES;

/// Why a sealed value did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Too short to be one.
    #[error("the sealed value is cut short")]
    Truncated,
    /// An algorithm of a later version of this program.
    #[error("the sealed value names algorithm {found}, which this program does not know")]
    Algorithm {
        /// The number found.
        found: u8,
    },
    /// Its key is gone (erased) or not loaded.
    #[error("the sealed value needs key version {version}, which is not there")]
    KeyVersion {
        /// The version it names.
        version: u32,
    },
    /// Changed, moved from another place, or sealed with another key.
    #[error("the sealed value was changed, moved or sealed with another key")]
    Refused,
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Length => Self::Truncated,
            Fault::Refused => Self::Refused,
            Fault::Crypto(error) => Self::Crypto(error),
        }
    }
}

/// Seals a value. `place` is what it is tied to, [`crate::Place::bytes`] for a field.
///
/// # Errors
/// OpenSSL failed.
pub fn seal(key: &PurposeKey, place: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let head = head(key.version());
    let mut out = Vec::with_capacity(SEAL_BYTES + plaintext.len());
    out.extend_from_slice(&head);
    aead::encrypt(key.secret(), &[&head, place], plaintext, &mut out)?;
    Ok(out)
}

/// Opens a value with the key version that it names.
///
/// # Errors
/// It is no sealed value, its key is gone, or it was changed or moved.
pub fn open(
    keys: &OrganizationKeys,
    purpose: Purpose,
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (version, body) = split(sealed)?;
    let key = keys
        .at(purpose, version)
        .ok_or(OpenError::KeyVersion { version })?;
    Ok(aead::decrypt(key.secret(), &[&head(version), place], body)?)
}

/// The key version that a sealed value names.
///
/// # Errors
/// It is no sealed value.
pub fn key_version_of(sealed: &[u8]) -> Result<u32, OpenError> {
    split(sealed).map(|(version, _)| version)
}

/// Seals a value anew under the current version, or says that it is under it or a newer one already (`None`): of two
/// rotations at once, the one that knows fewer versions leaves the work to the other.
///
/// # Errors
/// As [`open`].
pub fn reseal(
    keys: &OrganizationKeys,
    purpose: Purpose,
    place: &[u8],
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, OpenError> {
    if key_version_of(sealed)? >= keys.current_version() {
        return Ok(None);
    }
    let plaintext = open(keys, purpose, place, sealed)?;
    Ok(Some(seal(keys.current(purpose), place, &plaintext)?))
}

fn head(version: u32) -> [u8; HEAD_BYTES] {
    let [a, b, c, d] = version.to_be_bytes();
    [ALGORITHM, a, b, c, d]
}

fn split(sealed: &[u8]) -> Result<(u32, &[u8]), OpenError> {
    let ([algorithm, version @ ..], body) = sealed
        .split_first_chunk::<HEAD_BYTES>()
        .ok_or(OpenError::Truncated)?;
    if *algorithm != ALGORITHM {
        return Err(OpenError::Algorithm { found: *algorithm });
    }
    Ok((u32::from_be_bytes(*version), body))
}

#[cfg(test)]
mod tests;
