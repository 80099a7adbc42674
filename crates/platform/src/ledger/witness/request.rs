//! What a witness is asked to sign: the body of C2SP tlog-witness `add-checkpoint`.

use super::signer::Refusal;
use audit::{Hash, note::Note};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Hashes of a consistency proof (C2SP tlog-witness).
const HASHES_MAX: usize = 63;

/// A request that can be read; nothing of it is checked.
pub(super) struct Request {
    /// The size that the witness is said to have signed.
    pub(super) old: u64,
    /// The consistency proof from there.
    pub(super) hashes: Vec<Hash>,
    /// The checkpoint.
    pub(super) note: Note,
}

impl Request {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed)?;
        let (head, note) = text.split_once("\n\n").ok_or(Refusal::Malformed)?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old ")?.parse().ok());
        let hash = |line: &str| Some(Hash(STANDARD.decode(line).ok()?.try_into().ok()?));
        let hashes: Option<Vec<Hash>> = lines.map(hash).collect();
        Ok(Self {
            old: old.ok_or(Refusal::Malformed)?,
            hashes: hashes
                .filter(|hashes| hashes.len() <= HASHES_MAX)
                .ok_or(Refusal::Malformed)?,
            note: Note::parse(note.as_bytes()).map_err(|_| Refusal::Malformed)?,
        })
    }

    /// As it is sent.
    pub(super) fn write(old: u64, hashes: &[Hash], note: &str) -> String {
        let lines: String = hashes.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect();
        format!("old {old}\n{lines}\n{note}")
    }
}
