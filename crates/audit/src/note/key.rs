//! The public half of a key that signs notes, and its text form (a "vkey"): `name+id+key`.
//!
//! Invariant: the id is computed, never believed: a text whose id is another is refused.

use super::{Note, SIGNATURE_BYTES, Signature, SignatureError, cosigned};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    pkey::{Id, PKey},
    sha::Sha256,
    sign::Verifier,
};
use std::fmt;

/// Bytes of a public key (RFC 8032 section 5.1.5).
const PUBLIC_BYTES: usize = 32;
/// Longest name of a key, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// The name of a key: not empty, no spaces, no plus. A log's is its origin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 over the text (0x01): the log.
    Ed25519,
    /// Ed25519 over a heading, a time and the text (0x04): a witness.
    CosignatureV1,
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    algorithm: Algorithm,
    public: [u8; PUBLIC_BYTES],
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is empty, too long, or has a space, a plus or a control character.
    #[error("a key's name is 1 to {NAME_BYTES_MAX} bytes without spaces, plus signs and control characters")]
    Name,
    /// Not `name+id+key`.
    #[error("a key is written as name+id+key, with eight hexadecimal digits and base64")]
    Form,
    /// The algorithm is neither Ed25519 (1) nor cosignature/v1 (4).
    #[error("the key's algorithm {found} is neither Ed25519 (1) nor cosignature/v1 (4)")]
    Algorithm {
        /// The byte found.
        found: u8,
    },
    /// The id is not that of this name and key.
    #[error("the key's id is not that of its name and key, so one of them was changed")]
    Id,
}

impl KeyName {
    /// The name that a text is.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(name: &str) -> Result<Self, KeyError> {
        let is_plain =
            |character: char| !character.is_whitespace() && !character.is_control() && character != '+';
        if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(is_plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(KeyError::Name)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Algorithm {
    /// The byte in ids and keys.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureV1 => 4,
        }
    }

    fn from_number(found: u8) -> Result<Self, KeyError> {
        match found {
            1 => Ok(Self::Ed25519),
            4 => Ok(Self::CosignatureV1),
            _ => Err(KeyError::Algorithm { found }),
        }
    }
}

impl VerifierKey {
    /// A key from its parts; `public` as RFC 8032 encodes it.
    #[must_use]
    pub fn new(name: KeyName, algorithm: Algorithm, public: [u8; PUBLIC_BYTES]) -> Self {
        Self {
            name,
            algorithm,
            public,
        }
    }

    /// The key that a text is.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let name = KeyName::parse(name)?;
        let decoded = STANDARD.decode(encoded).map_err(|_| KeyError::Form)?;
        let (algorithm, public) = decoded.split_first().ok_or(KeyError::Form)?;
        let algorithm = Algorithm::from_number(*algorithm)?;
        let key = Self::new(name, algorithm, public.try_into().map_err(|_| KeyError::Form)?);
        if id.len() != 8 || !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(KeyError::Form);
        }
        if id == hexadecimal(&key.id()) {
            Ok(key)
        } else {
            Err(KeyError::Id)
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &[u8; PUBLIC_BYTES] {
        &self.public
    }

    /// The first four bytes of `SHA-256(name || 0x0A || algorithm || public key)`. Tells keys apart; proves nothing.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.0.as_bytes());
        hash.update(&[b'\n', self.algorithm.number()]);
        hash.update(&self.public);
        let [a, b, c, d, ..] = hash.finish();
        [a, b, c, d]
    }

    /// Checks a signature that claims this key ([`Signature::claims`]), and gives the time of a cosignature, in
    /// seconds since 1970.
    ///
    /// # Errors
    /// It does not hold, or is by another key.
    pub fn check(&self, note: &Note, signature: &Signature) -> Result<Option<u64>, SignatureError> {
        let fault = || SignatureError {
            name: signature.name().to_string(),
        };
        let (time_s, message, bytes) = match self.algorithm {
            Algorithm::Ed25519 => (None, note.text().to_owned(), signature.bytes()),
            Algorithm::CosignatureV1 => {
                let (time, bytes) = signature.bytes().split_first_chunk().ok_or_else(fault)?;
                let time = u64::from_be_bytes(*time);
                (Some(time), cosigned(note.text(), time), bytes)
            }
        };
        let is_time = time_s.is_none_or(|time| i64::try_from(time).is_ok());
        if signature.claims(self) && is_time && self.is_signed(message.as_bytes(), bytes) {
            Ok(time_s)
        } else {
            Err(fault())
        }
    }

    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(key) = PKey::public_key_from_raw_bytes(&self.public, Id::ED25519) else {
            return false;
        };
        let verified = Verifier::new_without_digest(&key)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message));
        signature.len() == SIGNATURE_BYTES && verified.unwrap_or(false)
    }
}

/// The text form.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&[self.algorithm.number()][..], &self.public].concat());
        write!(f, "{}+{}+{encoded}", self.name, hexadecimal(&self.id()))
    }
}

fn hexadecimal(id: &[u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(*id))
}
