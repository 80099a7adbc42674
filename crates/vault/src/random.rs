//! Randomness, from OpenSSL's generators, which the kernel seeds.
//!
//! Invariant: a failure is an error and never a weaker source.

use crate::crypto::{CryptoError, failed};

/// Random bytes that may be seen: nonces, ids, salts.
///
/// # Errors
/// OpenSSL has no randomness.
pub fn random_array<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes).map_err(failed("random bytes"))?;
    Ok(bytes)
}

/// Fills a buffer from the generator that is kept for secrets, apart from the one whose output is seen.
pub(crate) fn fill_private(bytes: &mut [u8]) -> Result<(), CryptoError> {
    openssl::rand::rand_priv_bytes(bytes).map_err(failed("random key bytes"))
}
