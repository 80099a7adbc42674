//! Records as the log knows them: the newest version of each, by which the next is checked.

use crate::Commitment;
use std::collections::HashMap;

/// The newest version of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) version: u64,
    pub(super) commitment: Commitment,
    /// Whether this version or one before it was opened.
    pub(super) is_opened: bool,
}

/// All records, by organization and id: about 100 bytes each.
#[derive(Debug, Default)]
pub(super) struct Records(HashMap<(u32, [u8; 16]), Newest>);

impl Records {
    /// Puts a version in the place of the one before, which it gives; version 0 where there was none.
    pub(super) fn replace(&mut self, home: u32, record: [u8; 16], newest: Newest) -> Newest {
        let place = self.0.entry((home, record)).or_insert(Newest {
            version: 0,
            commitment: Commitment::ZERO,
            is_opened: false,
        });
        let is_opened = newest.is_opened || place.is_opened;
        std::mem::replace(place, Newest { is_opened, ..newest })
    }

    /// Whether any version of a record was opened.
    pub(super) fn is_opened(&self, home: u32, record: [u8; 16]) -> bool {
        self.0.get(&(home, record)).is_some_and(|newest| newest.is_opened)
    }
}

/// The id that a UUID's text is, in the one form that the platform writes: lower case, with hyphens.
pub(super) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let (mut id, mut digits) = ([0; 16], 0);
    for (place, byte) in text.bytes().enumerate() {
        let digit = match byte {
            b'-' if matches!(place, 8 | 13 | 18 | 23) => continue,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        let half: &mut u8 = id.get_mut(digits / 2)?;
        *half = *half << 4 | digit;
        digits += 1;
    }
    // All hyphens are there when there is room for no more digits.
    (text.len() == 36 && digits == 32).then_some(id)
}
