//! Ed25519 keys (RFC 8032) and sets of them with a threshold.
//!
//! Invariant: a set asks for at least two signatures, so that one stolen key never suffices.

use std::collections::BTreeMap;
use std::fmt;

use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::sign::{Signer, Verifier};
use serde::{Deserialize, Deserializer, Serialize};

/// Most keys of a set.
pub const KEYS_MAX: usize = 16;
/// Least signatures that a set asks for.
pub const THRESHOLD_MIN: usize = 2;
/// Bytes of a public key, which is also its name.
pub const KEY_BYTES: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A public key: 64 lower-case hexadecimal digits in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(crate::digest::Digest);

/// A private key; it shows nothing of itself.
pub struct SigningKey(PKey<Private>);

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Another kind of key, or no key.
    #[error("this is no Ed25519 key in PEM; make one with `openssl genpkey -algorithm ed25519`")]
    NotEd25519,
    /// OpenSSL refused.
    #[error("OpenSSL cannot {what}")]
    OpenSsl {
        /// What was tried.
        what: &'static str,
        /// What it said.
        #[source]
        source: ErrorStack,
    },
}

impl PublicKey {
    /// From its 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(crate::digest::Digest(bytes))
    }

    /// From PEM (`openssl pkey -pubout`).
    ///
    /// # Errors
    /// [`KeyError::NotEd25519`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = PKey::public_key_from_pem(pem).map_err(|_| KeyError::NotEd25519)?;
        let raw = key.raw_public_key().map_err(|_| KeyError::NotEd25519)?;
        match <[u8; KEY_BYTES]>::try_from(raw) {
            Ok(bytes) if key.id() == Id::ED25519 => Ok(Self::from_bytes(bytes)),
            Ok(_) | Err(_) => Err(KeyError::NotEd25519),
        }
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0.0
    }

    /// Whether it made this signature of this message. Bytes that are no point of the curve verify nothing.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        let verify = || -> Result<bool, ErrorStack> {
            let key: PKey<Public> = PKey::public_key_from_raw_bytes(self.as_bytes(), Id::ED25519)?;
            Verifier::new_without_digest(&key)?.verify_oneshot(signature, message)
        };
        verify().unwrap_or(false)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl SigningKey {
    /// From PKCS #8 in PEM without a pass phrase.
    ///
    /// # Errors
    /// [`KeyError::NotEd25519`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = PKey::private_key_from_pem_callback(pem, |_| Ok(0)).map_err(|_| KeyError::NotEd25519)?;
        match key.id() {
            Id::ED25519 => Ok(Self(key)),
            _ => Err(KeyError::NotEd25519),
        }
    }

    /// From its 32 bytes (RFC 8032, the private key before hashing).
    ///
    /// # Errors
    /// [`KeyError::OpenSsl`].
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        let key = PKey::private_key_from_raw_bytes(bytes, Id::ED25519);
        Ok(Self(key.map_err(failed("read a private key"))?))
    }

    /// A new one.
    ///
    /// # Errors
    /// [`KeyError::OpenSsl`].
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self(PKey::generate_ed25519().map_err(failed("make a key"))?))
    }

    /// Its public half.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        let raw = self.0.raw_public_key().map_err(failed("read a public key"))?;
        let bytes = raw.try_into().map_err(|_| KeyError::NotEd25519)?;
        Ok(PublicKey::from_bytes(bytes))
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`KeyError::OpenSsl`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], KeyError> {
        let signed =
            Signer::new_without_digest(&self.0).and_then(|mut signer| signer.sign_oneshot_to_vec(message));
        let signature = signed.map_err(failed("sign"))?;
        signature.try_into().map_err(|_| KeyError::NotEd25519)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey")
    }
}

fn failed(what: &'static str) -> impl FnOnce(ErrorStack) -> KeyError {
    move |source| KeyError::OpenSsl { what, source }
}

/// Keys, of which so many must sign. `{"threshold": 2, "keys": ["…", "…", "…"]}` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySet {
    threshold: usize,
    keys: Vec<PublicKey>,
}

/// A set that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// Too many.
    #[error("a set has at most {KEYS_MAX} keys")]
    TooMany,
    /// One stands twice.
    #[error("a key stands twice in its set")]
    Twice,
    /// The threshold.
    #[error("a set asks for at least {THRESHOLD_MIN} signatures, and for no more than it has keys")]
    Threshold,
}

impl KeySet {
    /// A set in which `threshold` of `keys` must sign.
    ///
    /// # Errors
    /// [`InvalidKeySet`].
    pub fn new(threshold: usize, keys: Vec<PublicKey>) -> Result<Self, InvalidKeySet> {
        if keys.len() > KEYS_MAX {
            return Err(InvalidKeySet::TooMany);
        }
        let unique: BTreeMap<_, _> = keys.iter().map(|key| (key, ())).collect();
        if unique.len() != keys.len() {
            return Err(InvalidKeySet::Twice);
        }
        if !(THRESHOLD_MIN..=keys.len()).contains(&threshold) {
            return Err(InvalidKeySet::Threshold);
        }
        Ok(Self { threshold, keys })
    }

    /// How many must sign.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Whether signatures of these keys alone could reach the threshold.
    #[must_use]
    pub fn is_reached_by(&self, keys: &[PublicKey]) -> bool {
        self.keys.iter().filter(|key| keys.contains(key)).count() >= self.threshold
    }
}

impl<'de> Deserialize<'de> for KeySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Plain {
            threshold: usize,
            keys: Vec<PublicKey>,
        }
        let Plain { threshold, keys } = Plain::deserialize(deserializer)?;
        Self::new(threshold, keys).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn the_published_vector_is_signed_and_verified() {
        let key = SigningKey::from_bytes(&bytes(
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        ));
        let key = key.unwrap();
        let public = key.public().unwrap();
        assert_eq!(
            public.to_string(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]).unwrap();
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex::encode(signature), expected);
        assert!(public.verifies(&[0x72], &signature));
        assert!(!public.verifies(&[0x73], &signature));
        // The same signature with the group's order added to its second half (malleability).
        let mut other = signature;
        let order = bytes::<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0_u16;
        for (place, more) in other[32..].iter_mut().zip(order) {
            let sum = u16::from(*place) + u16::from(more) + carry;
            *place = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert!(!public.verifies(&[0x72], &other));
    }

    #[test]
    fn one_signature_is_never_enough() {
        let key = |number: u8| PublicKey::from_bytes([number; 32]);
        let keys = vec![key(1), key(2), key(3)];
        assert_eq!(KeySet::new(1, keys.clone()), Err(InvalidKeySet::Threshold));
        assert_eq!(KeySet::new(4, keys.clone()), Err(InvalidKeySet::Threshold));
        assert_eq!(KeySet::new(2, vec![key(1), key(1)]), Err(InvalidKeySet::Twice));
        assert_eq!(
            KeySet::new(2, (0..17).map(key).collect()),
            Err(InvalidKeySet::TooMany)
        );
        let set = KeySet::new(2, keys).unwrap();
        assert!(set.is_reached_by(&[key(3), key(1)]));
        assert!(!set.is_reached_by(&[key(3), key(4)]));
        let json = r#"{"threshold":1,"keys":[]}"#;
        assert!(serde_json::from_str::<KeySet>(json).is_err());
    }

    #[test]
    fn other_kinds_of_keys_are_refused() {
        let other = PKey::generate_x25519()
            .unwrap()
            .private_key_to_pem_pkcs8()
            .unwrap();
        assert!(matches!(SigningKey::from_pem(&other), Err(KeyError::NotEd25519)));
        assert!(matches!(
            PublicKey::from_pem(b"no key"),
            Err(KeyError::NotEd25519)
        ));
        let key = PKey::generate_ed25519().unwrap();
        assert!(SigningKey::from_pem(&key.private_key_to_pem_pkcs8().unwrap()).is_ok());
        assert!(PublicKey::from_pem(&key.public_key_to_pem().unwrap()).is_ok());
    }
}
