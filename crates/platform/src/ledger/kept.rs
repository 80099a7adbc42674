//! What somebody kept, held against the log: a receipt, or the note of a day out of a letter, a page or a QR code.
//!
//! Invariant: what was signed by this log and is not borne out by its tiles is said to be so, never that it is unknown: whoever holds it
//! has proof that the log was rewritten. Start at [`compare`].

use super::{LedgerError, folder::Folder, key::LogKey, witness};
use crate::{
    Caller, Platform, Workspace,
    error::{PlatformError, Result},
    operator,
};
use access::Permission;
use audit::{
    Checkpoint, Leaf,
    note::Note,
    policy::Policy,
    receipt::{RECEIPT_BYTES_MAX, Receipt},
    tile::TiledTree,
};
use serde::Serialize;

/// Longest text that is looked at, in bytes: a letter with two notes.
pub const KEPT_BYTES_MAX: usize = 2 * RECEIPT_BYTES_MAX;
/// What stands before and after a note in a letter.
pub(crate) const RULE: &str = "----------------------------------------";

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Kind {
    /// A note.
    Note,
    /// A receipt of the leaf of that index.
    Receipt {
        /// From 0.
        index: u64,
    },
}

/// What the log says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// It has that root at that size, and that leaf at that index.
    BorneOut,
    /// It was signed by this log, and the log is another one now: it was rewritten.
    Rewritten,
    /// It was signed by this log, which is shorter now: it was set back.
    SetBack,
    /// This log never signed it.
    NotOurs,
}

/// One thing that was kept.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Leaves of the log that it is of.
    pub size: u64,
    /// Their root, in hexadecimal.
    pub root: String,
    /// Witnesses known here whose cosignatures hold.
    pub witnesses: usize,
    /// What the log says.
    pub word: Word,
}

/// For operators and the host.
///
/// # Errors
/// `not-allowed`; `invalid` for what is neither note nor receipt; `conflict` where the folder of the log cannot be read.
pub async fn compare(platform: &Platform, caller: &Caller, text: &[u8]) -> Result<Vec<Kept>> {
    operator::require(caller)?;
    look(platform, text).await
}

/// For members with `audit.read`.
///
/// # Errors
/// As [`compare`].
pub async fn compare_for(workspace: &Workspace, text: &[u8]) -> Result<Vec<Kept>> {
    workspace.permit(Permission::AuditRead).await?;
    look(workspace.platform(), text).await
}

async fn look(platform: &Platform, text: &[u8]) -> Result<Vec<Kept>> {
    let found = parse(text)?;
    let key = LogKey::load(platform).await?.ok_or(LedgerError::KeyLost)?;
    let folder = Folder::at(&platform.settings().audit);
    let signed = folder.signed()?.ok_or(LedgerError::StateLost)?;
    // One tree for all: notes of one letter share most of their tiles.
    let mut tree = TiledTree::new(signed.size, |tile| folder.read_tile(tile));
    let mut kept = Vec::with_capacity(found.len());
    for one in found {
        let size = Checkpoint::parse(one.note().text()).map_or(u64::MAX, |found| found.size);
        let policy = witness::policy_at(platform, &key, size).await?;
        kept.push(judge(&one, &policy, signed.size, |size| {
            tree.root_at(size).map_err(LedgerError::from)
        })?);
    }
    Ok(kept)
}

enum Found {
    Note(Note),
    Receipt(Box<Receipt>),
}

impl Found {
    fn note(&self) -> &Note {
        match self {
            Self::Note(note) => note,
            Self::Receipt(receipt) => &receipt.checkpoint,
        }
    }
}

/// The whole text, or what stands between the rules of a letter.
fn parse(text: &[u8]) -> Result<Vec<Found>> {
    let refused = |why: String| {
        let text = format!("{why}; give a note or a receipt as it was saved, or the whole letter");
        PlatformError::invalid_at("/kept", "malformed", text)
    };
    if text.len() > KEPT_BYTES_MAX {
        return Err(refused(format!("it is longer than {KEPT_BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(text).map_err(|_| refused("it is no plain text".to_owned()))?;
    // Mail and forms end lines with both.
    let text = text.replace("\r\n", "\n");
    if let Some(found) = parse_one(&text) {
        return Ok(vec![found]);
    }
    let between = text.split(RULE).skip(1).step_by(2);
    let found: Vec<Found> = between.filter_map(parse_one).collect();
    match found.is_empty() {
        true => Err(refused(
            "neither a signed note nor a receipt was found".to_owned(),
        )),
        false => Ok(found),
    }
}

fn parse_one(text: &str) -> Option<Found> {
    // Whoever copies takes a line's end more or fewer along; a note and a receipt end with one.
    let text = format!("{}\n", text.trim_matches('\n'));
    let receipt = Receipt::parse(text.as_bytes())
        .ok()
        .map(Box::new)
        .map(Found::Receipt);
    receipt.or_else(|| Note::parse(text.as_bytes()).ok().map(Found::Note))
}

fn judge(
    found: &Found,
    policy: &Policy,
    signed: u64,
    root_at: impl FnOnce(u64) -> std::result::Result<audit::Hash, LedgerError>,
) -> Result<Kept> {
    let note = found.note();
    let checkpoint = Checkpoint::parse(note.text());
    let checkpoint = checkpoint.map_err(|error| {
        PlatformError::invalid_at(
            "/kept",
            "malformed",
            format!("the note is no checkpoint: {error}"),
        )
    })?;
    let trusted = match found {
        Found::Note(note) => policy.check(note).ok(),
        // What proves nothing was not given out by this log, whoever signed the note in it.
        Found::Receipt(receipt) => receipt.check(policy).ok().map(|(_, trusted): (Leaf, _)| trusted),
    };
    let witnesses = trusted.as_ref().map_or(0, |trusted| trusted.witnesses.len());
    let word = match trusted {
        None => Word::NotOurs,
        Some(_) if checkpoint.size > signed => Word::SetBack,
        Some(_) if root_at(checkpoint.size)? == checkpoint.root => Word::BorneOut,
        Some(_) => Word::Rewritten,
    };
    Ok(Kept {
        kind: match found {
            Found::Note(_) => Kind::Note,
            Found::Receipt(receipt) => Kind::Receipt { index: receipt.index },
        },
        size: checkpoint.size,
        root: checkpoint.root.to_string(),
        witnesses,
        word,
    })
}
