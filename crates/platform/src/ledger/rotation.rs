//! The exchange of the key that signs the log: the new one is announced by a leaf, both sign while policies are exchanged elsewhere, and
//! then the old one goes.
//!
//! Invariants: the key and its entry are one transaction, and whoever signs looks at the keys after it has read the leaves: no
//! checkpoint covers the leaf without the signatures of both. The old key does not go before it has signed one that does, and what it
//! signed is kept: an auditor who pinned it follows at any time. Start at [`rotate`].

use super::{LedgerError, Published, checkpoint, folder::Folder, key::LogKey, no_key, receipt_under};
use crate::{
    Caller, Platform,
    act::{Act, Object, read_header},
    check::require_operator,
    error::{PlatformError, Result},
    trail,
};
use audit::{
    LeafKind, Role,
    header::Header,
    note::{Note, VerifierKey},
    policy::Policy,
    rotation::{Announcement, OBJECT},
};
use serde::Serialize;
use store::control::{
    Reads,
    audit_log::{self as rows, Standing, StoredLeaf},
    entry_log,
};
use types::ProblemCode;
use vault::opening;

/// How the exchange stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Rotation {
    /// One key signs.
    None {
        /// As policies name it.
        key: String,
    },
    /// A new key was made, and no checkpoint covers the leaf that announces it yet.
    Made {
        /// The key of before.
        key: String,
        /// The new one.
        successor: String,
    },
    /// Both sign, and the old one has signed the announcement: policies are to be exchanged.
    Announced {
        /// The key of before.
        key: String,
        /// The new one.
        successor: String,
        /// The leaf that names it.
        leaf: u64,
    },
}

fn refused(what: impl Into<String>) -> PlatformError {
    PlatformError::new(ProblemCode::Conflict, what)
}

/// How the exchange stands, for the operator at the host.
///
/// # Errors
/// `not-allowed`; `not-found` before the first checkpoint; as [`checkpoint`].
pub async fn standing(platform: &Platform, caller: &Caller) -> Result<Rotation> {
    require_operator(caller)?;
    let key = LogKey::load(platform).await?.ok_or_else(no_key)?;
    look(platform, &key).await
}

async fn look(platform: &Platform, log: &LogKey) -> Result<Rotation> {
    let keys = log.verifiers()?;
    let text = |at: usize| keys.get(at).map(VerifierKey::to_string).unwrap_or_default();
    let (key, successor) = (text(0), text(1));
    let Some(announced) = keys.get(1) else {
        return Ok(Rotation::None { key });
    };
    let found = announce(platform, log, &keys, announced).await?;
    Ok(match found {
        Some(Announcement { receipt, .. }) => Rotation::Announced {
            key,
            successor,
            leaf: receipt.index,
        },
        None => Rotation::Made { key, successor },
    })
}

/// Makes a new key and announces it. From the next checkpoint on both sign.
///
/// # Errors
/// `not-allowed`; `not-found` before the first checkpoint; `conflict` while another is announced, or the log is not well.
pub async fn rotate(platform: &Platform, caller: &Caller) -> Result<Rotation> {
    require_operator(caller)?;
    if let Some(trouble) = super::standing(platform).await?.trouble {
        return Err(trouble.into());
    }
    checkpoint(platform).await?.ok_or_else(no_key)?;
    let mut tx = platform.control().begin().await?;
    let mut key = LogKey::load_to_change(platform, &mut tx)
        .await?
        .ok_or_else(no_key)?;
    if key.successor()?.is_some() {
        return Err(refused(
            "a new key is announced already; hand out the policy, and end the exchange with `strongroom audit rotate-key --finish`",
        ));
    }
    key.succeed()?;
    let successor = key.successor()?.ok_or_else(no_key)?;
    let act = Act::rotation("audit-key.rotate", Object::new(OBJECT, &successor));
    let entry = platform.entry(caller, None, &act)?;
    key.announce_by(entry.id);
    key.store(platform, &mut tx).await?;
    tx.commit(&entry, &[]).await?;
    look(platform, &key).await
}

/// Lets the old key go: from now on only the new one signs, and the old one's private half is nowhere in the database.
///
/// # Errors
/// `not-allowed`; `conflict` where no key is announced, or the old one has signed no checkpoint yet that covers the announcement.
pub async fn finish(platform: &Platform, caller: &Caller) -> Result<Rotation> {
    require_operator(caller)?;
    let published = checkpoint(platform).await?.ok_or_else(no_key)?;
    let mut tx = platform.control().begin().await?;
    let mut key = LogKey::load_to_change(platform, &mut tx)
        .await?
        .ok_or_else(no_key)?;
    let keys = key.verifiers()?;
    let Some(successor) = keys.get(1) else {
        return Err(refused(
            "no new key is announced; begin with `strongroom audit rotate-key`",
        ));
    };
    let announcement = announce(platform, &key, &keys, successor).await?.ok_or_else(|| {
        refused("the old key has signed no checkpoint yet that covers the announcement; see that the worker runs, and try again")
    })?;
    let old = key.retire(published.size, announcement.to_string())?;
    key.store(platform, &mut tx).await?;
    let act = Act::configuration("audit-key.retire", Object::new(OBJECT, old.ok_or_else(no_key)?));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    look(platform, &key).await
}

/// Every announcement by which an auditor comes from an earlier key to the one that signs now, oldest first.
///
/// # Errors
/// As [`standing`].
pub async fn announcements(platform: &Platform, caller: &Caller) -> Result<Vec<String>> {
    require_operator(caller)?;
    let key = LogKey::load(platform).await?.ok_or_else(no_key)?;
    let mut texts: Vec<String> = key.retired().iter().map(|one| one.announcement.clone()).collect();
    let keys = key.verifiers()?;
    if let Some(successor) = keys.get(1) {
        texts.extend(
            announce(platform, &key, &keys, successor)
                .await?
                .map(|found| found.to_string()),
        );
    }
    Ok(texts)
}

/// The announcement of the successor, as whoever pinned the old key follows it; none while no checkpoint covers it.
async fn announce(
    platform: &Platform,
    key: &LogKey,
    keys: &[VerifierKey],
    successor: &VerifierKey,
) -> Result<Option<Announcement>> {
    let Some((leaf, header, salt)) = find(platform, key, &successor.to_string()).await? else {
        return Ok(None);
    };
    let Some(note) = newest(platform, leaf.index.unsigned_abs()).await? else {
        return Ok(None);
    };
    let announcement = Announcement {
        header,
        salt,
        receipt: receipt_under(platform, &leaf, note)?,
    };
    let old = Policy::of_keys(keys.iter().take(1).cloned().collect());
    Ok(announcement.follow(&old).is_ok().then_some(announcement))
}

/// The leaf that names the successor, with what it commits to.
async fn find(
    platform: &Platform,
    key: &LogKey,
    successor: &str,
) -> Result<Option<(StoredLeaf, Vec<u8>, [u8; 32])>> {
    let mut read = platform.control().read().await?;
    let Some(entry) = (match key.announced_by() {
        Some(id) => entry_log::find(&mut read, id).await?,
        None => None,
    }) else {
        return Ok(None);
    };
    let (id, c_header) = (entry.id, entry.c_header);
    let opened = opening::open_header(platform.appliance_keys(), id, &entry.header).ok();
    let Some(opened) = opened.filter(|opened| opened.commitment(Role::Header, id).0 == c_header) else {
        return Ok(None);
    };
    let object = Header::decode(&opened.bytes).ok().map(|header| header.object);
    if object.is_none_or(|object| object.kind != OBJECT || object.id.as_deref() != Some(successor)) {
        return Ok(None);
    }
    Ok(match rows::standing(&mut read, id, &c_header).await? {
        Standing::Logged(leaf) => Some((leaf, opened.bytes.to_vec(), opened.salt)),
        Standing::Pending { .. } | Standing::Nowhere => None,
    })
}

/// The key that the newest entry of an exchange names; none before the first. An entry that cannot be opened is for the check.
pub(super) async fn announced(
    platform: &Platform,
    on: &mut impl Reads,
) -> Result<Option<String>, LedgerError> {
    let kind = i16::from(LeafKind::KeyRotation.number());
    let entries = entry_log::list_of_appliance(on, kind).await?;
    let headers = entries
        .into_iter()
        .filter_map(|entry| read_header(platform.appliance_keys(), &trail::as_tenants(entry)).ok());
    let mut objects = headers.map(|header| header.object);
    Ok(objects
        .find(|object| object.kind == OBJECT)
        .and_then(|object| object.id))
}

/// The one key that others are to trust now: the announced one as soon as a checkpoint bears both signatures. Who keeps what is handed
/// out is never left with a key that goes.
pub(super) fn to_trust(platform: &Platform, key: &LogKey) -> Result<VerifierKey> {
    let mut keys = key.verifiers()?;
    let newest = keys.pop().ok_or_else(no_key)?;
    let Some(old) = keys.pop() else {
        return Ok(newest);
    };
    let published = Folder::at(&platform.settings().audit).checkpoint()?;
    let note = published.and_then(|note| Note::parse(&note).ok());
    let bears = |note: &Note, key: &VerifierKey| Policy::of_log(key.clone()).check(note).is_ok();
    let is_both = note.is_some_and(|note| bears(&note, &old) && bears(&note, &newest));
    Ok(if is_both { newest } else { old })
}

/// A checkpoint that covers a leaf: one that witnesses have signed, if there is one, for auditors who ask for that.
async fn newest(platform: &Platform, index: u64) -> Result<Option<Note>> {
    let folder = Folder::at(&platform.settings().audit);
    let covers = |note: &Note| {
        let found = audit::Checkpoint::parse(note.text());
        found.is_ok_and(|found| found.size > index)
    };
    let witnessed = folder.witnessed()?.and_then(|note| Note::parse(&note).ok());
    let is_ours = match &witnessed {
        Some(note) if covers(note) => super::witness::witnessed(platform)
            .await?
            .is_some_and(|found| found.is_ours),
        Some(_) | None => false,
    };
    if is_ours {
        return Ok(witnessed);
    }
    let Some(Published { note, .. }) = checkpoint(platform).await? else {
        return Ok(None);
    };
    let note = Note::parse(note.as_bytes()).map_err(LedgerError::from)?;
    Ok(Some(note).filter(covers))
}
