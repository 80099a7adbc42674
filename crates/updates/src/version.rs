//! Debian's versions and their order (deb-version(7), Debian Policy 5.6.12).
//!
//! Invariant: the order is dpkg's; a test asks `dpkg --compare-versions` about thousands of pairs. Versions that the
//! order does not tell apart (`1.0` and `1.00`) are equal here too.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most bytes of a version.
const BYTES_MAX: usize = 256;

/// A version: `[epoch:]upstream[-revision]`.
#[derive(Debug, Clone)]
pub struct DebianVersion {
    text: String,
    epoch: u32,
    /// Where the revision begins; the length of the text where there is none.
    revision_at: usize,
    /// Where the upstream version begins.
    upstream_at: usize,
}

/// Not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version of a Debian package")]
pub struct InvalidVersion(pub String);

impl DebianVersion {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Without the epoch, as it stands in the names of files.
    #[must_use]
    pub fn without_epoch(&self) -> &str {
        &self.text[self.upstream_at..]
    }

    fn upstream(&self) -> &str {
        let end = self.revision_at.saturating_sub(1).max(self.upstream_at);
        match self.revision_at == self.text.len() {
            true => &self.text[self.upstream_at..],
            false => &self.text[self.upstream_at..end],
        }
    }

    /// None is the same as `0`.
    fn revision(&self) -> &str {
        &self.text[self.revision_at..]
    }
}

impl FromStr for DebianVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let invalid = || InvalidVersion(text.chars().take(BYTES_MAX).collect());
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                // dpkg holds it in an int.
                let epoch = epoch.parse().ok().filter(|epoch| i32::try_from(*epoch).is_ok());
                (epoch.ok_or_else(invalid)?, rest)
            }
            Some(_) => return Err(invalid()),
            None => (0_u32, text),
        };
        let upstream_at = text.len() - rest.len();
        let revision_at = rest.rfind('-').map_or(text.len(), |dash| upstream_at + dash + 1);
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte);
        let begins = rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        let ends = !rest.ends_with('-');
        if text.len() > BYTES_MAX || !begins || !ends || !rest.bytes().all(is_allowed) {
            return Err(invalid());
        }
        if text[revision_at..].contains(':') {
            return Err(invalid());
        }
        Ok(Self {
            text: text.to_owned(),
            epoch,
            revision_at,
            upstream_at,
        })
    }
}

impl Ord for DebianVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare(self.upstream(), other.upstream()))
            .then_with(|| compare(self.revision(), other.revision()))
    }
}

impl PartialOrd for DebianVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DebianVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for DebianVersion {}

/// Parts of other characters and parts of digits in turn, from the left.
fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (words_left, rest_left) = split(left, |byte| !byte.is_ascii_digit());
        let (words_right, rest_right) = split(right, |byte| !byte.is_ascii_digit());
        let (number_left, next_left) = split(rest_left, |byte| byte.is_ascii_digit());
        let (number_right, next_right) = split(rest_right, |byte| byte.is_ascii_digit());
        let order =
            compare_words(words_left, words_right).then_with(|| compare_numbers(number_left, number_right));
        if order.is_ne() {
            return order;
        }
        (left, right) = (next_left, next_right);
    }
    Ordering::Equal
}

fn split(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// `~` before the end, the end before letters, letters before the rest.
fn compare_words(left: &[u8], right: &[u8]) -> Ordering {
    let weight = |bytes: &[u8], place: usize| match bytes.get(place) {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    (0..left.len().max(right.len()))
        .map(|place| weight(left, place).cmp(&weight(right, place)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Of any length: dates and hashes in versions exceed every integer.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| {
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits[zeros..].to_vec()
    };
    let (left, right) = (significant(left), significant(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(&right))
}

impl fmt::Display for DebianVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for DebianVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DebianVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
