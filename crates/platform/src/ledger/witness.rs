//! Witnesses: somebody elsewhere who signs a checkpoint only if it continues every one that they have signed before.
//!
//! Both halves, carried as files (C2SP tlog-witness, the body of `add-checkpoint`): the witness's, which needs a folder and nothing of
//! the platform, and the appliance's, which makes the request and keeps the answer.
//! Invariants: a witness notes what it signs before it signs, and never signs less, or another root, than what it has noted; the appliance
//! keeps a cosigned checkpoint only when its own tiles have that root at that size. Start at [`sign`].

use super::{
    error::LedgerError,
    folder::{Folder, Signed},
    key::LogKey,
    publish::nothing,
};
use crate::{
    Caller, Platform,
    act::{Act, Object, vault_failure},
    check::require_operator,
    error::{PlatformError, Result},
};
use audit::{
    Checkpoint, Hash,
    merkle::check_consistency,
    note::{Algorithm, KeyName, Note, Signature, VerifierKey},
    policy::Policy,
    tile::TiledTree,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use host::write::{self, Access};
use jiff::Timestamp;
use std::{collections::BTreeMap, path::Path};
use store::control::setting;
use types::ProblemCode;
use vault::SigningKey;

/// The setting with the witnesses' keys, by what the appliance calls them.
const SETTING: &str = "audit-witnesses";
/// Most witnesses.
const WITNESSES_MAX: usize = 16;
/// Hashes of a consistency proof (C2SP tlog-witness).
const HASHES_MAX: usize = 63;
/// A witness's key, in its folder.
const KEY: &str = "key";

fn refused(what: impl Into<String>) -> PlatformError {
    PlatformError::new(ProblemCode::Conflict, what)
}

/// Makes a witness's folder with its key, and gives the key's public half as policies name it.
///
/// # Errors
/// `conflict` when there is a key already, or the name is none; `unavailable`.
pub fn make(folder: &Path, name: &str) -> Result<String> {
    let name = KeyName::parse(name).map_err(|error| refused(error.to_string()))?;
    let (place, key) = (Folder::at(folder), SigningKey::generate().map_err(vault_failure)?);
    place.make_own()?;
    let private = key.private().map_err(vault_failure)?;
    let text = zeroize::Zeroizing::new(format!("{name}\n{}\n", STANDARD.encode(&*private)));
    let written = write::new_file(&folder.join(KEY), text.as_bytes(), Access::own(0o600));
    written.map_err(LedgerError::from)?;
    place.swap(None, nothing())?;
    let verifier = key.verifier(&name, Algorithm::CosignatureV1);
    Ok(verifier.map_err(vault_failure)?.to_string())
}

/// The size that a witness has signed last: a request must begin there.
///
/// # Errors
/// `conflict` for a folder that is no witness's.
pub fn seen(folder: &Path) -> Result<u64> {
    let signed = Folder::at(folder).signed()?;
    Ok(signed
        .ok_or_else(|| refused("this is no folder of a witness; make one first"))?
        .size)
}

/// Checks a request against the policy and what was signed before, and gives the line with the cosignature.
///
/// # Errors
/// `conflict` with what is wrong: another log, a false signature, a log that does not continue what was signed before.
pub fn sign(folder: &Path, policy: &[u8], request: &[u8], now: Timestamp) -> Result<String> {
    let place = Folder::at(folder);
    let before = place
        .signed()?
        .ok_or_else(|| refused("this is no folder of a witness; make one first"))?;
    let policy = Policy::parse(policy).map_err(|error| refused(format!("the policy is none: {error}")))?;
    let mut request = Request::parse(request)?;
    let log_only = policy
        .logs()
        .iter()
        .map(|log| format!("log {log}\n"))
        .collect::<String>()
        + "quorum none\n";
    let log_only = Policy::parse(log_only.as_bytes()).map_err(|error| refused(error.to_string()))?;
    let trusted = log_only
        .check(&request.note)
        .map_err(|error| refused(error.to_string()))?;
    let Checkpoint { size, root, .. } = trusted.checkpoint;
    if request.old != before.size {
        let (asked, size) = (request.old, before.size);
        return Err(refused(format!(
            "the request begins at {asked}, and this witness has signed {size}: ask for one from there"
        )));
    }
    let continues = match before.size {
        0 => Ok(()),
        _ => check_consistency(before.size, before.root, size, root, &request.hashes),
    };
    continues.map_err(|error| {
        refused(format!(
            "the log does not continue what this witness signed at {}: {error}. Keep both, and do not trust this log",
            before.size
        ))
    })?;
    // Noted before it is signed, as the log itself does.
    place.swap(Some(before), Signed { size, root })?;
    let (name, key) = load_key(folder)?;
    let time_s = u64::try_from(now.as_second()).unwrap_or(0);
    key.cosign_note(&name, time_s, &mut request.note)
        .map_err(vault_failure)?;
    let line = request.note.signatures().last().map(Signature::to_string);
    Ok(line.unwrap_or_default() + "\n")
}

fn load_key(folder: &Path) -> Result<(KeyName, SigningKey)> {
    let bytes = write::read(&folder.join(KEY))
        .map_err(LedgerError::from)?
        .map(zeroize::Zeroizing::new);
    let damaged = || refused("the witness's key cannot be read");
    let bytes = bytes.ok_or_else(damaged)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged())?;
    let (name, private) = text.trim_end().split_once('\n').ok_or_else(damaged)?;
    let private = zeroize::Zeroizing::new(STANDARD.decode(private).map_err(|_| damaged())?);
    let key = SigningKey::from_private(&private).map_err(|_| damaged())?;
    Ok((KeyName::parse(name).map_err(|_| damaged())?, key))
}

/// What a witness is asked to sign.
struct Request {
    old: u64,
    hashes: Vec<Hash>,
    note: Note,
}

impl Request {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong =
            || refused("this is no request to a witness: \"old SIZE\", hashes, a blank line, a checkpoint");
        let text = std::str::from_utf8(bytes).map_err(|_| wrong())?;
        let (head, note) = text.split_once("\n\n").ok_or_else(wrong)?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old ")?.parse().ok());
        let hash = |line: &str| Some(Hash(STANDARD.decode(line).ok()?.try_into().ok()?));
        let hashes: Option<Vec<Hash>> = lines.map(hash).collect();
        Ok(Self {
            old: old.ok_or_else(wrong)?,
            hashes: hashes
                .filter(|hashes| hashes.len() <= HASHES_MAX)
                .ok_or_else(wrong)?,
            note: Note::parse(note.as_bytes()).map_err(LedgerError::from)?,
        })
    }
}

/// The request for a witness that has signed `old` leaves: the newest checkpoint, with the proof that it continues them.
///
/// # Errors
/// `not-allowed`; `not-found` before the first checkpoint; `conflict` where there are fewer leaves than `old`.
pub async fn request(platform: &Platform, caller: &Caller, old: u64) -> Result<String> {
    require_operator(caller)?;
    let published = super::checkpoint(platform).await?;
    let published = published.ok_or_else(|| PlatformError::not_found("checkpoint"))?;
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
    let lines: String = hashes.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect();
    Ok(format!("old {old}\n{lines}\n{}", published.note))
}

/// Names a witness whose cosignatures count from now on.
///
/// # Errors
/// `not-allowed`; `conflict` for what is no key of a witness, or too many of them.
pub async fn appoint(platform: &Platform, caller: &Caller, key: &str) -> Result<()> {
    require_operator(caller)?;
    let key = VerifierKey::parse(key.trim()).map_err(|error| refused(error.to_string()))?;
    if key.algorithm() != Algorithm::CosignatureV1 {
        return Err(refused("this is a log's key; a witness's has the algorithm 4"));
    }
    let mut tx = platform.control().begin().await?;
    let mut known = read(&mut tx).await?;
    known.insert(key.name().to_string(), key.to_string());
    if known.len() > WITNESSES_MAX {
        return Err(refused(format!("there are {WITNESSES_MAX} witnesses already")));
    }
    let value = serde_json::to_value(&known).map_err(vault_failure)?;
    setting::set(&mut tx, SETTING, &value, platform.now()).await?;
    let act = Act::configuration("audit-witness.appoint", Object::new("witness", key.name()));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

async fn read(on: &mut impl store::control::Reads) -> Result<BTreeMap<String, String>> {
    let value = setting::get(on, SETTING).await?;
    let read = value.map(serde_json::from_value).transpose();
    Ok(read.map_err(vault_failure)?.unwrap_or_default())
}

/// The policy with all witnesses, none of them demanded.
pub(super) async fn policy_of(platform: &Platform, log: &LogKey) -> Result<Policy> {
    let known = read(&mut platform.control().read().await?).await?;
    let mut text = format!("log {}\n", log.verifier()?);
    for (number, key) in known.values().enumerate() {
        text += &format!("witness w{} {key}\n", number + 1);
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
    let act = Act::access("audit-witness.keep", Object::new("log", found.size));
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(found.size)
}

/// The note with the cosignatures of one of before that it has none of.
fn merge(note: &[u8], before: &[u8]) -> Result<Vec<u8>, LedgerError> {
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
    let trusted = policy_of(platform, &key)
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
