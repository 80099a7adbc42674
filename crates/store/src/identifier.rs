//! The one type that puts a name into SQL. Values are always bound; only generated names (`o_...`, `d17`, `f123`)
//! become part of a statement's text.

use std::fmt;

/// A generated identifier, quoted when displayed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// `None` unless the name is made of lower-case letters, digits and underscores, 1 to 63 bytes: the shape of every
    /// name that we generate.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let shape = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        ((1..=63).contains(&name.len()) && name.bytes().all(shape)).then(|| Self(name.to_owned()))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_generated_shapes_become_identifiers() {
        for name in ["", "D1", "a b", "a\"b", "é", "x;drop", &"a".repeat(64)] {
            assert!(Identifier::new(name).is_none(), "{name:?}");
        }
        assert_eq!(Identifier::new("d17").unwrap().to_string(), "\"d17\"");
    }
}
