//! Where in a TOML text a key stands.
//!
//! Invariant: lines and columns count from 1, columns in characters, as editors show them.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of one TOML text with their positions.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    text: &'a str,
    spans: Vec<(String, Range<usize>)>,
}

impl<'a> Places<'a> {
    /// Reads the positions of all keys; a text that does not parse has none.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut spans = Vec::new();
        if let Ok(table) = DeTable::parse(text) {
            gather("", table.get_ref(), &mut spans);
        }
        Places { text, spans }
    }

    /// Line and column of a key's value.
    pub(crate) fn of_key(&self, key: &str) -> Option<(usize, usize)> {
        let (_, span) = self.spans.iter().find(|(name, _)| name == key)?;
        Some(self.position(span.start))
    }

    /// The innermost key whose name or value reaches over `offset`; empty if none does.
    pub(crate) fn key_at(&self, offset: usize) -> &str {
        let over = self.spans.iter().filter(|(_, span)| span.contains(&offset));
        over.min_by_key(|(_, span)| span.len())
            .map_or("", |(name, _)| name)
    }

    /// Line and column of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

fn gather(prefix: &str, table: &DeTable<'_>, spans: &mut Vec<(String, Range<usize>)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{prefix}.{}", key.get_ref())
        };
        spans.push((name.clone(), value.span()));
        spans.push((name.clone(), key.span()));
        gather_inner(&name, value, spans);
    }
}

fn gather_inner(name: &str, value: &Spanned<DeValue<'_>>, spans: &mut Vec<(String, Range<usize>)>) {
    if let DeValue::Table(table) = value.get_ref() {
        gather(name, table, spans);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_dotted_name_in_any_notation() {
        let text = "top = 1\n[listen]\nhttps = \"a\"\ninner = { name = 2 }\n[a.b]\nc = 3\n";
        let places = Places::of(text);
        assert_eq!(places.of_key("top"), Some((1, 7)));
        assert_eq!(places.of_key("listen.https"), Some((3, 9)));
        assert_eq!(places.of_key("listen.inner.name"), Some((4, 18)));
        assert_eq!(places.of_key("a.b.c"), Some((6, 5)));
        assert_eq!(places.of_key("listen.http"), None);
    }

    #[test]
    fn columns_count_characters() {
        let places = Places::of("\u{e9} = 1");
        assert_eq!(places.position("\u{e9} ".len()), (1, 3));
        assert_eq!(places.position(9999), (1, 6));
    }

    #[test]
    fn an_offset_belongs_to_the_innermost_key() {
        let text = "[listen]\nhttps = \"a\"\n";
        let places = Places::of(text);
        assert_eq!(places.key_at(text.find("\"a\"").unwrap()), "listen.https");
        assert_eq!(places.key_at(text.find("https").unwrap()), "listen.https");
    }

    #[test]
    fn a_text_that_does_not_parse_has_no_places() {
        assert_eq!(Places::of("a = ").of_key("a"), None);
    }
}
