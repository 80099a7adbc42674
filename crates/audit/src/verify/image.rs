//! Records as the log knows them: the newest version of each, by which the next is checked.

use crate::Commitment;
use std::collections::HashMap;

/// The newest version of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) version: u64,
    pub(super) commitment: Commitment,
}

/// All records, by organization and id: about 100 bytes each.
#[derive(Debug, Default)]
pub(super) struct Records(HashMap<(u32, [u8; 16]), Newest>);

impl Records {
    /// Puts a version in the place of the one before, which it gives; version 0 where there was none.
    pub(super) fn replace(&mut self, home: u32, record: [u8; 16], newest: Newest) -> Newest {
        self.0.insert((home, record), newest).unwrap_or(Newest {
            version: 0,
            commitment: Commitment::ZERO,
        })
    }
}

/// The id that a UUID's text is, in the one form that the platform writes: lower case, with hyphens.
pub(super) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.split('-').collect();
    let mut id = [0; 16];
    for (place, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    (super::fault::uuid(&id) == text).then_some(id)
}
