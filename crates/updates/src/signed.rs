//! A signed body as it lies in a file: length, body, signatures.
//!
//! ```text
//! u32   length of the body, big-endian
//!       body (JSON)
//! u8    number of signatures
//!       for each: public key, 32 bytes; Ed25519 signature, 64 bytes
//! ```
//! What is signed is a text that says what the body is for, a zero byte, and the body: a root cannot pass for a list.
//!
//! Invariant: every signature that is there counts. One by a stranger, one that does not fit, one that stands twice
//! refuse the whole, so that no byte of a bundle can change unseen.

use std::io::{self, Read};

use crate::key::{KEY_BYTES, KeyError, KeySet, PublicKey, SIGNATURE_BYTES, SigningKey};
use crate::refusal::Refusal;

/// Most signatures of one body.
pub const SIGNATURES_MAX: usize = 32;

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A root: who may sign.
    Root,
    /// The list of a bundle.
    Bundle,
}

impl Purpose {
    fn message(self, body: &[u8]) -> Vec<u8> {
        let context: &[u8] = match self {
            Self::Root => b"strongroom update root 1\0",
            Self::Bundle => b"strongroom update bundle 1\0",
        };
        [context, body].concat()
    }
}

/// A body with its signatures, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The body; to be read only when the signatures hold.
    pub body: Vec<u8>,
    signatures: Vec<(PublicKey, [u8; SIGNATURE_BYTES])>,
}

impl Signed {
    /// Signs a body with each key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn sign(purpose: Purpose, body: Vec<u8>, keys: &[SigningKey]) -> Result<Self, KeyError> {
        let message = purpose.message(&body);
        let one = |key: &SigningKey| Ok((key.public()?, key.sign(&message)?));
        let signatures = keys.iter().map(one).collect::<Result<_, KeyError>>()?;
        Ok(Self { body, signatures })
    }

    /// The bytes in the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.body);
        bytes.push(u8::try_from(self.signatures.len()).unwrap_or(u8::MAX));
        for (key, signature) in &self.signatures {
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(signature);
        }
        bytes
    }

    /// Reads one, without verifying it.
    ///
    /// # Errors
    /// [`Refusal::TooLong`], [`Refusal::Truncated`], and what [`fill`] gives.
    pub fn read(source: &mut impl Read, what: &str, body_bytes_max: u32) -> Result<Self, Refusal> {
        let length = u32::from_be_bytes(fill(source, what)?);
        check_bound(what, "bytes of", length.into(), body_bytes_max.into())?;
        // Grows with what really comes, not with what is announced.
        let mut body = Vec::new();
        let read = source.by_ref().take(length.into()).read_to_end(&mut body);
        read.map_err(|error| unreadable(error, what))?;
        if body.len() != length as usize {
            return Err(Refusal::Truncated {
                what: what.to_owned(),
            });
        }
        let [count] = fill(source, what)?;
        check_bound(what, "signatures of", count.into(), SIGNATURES_MAX as u64)?;
        let mut signatures = Vec::new();
        for _ in 0..count {
            let key = PublicKey::from_bytes(fill::<KEY_BYTES>(source, what)?);
            signatures.push((key, fill(source, what)?));
        }
        Ok(Self { body, signatures })
    }

    /// Whether enough keys of every set signed, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::SignatureUnknown`], [`Refusal::SignatureTwice`], [`Refusal::SignatureWrong`],
    /// [`Refusal::TooFewSignatures`].
    pub fn check(&self, purpose: Purpose, what: &str, sets: &[&KeySet]) -> Result<(), Refusal> {
        for (index, (key, _)) in self.signatures.iter().enumerate() {
            let (what, key) = (what.to_owned(), *key);
            if !sets.iter().any(|set| set.keys().contains(&key)) {
                return Err(Refusal::SignatureUnknown { what, key });
            }
            if self.signatures[..index]
                .iter()
                .any(|(earlier, _)| *earlier == key)
            {
                return Err(Refusal::SignatureTwice { what, key });
            }
        }
        let message = purpose.message(&self.body);
        for (key, signature) in &self.signatures {
            if !key.verifies(&message, signature) {
                let what = what.to_owned();
                return Err(Refusal::SignatureWrong { what, key: *key });
            }
        }
        let signers: Vec<PublicKey> = self.signatures.iter().map(|(key, _)| *key).collect();
        sets.iter().try_for_each(|set| check_count(&signers, what, set))
    }

    /// Whether enough keys of one set signed, whoever else did: for a body that is to be read before it can say who
    /// else may sign it. [`Signed::check`] must follow.
    ///
    /// # Errors
    /// [`Refusal::TooFewSignatures`].
    pub(crate) fn check_before_reading(
        &self,
        purpose: Purpose,
        what: &str,
        set: &KeySet,
    ) -> Result<(), Refusal> {
        let message = purpose.message(&self.body);
        let is_good = |(key, signature): &&(PublicKey, [u8; SIGNATURE_BYTES])| {
            set.keys().contains(key) && key.verifies(&message, signature)
        };
        let good: Vec<PublicKey> = self
            .signatures
            .iter()
            .filter(is_good)
            .map(|(key, _)| *key)
            .collect();
        check_count(&good, what, set)
    }
}

fn check_count(signers: &[PublicKey], what: &str, set: &KeySet) -> Result<(), Refusal> {
    let found = set.keys().iter().filter(|key| signers.contains(key)).count();
    if found < set.threshold() {
        return Err(Refusal::TooFewSignatures {
            what: what.to_owned(),
            found,
            wanted: set.threshold(),
        });
    }
    Ok(())
}

/// Reads exactly so many bytes.
///
/// # Errors
/// [`Refusal::Truncated`], and what the reader says: [`Refusal::Stalled`], [`Refusal::TooSlow`],
/// [`Refusal::Unreadable`].
pub(crate) fn fill<const N: usize>(source: &mut impl Read, what: &str) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    source
        .read_exact(&mut bytes)
        .map_err(|error| unreadable(error, what))?;
    Ok(bytes)
}

pub(crate) fn check_bound(what: &str, of: &str, found: u64, most: u64) -> Result<(), Refusal> {
    if found <= most {
        return Ok(());
    }
    let what = format!("the number of {of} {what}");
    Err(Refusal::TooLong { what, found, most })
}

pub(crate) fn unreadable(error: io::Error, what: &str) -> Refusal {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Refusal::Truncated {
            what: what.to_owned(),
        };
    }
    crate::patience::refusal_of(error)
}
