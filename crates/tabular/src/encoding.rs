//! Character encodings: a guess with its evidence, and a decoder from any of them to UTF-8.
//!
//! Invariant: bytes that are not text of the encoding are an error with their place; nothing is ever replaced.
//! Start at [`guess_encoding`], then [`Decoder`].

use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// The encodings a table may come in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, little end first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big end first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// The Western European code page of Windows, which holds ISO 8859-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// The name for people and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    fn whatwg(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
        }
    }
}

impl std::fmt::Display for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Bytes that are not text of the encoding; the inner error of what [`Decoder`] returns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the byte at offset {offset}, line {line}, is not valid {encoding}; save the file as UTF-8 or choose another encoding"
)]
pub struct InvalidBytes {
    /// The encoding that was expected.
    pub encoding: Encoding,
    /// Bytes before the first bad one.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
}

/// Guesses the encoding from the first bytes; a character cut at their end does no harm.
/// The second part is the evidence, a sentence.
#[must_use]
pub fn guess_encoding(head: &[u8]) -> (Encoding, String) {
    let mut guess = EncodingGuess::default();
    guess.see(head);
    guess.finish()
}

/// Guesses the encoding from everything, in constant memory: certain where [`guess_encoding`] only sees the start.
///
/// # Errors
/// When reading fails.
pub fn guess_encoding_of(mut read: impl Read) -> io::Result<(Encoding, String)> {
    let mut guess = EncodingGuess::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match read.read(&mut buffer) {
            Ok(0) => {
                guess.end();
                return Ok(guess.finish());
            }
            Ok(count) => guess.see(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What the bytes seen so far say.
#[derive(Default)]
struct EncodingGuess {
    seen: u64,
    start: Vec<u8>,
    /// A character cut at the end of the last chunk, at most three bytes.
    cut: Vec<u8>,
    above_ascii: u64,
    invalid_at: Option<u64>,
}

impl EncodingGuess {
    fn see(&mut self, chunk: &[u8]) {
        let missing = 3 - self.start.len();
        self.start.extend(chunk.iter().take(missing));
        self.above_ascii += chunk.iter().map(|byte| u64::from(*byte >> 7)).sum::<u64>();
        if self.invalid_at.is_none() {
            let begin = self.seen - self.cut.len() as u64;
            let joined = [self.cut.as_slice(), chunk].concat();
            self.cut.clear();
            if let Err(error) = std::str::from_utf8(&joined) {
                match error.error_len() {
                    Some(_) => self.invalid_at = Some(begin + error.valid_up_to() as u64),
                    None => self.cut.extend(&joined[error.valid_up_to()..]),
                }
            }
        }
        self.seen += chunk.len() as u64;
    }

    /// Nothing follows, so a character that is cut stays cut.
    fn end(&mut self) {
        if !self.cut.is_empty() {
            self.invalid_at = Some(self.seen - self.cut.len() as u64);
        }
    }

    fn finish(self) -> (Encoding, String) {
        let bytes = crate::hint::count(self.seen);
        match (self.start.as_slice(), self.invalid_at) {
            ([0xef, 0xbb, 0xbf], _) => (Encoding::Utf8, "begins with the byte order mark of UTF-8".into()),
            ([0xff, 0xfe, ..], _) => (
                Encoding::Utf16Le,
                "begins with the byte order mark of UTF-16, little end first".into(),
            ),
            ([0xfe, 0xff, ..], _) => (
                Encoding::Utf16Be,
                "begins with the byte order mark of UTF-16, big end first".into(),
            ),
            (_, None) if self.above_ascii == 0 => (
                Encoding::Utf8,
                format!("all of {bytes} bytes are plain ASCII, which UTF-8 contains"),
            ),
            (_, None) => (Encoding::Utf8, format!("all of {bytes} bytes are valid UTF-8")),
            (_, Some(offset)) => (
                Encoding::Windows1252,
                format!(
                    "the byte at offset {} is not valid UTF-8, so windows-1252 is likely",
                    crate::hint::count(offset)
                ),
            ),
        }
    }
}

/// The first bytes as text for [`crate::guess_dialect`]; what is not valid is replaced, because nothing is kept of it.
#[must_use]
pub fn decode_head(encoding: Encoding, head: &[u8]) -> String {
    encoding.whatwg().decode_with_bom_removal(head).0.into_owned()
}

const BUFFER_BYTES: usize = 64 * 1024;
/// Enough for encoding_rs to write one character.
const STASH_BYTES: usize = 16;

/// Turns a reader of bytes in some encoding into a reader of UTF-8. A byte order mark is dropped.
pub struct Decoder<R> {
    read: R,
    encoding: Encoding,
    decoder: encoding_rs::Decoder,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes of the source decoded so far.
    offset: u64,
    line: u64,
    at_end: bool,
    /// Where the buffer was cut because of a byte that windows-1252 leaves undefined.
    undefined: bool,
    fault: Option<InvalidBytes>,
    /// The decoder has been told of the end and must not be used again.
    done: bool,
    stash: Vec<u8>,
}

impl<R: Read> Decoder<R> {
    /// Decodes what `read` gives.
    pub fn new(read: R, encoding: Encoding) -> Self {
        Self {
            read,
            encoding,
            decoder: encoding.whatwg().new_decoder_with_bom_removal(),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            offset: 0,
            line: 1,
            at_end: false,
            undefined: false,
            fault: None,
            done: false,
            stash: Vec::new(),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.end = self.read.read(&mut self.buffer)?;
        self.at_end = self.end == 0;
        if self.encoding == Encoding::Windows1252 {
            // WHATWG maps these five to control characters, which would be a silent replacement.
            let undefined = |byte: &u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
            if let Some(place) = self.buffer[..self.end].iter().position(undefined) {
                self.end = place;
                self.undefined = true;
            }
        }
        Ok(())
    }

    fn invalid(&self, back: u64) -> InvalidBytes {
        InvalidBytes {
            encoding: self.encoding,
            offset: self.offset.saturating_sub(back),
            line: self.line,
        }
    }

    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(fault) = &self.fault {
                return Err(io::Error::other(fault.clone()));
            }
            if self.done {
                return Ok(0);
            }
            if self.start == self.end && self.undefined {
                self.fault = Some(self.invalid(0));
                continue;
            }
            if self.start == self.end && !self.at_end {
                self.fill()?;
            }
            let input = &self.buffer[self.start..self.end];
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(input, out, self.at_end);
            self.start += read;
            self.offset += read as u64;
            self.line += count_newlines(&out[..written]);
            if let encoding_rs::DecoderResult::Malformed(length, after) = result {
                self.fault = Some(self.invalid(u64::from(length) + u64::from(after)));
            }
            self.done = self.at_end && result == encoding_rs::DecoderResult::InputEmpty;
            if written > 0 || self.done {
                return Ok(written);
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.stash.is_empty() && out.len() >= STASH_BYTES {
            return self.decode(out);
        }
        if self.stash.is_empty() {
            let mut small = [0; STASH_BYTES];
            let count = self.decode(&mut small)?;
            self.stash.extend(&small[..count]);
        }
        let count = self.stash.len().min(out.len());
        out[..count].copy_from_slice(&self.stash[..count]);
        self.stash.drain(..count);
        Ok(count)
    }
}

/// Line feeds among the bytes.
pub(crate) fn count_newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Decoder::new(bytes, encoding)
            .read_to_string(&mut text)
            .map(|_| text)
    }

    fn fault(encoding: Encoding, bytes: &[u8]) -> InvalidBytes {
        let error = decoded(encoding, bytes).unwrap_err();
        error
            .get_ref()
            .unwrap()
            .downcast_ref::<InvalidBytes>()
            .unwrap()
            .clone()
    }

    #[test]
    fn each_encoding_is_recognised_and_decoded() {
        let utf16: Vec<u8> = "\u{feff}é,€".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16_be: Vec<u8> = "\u{feff}é,€".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, encoding) in [
            ("é,€".as_bytes(), Encoding::Utf8),
            ("\u{feff}é,€".as_bytes(), Encoding::Utf8),
            (utf16.as_slice(), Encoding::Utf16Le),
            (utf16_be.as_slice(), Encoding::Utf16Be),
            (b"\xe9,\x80", Encoding::Windows1252),
        ] {
            let (guess, evidence) = guess_encoding(bytes);
            assert_eq!(guess, encoding, "{evidence}");
            assert_eq!(decoded(encoding, bytes).unwrap(), "é,€");
            assert!(!decode_head(encoding, bytes).is_empty());
        }
        assert!(guess_encoding(b"abc").1.contains("ASCII"));
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_head_is_no_evidence_against_utf8() {
        assert_eq!(
            guess_encoding("a€".as_bytes().split_last().unwrap().1).0,
            Encoding::Utf8
        );
        let long = "€".repeat(100_000);
        assert_eq!(guess_encoding_of(long.as_bytes()).unwrap().0, Encoding::Utf8);
        let late = [long.as_bytes(), b"\xe9"].concat();
        let (encoding, evidence) = guess_encoding_of(late.as_slice()).unwrap();
        assert_eq!(encoding, Encoding::Windows1252);
        assert!(evidence.contains("300,000"), "{evidence}");
    }

    #[test]
    fn invalid_bytes_are_refused_with_their_place() {
        let fault_utf8 = fault(Encoding::Utf8, b"ab\ncd\xff\xfe");
        assert_eq!((fault_utf8.offset, fault_utf8.line), (5, 2));
        assert_eq!(fault(Encoding::Windows1252, b"\n\nab\x81").offset, 4);
        assert_eq!(fault(Encoding::Utf8, b"a\xe2\x82").offset, 1);
        let half = [b'a', 0, 0x3d, 0xd8];
        assert_eq!(fault(Encoding::Utf16Le, &half).offset, 2);
    }

    #[test]
    fn what_comes_before_the_invalid_byte_is_still_read() {
        let mut decoder = Decoder::new(&b"good\xff"[..], Encoding::Utf8);
        let mut out = [0; 64];
        assert_eq!(decoder.read(&mut out).unwrap(), 4);
        assert!(decoder.read(&mut out).is_err());
    }

    #[test]
    fn a_caller_with_a_tiny_buffer_gets_every_byte() {
        let mut decoder = Decoder::new("é€😀".as_bytes(), Encoding::Utf8);
        let mut text = Vec::new();
        let mut one = [0];
        while decoder.read(&mut one).unwrap() == 1 {
            text.push(one[0]);
        }
        assert_eq!(text, "é€😀".as_bytes());
    }
}
