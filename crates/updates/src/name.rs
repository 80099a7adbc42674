//! Names of the files in a bundle.
//!
//! Invariant: a name is one part of a path. It has no separator and does not begin with a dot, so that no name
//! leads out of a folder, whatever is done with it later.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Most bytes of a name; what file systems take.
const BYTES_MAX: usize = 200;

/// A file's name: ASCII letters, digits and `. + ~ _ % -`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TargetName(String);

/// Not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a file: one part of a path, of letters, digits and . + ~ _ % -")]
pub struct InvalidName(pub String);

impl TargetName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".+~_%-".contains(&byte);
        let begins = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins && text.len() <= BYTES_MAX && text.bytes().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        // What is refused may be long or steer a terminal; Debug escapes it.
        Err(InvalidName(text.chars().take(BYTES_MAX).collect()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TargetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages_are_names() {
        for name in ["strongroom_0.1.0_amd64.deb", "g++_4%3a12.2.0-3_amd64.deb", "a"] {
            assert_eq!(TargetName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_a_name() {
        let long = "a".repeat(BYTES_MAX + 1);
        for name in [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            ".hidden",
            "-o",
            "a b",
            "a\0b",
            "ä",
            &long,
        ] {
            assert!(TargetName::parse(name).is_err(), "{name:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_name_joined_to_a_folder_stays_in_it(text in "\\PC{0,12}") {
            if let Ok(name) = TargetName::parse(&text) {
                let joined = std::path::Path::new("/folder").join(name.as_str());
                proptest::prop_assert_eq!(joined.parent(), Some(std::path::Path::new("/folder")));
            }
        }
    }
}
