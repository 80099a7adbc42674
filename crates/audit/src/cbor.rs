//! Deterministic CBOR (RFC 8949 section 4.2.1), the part of it that the audit log needs.
//!
//! Invariant: one value has one encoding. [`Item::encode`] writes it, [`decode`] accepts nothing else, so
//! `decode(bytes)?.encode() == bytes` always. No floats, no tags, no indefinite lengths.
//! Start at [`Writer`] for writing and [`decode`] for reading.

mod cursor;
mod decode;
mod write;

pub(crate) use cursor::{Cursor, Token};
pub use decode::{CborError, DEPTH_MAX, decode};
pub use write::Writer;

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A CBOR integer: -2^64 to 2^64 - 1 (major types 0 and 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i128);

impl Integer {
    /// The value, or nothing when CBOR without tags cannot hold it.
    #[must_use]
    pub fn new(value: i128) -> Option<Self> {
        let least = -(i128::from(u64::MAX)) - 1;
        (least..=i128::from(u64::MAX))
            .contains(&value)
            .then_some(Self(value))
    }

    /// The value.
    #[must_use]
    pub fn get(self) -> i128 {
        self.0
    }
}

impl From<u64> for Integer {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

/// The key of a map. Ordered as RFC 8949 section 4.2.1 orders encoded keys: integers first, then text, the
/// shorter text before the longer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// An unsigned integer, what all formats of version 1 use.
    Unsigned(u64),
    /// Text.
    Text(String),
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Unsigned(a), Self::Unsigned(b)) => a.cmp(b),
            (Self::Unsigned(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Unsigned(_)) => Ordering::Greater,
            (Self::Text(a), Self::Text(b)) => (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A CBOR data item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An integer of either sign.
    Integer(Integer),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A UTF-8 string.
    Text(String),
    /// An array.
    Array(Vec<Item>),
    /// A map; its order is that of the encoding, and a key stands once.
    Map(BTreeMap<Key, Item>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl Item {
    /// The one encoding of this item.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.write(&mut writer);
        writer.finish()
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Integer(value) => writer.integer(*value),
            Self::Bytes(bytes) => writer.bytes(bytes),
            Self::Text(text) => writer.text(text),
            Self::Array(items) => {
                writer.array(items.len());
                items.iter().for_each(|item| item.write(writer));
            }
            Self::Map(entries) => {
                writer.map(entries.len());
                for (key, value) in entries {
                    match key {
                        Key::Unsigned(number) => writer.unsigned(*number),
                        Key::Text(text) => writer.text(text),
                    }
                    value.write(writer);
                }
            }
            Self::Bool(value) => writer.bool(*value),
            Self::Null => writer.null(),
        }
    }
}

#[cfg(test)]
mod tests;
