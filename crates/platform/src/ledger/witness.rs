//! Witnesses: somebody elsewhere who signs a checkpoint only if it continues every one that they have signed before.
//!
//! Requests and answers are those of C2SP tlog-witness `add-checkpoint`, carried as files or asked for over https. [`signer`] is the
//! witness's half, [`ask`] goes to those that have an address, and here the appliance names them and keeps their word.
//! Invariant: a cosigned checkpoint is kept only when the log's own tiles have that root at that size. Start at [`keep`].

mod appointed;
mod ask;
mod request;
mod signer;

pub use appointed::{Appointed, Contact, appoint, appointed, check_contact, check_key};
pub(crate) use ask::watch;
pub use ask::{Answer, Asked, ask, asked};
pub use signer::{Logs, Refusal, make, seen, sign};

use super::{Published, error::LedgerError, folder::Folder, key::LogKey};
use crate::{
    Caller, Platform,
    act::{Act, Object},
    check::require_operator,
    error::{PlatformError, Result},
};
use audit::{
    Checkpoint,
    note::{Note, VerifierKey},
    policy::Policy,
    tile::TiledTree,
};
use request::Request;
use types::ProblemCode;

fn refused(what: impl Into<String>) -> PlatformError {
    PlatformError::new(ProblemCode::Conflict, what)
}

/// The request for a witness that has signed `old` leaves: the newest checkpoint, with the proof that it continues them.
///
/// # Errors
/// `not-allowed`; `not-found` before the first checkpoint; `conflict` where there are fewer leaves than `old`.
pub async fn request(platform: &Platform, caller: &Caller, old: u64) -> Result<String> {
    require_operator(caller)?;
    let published = super::checkpoint(platform).await?;
    let published = published.ok_or_else(|| PlatformError::not_found("checkpoint"))?;
    write_request(platform, &published, old)
}

fn write_request(platform: &Platform, published: &Published, old: u64) -> Result<String> {
    if old > published.size {
        return Err(refused(format!(
            "the log has {} leaves, and the witness has signed {old}",
            published.size
        )));
    }
    let folder = Folder::at(&platform.settings().audit);
    let mut tree = TiledTree::new(published.size, |tile| folder.read_tile(tile));
    let hashes = match old {
        0 => Vec::new(),
        _ => tree.prove_consistency(old).map_err(LedgerError::from)?,
    };
    Ok(Request::write(old, &hashes, &published.note))
}

/// The policy with all witnesses, none of them demanded.
pub(super) async fn policy_of(platform: &Platform, log: VerifierKey) -> Result<Policy> {
    policy_with(platform, vec![log]).await
}

/// The same with every key, for what may have been signed at that size: keys that were exchanged since count for their time.
pub(super) async fn policy_at(platform: &Platform, log: &LogKey, size: u64) -> Result<Policy> {
    let keys = [log.verifiers()?, log.retired_at(size)].concat();
    policy_with(platform, keys).await
}

async fn policy_with(platform: &Platform, keys: Vec<VerifierKey>) -> Result<Policy> {
    let known = appointed::read(&mut platform.control().read().await?).await?;
    let mut text: String = keys.iter().map(|key| format!("log {key}\n")).collect();
    for (number, witness) in known.values().enumerate() {
        text += &format!("witness w{} {}\n", number + 1, witness.key);
    }
    text += "quorum none\n";
    Policy::parse(text.as_bytes()).map_err(|error| PlatformError::invariant(format!("{error:?}")))
}

/// Keeps the cosignature of a witness: `request` is what it was asked, `answer` the line that it gave. Of a smaller checkpoint than the
/// one that is kept it is refused; of the same one it is added.
///
/// # Errors
/// `not-allowed`; `conflict` for a line that is none of a known witness, and for a checkpoint that is not of this log.
pub async fn keep(platform: &Platform, caller: &Caller, request: &[u8], answer: &[u8]) -> Result<u64> {
    require_operator(caller)?;
    let size = take(platform, request, answer).await?;
    let act = Act::access("audit-witness.keep", Object::new("log", size));
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(size)
}

/// As [`keep`], without an entry: the word is its own evidence, and a log that grows by every look at it would never be seen whole.
async fn take(platform: &Platform, request: &[u8], answer: &[u8]) -> Result<u64> {
    let request = Request::parse(request)?;
    let note = [request.note.to_string().as_bytes(), answer].concat();
    let found = look_at(platform, &note).await?;
    if !found.is_ours {
        return Err(refused(
            "this was signed for another log than the one in the folder; keep both, and find out why",
        ));
    }
    if found.times.is_empty() {
        return Err(refused(
            "no witness that is known here has signed this; name it with `strongroom audit witness`",
        ));
    }
    let folder = Folder::at(&platform.settings().audit);
    let note = match witnessed(platform).await? {
        Some(before) if !before.is_ours => {
            return Err(refused(
                "the cosigned checkpoint that is kept here is of another log than the one in the folder; keep both, and find out why",
            ));
        }
        Some(before) if before.size > found.size => {
            return Err(refused(format!(
                "a witness's word on {} leaves is kept here, and this one is on {}",
                before.size, found.size
            )));
        }
        Some(before) if before.size == found.size => merge(&note, &folder.witnessed()?.unwrap_or_default())?,
        Some(_) | None => note,
    };
    folder.keep_witnessed(&note)?;
    Ok(found.size)
}

/// The note with the cosignatures of one of before that it has none of.
pub(super) fn merge(note: &[u8], before: &[u8]) -> Result<Vec<u8>, LedgerError> {
    let (mut note, before) = (Note::parse(note)?, Note::parse(before)?);
    if note.text() == before.text() {
        for signature in before.signatures() {
            if note
                .signatures()
                .iter()
                .all(|other| other.name() != signature.name())
            {
                note.add(signature.clone())?;
            }
        }
    }
    Ok(note.to_string().into_bytes())
}

/// A checkpoint that witnesses have signed, held against this log.
#[derive(Debug, Clone)]
pub(crate) struct Witnessed {
    /// Its size.
    pub(crate) size: u64,
    /// When each witness signed it, in seconds since 1970.
    pub(crate) times: Vec<u64>,
    /// The log has that root at that size.
    pub(crate) is_ours: bool,
}

/// The newest checkpoint that a witness has signed; none where none has.
pub(crate) async fn witnessed(platform: &Platform) -> Result<Option<Witnessed>> {
    match Folder::at(&platform.settings().audit).witnessed()? {
        Some(note) => look_at(platform, &note).await.map(Some),
        None => Ok(None),
    }
}

async fn look_at(platform: &Platform, note: &[u8]) -> Result<Witnessed> {
    let note = Note::parse(note).map_err(LedgerError::from)?;
    let key = LogKey::load(platform).await?.ok_or(LedgerError::KeyLost)?;
    let size = Checkpoint::parse(note.text()).map_or(u64::MAX, |found| found.size);
    let trusted = policy_at(platform, &key, size)
        .await?
        .check(&note)
        .map_err(|error| refused(error.to_string()))?;
    let folder = Folder::at(&platform.settings().audit);
    let signed = folder.signed()?.ok_or(LedgerError::StateLost)?;
    let Checkpoint { size, root, .. } = trusted.checkpoint;
    let mut tree = TiledTree::new(signed.size, |tile| folder.read_tile(tile));
    let is_ours = size <= signed.size && tree.root_at(size).map_err(LedgerError::from)? == root;
    Ok(Witnessed {
        size,
        times: trusted.witnesses.into_iter().map(|(_, time_s)| time_s).collect(),
        is_ours,
    })
}
