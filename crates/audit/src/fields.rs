//! Takes typed fields out of a decoded map, and says which one is at fault.
//!
//! Invariant: [`Fields::finish`] refuses what nobody took, so an unknown member is never passed over in silence.

use crate::cbor::{self, CborError, Item, Key};
use std::collections::BTreeMap;

/// Why bytes are not a header, an image or a leaf of format version 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not deterministic CBOR.
    #[error("not deterministic CBOR")]
    Cbor(#[from] CborError),
    /// A value is of another kind than its place asks for.
    #[error("{what} is not {expected}")]
    Kind {
        /// The part at fault.
        what: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// A required part is absent.
    #[error("{what} is missing")]
    Missing {
        /// The part at fault.
        what: &'static str,
    },
    /// A member that this version does not know.
    #[error("{what} has a member that format version 1 does not know")]
    Unknown {
        /// The map at fault.
        what: &'static str,
    },
    /// Written in a version that this program cannot read.
    #[error("format version {found} is not 1")]
    Version {
        /// The version found.
        found: i128,
    },
    /// Not as long as its format says.
    #[error("{what} has {found} bytes instead of {expected}")]
    Length {
        /// The part at fault.
        what: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The right length in bytes.
        expected: usize,
    },
}

/// The members of a map with integer keys, taken one by one.
pub(crate) struct Fields {
    what: &'static str,
    members: BTreeMap<Key, Item>,
}

impl Fields {
    pub(crate) fn parse(what: &'static str, bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::of(what, cbor::decode(bytes)?)
    }

    pub(crate) fn of(what: &'static str, item: Item) -> Result<Self, DecodeError> {
        match item {
            Item::Map(members) => Ok(Self { what, members }),
            _ => Err(DecodeError::Kind {
                what,
                expected: "a map",
            }),
        }
    }

    pub(crate) fn optional(&mut self, key: u64) -> Option<Item> {
        self.members.remove(&Key::Unsigned(key))
    }

    pub(crate) fn required(&mut self, key: u64, what: &'static str) -> Result<Item, DecodeError> {
        self.optional(key).ok_or(DecodeError::Missing { what })
    }

    /// What is left, in order.
    pub(crate) fn rest(self) -> BTreeMap<Key, Item> {
        self.members
    }

    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        if self.members.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Unknown { what: self.what })
        }
    }
}

pub(crate) fn text(item: Item, what: &'static str) -> Result<String, DecodeError> {
    match item {
        Item::Text(text) => Ok(text),
        _ => Err(DecodeError::Kind {
            what,
            expected: "text",
        }),
    }
}

pub(crate) fn id(item: Item, what: &'static str) -> Result<[u8; 16], DecodeError> {
    match item {
        Item::Bytes(bytes) => bytes.try_into().map_err(|_| DecodeError::Kind {
            what,
            expected: "sixteen bytes",
        }),
        _ => Err(DecodeError::Kind {
            what,
            expected: "sixteen bytes",
        }),
    }
}

/// An integer of the width that the place asks for.
pub(crate) fn integer<T: TryFrom<i128>>(item: &Item, what: &'static str) -> Result<T, DecodeError> {
    let fault = DecodeError::Kind {
        what,
        expected: "an integer in range",
    };
    match item {
        Item::Integer(value) => T::try_from(value.get()).map_err(|_| fault),
        _ => Err(fault),
    }
}

pub(crate) fn array(item: Item, what: &'static str) -> Result<Vec<Item>, DecodeError> {
    match item {
        Item::Array(items) => Ok(items),
        _ => Err(DecodeError::Kind {
            what,
            expected: "an array",
        }),
    }
}

pub(crate) fn array_of<const N: usize>(item: Item, what: &'static str) -> Result<[Item; N], DecodeError> {
    array(item, what)?.try_into().map_err(|_| DecodeError::Kind {
        what,
        expected: "an array of the right length",
    })
}
