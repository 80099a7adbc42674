//! The announcement of a new key of the log: the leaf that names it, with its header, proven under a checkpoint that the key before it
//! has signed. An auditor who pinned that one follows to the new one by this alone, offline.
//!
//! Invariant: nothing is followed but what a key that the policy names has signed, to the key that the leaf commits to, of the same log;
//! witnesses and quorum of a policy stay. A parsed announcement writes the very bytes that it was parsed from. Start at
//! [`Succession::follow`].

use crate::checkpoint::Checkpoint;
use crate::commitment::{Role, commit};
use crate::fields::DecodeError;
use crate::header::Header;
use crate::leaf::{Leaf, LeafKind};
use crate::merkle::{Hash, leaf_hash};
use crate::note::{Algorithm, KeyName, Note, VerifierKey};
use crate::policy::Policy;
use crate::receipt::{RECEIPT_BYTES_MAX, Receipt, ReceiptError};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

/// What the entry of a new key is about; the object's id is the key as policies name it.
pub const OBJECT: &str = "log-key";
/// Longest announcement, in bytes: the receipt, and a header of a few hundred.
pub const ANNOUNCEMENT_BYTES_MAX: usize = RECEIPT_BYTES_MAX + 8 * 1024;

const FIRST_LINE: &str = "strongroom-key-rotation-v1";
/// What the appliance's own leaves bear.
const APPLIANCE: [u8; 16] = [0; 16];

/// A new key, announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The header's bytes, which name the key.
    pub header: Vec<u8>,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// The leaf that commits to it.
    pub receipt: Receipt,
}

/// What a policy becomes by an announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The policy with the new key in the place of the log's others.
    pub policy: Policy,
    /// The new key.
    pub key: VerifierKey,
    /// Index of the leaf that names it.
    pub index: u64,
    /// Its hash.
    pub leaf: Hash,
    /// Leaves of the checkpoint that the key before has signed.
    pub size: u64,
}

/// Why a text is no announcement, or leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// A line is not what its place asks for.
    #[error("the announcement has no {expected} where one should stand")]
    Line {
        /// What should stand there.
        expected: &'static str,
    },
    /// The receipt in it is none, or no key that the policy names has signed it.
    #[error("the announcement proves nothing to this policy")]
    Receipt(#[from] ReceiptError),
    /// The leaf is none of a new key.
    #[error("the leaf {index} that is proven announces no key")]
    Kind {
        /// Its index.
        index: u64,
    },
    /// The header is none.
    #[error("the header in the announcement cannot be read")]
    Header(#[from] DecodeError),
    /// The header is not the leaf's.
    #[error("the header in the announcement is not the one that leaf {index} commits to")]
    Commitment {
        /// Index of the leaf.
        index: u64,
    },
    /// The header names no key of this log.
    #[error("the entry of leaf {index} names no key of {origin}")]
    Key {
        /// Index of the leaf.
        index: u64,
        /// The log.
        origin: KeyName,
    },
    /// Announcements of one log are followed in the order of their leaves.
    #[error("leaf {index} does not come after leaf {last}, by which this log's key was exchanged before")]
    Order {
        /// Index of the leaf.
        index: u64,
        /// Index of the one that was followed last.
        last: u64,
    },
}

/// The key that a text names, if it is one that a log may sign with.
pub(crate) fn log_key(text: &str) -> Option<VerifierKey> {
    let key = VerifierKey::parse(text).ok()?;
    (key.algorithm() == Algorithm::Ed25519).then_some(key)
}

impl Announcement {
    /// The announcement that `bytes` are.
    ///
    /// # Errors
    /// They are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, RotationError> {
        let line = |expected| RotationError::Line { expected };
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() <= ANNOUNCEMENT_BYTES_MAX)
            .ok_or(line("plain text"))?;
        let (head, receipt) = text.split_once("\n\n").ok_or(line("blank line"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(line(FIRST_LINE));
        }
        let header = lines.next().and_then(|line| line.strip_prefix("header "));
        let salt = lines.next().and_then(|line| line.strip_prefix("salt "));
        let decode = |text: &str| STANDARD.decode(text).ok();
        let parsed = Self {
            header: header.and_then(decode).ok_or(line("header"))?,
            salt: salt
                .and_then(decode)
                .and_then(|salt| salt.try_into().ok())
                .ok_or(line("salt"))?,
            receipt: Receipt::parse(receipt.as_bytes())?,
        };
        if lines.next().is_some() {
            return Err(line("blank line"));
        }
        Ok(parsed)
    }

    /// Checks it against what its reader trusts, and gives what the reader may trust from now on.
    ///
    /// # Errors
    /// It leads nowhere.
    pub fn follow(&self, policy: &Policy) -> Result<Followed, RotationError> {
        let (leaf, trusted) = self.receipt.check(policy)?;
        let (index, origin) = (self.receipt.index, trusted.checkpoint.origin);
        let key = self.named(&leaf, index)?;
        let key = key
            .filter(|key| *key.name() == origin)
            .ok_or_else(|| RotationError::Key {
                index,
                origin: origin.clone(),
            })?;
        Ok(Followed {
            policy: policy.exchanged(key.clone()),
            key,
            index,
            leaf: leaf_hash(&self.receipt.leaf),
            size: trusted.checkpoint.size,
        })
    }

    /// The key that the leaf's header names.
    fn named(&self, leaf: &Leaf, index: u64) -> Result<Option<VerifierKey>, RotationError> {
        if leaf.kind != LeafKind::KeyRotation || leaf.organization_tag != APPLIANCE {
            return Err(RotationError::Kind { index });
        }
        let header = Header::decode(&self.header)?;
        if commit(Role::Header, &header.entry_id, &self.salt, &self.header) != leaf.header {
            return Err(RotationError::Commitment { index });
        }
        let id = header.object.id.filter(|_| header.object.kind == OBJECT);
        Ok(id.and_then(|id| log_key(&id)))
    }
}

/// The text of the file.
impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, salt) = (STANDARD.encode(&self.header), STANDARD.encode(self.salt));
        write!(
            f,
            "{FIRST_LINE}\nheader {header}\nsalt {salt}\n\n{}",
            self.receipt
        )
    }
}

/// A policy and what it became, announcement by announcement: each size of the log has one.
#[derive(Debug, Clone)]
pub struct Succession {
    ended: Vec<Ended>,
    newest: Policy,
}

/// An earlier policy.
#[derive(Debug, Clone)]
struct Ended {
    policy: Policy,
    /// The log whose key was exchanged.
    origin: KeyName,
    /// Index of the leaf in it that ended the policy.
    index: u64,
}

impl Succession {
    /// Begins with what its holder pinned.
    #[must_use]
    pub fn of(policy: Policy) -> Self {
        Self {
            ended: Vec::new(),
            newest: policy,
        }
    }

    /// Follows the next announcement. A second one of one leaf is refused as an earlier one is: who signs two has two logs.
    ///
    /// # Errors
    /// It leads nowhere from the newest policy.
    pub fn follow(&mut self, announcement: &Announcement) -> Result<Followed, RotationError> {
        let followed = announcement.follow(&self.newest)?;
        let (index, origin) = (followed.index, followed.key.name().clone());
        let of_log = self.ended.iter().filter(|ended| ended.origin == origin);
        if let Some(last) = of_log
            .map(|ended| ended.index)
            .max()
            .filter(|last| index <= *last)
        {
            return Err(RotationError::Order { index, last });
        }
        let policy = std::mem::replace(&mut self.newest, followed.policy.clone());
        self.ended.push(Ended {
            policy,
            origin,
            index,
        });
        Ok(followed)
    }

    /// What is trusted now.
    #[must_use]
    pub fn newest(&self) -> &Policy {
        &self.newest
    }

    /// What was trusted of a log when it had that many leaves. Of a checkpoint that covers the leaf with the new key, the old one's signature
    /// is not enough.
    #[must_use]
    pub fn at(&self, origin: &KeyName, size: u64) -> &Policy {
        let mut of_log = self.ended.iter().filter(|ended| ended.origin == *origin);
        let found = of_log.find(|ended| size <= ended.index);
        found.map_or(&self.newest, |ended| &ended.policy)
    }

    /// The same for a signed checkpoint; the newest for what is none, which no policy accepts.
    #[must_use]
    pub fn of_note(&self, note: &Note) -> &Policy {
        Checkpoint::parse(note.text()).map_or(&self.newest, |found| self.at(&found.origin, found.size))
    }
}
