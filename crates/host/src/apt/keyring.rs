//! Until when the keys of a keyring sign: read out of its packets (RFC 9580), verified by nobody.
//!
//! Debian 13's apt verifies by sqv, which asks whether a key was alive when it signed, and takes the signer's word for that
//! time. So an old key that somebody found goes on signing under it; gpgv, of Debian 12, refuses it. Here the clock of this
//! machine is asked. The keyring is root's own, so its words need no signature.
//!
//! Invariant: only what is certain ends a keyring. Where a packet is not understood, apt alone decides.

use jiff::{SignedDuration, Timestamp};

/// Tags of packets (section 5) that are looked at.
const SIGNATURE: u8 = 2;
const PRIMARY_KEY: u8 = 6;
const SUBKEY: u8 = 14;
/// Types of signatures by which a key speaks of itself (5.2.1): about a name of its, or about itself alone.
const CERTIFICATIONS: std::ops::RangeInclusive<u8> = 0x10..=0x13;
const DIRECT: u8 = 0x1f;
/// Types of subpackets (5.2.3.7).
const MADE_AT: u8 = 2;
const KEY_LIVES: u8 = 9;

/// When the last key of a binary keyring ended; none while one signs, or where that cannot be told.
#[must_use]
pub fn ended_at(keyring: &[u8], now: Timestamp) -> Option<Timestamp> {
    let ends = ends(keyring)?;
    // A key without an end comes first and keeps all of them.
    let ends = ends.into_iter().collect::<Option<Vec<_>>>()?;
    ends.into_iter().max().filter(|end| *end <= now)
}

/// The end of each primary key, none for one that has none; nothing where a packet is not understood.
fn ends(keyring: &[u8]) -> Option<Vec<Option<Timestamp>>> {
    let mut keys: Vec<Key> = Vec::new();
    let mut rest = keyring;
    let mut is_primary = false;
    while !rest.is_empty() {
        let (tag, body, after) = packet(rest)?;
        rest = after;
        match tag {
            PRIMARY_KEY => {
                keys.push(Key::read(body)?);
                is_primary = true;
            }
            SUBKEY => is_primary = false,
            SIGNATURE if is_primary => {
                if let (Some(key), Some(word)) = (keys.last_mut(), Word::read(body)) {
                    key.hear(word);
                }
            }
            _ => {}
        }
    }
    keys.iter().map(Key::end).collect()
}

/// A primary key, and the newest that it says about its life.
struct Key {
    made_at: u32,
    newest: Option<Word>,
}

impl Key {
    /// From version 4 on the time of making follows the version (5.5.2).
    fn read(body: &[u8]) -> Option<Self> {
        let (4.., rest) = (*body.first()?, body.get(1..)?) else {
            return None;
        };
        Some(Self {
            made_at: number(rest)?,
            newest: None,
        })
    }

    fn hear(&mut self, word: Word) {
        if self
            .newest
            .as_ref()
            .is_none_or(|newest| newest.made_at <= word.made_at)
        {
            self.newest = Some(word);
        }
    }

    /// The end, none without one; nothing where it is no time.
    fn end(&self) -> Option<Option<Timestamp>> {
        let lives = self.newest.as_ref().map_or(0, |word| word.key_lives);
        if lives == 0 {
            return Some(None);
        }
        let made_at = Timestamp::from_second(self.made_at.into()).ok()?;
        made_at
            .checked_add(SignedDuration::from_secs(lives.into()))
            .ok()
            .map(Some)
    }
}

/// What one signature says of the key before it.
struct Word {
    made_at: u32,
    /// Seconds after the key was made; 0 for ever.
    key_lives: u32,
}

impl Word {
    /// None for a signature of another kind, or of a version that nobody makes any more.
    fn read(body: &[u8]) -> Option<Self> {
        let [version, kind, _, _, rest @ ..] = body else {
            return None;
        };
        if !CERTIFICATIONS.contains(kind) && *kind != DIRECT {
            return None;
        }
        let (length, rest) = match version {
            4 | 5 => (
                usize::from(u16::from_be_bytes(*rest.first_chunk()?)),
                rest.get(2..)?,
            ),
            6 => (usize::try_from(number(rest)?).ok()?, rest.get(4..)?),
            _ => return None,
        };
        let mut word = Self {
            made_at: 0,
            key_lives: 0,
        };
        let mut subpackets = rest.get(..length)?;
        while !subpackets.is_empty() {
            let (length, after) = subpacket_length(subpackets)?;
            let (subpacket, after) = after.split_at_checked(length)?;
            subpackets = after;
            // Its first bit says whether it may be overlooked.
            match subpacket.first()? & 0x7f {
                MADE_AT => word.made_at = number(subpacket.get(1..)?)?,
                KEY_LIVES => word.key_lives = number(subpacket.get(1..)?)?,
                _ => {}
            }
        }
        Some(word)
    }
}

/// The tag and body of the first packet, and what comes after it (4.2). Lengths in parts are not for keys.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let is_new = first & 0x40 != 0;
    let (tag, (length, rest)) = match (first & 0x80 != 0, is_new) {
        (false, _) => return None,
        (true, true) => (first & 0x3f, new_length(rest)?),
        (true, false) => ((first >> 2) & 0x0f, old_length(first & 3, rest)?),
    };
    let (body, after) = rest.split_at_checked(length)?;
    Some((tag, body, after))
}

fn old_length(kind: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match kind {
        0 => Some((usize::from(*rest.first()?), rest.get(1..)?)),
        1 => Some((
            usize::from(u16::from_be_bytes(*rest.first_chunk()?)),
            rest.get(2..)?,
        )),
        2 => Some((usize::try_from(number(rest)?).ok()?, rest.get(4..)?)),
        _ => None,
    }
}

fn new_length(rest: &[u8]) -> Option<(usize, &[u8])> {
    match *rest.first()? {
        224..=254 => None,
        _ => subpacket_length(rest),
    }
}

/// One byte, two or five (4.2.1, 5.2.3.7).
fn subpacket_length(rest: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = rest.split_first()?;
    match *first {
        short @ 0..=191 => Some((short.into(), rest)),
        255 => Some((usize::try_from(number(rest)?).ok()?, rest.get(4..)?)),
        first => {
            let second = *rest.first()?;
            let length = (usize::from(first) - 192) * 256 + usize::from(second) + 192;
            Some((length, rest.get(1..)?))
        }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests;
