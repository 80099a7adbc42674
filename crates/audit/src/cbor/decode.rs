//! Reads CBOR strictly: every form but the deterministic one is refused.
//!
//! Invariants: no allocation is larger than the input can pay for; nesting is bounded before it is entered.

use super::write::{ARRAY, BYTES, FALSE, MAP, NEGATIVE, NULL, SIMPLE, TEXT, TRUE, UNSIGNED};
use super::{Integer, Item, Key};
use std::collections::BTreeMap;

/// How deep arrays and maps may nest.
pub const DEPTH_MAX: usize = 16;

/// Why bytes are not deterministic CBOR of the kind used here. `at` is the offset of the item at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The input ends inside an item, or a length is beyond the input.
    #[error("the item at byte {at} goes beyond the input")]
    Truncated {
        /// Offset in bytes.
        at: usize,
    },
    /// A length or integer is not in its shortest form.
    #[error("the head at byte {at} is not in its shortest form")]
    NotShortest {
        /// Offset in bytes.
        at: usize,
    },
    /// A float, a tag, an indefinite length or an unassigned simple value.
    #[error("the item at byte {at} is of a kind that the audit log does not use")]
    Unsupported {
        /// Offset in bytes.
        at: usize,
    },
    /// A string is not UTF-8.
    #[error("the text at byte {at} is not UTF-8")]
    NotUtf8 {
        /// Offset in bytes.
        at: usize,
    },
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("the item at byte {at} nests deeper than {DEPTH_MAX}")]
    TooDeep {
        /// Offset in bytes.
        at: usize,
    },
    /// A map key is neither an unsigned integer nor text.
    #[error("the map key at byte {at} is neither an unsigned integer nor text")]
    KeyKind {
        /// Offset in bytes.
        at: usize,
    },
    /// A map key does not come after the one before it.
    #[error("the map key at byte {at} is out of order or stands twice")]
    KeyOrder {
        /// Offset in bytes.
        at: usize,
    },
    /// Bytes follow the item.
    #[error("bytes follow the item, from byte {at} on")]
    Trailing {
        /// Offset in bytes.
        at: usize,
    },
}

/// The item that `bytes` encode, all of them.
///
/// # Errors
/// The first fault, with its offset.
pub fn decode(bytes: &[u8]) -> Result<Item, CborError> {
    let mut reader = Reader { bytes, at: 0 };
    let item = reader.item(0)?;
    if reader.at == bytes.len() {
        Ok(item)
    } else {
        Err(CborError::Trailing { at: reader.at })
    }
}

pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    fn item(&mut self, depth: usize) -> Result<Item, CborError> {
        let at = self.at;
        let (major, value) = self.head()?;
        match major {
            UNSIGNED => Ok(Item::Integer(Integer::from(value))),
            NEGATIVE => Ok(Item::Integer(Integer(-1 - i128::from(value)))),
            BYTES => Ok(Item::Bytes(self.take(at, value)?.to_vec())),
            TEXT => Ok(Item::Text(self.text(at, value)?)),
            ARRAY => self.array(at, value, depth + 1),
            MAP => self.map(at, value, depth + 1),
            SIMPLE if value == FALSE => Ok(Item::Bool(false)),
            SIMPLE if value == TRUE => Ok(Item::Bool(true)),
            SIMPLE if value == NULL => Ok(Item::Null),
            _ => Err(CborError::Unsupported { at }),
        }
    }

    fn array(&mut self, at: usize, count: u64, depth: usize) -> Result<Item, CborError> {
        self.check_container(at, count, depth)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.item(depth)?);
        }
        Ok(Item::Array(items))
    }

    fn map(&mut self, at: usize, count: u64, depth: usize) -> Result<Item, CborError> {
        self.check_container(at, count, depth)?;
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let key_at = self.at;
            let key = self.key()?;
            if entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(CborError::KeyOrder { at: key_at });
            }
            let value = self.item(depth)?;
            entries.insert(key, value);
        }
        Ok(Item::Map(entries))
    }

    fn key(&mut self) -> Result<Key, CborError> {
        let at = self.at;
        let (major, value) = self.head()?;
        match major {
            UNSIGNED => Ok(Key::Unsigned(value)),
            TEXT => Ok(Key::Text(self.text(at, value)?)),
            _ => Err(CborError::KeyKind { at }),
        }
    }

    /// Every item takes a byte at least, so a count beyond the bytes left is a lie and not worth a loop.
    pub(super) fn check_container(&self, at: usize, count: u64, depth: usize) -> Result<(), CborError> {
        if depth > DEPTH_MAX {
            return Err(CborError::TooDeep { at });
        }
        if count > (self.bytes.len() - self.at) as u64 {
            return Err(CborError::Truncated { at });
        }
        Ok(())
    }

    fn text(&mut self, at: usize, length: u64) -> Result<String, CborError> {
        let bytes = self.take(at, length)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| CborError::NotUtf8 { at })
    }

    pub(super) fn head(&mut self) -> Result<(u8, u64), CborError> {
        let at = self.at;
        let initial = self.take(at, 1)?[0];
        let (major, short) = (initial >> 5, initial & 0x1f);
        let (width, least) = match short {
            0..=23 => return Ok((major, u64::from(short))),
            // A simple value with a byte of its own, or a float: neither is ours.
            24..=27 if major == SIMPLE => return Err(CborError::Unsupported { at }),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(CborError::Unsupported { at }),
        };
        let bytes = self.take(at, width)?;
        let value = bytes
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if value < least {
            Err(CborError::NotShortest { at })
        } else {
            Ok((major, value))
        }
    }

    pub(super) fn take(&mut self, at: usize, length: u64) -> Result<&'a [u8], CborError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = usize::try_from(length).map_err(|_| CborError::Truncated { at })?;
        let taken = rest.get(..length).ok_or(CborError::Truncated { at })?;
        self.at += length;
        Ok(taken)
    }
}
