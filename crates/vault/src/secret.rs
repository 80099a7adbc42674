//! Secrets in memory: wiped when dropped, shown to no log.
//!
//! Invariant: the bytes live in one heap allocation that is never copied by a move; `Debug` prints none of them.

use crate::crypto::CryptoError;
use crate::random;
use zeroize::{Zeroize, Zeroizing};

/// A key of `N` bytes.
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// A random one.
    ///
    /// # Errors
    /// OpenSSL has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut secret = Self(Box::new([0; N]));
        random::fill_private(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    /// Takes the bytes over and wipes the source.
    #[must_use]
    pub fn take(source: &mut [u8; N]) -> Self {
        let secret = Self(Box::new(*source));
        source.zeroize();
        secret
    }

    /// A secret of these bytes, or nothing when there are not exactly `N`.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self(Box::new([0; N]));
        if bytes.len() != N {
            return None;
        }
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    /// The bytes. Named so that every use can be found.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> std::fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A secret text: a password, a token.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text. Named so that every use can be found.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_shows_no_secret() {
        let key = Secret::from_slice(&[0xab; 32]).map(|key: Secret<32>| format!("{key:?} {key:#?}"));
        assert_eq!(key.unwrap(), "Secret(..) Secret(..)");
        assert_eq!(
            format!("{:?}", SecretText::new("hunter2".into())),
            "SecretText(..)"
        );
    }

    #[test]
    fn taking_wipes_the_source() {
        let mut source = [7; 32];
        assert_eq!(Secret::take(&mut source).expose(), &[7; 32]);
        assert_eq!(source, [0; 32]);
    }

    #[test]
    fn another_length_is_no_secret() {
        assert!(Secret::<32>::from_slice(&[0; 31]).is_none());
        assert!(Secret::<32>::from_slice(&[0; 33]).is_none());
    }

    #[test]
    fn two_generated_secrets_differ() {
        let (one, two) = (
            Secret::<32>::generate().unwrap(),
            Secret::<32>::generate().unwrap(),
        );
        assert_ne!(one.expose(), two.expose());
        assert_ne!(one.expose(), &[0; 32]);
    }
}
