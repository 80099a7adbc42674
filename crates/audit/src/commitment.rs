//! Commitments: salted hashes that stand in the log for a header or an image.
//!
//! Invariant: a commitment binds role, entry, salt and bytes; none of them can change without it. The salt is
//! what hides a guessable value, so it is random for each commitment, and destroyed with the bytes.

use openssl::sha::Sha256;

const DOMAIN: &[u8] = b"strongroom-commit-v1\0";

/// What the committed bytes are. 1 is not used: a before-image is the after-image of the version before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A header.
    Header,
    /// A record after the act.
    AfterImage,
}

impl Role {
    /// The number in the bytes.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Header => 0,
            Self::AfterImage => 2,
        }
    }
}

/// A commitment, or the RFC 6962 root of a bulk act's commitments.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment(pub [u8; 32]);

impl Commitment {
    /// What stands before a record's first version.
    pub const ZERO: Self = Self([0; 32]);
}

impl AsRef<[u8]> for Commitment {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Display for Commitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Commitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Commitment({self})")
    }
}

/// The commitment of an entry to `bytes`.
#[must_use]
pub fn commit(role: Role, entry_id: &[u8; 16], salt: &[u8; 32], bytes: &[u8]) -> Commitment {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(&[role.number()]);
    hash.update(entry_id);
    hash.update(salt);
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
    Commitment(hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    #[test]
    fn the_frozen_vectors_hold() {
        let vectors = vectors::load(include_str!("../vectors/commitment.json"));
        let (entry, salt) = ([0x22; 16], [0x5a; 32]);
        assert_eq!(
            commit(Role::Header, &entry, &salt, b"header").to_string(),
            vectors["header"]
        );
        assert_eq!(
            commit(Role::AfterImage, &entry, &salt, b"image").to_string(),
            vectors["after_image"]
        );
        assert_eq!(
            commit(Role::AfterImage, &entry, &salt, b"").to_string(),
            vectors["empty"]
        );
    }

    #[test]
    fn every_part_counts() {
        let of = |role, entry, salt, bytes: &[u8]| commit(role, &[entry; 16], &[salt; 32], bytes);
        let original = of(Role::Header, 1, 2, b"a");
        assert_eq!(original, of(Role::Header, 1, 2, b"a"));
        for other in [
            of(Role::AfterImage, 1, 2, b"a"),
            of(Role::Header, 9, 2, b"a"),
            of(Role::Header, 1, 9, b"a"),
            of(Role::Header, 1, 2, b"b"),
            of(Role::Header, 1, 2, b"aa"),
        ] {
            assert_ne!(original, other);
        }
    }
}
