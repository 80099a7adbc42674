//! An entry as the directory sent it: attribute names without regard to case, values as bytes.
//!
//! Invariant: a value is found whether it came as text or as bytes: `ldap3` sorts by what happens to be UTF-8, so that one
//! person's identifier may look like a text and the next one's not.

use std::collections::BTreeMap;

use ldap3::SearchEntry;

/// An entry.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Its distinguished name, as the server wrote it.
    pub dn: String,
    attributes: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    pub(crate) fn of(found: SearchEntry) -> Self {
        let mut attributes: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        let texts = found.attrs.into_iter();
        let texts = texts.map(|(name, values)| {
            (
                name,
                values.into_iter().map(String::into_bytes).collect::<Vec<_>>(),
            )
        });
        for (name, values) in texts.chain(found.bin_attrs) {
            attributes
                .entry(name.to_ascii_lowercase())
                .or_default()
                .extend(values);
        }
        Self {
            dn: found.dn,
            attributes,
        }
    }

    /// The values of an attribute.
    #[must_use]
    pub fn bytes(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .get(&name.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    /// The values that are texts and not empty.
    pub fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let values = self.bytes(name).iter();
        values
            .filter_map(|value| std::str::from_utf8(value).ok())
            .filter(|text| !text.is_empty())
    }

    /// The first value that is a text and not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// A range of an attribute's values, as Active Directory sends more than 1,500 of them: the values, and where the next
    /// range begins (MS-ADTS 3.1.1.3.1.3.3).
    #[must_use]
    pub fn range(&self, name: &str) -> Option<(&[Vec<u8>], Option<usize>)> {
        let prefix = format!("{};range=", name.to_ascii_lowercase());
        let (key, values) = self.attributes.iter().find(|(key, _)| key.starts_with(&prefix))?;
        let (_, end) = key[prefix.len()..].split_once('-')?;
        let next = if end == "*" {
            None
        } else {
            Some(end.parse::<usize>().ok()?.checked_add(1)?)
        };
        Some((values, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn entry(attribute: &str, values: &[&str]) -> Entry {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Entry::of(SearchEntry {
            dn: "cn=a".into(),
            attrs: HashMap::from([(attribute.to_owned(), values)]),
            bin_attrs: HashMap::from([("OBJECTGUID".to_owned(), vec![vec![0xff]])]),
        })
    }

    #[test]
    fn names_have_no_case_and_values_no_kind() {
        let entry = entry("sAMAccountName", &["anna", ""]);
        assert_eq!(entry.text("samaccountname"), Some("anna"));
        assert_eq!(entry.texts("SAMACCOUNTNAME").count(), 1);
        assert_eq!(entry.bytes("objectGUID"), [vec![0xff]]);
        assert_eq!(entry.text("objectGUID"), None);
    }

    #[test]
    fn a_range_says_where_the_next_one_begins() {
        assert_eq!(
            entry("member;range=0-1499", &["a"]).range("member").unwrap().1,
            Some(1500)
        );
        assert_eq!(
            entry("member;Range=1500-*", &["a"]).range("MEMBER").unwrap().1,
            None
        );
        assert!(entry("member", &["a"]).range("member").is_none());
        assert!(entry("member;range=0-x", &["a"]).range("member").is_none());
    }
}
