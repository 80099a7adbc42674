//! Walks deterministic CBOR without keeping it: what [`super::decode`] accepts, piece by piece, with no allocation.
//!
//! Invariant: accepts no byte that [`super::decode`] would not. What is wrong it does not say; whoever wants to know
//! decodes.

use super::Integer;
use super::decode::Reader;
use super::write::{ARRAY, BYTES, FALSE, MAP, NEGATIVE, NULL, SIMPLE, TEXT, TRUE, UNSIGNED};

/// A place in the bytes.
pub(crate) struct Cursor<'a>(Reader<'a>);

/// One item; of a container its beginning, with the number of items that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Integer(Integer),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(u64),
    Map(u64),
    Bool,
    Null,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Reader { bytes, at: 0 })
    }

    /// Whether nothing follows.
    pub(crate) fn is_at_end(&self) -> bool {
        self.0.at == self.0.bytes.len()
    }

    pub(crate) fn token(&mut self) -> Option<Token<'a>> {
        let at = self.0.at;
        let (major, value) = self.0.head().ok()?;
        match major {
            UNSIGNED => Some(Token::Integer(Integer::from(value))),
            NEGATIVE => Integer::new(-1 - i128::from(value)).map(Token::Integer),
            BYTES => self.0.take(at, value).ok().map(Token::Bytes),
            TEXT => std::str::from_utf8(self.0.take(at, value).ok()?)
                .ok()
                .map(Token::Text),
            ARRAY => self
                .0
                .check_container(at, value, 1)
                .ok()
                .map(|()| Token::Array(value)),
            MAP => self
                .0
                .check_container(at, value, 1)
                .ok()
                .map(|()| Token::Map(value)),
            SIMPLE if value == FALSE || value == TRUE => Some(Token::Bool),
            SIMPLE if value == NULL => Some(Token::Null),
            _ => None,
        }
    }

    /// A map with unsigned keys: hands each to `member`, which walks over its value.
    pub(crate) fn map(&mut self, mut member: impl FnMut(u64, &mut Self) -> Option<()>) -> Option<()> {
        let Token::Map(count) = self.token()? else {
            return None;
        };
        let mut last = None;
        for _ in 0..count {
            let key = self.integer()?;
            if last.is_some_and(|last| last >= key) {
                return None;
            }
            last = Some(key);
            member(key, self)?;
        }
        Some(())
    }

    /// The beginning of an array; gives the number of items.
    pub(crate) fn array(&mut self) -> Option<u64> {
        match self.token()? {
            Token::Array(count) => Some(count),
            _ => None,
        }
    }

    /// An integer that fits.
    pub(crate) fn integer<T: TryFrom<i128>>(&mut self) -> Option<T> {
        match self.token()? {
            Token::Integer(value) => T::try_from(value.get()).ok(),
            _ => None,
        }
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        match self.token()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn id(&mut self) -> Option<&'a [u8; 16]> {
        match self.token()? {
            Token::Bytes(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}
