//! An image at a glance: whether its bytes are one, without its values.
//!
//! Invariant: accepts exactly the bytes that [`Image::decode`] accepts.

use super::{Image, kind};
use crate::cbor::{Cursor, Integer, Token};
use std::num::NonZeroU32;

impl Image {
    /// Whether [`Image::decode`] would take these bytes; much quicker.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        let mut cursor = Cursor::new(bytes);
        let mut has_state = false;
        let walked = cursor.map(|key, cursor| {
            if key == 0 {
                has_state = cursor.integer::<u64>()? <= 2;
                return has_state.then_some(());
            }
            u32::try_from(key).ok().and_then(NonZeroU32::new)?;
            pass_value(cursor)
        });
        walked.is_some() && has_state && cursor.is_at_end()
    }
}

fn pass_value(cursor: &mut Cursor<'_>) -> Option<()> {
    match cursor.token()? {
        Token::Null | Token::Bool | Token::Text(_) => Some(()),
        Token::Integer(value) => i64::try_from(value.get()).ok().map(|_| ()),
        Token::Array(count) => pass_typed(count, cursor),
        Token::Bytes(_) | Token::Map(_) => None,
    }
}

fn pass_typed(count: u64, cursor: &mut Cursor<'_>) -> Option<()> {
    let parts = count.checked_sub(1)?;
    let number: u64 = cursor.integer()?;
    if number == kind::CHOICES {
        return (0..parts).try_for_each(|_| cursor.text().map(|_| ()));
    }
    let expected = match number {
        kind::DECIMAL => 2,
        kind::MONEY => 3,
        kind::POINT => 4,
        kind::DATE | kind::TIMESTAMP | kind::REFERENCE | kind::ATTACHMENT | kind::JSON => 1,
        _ => return None,
    };
    (parts == expected).then_some(())?;
    match number {
        kind::DECIMAL => pass_number(cursor),
        kind::MONEY => pass_number(cursor).and_then(|()| cursor.text().map(|_| ())),
        kind::POINT => pass_number(cursor).and_then(|()| pass_number(cursor)),
        kind::TIMESTAMP => cursor.integer::<i64>().map(|_| ()),
        kind::REFERENCE | kind::ATTACHMENT => cursor.id().map(|_| ()),
        _ => cursor.text().map(|_| ()),
    }
}

/// A mantissa, which has sixteen bytes only where an integer would not hold it, and an exponent.
fn pass_number(cursor: &mut Cursor<'_>) -> Option<()> {
    match cursor.token()? {
        Token::Integer(_) => {}
        Token::Bytes(bytes) => {
            let mantissa = i128::from_be_bytes(bytes.try_into().ok()?);
            Integer::new(mantissa).is_none().then_some(())?;
        }
        _ => return None,
    }
    cursor.integer::<i32>().map(|_| ())
}
