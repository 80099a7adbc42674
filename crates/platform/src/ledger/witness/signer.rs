//! The witness's half: a folder with a key and what was signed last, on any host, without a database and without settings.
//!
//! Invariant: what is signed is noted before it is signed, and never less, or another root, than what was noted. Start at [`sign`].

use super::{
    super::{
        error::LedgerError,
        folder::{Folder, Signed},
        publish::nothing,
    },
    refused,
    request::Request,
};
use crate::{
    act::vault_failure,
    error::{PlatformError, Result},
};
use audit::{
    Checkpoint,
    merkle::{ProofError, check_consistency},
    note::{Algorithm, KeyName, Signature},
    policy::{Policy, TrustError},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use host::write::{self, Access};
use jiff::Timestamp;
use std::path::Path;
use vault::SigningKey;

/// The witness's key, in its folder.
const KEY: &str = "key";

/// Why a witness does not sign; each has its status in C2SP tlog-witness.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is none.
    #[error("this is no request to a witness: \"old SIZE\", hashes, a blank line, a checkpoint")]
    Malformed,
    /// It begins after where it ends.
    #[error("the request begins at {old}, after the {size} leaves of its checkpoint")]
    Backwards {
        /// Where it begins.
        old: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// No checkpoint of a log that the policy names.
    #[error(transparent)]
    UnknownLog(TrustError),
    /// Not signed, or falsely.
    #[error(transparent)]
    Untrusted(TrustError),
    /// It does not begin where this witness stands.
    #[error("the request begins at {old}, and this witness has signed {signed}: ask for one from there")]
    Elsewhere {
        /// Where it begins.
        old: u64,
        /// What was signed last.
        signed: u64,
    },
    /// Another log than the one that was signed.
    #[error(
        "the log does not continue what this witness signed at {signed}: {source}. Keep both, and do not trust this log"
    )]
    Rewritten {
        /// What was signed last.
        signed: u64,
        /// What the proof lacks.
        #[source]
        source: ProofError,
    },
    /// Another log of the same size as the one that was signed.
    #[error(
        "the log is not the one that this witness signed at {size}. Keep both, and do not trust this log"
    )]
    Forked {
        /// The size.
        size: u64,
    },
    /// The folder, the key or the policy of this witness.
    #[error("{0}")]
    Own(String),
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self::Own(error.detail)
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        PlatformError::from(error).into()
    }
}

impl From<Refusal> for PlatformError {
    fn from(refusal: Refusal) -> Self {
        refused(refusal.to_string())
    }
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
    Ok(noted(&Folder::at(folder))?.size)
}

fn noted(place: &Folder) -> Result<Signed> {
    let signed = place.signed()?;
    signed.ok_or_else(|| refused("this is no folder of a witness; make one first"))
}

/// The logs of a policy, without its witnesses: another one's word decides nothing about this one's.
#[derive(Debug, Clone)]
pub struct Logs(Policy);

impl Logs {
    /// Those that a policy names.
    ///
    /// # Errors
    /// `conflict` for what is no policy.
    pub fn of(policy: &[u8]) -> Result<Self> {
        let policy =
            Policy::parse(policy).map_err(|error| refused(format!("the policy is none: {error}")))?;
        let logs: String = policy.logs().iter().map(|log| format!("log {log}\n")).collect();
        let logs = Policy::parse(format!("{logs}quorum none\n").as_bytes());
        logs.map(Self).map_err(|error| refused(error.to_string()))
    }
}

/// Checks a request against these logs and what was signed before, and gives the line with the cosignature.
///
/// # Errors
/// [`Refusal`].
pub fn sign(folder: &Path, logs: &Logs, request: &[u8], now: Timestamp) -> Result<String, Refusal> {
    let place = Folder::at(folder);
    let before = noted(&place)?;
    let mut request = Request::parse(request)?;
    let trusted = logs.0.check(&request.note).map_err(|error| match error {
        TrustError::Checkpoint(_) => Refusal::Malformed,
        TrustError::Origin { .. } => Refusal::UnknownLog(error),
        _ => Refusal::Untrusted(error),
    })?;
    let Checkpoint { size, root, .. } = trusted.checkpoint;
    if request.old > size {
        return Err(Refusal::Backwards {
            old: request.old,
            size,
        });
    }
    if request.old != before.size {
        return Err(Refusal::Elsewhere {
            old: request.old,
            signed: before.size,
        });
    }
    if size == before.size && root != before.root {
        return Err(Refusal::Forked { size });
    }
    let continues = match before.size {
        0 => Ok(()),
        _ => check_consistency(before.size, before.root, size, root, &request.hashes),
    };
    continues.map_err(|source| Refusal::Rewritten {
        signed: before.size,
        source,
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
