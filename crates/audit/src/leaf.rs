//! A leaf of the log: 188 bytes, big-endian, frozen (`vectors/leaf.json`).
//!
//! Invariant: a leaf holds commitments and counters, never data and never a name; the organization's tag is
//! random and its mapping is erased with the organization.

use crate::Commitment;
use crate::fields::DecodeError;
use crate::merkle::{Hash, leaf_hash};

/// Length of a leaf in bytes.
pub const LEAF_BYTES: usize = 188;

const MAGIC: &[u8; 8] = b"SRLEAF01";

/// What a leaf records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeafKind {
    /// A change of data.
    Change,
    /// The destruction of keys.
    Erasure,
    /// Nothing happened; silence is evidence.
    Heartbeat,
    /// A restore, with what it lost.
    Restore,
    /// A new signing or sealing key.
    KeyRotation,
    /// Configuration or a role.
    Configuration,
    /// A gap, explained.
    ExplainedGap,
    /// Sign-in and access.
    Access,
}

impl LeafKind {
    /// Every kind, in the order of their numbers (1 to 8).
    pub const ALL: [Self; 8] = [
        Self::Change,
        Self::Erasure,
        Self::Heartbeat,
        Self::Restore,
        Self::KeyRotation,
        Self::Configuration,
        Self::ExplainedGap,
        Self::Access,
    ];

    /// The number in the bytes.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Change => 1,
            Self::Erasure => 2,
            Self::Heartbeat => 3,
            Self::Restore => 4,
            Self::KeyRotation => 5,
            Self::Configuration => 6,
            Self::ExplainedGap => 7,
            Self::Access => 8,
        }
    }

    /// The kind with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// One entry of the log, as the tree sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// What it records.
    pub kind: LeafKind,
    /// Random tag of the organization; zeros for the appliance's own.
    pub organization_tag: [u8; 16],
    /// Dense number within the organization, from 1.
    pub organization_sequence: u64,
    /// Leaf hash of the organization's previous leaf; zeros at the first.
    pub previous: Hash,
    /// Time of sequencing in milliseconds since 1970, UTC.
    pub time_ms: u64,
    /// Commitment to the header.
    pub header: Commitment,
    /// Commitment to the state before, or [`Commitment::ZERO`].
    pub before: Commitment,
    /// Commitment to the state after, or [`Commitment::ZERO`].
    pub after: Commitment,
    /// Id of the key that seals the image.
    pub key_id: [u8; 16],
}

impl Leaf {
    /// The 188 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; LEAF_BYTES] {
        let mut out = [0; LEAF_BYTES];
        let parts: [&[u8]; 11] = [
            MAGIC,
            &[self.kind.number()],
            &[0; 3],
            &self.organization_tag,
            &self.organization_sequence.to_be_bytes(),
            &self.previous.0,
            &self.time_ms.to_be_bytes(),
            &self.header.0,
            &self.before.0,
            &self.after.0,
            &self.key_id,
        ];
        let bytes = parts.into_iter().flatten();
        out.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        out
    }

    /// The leaf that `bytes` are.
    ///
    /// # Errors
    /// Another length, magic or kind, or padding that is not zero.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let length = DecodeError::Length {
            what: "the leaf",
            found: bytes.len(),
            expected: LEAF_BYTES,
        };
        if bytes.len() != LEAF_BYTES {
            return Err(length);
        }
        let mut rest = bytes;
        let magic: [u8; 8] = take(&mut rest).ok_or_else(|| length.clone())?;
        let [kind, padding @ ..]: [u8; 4] = take(&mut rest).ok_or_else(|| length.clone())?;
        if magic != *MAGIC || padding != [0; 3] {
            return Err(DecodeError::Kind {
                what: "the leaf's beginning",
                expected: "that of format version 1",
            });
        }
        let kind = LeafKind::from_number(kind).ok_or(DecodeError::Kind {
            what: "the leaf's kind",
            expected: "a known number",
        })?;
        Self::parse_body(kind, rest).ok_or(length)
    }

    fn parse_body(kind: LeafKind, mut rest: &[u8]) -> Option<Self> {
        let rest = &mut rest;
        Some(Self {
            kind,
            organization_tag: take(rest)?,
            organization_sequence: u64::from_be_bytes(take(rest)?),
            previous: Hash(take(rest)?),
            time_ms: u64::from_be_bytes(take(rest)?),
            header: Commitment(take(rest)?),
            before: Commitment(take(rest)?),
            after: Commitment(take(rest)?),
            key_id: take(rest)?,
        })
    }

    /// The hash by which the tree and the organization's next leaf know this one.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, remaining) = rest.split_first_chunk()?;
    *rest = remaining;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;
    use proptest::prelude::*;

    fn example() -> Leaf {
        Leaf {
            kind: LeafKind::Change,
            organization_tag: [0x01; 16],
            organization_sequence: 0x0203_0405_0607_0809,
            previous: Hash([0x0a; 32]),
            time_ms: 1_767_225_600_123,
            header: Commitment([0x0b; 32]),
            before: Commitment::ZERO,
            after: Commitment([0x0c; 32]),
            key_id: [0x0d; 16],
        }
    }

    #[test]
    fn the_frozen_vector_holds() {
        let vectors = vectors::load(include_str!("../vectors/leaf.json"));
        assert_eq!(hex::encode(example().encode()), vectors["change"]);
        assert_eq!(hex::encode(example().hash().0), vectors["change_hash"]);
        assert_eq!(Leaf::decode(&example().encode()).unwrap(), example());
    }

    #[test]
    fn kinds_are_numbered_one_to_eight() {
        let numbers: Vec<u8> = LeafKind::ALL.iter().map(|kind| kind.number()).collect();
        assert_eq!(numbers, (1..=8).collect::<Vec<u8>>());
        assert_eq!(LeafKind::from_number(0), None);
        assert_eq!(LeafKind::from_number(9), None);
    }

    #[test]
    fn another_length_magic_kind_or_padding_is_refused() {
        let bytes = example().encode();
        assert!(Leaf::decode(&bytes[..187]).is_err());
        assert!(Leaf::decode(&[&bytes[..], &[0]].concat()).is_err());
        for (at, value) in [(0, b'T'), (7, b'2'), (8, 0), (8, 9), (9, 1), (11, 1)] {
            let mut damaged = bytes;
            damaged[at] = value;
            assert!(Leaf::decode(&damaged).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn every_accepted_leaf_has_one_encoding(body in prop::array::uniform32(any::<[u8; 6]>())) {
            let mut bytes = example().encode();
            bytes.iter_mut().skip(12).zip(body.as_flattened()).for_each(|(place, byte)| *place = *byte);
            prop_assert_eq!(Leaf::decode(&bytes).unwrap().encode(), bytes);
        }
    }
}
