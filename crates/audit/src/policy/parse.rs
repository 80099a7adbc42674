//! Reads a policy file, line by line.
//!
//! Invariant: a name is defined before it is used and once, so that groups have no circles; a key stands once, whatever
//! it is called; a witness counts in one place only.

use super::{Group, LINES_MAX, Member, POLICY_BYTES_MAX, Policy, Witness};
use crate::note::{Algorithm, KeyError, VerifierKey};
use std::collections::HashSet;

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy")]
pub struct PolicyError {
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub kind: PolicyErrorKind,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyErrorKind {
    /// Not text, too long, or with control characters.
    #[error("a policy is plain text of at most {POLICY_BYTES_MAX} bytes")]
    Characters,
    /// It begins with an unknown word, or words are missing or too many.
    #[error(
        "a line is \"log KEY\", \"witness NAME KEY\", \"group NAME all|any|NUMBER NAME...\" or \"quorum NAME\""
    )]
    Form,
    /// A key cannot be read.
    #[error("the key cannot be read")]
    Key(#[from] KeyError),
    /// A log's key of a witness, or the other way round.
    #[error("a log signs with algorithm 1, a witness with algorithm 4")]
    Algorithm,
    /// A key stands twice.
    #[error("the key stands on another line already")]
    KeyTwice,
    /// A name is defined twice, or is `none`.
    #[error("the name {name} is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A name is not defined on a line before.
    #[error("the name {name} is not defined on a line before")]
    NameUnknown {
        /// The name.
        name: String,
    },
    /// A name is a member of two groups, or twice of one.
    #[error("{name} is a member of a group already; a witness counts once")]
    MemberTwice {
        /// The name.
        name: String,
    },
    /// More members must sign than there are, or none.
    #[error("the group asks for more of its members than it has, or for none")]
    Threshold,
    /// No log at all.
    #[error("the policy names no log")]
    NoLog,
    /// Not exactly one quorum.
    #[error("the policy has no line \"quorum\", or two of them; \"quorum none\" asks for no witness")]
    Quorum,
    /// Too many lines of one kind.
    #[error("the policy has more than {LINES_MAX} logs, witnesses or groups")]
    Many,
}

impl Policy {
    /// The policy that a file's bytes are.
    ///
    /// # Errors
    /// The first line at fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let whole = |kind| PolicyError { line: 0, kind };
        let text = std::str::from_utf8(bytes).map_err(|_| whole(PolicyErrorKind::Characters))?;
        let is_control = |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\n')) || *byte == 0x7f;
        if text.len() > POLICY_BYTES_MAX || text.as_bytes().iter().any(is_control) {
            return Err(whole(PolicyErrorKind::Characters));
        }
        let mut reading = Reading::default();
        for (line, text) in (1..).zip(text.split('\n')) {
            let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            if words.first().is_some_and(|word| !word.starts_with('#')) {
                reading.take(&words).map_err(|kind| PolicyError { line, kind })?;
            }
        }
        reading.finish().map_err(whole)
    }
}

#[derive(Default)]
struct Reading {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    names: Vec<(String, Member)>,
    grouped: HashSet<String>,
    quorum: Option<Option<Member>>,
}

impl Reading {
    fn take(&mut self, words: &[&str]) -> Result<(), PolicyErrorKind> {
        match words {
            ["log", key] | ["log", key, _] => self.take_log(key),
            ["witness", name, key] | ["witness", name, key, _] => self.take_witness(name, key),
            ["group", name, threshold, members @ ..] if !members.is_empty() => {
                self.take_group(name, threshold, members)
            }
            ["quorum", name] => self.take_quorum(name),
            _ => Err(PolicyErrorKind::Form),
        }
    }

    fn take_log(&mut self, key: &str) -> Result<(), PolicyErrorKind> {
        let key = VerifierKey::parse(key)?;
        let is_known = self.logs.iter().any(|log| log.public() == key.public());
        check_key(&key, Algorithm::Ed25519, is_known, self.logs.len())?;
        self.logs.push(key);
        Ok(())
    }

    fn take_witness(&mut self, name: &str, key: &str) -> Result<(), PolicyErrorKind> {
        let key = VerifierKey::parse(key)?;
        let is_known = self
            .witnesses
            .iter()
            .any(|witness| witness.key.public() == key.public());
        check_key(&key, Algorithm::CosignatureV1, is_known, self.witnesses.len())?;
        self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness {
            name: name.to_owned(),
            key,
        });
        Ok(())
    }

    fn take_group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), PolicyErrorKind> {
        let threshold = match threshold {
            "all" => members.len(),
            "any" => 1,
            number => number.parse().map_err(|_| PolicyErrorKind::Form)?,
        };
        if !(1..=members.len()).contains(&threshold) {
            return Err(PolicyErrorKind::Threshold);
        }
        if self.groups.len() >= LINES_MAX {
            return Err(PolicyErrorKind::Many);
        }
        let mut places = Vec::new();
        for member in members {
            places.push(self.find(member)?);
            if !self.grouped.insert((*member).to_owned()) {
                return Err(PolicyErrorKind::MemberTwice {
                    name: (*member).to_owned(),
                });
            }
        }
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group {
            name: name.to_owned(),
            threshold,
            members: places,
        });
        Ok(())
    }

    fn take_quorum(&mut self, name: &str) -> Result<(), PolicyErrorKind> {
        let quorum = if name == "none" {
            None
        } else {
            Some(self.find(name)?)
        };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(PolicyErrorKind::Quorum),
        }
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), PolicyErrorKind> {
        if name == "none" || self.find(name).is_ok() {
            return Err(PolicyErrorKind::NameTaken {
                name: name.to_owned(),
            });
        }
        self.names.push((name.to_owned(), member));
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Member, PolicyErrorKind> {
        let found = self.names.iter().find(|(known, _)| known == name);
        found
            .map(|(_, member)| *member)
            .ok_or_else(|| PolicyErrorKind::NameUnknown {
                name: name.to_owned(),
            })
    }

    fn finish(self) -> Result<Policy, PolicyErrorKind> {
        if self.logs.is_empty() {
            return Err(PolicyErrorKind::NoLog);
        }
        Ok(Policy {
            logs: self.logs,
            witnesses: self.witnesses,
            groups: self.groups,
            quorum: self.quorum.ok_or(PolicyErrorKind::Quorum)?,
        })
    }
}

fn check_key(
    key: &VerifierKey,
    algorithm: Algorithm,
    is_known: bool,
    count: usize,
) -> Result<(), PolicyErrorKind> {
    if key.algorithm() != algorithm {
        return Err(PolicyErrorKind::Algorithm);
    }
    if is_known {
        return Err(PolicyErrorKind::KeyTwice);
    }
    if count >= LINES_MAX {
        return Err(PolicyErrorKind::Many);
    }
    Ok(())
}
