//! What an auditor trusts, in a text file that the auditor keeps (C2SP tlog-policy, <https://c2sp.org/tlog-policy>):
//! which logs, which witnesses, and how many of them must have seen a checkpoint.
//!
//! Invariant: nothing that comes from the appliance can widen a policy. Unknown keys are ignored, a known key whose
//! signature does not hold refuses the whole note, and two keys of one log (during a rotation) are two lines.
//! Start at [`Policy::parse`] and [`Policy::check`].

mod parse;

pub use parse::{PolicyError, PolicyErrorKind};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{KeyName, Note, SignatureError, VerifierKey};
use std::fmt;

/// Most logs, witnesses and groups of a policy, each.
pub const LINES_MAX: usize = 64;
/// Longest policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 64 * 1024;

/// What an auditor trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(super) logs: Vec<VerifierKey>,
    pub(super) witnesses: Vec<Witness>,
    pub(super) groups: Vec<Group>,
    /// Nobody's cosignature is needed when there is none.
    pub(super) quorum: Option<Member>,
}

/// A witness and what the policy calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
}

/// Witnesses of whom some number must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) threshold: usize,
    pub(super) members: Vec<Member>,
}

/// A witness or a group, by its place. A group stands after all its members, so that looking ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Witness(usize),
    Group(usize),
}

/// A checkpoint that a policy accepts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The log's keys whose signatures hold, by id.
    pub log_keys: Vec<[u8; 4]>,
    /// Witnesses whose cosignatures hold, with the time of each in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
    /// Names of signatures by keys that the policy does not know. They count for nothing.
    pub unknown: Vec<KeyName>,
}

/// Why a policy does not accept a note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// It is no checkpoint.
    #[error("the signed text is no checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// It is of a log that the policy does not name.
    #[error("the checkpoint is of {found}, a log that the policy does not name")]
    Origin {
        /// The origin found.
        found: KeyName,
    },
    /// None of the log's keys has signed.
    #[error("no key of the log that the policy names has signed the checkpoint")]
    Unsigned,
    /// A known key has not signed what stands there.
    #[error("a signature by a key that the policy names is false")]
    Signature(#[from] SignatureError),
    /// Too few witnesses.
    #[error(
        "{found} witnesses have signed the checkpoint, which the policy's quorum {quorum} does not accept"
    )]
    Quorum {
        /// Name of the quorum.
        quorum: String,
        /// Number of witnesses whose cosignatures hold.
        found: usize,
    },
}

impl Policy {
    /// A policy of one log and no witnesses, as an appliance hands it out at first.
    #[must_use]
    pub fn of_log(log: VerifierKey) -> Self {
        Self::of_keys(vec![log])
    }

    /// The same of a log that has more than one key, as during a rotation.
    #[must_use]
    pub fn of_keys(logs: Vec<VerifierKey>) -> Self {
        Self {
            logs,
            witnesses: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        }
    }

    /// The logs' keys.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The policy with that key in the place of all others of its log.
    #[must_use]
    pub fn exchanged(&self, key: VerifierKey) -> Self {
        let mut policy = self.clone();
        policy.logs.retain(|log| log.name() != key.name());
        policy.logs.push(key);
        policy
    }

    /// Checks a signed checkpoint.
    ///
    /// # Errors
    /// The policy does not accept it.
    pub fn check(&self, note: &Note) -> Result<Trusted, TrustError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        let keys: Vec<&VerifierKey> = self
            .logs
            .iter()
            .filter(|key| *key.name() == checkpoint.origin)
            .collect();
        if keys.is_empty() {
            return Err(TrustError::Origin {
                found: checkpoint.origin,
            });
        }
        let mut trusted = Trusted {
            checkpoint,
            log_keys: Vec::new(),
            witnesses: Vec::new(),
            unknown: Vec::new(),
        };
        let mut seen = vec![false; self.witnesses.len()];
        for signature in note.signatures() {
            if let Some(key) = keys.iter().find(|key| signature.claims(key)) {
                key.check(note, signature)?;
                trusted.log_keys.push(key.id());
                continue;
            }
            let place = self
                .witnesses
                .iter()
                .position(|witness| signature.claims(&witness.key));
            match place.and_then(|place| Some((self.witnesses.get(place)?, seen.get_mut(place)?))) {
                Some((witness, seen)) => {
                    let time_s = witness.key.check(note, signature)?.unwrap_or(0);
                    if !std::mem::replace(seen, true) {
                        trusted.witnesses.push((witness.name.clone(), time_s));
                    }
                }
                None => trusted.unknown.push(signature.name().clone()),
            }
        }
        if trusted.log_keys.is_empty() {
            return Err(TrustError::Unsigned);
        }
        self.check_quorum(&seen)?;
        Ok(trusted)
    }

    fn check_quorum(&self, seen: &[bool]) -> Result<(), TrustError> {
        let mut met: Vec<bool> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let count = group
                .members
                .iter()
                .filter(|member| member.is_met(seen, &met))
                .count();
            met.push(count >= group.threshold);
        }
        match self.quorum {
            Some(quorum) if !quorum.is_met(seen, &met) => Err(TrustError::Quorum {
                quorum: self.name_of(quorum).to_owned(),
                found: seen.iter().filter(|seen| **seen).count(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn name_of(&self, member: Member) -> &str {
        let name = match member {
            Member::Witness(place) => self.witnesses.get(place).map(|witness| &witness.name),
            Member::Group(place) => self.groups.get(place).map(|group| &group.name),
        };
        name.map_or("none", String::as_str)
    }
}

impl Member {
    fn is_met(self, witnesses: &[bool], groups: &[bool]) -> bool {
        let (list, place) = match self {
            Self::Witness(place) => (witnesses, place),
            Self::Group(place) => (groups, place),
        };
        list.get(place).copied().unwrap_or(false)
    }
}

/// The policy as a file, without addresses and comments.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.logs.iter().try_for_each(|log| writeln!(f, "log {log}"))?;
        for witness in &self.witnesses {
            writeln!(f, "witness {} {}", witness.name, witness.key)?;
        }
        for group in &self.groups {
            write!(f, "group {} {}", group.name, group.threshold)?;
            for member in &group.members {
                write!(f, " {}", self.name_of(*member))?;
            }
            writeln!(f)?;
        }
        writeln!(
            f,
            "quorum {}",
            self.quorum.map_or("none", |quorum| self.name_of(quorum))
        )
    }
}

#[cfg(test)]
mod tests;
