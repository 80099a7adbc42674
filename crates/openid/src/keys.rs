//! A provider's key set (RFC 7517) as keys of OpenSSL.
//!
//! Keys of kinds that we do not use are passed over; one that is of a kind we use and too weak or broken refuses the set:
//! an operator should hear of it.

use crate::provider::Algorithm;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{
    bn::BigNum,
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    nid::Nid,
    pkey::{Id, PKey, Public},
    rsa::Rsa,
};
use serde::Deserialize;

/// Most keys of a set.
const KEYS_MAX: usize = 100;
/// RSA moduli, in bits (NIST SP 800-131A for the least).
const RSA_BITS: std::ops::RangeInclusive<i32> = 2_048..=8_192;

/// Why a key set is not usable.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key set.
    #[error("this is not a key set")]
    Malformed(#[source] serde_json::Error),
    /// Too many keys.
    #[error("the key set has {found} keys; at most {KEYS_MAX} are read")]
    TooMany {
        /// How many.
        found: usize,
    },
    /// A key without a part, or with one that is no number.
    #[error("key {kid:?} is not readable: {part}")]
    Part {
        /// Its id.
        kid: String,
        /// Which part.
        part: &'static str,
    },
    /// RSA of too few or too many bits.
    #[error("key {kid:?} has {bits} bits; RSA keys need {} to {}", RSA_BITS.start(), RSA_BITS.end())]
    Bits {
        /// Its id.
        kid: String,
        /// How many.
        bits: i32,
    },
    /// Not a point of the curve, or an exponent that is none.
    #[error("key {kid:?} is not a valid key")]
    Invalid {
        /// Its id.
        kid: String,
        /// What OpenSSL says.
        #[source]
        source: ErrorStack,
    },
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Written>,
}

/// One key as it is written (RFC 7518, section 6; RFC 8037, section 2).
#[derive(Deserialize)]
struct Written {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

/// A key that verifies signatures of one algorithm.
pub(crate) struct Key {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: PKey<Public>,
}

/// A provider's keys.
pub(crate) struct KeySet(Vec<Key>);

impl KeySet {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let document: Document = serde_json::from_slice(bytes).map_err(KeyError::Malformed)?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeyError::TooMany {
                found: document.keys.len(),
            });
        }
        let read = document
            .keys
            .iter()
            .filter_map(|written| written.read().transpose());
        Ok(Self(read.collect::<Result<_, _>>()?))
    }

    /// The keys that a token of this algorithm and key id may be signed with. Without an id there must be one key only.
    pub(crate) fn candidates(&self, algorithm: Algorithm, id: Option<&str>) -> Vec<&Key> {
        let fits = |key: &&Key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id);
        let found: Vec<&Key> = self.0.iter().filter(fits).collect();
        if id.is_none() && found.len() > 1 {
            return Vec::new();
        }
        found
    }

    /// How many keys verify tokens of these algorithms.
    pub(crate) fn count(&self, algorithms: &[Algorithm]) -> usize {
        let fits = |key: &&Key| algorithms.contains(&key.algorithm);
        self.0.iter().filter(fits).count()
    }
}

impl Written {
    /// The key, or nothing where it is of no use to us.
    fn read(&self) -> Result<Option<Key>, KeyError> {
        let algorithm = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Algorithm::Rs256,
            ("EC", Some("P-256")) => Algorithm::Es256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            _ => return Ok(None),
        };
        let for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        // RFC 9864 calls it Ed25519.
        let named =
            |name: &str| name == algorithm.as_str() || (algorithm == Algorithm::EdDsa && name == "Ed25519");
        if !for_signatures || !self.alg.as_deref().is_none_or(named) {
            return Ok(None);
        }
        let key = match algorithm {
            Algorithm::Rs256 => self.rsa()?,
            Algorithm::Es256 => self.p256()?,
            Algorithm::EdDsa => self.ed25519()?,
        };
        Ok(Some(Key {
            id: self.kid.clone(),
            algorithm,
            key,
        }))
    }

    fn rsa(&self) -> Result<PKey<Public>, KeyError> {
        let invalid = |source| self.invalid(source);
        let modulus = self.number(self.n.as_deref(), "n")?;
        let exponent = self.number(self.e.as_deref(), "e")?;
        let bits = modulus.num_bits();
        if !RSA_BITS.contains(&bits) {
            return Err(KeyError::Bits { kid: self.id(), bits });
        }
        if exponent.num_bits() < 2 || exponent.num_bits() > 64 || !exponent.is_bit_set(0) {
            return Err(self.part("e"));
        }
        let rsa = Rsa::from_public_components(modulus, exponent).map_err(invalid)?;
        PKey::from_rsa(rsa).map_err(invalid)
    }

    fn p256(&self) -> Result<PKey<Public>, KeyError> {
        let invalid = |source| self.invalid(source);
        let x = self.number(self.x.as_deref(), "x")?;
        let y = self.number(self.y.as_deref(), "y")?;
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).map_err(invalid)?;
        let key = EcKey::from_public_key_affine_coordinates(&group, &x, &y).map_err(invalid)?;
        key.check_key().map_err(invalid)?;
        PKey::from_ec_key(key).map_err(invalid)
    }

    fn ed25519(&self) -> Result<PKey<Public>, KeyError> {
        let bytes = self.bytes(self.x.as_deref(), "x")?;
        PKey::public_key_from_raw_bytes(&bytes, Id::ED25519).map_err(|source| self.invalid(source))
    }

    fn number(&self, text: Option<&str>, part: &'static str) -> Result<BigNum, KeyError> {
        let bytes = self.bytes(text, part)?;
        BigNum::from_slice(&bytes).map_err(|source| self.invalid(source))
    }

    fn bytes(&self, text: Option<&str>, part: &'static str) -> Result<Vec<u8>, KeyError> {
        let text = text.ok_or_else(|| self.part(part))?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| self.part(part))
    }

    fn id(&self) -> String {
        self.kid.iter().flat_map(|kid| kid.chars().take(80)).collect()
    }

    fn part(&self, part: &'static str) -> KeyError {
        KeyError::Part { kid: self.id(), part }
    }

    fn invalid(&self, source: ErrorStack) -> KeyError {
        KeyError::Invalid {
            kid: self.id(),
            source,
        }
    }
}

#[cfg(test)]
mod tests;
