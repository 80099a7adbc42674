//! The stored form: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, base64 without padding.
//!
//! Invariant: only what [`format`] writes is read, within bounds that a stored hash cannot use to exhaust memory.

use super::Strength;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

pub(super) const SALT_BYTES: usize = 16;
pub(super) const HASH_BYTES: usize = 32;

/// One GiB: beyond any policy, and far below what would take the host down.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;

/// Why a text is no Argon2id hash of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhcError {
    /// Another algorithm, or none.
    #[error("it is not an Argon2id hash of version 19")]
    Algorithm,
    /// The parameters are absent, malformed or beyond all bounds.
    #[error("its Argon2id parameters are malformed or out of bounds")]
    Parameters,
    /// Salt or hash are malformed or of another length.
    #[error("its salt or hash is malformed")]
    Content,
}

/// A parsed hash.
pub(super) struct Phc {
    pub(super) strength: Strength,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

/// The strength of a stored hash, for the promise that every one is at or above the policy.
///
/// # Errors
/// It is no Argon2id hash of ours.
pub fn parse_strength(stored: &str) -> Result<Strength, PhcError> {
    Phc::parse(stored).map(|phc| phc.strength)
}

impl Phc {
    pub(super) fn parse(stored: &str) -> Result<Self, PhcError> {
        let rest = stored
            .strip_prefix("$argon2id$v=19$")
            .ok_or(PhcError::Algorithm)?;
        let mut parts = rest.split('$');
        let strength = parts
            .next()
            .and_then(parse_parameters)
            .ok_or(PhcError::Parameters)?;
        let mut bytes = || STANDARD_NO_PAD.decode(parts.next()?).ok();
        let (salt, hash) = bytes().zip(bytes()).ok_or(PhcError::Content)?;
        if salt.len() != SALT_BYTES || hash.len() != HASH_BYTES || parts.next().is_some() {
            return Err(PhcError::Content);
        }
        Ok(Self { strength, salt, hash })
    }
}

fn parse_parameters(text: &str) -> Option<Strength> {
    let mut parts = text.split(',');
    let mut number = |prefix: &str, max: u32| {
        let digits = parts.next()?.strip_prefix(prefix)?;
        let value: u32 = digits.parse().ok()?;
        // "+1" and "01" are other texts for 1; one strength has one text.
        (digits == value.to_string() && (1..=max).contains(&value)).then_some(value)
    };
    let strength = Strength {
        memory_kib: number("m=", MEMORY_KIB_MAX)?,
        passes: number("t=", PASSES_MAX)?,
        lanes: number("p=", LANES_MAX)?,
    };
    parts.next().is_none().then_some(strength)
}

pub(super) fn format(strength: Strength, salt: &[u8], hash: &[u8]) -> String {
    let Strength {
        memory_kib,
        passes,
        lanes,
    } = strength;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}
