//! Names and values as addresses and forms carry them (`application/x-www-form-urlencoded`), read strictly and written.
//!
//! Invariant: a [`Pairs`] holds valid UTF-8 without NUL, at most [`PAIRS_MAX`] pairs, in the order they came, duplicates
//! included.

/// Most pairs of one form or address.
pub(crate) const PAIRS_MAX: usize = 2_000;

/// Names and values in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// `None` when a name or value is no UTF-8, holds NUL or a broken escape, or when there are too many.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let parts = bytes.split(|byte| *byte == b'&').filter(|part| !part.is_empty());
        let mut pairs = Vec::new();
        for part in parts {
            if pairs.len() == PAIRS_MAX {
                return None;
            }
            let middle = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
            let value = part.get(middle + 1..).unwrap_or_default();
            pairs.push((decode_plus(&part[..middle])?, decode_plus(value)?));
        }
        Some(Self(pairs))
    }

    /// `None` when there are too many.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Option<Self> {
        (pairs.len() <= PAIRS_MAX).then_some(Self(pairs))
    }

    /// The first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of a name, or the empty text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Every value of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Is the box ticked?
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

fn decode_plus(bytes: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    decode(&spaced)
}

/// Undoes percent-encoding; `None` for what is no UTF-8, holds NUL or a broken escape.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            plain.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        plain.push(hex::decode(digits).ok()?.pop()?);
        rest = after;
    }
    String::from_utf8(plain).ok().filter(|text| !text.contains('\0'))
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986 section 2.3).
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.push_str(&hex::encode_upper([byte]));
            }
        }
    }
    encoded
}

/// An address out of a path and pairs.
pub(crate) fn href<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if pairs.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", pairs.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_keep_their_order() {
        let pairs = Pairs::parse(b"a=1&b=%C3%A9+x&a=2&c").unwrap();
        assert_eq!(pairs.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(pairs.text("b"), "é x");
        assert_eq!(pairs.get("c"), Some(""));
        assert_eq!(pairs.get("d"), None);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bytes in [&b"a=%00"[..], b"a=\0", b"a=%ff", b"a=%f", b"a=%zz", b"%00=1"] {
            assert_eq!(Pairs::parse(bytes), None, "{bytes:?}");
        }
        let many = vec![b"a=1&".as_slice(); PAIRS_MAX + 1].concat();
        assert_eq!(Pairs::parse(&many), None);
    }

    #[test]
    fn an_address_reads_back() {
        let address = href("/o", [("a b", "é&=+"), ("c", "")]);
        let pairs = Pairs::parse(address.split_once('?').unwrap().1.as_bytes()).unwrap();
        assert_eq!(pairs.text("a b"), "é&=+");
        assert_eq!(pairs.get("c"), Some(""));
    }
}
