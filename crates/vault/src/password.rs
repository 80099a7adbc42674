//! Passwords: Argon2id (RFC 9106), stored as PHC strings.
//!
//! Invariants: an unknown name costs what a known one costs; a hash below the policy's strength still lets its
//! owner in once, and is then replaced. Calls block for tens of milliseconds and take the policy's memory: the
//! caller bounds how many run at once.

pub mod guess;
mod phc;

pub use phc::{PhcError, parse_strength};

use crate::crypto::CryptoError;
use crate::mac::is_equal;
use crate::random::random_array;
use crate::secret::Secret;
use argon2::{Algorithm, Argon2, Params, Version};
use phc::{Phc, SALT_BYTES};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest characters of a new password. Settings may ask for more.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Most characters of a password.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// Most bytes looked at at all: room for characters typed in several code points each.
const PASSWORD_BYTES_MAX: usize = 16 * PASSWORD_CHARS_MAX;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    /// Memory in KiB (Argon2's m).
    pub memory_kib: u32,
    /// Passes over it (t).
    pub passes: u32,
    /// Lanes (p).
    pub lanes: u32,
}

impl Default for Strength {
    /// The policy as shipped (OWASP's recommendation).
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Strength {
    /// At or above `policy` in memory and passes. More lanes cost an attacker no more, so they do not count.
    #[must_use]
    pub fn meets(self, policy: Self) -> bool {
        self.memory_kib >= policy.memory_kib && self.passes >= policy.passes
    }
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The password is right.
    Right,
    /// It is right, but its hash is below the policy: hash it again and store that.
    RightButWeak,
    /// It is wrong, or there is no such account.
    Wrong,
}

/// Why there is no hash or no verdict.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("the password has fewer than {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_CHARS_MAX`] characters.
    #[error("the password has more than {PASSWORD_CHARS_MAX} characters")]
    TooLong,
    /// The stored hash is no Argon2id hash.
    #[error("the stored password hash cannot be used")]
    Stored(#[from] PhcError),
    /// Argon2 does not take such a strength, or there is not enough memory.
    #[error("argon2 refused its parameters: {reason}")]
    Argon2 {
        /// In its own words.
        reason: argon2::Error,
    },
    /// OpenSSL failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Hashes and checks passwords under one policy.
#[derive(Debug, Clone, Copy)]
pub struct PasswordHasher {
    policy: Strength,
}

impl PasswordHasher {
    /// A hasher for this policy.
    ///
    /// # Errors
    /// Argon2 does not take such a strength.
    pub fn new(policy: Strength) -> Result<Self, PasswordError> {
        params(policy)?;
        Ok(Self { policy })
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> Strength {
        self.policy
    }

    /// The PHC string to store for a new password.
    ///
    /// # Errors
    /// The password is too short or too long.
    pub fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = normalize(password).ok_or(PasswordError::TooLong)?;
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(PasswordError::TooShort);
        }
        let salt: [u8; SALT_BYTES] = random_array()?;
        let hash = argon2id(self.policy, &password, &salt)?;
        Ok(phc::format(self.policy, &salt, &*hash))
    }

    /// Checks a password against the stored hash; `None` when there is no such account, which costs as much.
    ///
    /// # Errors
    /// The stored hash is no Argon2id hash; that is a fault of ours and never of who signs in.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict, PasswordError> {
        let stored = stored.map(Phc::parse).transpose()?;
        match (stored, normalize(password)) {
            (Some(stored), Some(password)) => self.compare(&stored, &password),
            (stored, _) => {
                let strength = stored.map_or(self.policy, |stored| stored.strength);
                argon2id(strength, "", &[0; SALT_BYTES])?;
                Ok(Verdict::Wrong)
            }
        }
    }

    fn compare(&self, stored: &Phc, password: &str) -> Result<Verdict, PasswordError> {
        let hash = argon2id(stored.strength, password, &stored.salt)?;
        Ok(
            match (is_equal(&*hash, &stored.hash), stored.strength.meets(self.policy)) {
                (true, true) => Verdict::Right,
                (true, false) => Verdict::RightButWeak,
                (false, _) => Verdict::Wrong,
            },
        )
    }
}

/// A key out of a passphrase, which is brought into the same form as a password.
pub(crate) fn derive(
    strength: Strength,
    passphrase: &str,
    salt: &[u8],
) -> Result<Secret<{ phc::HASH_BYTES }>, PasswordError> {
    let passphrase = normalize(passphrase).ok_or(PasswordError::TooLong)?;
    let mut key = argon2id(strength, &passphrase, salt)?;
    Ok(Secret::take(&mut key))
}

/// NFKC, so that one password typed on two keyboards is one; nothing when it is too long.
fn normalize(password: &str) -> Option<Zeroizing<String>> {
    if password.len() > PASSWORD_BYTES_MAX {
        return None;
    }
    let normalized: Zeroizing<String> = Zeroizing::new(password.nfkc().collect());
    (normalized.chars().count() <= PASSWORD_CHARS_MAX).then_some(normalized)
}

fn params(strength: Strength) -> Result<Params, PasswordError> {
    Params::new(
        strength.memory_kib,
        strength.passes,
        strength.lanes,
        Some(phc::HASH_BYTES),
    )
    .map_err(|reason| PasswordError::Argon2 { reason })
}

fn argon2id(
    strength: Strength,
    password: &str,
    salt: &[u8],
) -> Result<Zeroizing<[u8; phc::HASH_BYTES]>, PasswordError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params(strength)?);
    let mut hash = Zeroizing::new([0; phc::HASH_BYTES]);
    argon2
        .hash_password_into(password.as_bytes(), salt, hash.as_mut_slice())
        .map_err(|reason| PasswordError::Argon2 { reason })?;
    Ok(hash)
}

#[cfg(test)]
mod tests;
