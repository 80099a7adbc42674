//! An upload as the texts that it may be: people hand in tables in whatever encoding their programs write.
//!
//! Invariant: it says too much rather than too little; what is read is looked through for words and never kept.

use tabular::{Encoding, decode_head, guess_encoding};

/// Reads a file that comes in pieces.
pub(super) struct Reading {
    /// Bytes by which pieces overlap, so that no word is cut.
    overlap: usize,
    held: Vec<u8>,
    encoding: Option<Encoding>,
}

impl Reading {
    pub(super) fn new(overlap: usize) -> Self {
        Self {
            // Characters of two bytes are not cut.
            overlap: overlap.next_multiple_of(2),
            held: Vec::new(),
            encoding: None,
        }
    }

    /// The next piece with the end of the one before it: as text, and as text with JSON's escapes resolved where there are some.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<String> {
        self.held.extend_from_slice(piece);
        let start = self.encoding.get_or_insert_with(|| guess_encoding(piece).0);
        let mut texts: Vec<String> = match start {
            Encoding::Utf16Le | Encoding::Utf16Be => vec![decode_head(*start, &self.held)],
            // Many kilobytes may be plain ASCII before the first letter that tells the two apart.
            Encoding::Utf8 | Encoding::Windows1252 => {
                let is_utf8 = std::str::from_utf8(&self.held).is_ok();
                let western = (!is_utf8).then(|| decode_head(Encoding::Windows1252, &self.held));
                [Some(decode_head(Encoding::Utf8, &self.held)), western]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        };
        let plain: Vec<String> = texts.iter().filter_map(|text| without_escapes(text)).collect();
        texts.extend(plain);
        let read = self.held.len().saturating_sub(self.overlap);
        self.held.drain(..read - read % 2);
        texts
    }
}

/// A text with JSON's `\u` escapes (RFC 8259, section 7) as the characters that they stand for; none where there are none.
fn without_escapes(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return None;
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        units.extend(rest[..at].encode_utf16());
        rest = &rest[at + 2..];
        let digits = rest
            .get(..4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(unit) = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            units.push(unit);
            rest = &rest[4..];
        }
    }
    units.extend(rest.encode_utf16());
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> String {
        let mut reading = Reading::new(16);
        pieces.iter().flat_map(|piece| reading.take(piece)).collect()
    }

    #[test]
    fn a_name_is_read_in_every_encoding_that_tables_come_in() {
        let utf16 = |text: &str, write: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(write).collect()
        };
        let (little, big) = (
            utf16("Jürgen", u16::to_le_bytes),
            utf16("Jürgen", u16::to_be_bytes),
        );
        for bytes in ["Jürgen".as_bytes(), b"J\xfcrgen", br"J\u00fcrgen", &little, &big] {
            assert!(all(&[bytes]).contains("Jürgen"), "{bytes:?}");
        }
    }

    #[test]
    fn letters_that_tell_the_encoding_may_come_late_and_in_two_pieces() {
        let ascii = vec![b'x'; 99];
        assert!(all(&[&ascii, b"J\xfcr", b"gen"]).contains("Jürgen"));
        assert!(all(&[&ascii, b"J\xc3", b"\xbcrgen"]).contains("Jürgen"));
        assert!(all(&[&ascii, br"\ud83d\ude", br"00 J\u00fc", b"rgen"]).contains("Jürgen"));
    }

    #[test]
    fn what_looks_like_an_escape_and_is_none_keeps_its_letters() {
        assert_eq!(without_escapes("no escapes"), None);
        assert_eq!(without_escapes(r"\u12"), Some("12".to_owned()));
        assert_eq!(without_escapes(r"\u+123é"), Some("+123é".to_owned()));
    }
}
