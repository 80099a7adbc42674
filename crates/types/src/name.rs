//! Names that people choose and names that we generate.
//!
//! Invariant: a value of these types is valid. Database identifiers are generated ([`SchemaName`], `d17`, `f123`)
//! and never made from what people type: PostgreSQL cuts names at 63 bytes, where two of them can collide.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or nothing but blanks.
    #[error("{what} must not be empty")]
    Empty {
        /// The kind of name.
        what: &'static str,
    },
    /// Too long.
    #[error("{what} must have at most {max} characters")]
    TooLong {
        /// The kind of name.
        what: &'static str,
        /// The bound, in characters.
        max: usize,
    },
    /// A character that does not belong there.
    #[error("{what} must match {pattern}")]
    Malformed {
        /// The kind of name.
        what: &'static str,
        /// The pattern in words.
        pattern: &'static str,
    },
    /// A word that the API uses itself.
    #[error("`{name}` is reserved; choose another {what}")]
    Reserved {
        /// The kind of name.
        what: &'static str,
        /// The word.
        name: String,
    },
}

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

text_name!(
    /// An organization's name in addresses: `^[a-z][a-z0-9-]{0,62}$`, no hyphen at the end.
    OrganizationSlug
);
text_name!(
    /// A dataset's immutable name in addresses: `^[a-z][a-z0-9_]{0,62}$`.
    DatasetKey
);
text_name!(
    /// A field's immutable name in JSON, CSV headers and filters: `^[a-z][a-z0-9_]{0,62}$`, none of the reserved words.
    FieldKey
);
text_name!(
    /// An e-mail address, lower-cased, at most 254 characters (RFC 5321 section 4.5.3.1.3).
    EmailAddress
);
text_name!(
    /// An organization's schema and login role: `o_` and 26 base32 characters.
    SchemaName
);

/// Words that a record's JSON or a query already uses, so that no field may carry them.
pub const RESERVED_FIELD_KEYS: [&str; 15] = [
    "id",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "commitment",
    "key",
    "fields",
    "filter",
    "sort",
    "limit",
    "cursor",
    "search",
];

fn check_key(text: &str, what: &'static str, also: char) -> Result<(), NameError> {
    let mut characters = text.chars();
    let head = characters.next().ok_or(NameError::Empty { what })?;
    if text.len() > 63 {
        return Err(NameError::TooLong { what, max: 63 });
    }
    let tail_ok = characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == also);
    if !head.is_ascii_lowercase() || !tail_ok || text.ends_with('-') {
        let pattern = if also == '-' {
            "a lower-case letter, then letters, digits and hyphens"
        } else {
            "a lower-case letter, then letters, digits and underscores"
        };
        return Err(NameError::Malformed { what, pattern });
    }
    Ok(())
}

impl FromStr for OrganizationSlug {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check_key(text, "organization name", '-')?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for DatasetKey {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check_key(text, "dataset key", '_')?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for FieldKey {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        check_key(text, "field key", '_')?;
        if RESERVED_FIELD_KEYS.contains(&text) {
            return Err(NameError::Reserved {
                what: "field key",
                name: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for EmailAddress {
    type Err = NameError;

    /// Accepts `local@domain` without quoting, comments or blanks: what directories and mail servers really use.
    fn from_str(text: &str) -> Result<Self, NameError> {
        const WHAT: &str = "e-mail address";
        let malformed = NameError::Malformed {
            what: WHAT,
            pattern: "name@domain",
        };
        if text.trim().is_empty() {
            return Err(NameError::Empty { what: WHAT });
        }
        if text.len() > 254 {
            return Err(NameError::TooLong { what: WHAT, max: 254 });
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| malformed.clone())?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local
                .chars()
                .all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        if local_ok && domain.split('.').all(label_ok) {
            Ok(Self(text.to_lowercase()))
        } else {
            Err(malformed)
        }
    }
}

impl SchemaName {
    /// A new opaque name from sixteen random bytes (130 bits of base32 hold the 128).
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let number = u128::from_be_bytes(random);
        let letters = (0..26).map(|i| char::from(ALPHABET[((number >> (i * 5)) & 31) as usize]));
        Self(
            std::iter::once('o')
                .chain(std::iter::once('_'))
                .chain(letters)
                .collect(),
        )
    }
}

impl FromStr for SchemaName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let letters = text.strip_prefix("o_").unwrap_or_default();
        let ok = letters.len() == 26
            && letters
                .bytes()
                .all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Malformed {
                what: "schema name",
                pattern: "o_ and 26 base32 characters",
            })
        }
    }
}

/// Makes a key out of a human name, such as a CSV header: `Cost Total $` becomes `cost_total`.
/// `taken` says which keys are in use already; reserved and taken keys get a number.
#[must_use]
pub fn key_from_label(label: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let mut key = String::new();
    let mut previous_lower = false;
    for c in label.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && previous_lower {
                key.push('_');
            }
            key.push(c.to_ascii_lowercase());
            previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        } else {
            if !key.is_empty() && !key.ends_with('_') {
                key.push('_');
            }
            previous_lower = false;
        }
    }
    key.truncate(56);
    let key = key.trim_matches('_');
    let key = if key.starts_with(|c: char| c.is_ascii_lowercase()) {
        key.to_owned()
    } else {
        format!("field_{key}")
    };
    let key = key.trim_end_matches('_').to_owned();
    let free = |candidate: &str| !taken(candidate) && !RESERVED_FIELD_KEYS.contains(&candidate);
    if free(&key) {
        return key;
    }
    (2..)
        .map(|n| format!("{key}_{n}"))
        .find(|candidate| free(candidate))
        .unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_identifiers_are_no_keys() {
        for text in [
            "",
            "id",
            "Id",
            "1a",
            "a b",
            "\"; drop schema public",
            "é",
            "😀",
            "a-b",
            "a\0",
            &"a".repeat(64),
        ] {
            assert!(text.parse::<FieldKey>().is_err(), "{text:?}");
        }
        assert!("amount_2".parse::<FieldKey>().is_ok());
    }

    #[test]
    fn keys_are_made_from_real_headers() {
        let none = |_: &str| false;
        assert_eq!(key_from_label("Cost Total $", &none), "cost_total");
        assert_eq!(key_from_label("customerID", &none), "customer_id");
        assert_eq!(key_from_label("id", &none), "id_2");
        assert_eq!(key_from_label("2024 €", &none), "field_2024");
        assert_eq!(key_from_label("😀", &none), "field");
        assert_eq!(key_from_label("a", &|k| k == "a"), "a_2");
    }

    #[test]
    fn schema_names_round_trip() {
        let name = SchemaName::new([171; 16]);
        assert_eq!(name.as_str().parse::<SchemaName>().unwrap(), name);
        assert!("o_short".parse::<SchemaName>().is_err());
        assert!("public".parse::<SchemaName>().is_err());
    }

    #[test]
    fn addresses_without_a_name_or_domain_are_refused() {
        for text in ["", "a", "@b.c", "a@", "a b@c.d", "a@b..c", "a@-b.c", "a@b\n.c"] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
        assert_eq!(
            "Ann@Example.ORG".parse::<EmailAddress>().unwrap().as_str(),
            "ann@example.org"
        );
    }
}
