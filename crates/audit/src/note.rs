//! Signed notes: a text and who signed it (C2SP signed-note, <https://c2sp.org/signed-note>), with the two kinds of
//! signature that the log uses: Ed25519 of the log itself, and timestamped cosignatures of witnesses (C2SP
//! tlog-cosignature).
//!
//! Invariant: a parsed note writes the very bytes that it was parsed from. A signature says nothing until
//! [`VerifierKey::check`] has seen it; what the note means, the policy decides ([`crate::policy`]).
//! Start at [`Note::parse`] for reading and at [`Signature::log`] for writing.

mod key;

pub use key::{Algorithm, KeyError, KeyName, VerifierKey};

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

/// Longest note accepted, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Most signatures of a note. The specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;
/// Bytes of an Ed25519 signature (RFC 8032 section 5.1.6).
pub const SIGNATURE_BYTES: usize = 64;
/// What begins a signature line: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// A text with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    key_id: [u8; 4],
    /// What follows the key id; its form is that of the key's algorithm.
    bytes: Vec<u8>,
}

/// Why bytes are no signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Too long to be looked at.
    #[error("the note has {found} bytes, more than {NOTE_BYTES_MAX}")]
    Length {
        /// Its length in bytes.
        found: usize,
    },
    /// Not UTF-8, or with a control character other than the line's end.
    #[error("the note is not plain UTF-8 text")]
    Characters,
    /// No blank line between text and signatures, or no signature at all.
    #[error("the note has no signatures: a blank line and lines that begin with a dash should end it")]
    Unsigned,
    /// More than [`SIGNATURES_MAX`].
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    Many,
    /// A line after the blank one is no signature.
    #[error("line {line} after the note's blank line is no signature")]
    Signature {
        /// Its number, from 1.
        line: usize,
    },
    /// A text that cannot be signed: empty, or without an end of line.
    #[error("a note's text is lines of plain text, each of them ended")]
    Text,
}

/// A signature that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signature of {name} does not hold")]
pub struct SignatureError {
    /// Name of the key that it claims.
    pub name: String,
}

impl Note {
    /// A text to be signed: at least one line, each with its end.
    ///
    /// # Errors
    /// The text is empty, does not end a line, or has control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, NoteError> {
        let text = text.into();
        if text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Length { found: text.len() });
        }
        if !text.ends_with('\n') || text.chars().any(is_forbidden) {
            return Err(NoteError::Text);
        }
        Ok(Self {
            text,
            signatures: Vec::new(),
        })
    }

    /// The note that `bytes` are.
    ///
    /// # Errors
    /// They are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Length { found: bytes.len() });
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        if note.chars().any(is_forbidden) {
            return Err(NoteError::Characters);
        }
        // The last blank line parts them: the text may have blank lines of its own.
        let end = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, signatures) = note.split_at(end + 1);
        let lines = signatures
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(NoteError::Unsigned)?;
        let mut parsed = Self::new(text)?;
        for (line, text) in (1..).zip(lines.split('\n')) {
            if line > SIGNATURES_MAX {
                return Err(NoteError::Many);
            }
            let signature = Signature::parse(text).ok_or(NoteError::Signature { line })?;
            parsed.signatures.push(signature);
        }
        Ok(parsed)
    }

    /// What is signed: the text with its last end of line, without the blank line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature line.
    ///
    /// # Errors
    /// There are [`SIGNATURES_MAX`] already.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(NoteError::Many);
        }
        self.signatures.push(signature);
        Ok(())
    }
}

/// The bytes of the note. Without a signature it is none that [`Note::parse`] takes.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl Signature {
    /// A signature of the log itself: `signature` is Ed25519 over [`Note::text`].
    #[must_use]
    pub fn log(key: &VerifierKey, signature: [u8; SIGNATURE_BYTES]) -> Self {
        Self::of(key, signature.to_vec())
    }

    /// A cosignature of a witness: `signature` is Ed25519 over [`cosigned`] with the same time.
    #[must_use]
    pub fn cosignature(key: &VerifierKey, time_s: u64, signature: [u8; SIGNATURE_BYTES]) -> Self {
        Self::of(key, [&time_s.to_be_bytes()[..], &signature].concat())
    }

    fn of(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self {
            name: key.name().clone(),
            key_id: key.id(),
            bytes,
        }
    }

    /// Name of the key.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Whether the line claims to be by that key. Name and id count together.
    #[must_use]
    pub fn claims(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.key_id == key.id()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(LINE_START)?.split_once(' ')?;
        let decoded = STANDARD.decode(encoded).ok()?;
        let (key_id, bytes) = decoded.split_first_chunk()?;
        (!bytes.is_empty()).then_some(())?;
        Some(Self {
            name: KeyName::parse(name).ok()?,
            key_id: *key_id,
            bytes: bytes.to_vec(),
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&self.key_id[..], &self.bytes].concat());
        write!(f, "{LINE_START}{} {encoded}", self.name)
    }
}

/// What a witness signs: that it saw this text, consistent with all before it, at that time (seconds since 1970).
#[must_use]
pub fn cosigned(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

fn is_forbidden(character: char) -> bool {
    character < ' ' && character != '\n'
}

#[cfg(test)]
mod tests;
