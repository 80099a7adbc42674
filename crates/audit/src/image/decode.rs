//! Reads an image back, strictly.
//!
//! Invariant: whatever is accepted encodes to the very same bytes.

use super::{Image, ImageValue, Number, RecordState, kind};
use crate::cbor::{Integer, Item, Key};
use crate::fields::{DecodeError, Fields, array, id, integer, text};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

const VALUE: &str = "a value";

impl Image {
    /// The image that `bytes` are.
    ///
    /// # Errors
    /// The part at fault: not deterministic CBOR, a state, field id or value that format version 1 does not know.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut members = Fields::parse("the image", bytes)?;
        let state = match integer(&members.required(0, "the state")?, "the state")? {
            0_u64 => RecordState::Live,
            1 => RecordState::Trashed,
            2 => RecordState::Purged,
            _ => {
                return Err(DecodeError::Kind {
                    what: "the state",
                    expected: "a known number",
                });
            }
        };
        let mut fields = BTreeMap::new();
        for (key, item) in members.rest() {
            fields.insert(parse_field(&key)?, ImageValue::parse(item)?);
        }
        Ok(Self { state, fields })
    }
}

fn parse_field(key: &Key) -> Result<NonZeroU32, DecodeError> {
    let fault = DecodeError::Kind {
        what: "a field id",
        expected: "an integer in range",
    };
    match key {
        Key::Unsigned(number) => u32::try_from(*number).ok().and_then(NonZeroU32::new).ok_or(fault),
        Key::Text(_) => Err(fault),
    }
}

impl ImageValue {
    fn parse(item: Item) -> Result<Self, DecodeError> {
        match item {
            Item::Null => Ok(Self::Null),
            Item::Bool(value) => Ok(Self::Boolean(value)),
            Item::Integer(_) => Ok(Self::Integer(integer(&item, VALUE)?)),
            Item::Text(text) => Ok(Self::Text(text)),
            Item::Array(_) => Self::parse_typed(Parts {
                items: array(item, VALUE)?.into_iter(),
            }),
            Item::Bytes(_) | Item::Map(_) => Err(unknown()),
        }
    }

    fn parse_typed(mut parts: Parts) -> Result<Self, DecodeError> {
        let number: u64 = integer(&parts.next()?, VALUE)?;
        if number == kind::CHOICES {
            return Ok(Self::Choices(
                parts
                    .items
                    .map(|item| text(item, VALUE))
                    .collect::<Result<_, _>>()?,
            ));
        }
        let value = match number {
            kind::DECIMAL => Self::Decimal(parts.number()?),
            kind::MONEY => Self::Money(parts.number()?, text(parts.next()?, VALUE)?),
            kind::DATE => Self::Date(text(parts.next()?, VALUE)?),
            kind::TIMESTAMP => Self::Timestamp(integer(&parts.next()?, VALUE)?),
            kind::REFERENCE => Self::Reference(id(parts.next()?, VALUE)?),
            kind::POINT => Self::Point {
                latitude: parts.number()?,
                longitude: parts.number()?,
            },
            kind::ATTACHMENT => Self::Attachment(id(parts.next()?, VALUE)?),
            kind::JSON => Self::Json(text(parts.next()?, VALUE)?),
            _ => return Err(unknown()),
        };
        if parts.items.next().is_some() {
            Err(unknown())
        } else {
            Ok(value)
        }
    }
}

/// The parts of a typed value, taken in order.
struct Parts {
    items: std::vec::IntoIter<Item>,
}

impl Parts {
    fn next(&mut self) -> Result<Item, DecodeError> {
        self.items.next().ok_or(DecodeError::Missing {
            what: "a part of a value",
        })
    }

    fn number(&mut self) -> Result<Number, DecodeError> {
        let mantissa = match self.next()? {
            Item::Integer(value) => value.get(),
            Item::Bytes(bytes) => parse_wide(&bytes)?,
            Item::Text(_) | Item::Array(_) | Item::Map(_) | Item::Bool(_) | Item::Null => {
                return Err(unknown());
            }
        };
        Ok(Number {
            mantissa,
            exponent: integer(&self.next()?, VALUE)?,
        })
    }
}

/// A mantissa beyond 64 bits. One that would fit an integer is refused: it has that form already.
fn parse_wide(bytes: &[u8]) -> Result<i128, DecodeError> {
    let mantissa = i128::from_be_bytes(bytes.try_into().map_err(|_| unknown())?);
    if Integer::new(mantissa).is_some() {
        Err(unknown())
    } else {
        Ok(mantissa)
    }
}

fn unknown() -> DecodeError {
    DecodeError::Kind {
        what: VALUE,
        expected: "one of format version 1",
    }
}
