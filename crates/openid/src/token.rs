//! Signed tokens in compact form (RFC 7515), verified and never made.
//!
//! Invariant: the payload leaves this module only after its signature held, under an algorithm of the operator's list
//! with a key that is for that algorithm.

use crate::{
    keys::{Key, KeySet},
    provider::Algorithm,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{bn::BigNum, ecdsa::EcdsaSig, error::ErrorStack, hash::MessageDigest, sign::Verifier};
use serde::Deserialize;

/// Most bytes of a token.
pub(crate) const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// Half of a signature on P-256 (RFC 7518, section 3.4).
const P256_BYTES: usize = 32;

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url, or too long.
    #[error("this is not a signed token")]
    Malformed,
    /// A header that is none.
    #[error("the token's header is not readable")]
    Header(#[source] serde_json::Error),
    /// Extensions that must be understood (RFC 7515, section 4.1.11).
    #[error("the token needs extensions that are not known here")]
    Extension,
    /// Another algorithm than those that the operator chose; "none" and the symmetric ones among them.
    #[error("the token is signed with {found:?}, which is not among the algorithms of this provider")]
    Algorithm {
        /// What it names.
        found: String,
    },
    /// No such key, even after asking again.
    #[error("the token is signed with key {kid:?}, which the provider does not publish")]
    UnknownKey {
        /// What it names.
        kid: String,
    },
    /// Changed, or signed by somebody else.
    #[error("the token's signature does not hold")]
    Signature,
    /// OpenSSL failed.
    #[error("the signature cannot be checked")]
    Crypto(#[from] ErrorStack),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
    #[serde(default)]
    typ: Option<String>,
}

/// A token whose signature nobody has looked at yet.
pub(crate) struct Unverified<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    /// Its type (RFC 7515, section 4.1.9).
    pub(crate) kind: Option<String>,
}

impl<'a> Unverified<'a> {
    pub(crate) fn parse(text: &'a str, algorithms: &[Algorithm]) -> Result<Self, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (head, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header: Header = serde_json::from_slice(&decode(head)?).map_err(TokenError::Header)?;
        if header.crit.is_some() {
            return Err(TokenError::Extension);
        }
        let chosen = algorithms.iter().find(|one| one.as_str() == header.alg);
        let algorithm = *chosen.ok_or_else(|| TokenError::Algorithm {
            found: header.alg.chars().take(20).collect(),
        })?;
        Ok(Self {
            signed,
            payload,
            signature: decode(signature)?,
            algorithm,
            key_id: header.kid,
            kind: header.typ,
        })
    }

    /// The payload, if one of the set's keys signed it.
    pub(crate) fn verify(&self, keys: &KeySet) -> Result<Vec<u8>, TokenError> {
        let candidates = keys.candidates(self.algorithm, self.key_id.as_deref());
        if candidates.is_empty() {
            return Err(TokenError::UnknownKey {
                kid: self.key_id.iter().flat_map(|kid| kid.chars().take(80)).collect(),
            });
        }
        for key in candidates {
            if self.is_signed_by(key)? {
                return decode(self.payload);
            }
        }
        Err(TokenError::Signature)
    }

    fn is_signed_by(&self, key: &Key) -> Result<bool, TokenError> {
        let signed = self.signed.as_bytes();
        let held = match key.algorithm {
            Algorithm::Rs256 => {
                let mut verifier = Verifier::new(MessageDigest::sha256(), &key.key)?;
                verifier.verify_oneshot(&self.signature, signed)
            }
            Algorithm::Es256 => {
                let Some(signature) = der(&self.signature)? else {
                    return Ok(false);
                };
                let mut verifier = Verifier::new(MessageDigest::sha256(), &key.key)?;
                verifier.verify_oneshot(&signature, signed)
            }
            Algorithm::EdDsa => {
                Verifier::new_without_digest(&key.key)?.verify_oneshot(&self.signature, signed)
            }
        };
        // A signature of the wrong length is an error to OpenSSL and a signature that does not hold to us.
        Ok(held.unwrap_or(false))
    }
}

fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed)
}

/// r and s one after the other, as OpenSSL wants them.
fn der(signature: &[u8]) -> Result<Option<Vec<u8>>, ErrorStack> {
    if signature.len() != 2 * P256_BYTES {
        return Ok(None);
    }
    let (r, s) = signature.split_at(P256_BYTES);
    let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
    Ok(Some(signature.to_der()?))
}

#[cfg(test)]
mod tests;
