//! The chain of one record: its versions in order, each opening to its commitment.
//!
//! Invariant: the first fault found is the first there is; nothing after it is looked at. An unopened version
//! passes only when the caller has seen an erasure for it. Start at [`check_chain`].

use crate::{Commitment, Role, commit};

/// What is known of the committed bytes of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening<'a> {
    /// Salt and bytes, unsealed.
    Open {
        /// The salt of the commitment.
        salt: &'a [u8; 32],
        /// The image's bytes.
        bytes: &'a [u8],
    },
    /// The key was destroyed, and the log says so.
    Erased,
    /// They cannot be read, and nothing explains why.
    Missing,
}

/// One version of a record, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// The record's version, from 1.
    pub version: u64,
    /// The entry that made it.
    pub entry_id: &'a [u8; 16],
    /// The stored commitment to the after-image.
    pub commitment: Commitment,
    /// The stored `c_before` of the entry; nothing for a record of a bulk act, whose entry has a root instead.
    pub before: Option<Commitment>,
    /// The bytes committed to.
    pub opening: Opening<'a>,
}

/// What the live row says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The row's version.
    pub version: u64,
    /// The row's commitment.
    pub commitment: Commitment,
}

/// The first fault of a record's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("version {version} of record {}: {kind}", Hex(record))]
pub struct ChainFault {
    /// The record (UUID bytes).
    pub record: [u8; 16],
    /// The version at fault.
    pub version: u64,
    /// What is wrong with it.
    pub kind: ChainFaultKind,
}

/// What is wrong with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainFaultKind {
    /// A version is missing, repeated or out of order.
    #[error("stands where version {expected} should")]
    Sequence {
        /// The version that should stand here.
        expected: u64,
    },
    /// `c_before` is not the commitment of the version before.
    #[error("does not continue the version before it")]
    Link,
    /// The bytes do not open to the commitment.
    #[error("the stored image is not the one committed to")]
    Commitment,
    /// The bytes cannot be read and no erasure explains it.
    #[error("the image cannot be opened and no erasure explains it")]
    Unopened,
    /// The live row is of another version or commitment than the last link.
    #[error("the live row is not the last version in the log")]
    Head,
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A check that takes one version after the other, for callers that stream them.
#[derive(Debug, Clone)]
pub struct ChainCheck {
    record: [u8; 16],
    version: u64,
    commitment: Commitment,
}

impl ChainCheck {
    /// The start of a record's chain.
    #[must_use]
    pub fn new(record: [u8; 16]) -> Self {
        Self {
            record,
            version: 0,
            commitment: Commitment::ZERO,
        }
    }

    /// Checks the next version.
    ///
    /// # Errors
    /// What is wrong with it. The chain ends there; further calls have no meaning.
    pub fn check_next(&mut self, link: &Link<'_>) -> Result<(), ChainFault> {
        let fault = |kind| ChainFault {
            record: self.record,
            version: link.version,
            kind,
        };
        let expected = self.version.saturating_add(1);
        if link.version != expected {
            return Err(fault(ChainFaultKind::Sequence { expected }));
        }
        if link.before.is_some_and(|before| before != self.commitment) {
            return Err(fault(ChainFaultKind::Link));
        }
        match link.opening {
            Opening::Open { salt, bytes } => {
                if commit(Role::AfterImage, link.entry_id, salt, bytes) != link.commitment {
                    return Err(fault(ChainFaultKind::Commitment));
                }
            }
            Opening::Erased => {}
            Opening::Missing => return Err(fault(ChainFaultKind::Unopened)),
        }
        self.version = link.version;
        self.commitment = link.commitment;
        Ok(())
    }

    /// Checks that the live row is the last version seen. Without a row (it was purged) nothing is compared.
    ///
    /// # Errors
    /// The row is another one: it was changed, or set back, beneath the platform.
    pub fn finish(self, head: Option<Head>) -> Result<(), ChainFault> {
        match head {
            Some(head)
                if head
                    != (Head {
                        version: self.version,
                        commitment: self.commitment,
                    }) =>
            {
                Err(ChainFault {
                    record: self.record,
                    version: head.version,
                    kind: ChainFaultKind::Head,
                })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Checks all versions of a record, in order, and the live row against the last.
///
/// # Errors
/// The first fault.
pub fn check_chain<'a>(
    record: [u8; 16],
    links: impl IntoIterator<Item = Link<'a>>,
    head: Option<Head>,
) -> Result<(), ChainFault> {
    let mut check = ChainCheck::new(record);
    links.into_iter().try_for_each(|link| check.check_next(&link))?;
    check.finish(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: [u8; 16] = [7; 16];
    const SALT: [u8; 32] = [9; 32];
    const ENTRIES: [[u8; 16]; 3] = [[1; 16], [2; 16], [3; 16]];
    const IMAGES: [&[u8]; 3] = [b"one", b"two", b"three"];

    fn links() -> Vec<Link<'static>> {
        let mut before = Commitment::ZERO;
        let mut links = Vec::new();
        for (version, (entry_id, bytes)) in (1..).zip(ENTRIES.iter().zip(IMAGES)) {
            let commitment = commit(Role::AfterImage, entry_id, &SALT, bytes);
            let opening = Opening::Open { salt: &SALT, bytes };
            links.push(Link {
                version,
                entry_id,
                commitment,
                before: Some(before),
                opening,
            });
            before = commitment;
        }
        links
    }

    fn head() -> Option<Head> {
        links().last().map(|link| Head {
            version: link.version,
            commitment: link.commitment,
        })
    }

    /// The fault after a change to the honest chain.
    fn fault(change: impl FnOnce(&mut Vec<Link<'static>>)) -> Option<(u64, ChainFaultKind)> {
        let mut links = links();
        change(&mut links);
        check_chain(RECORD, links, head())
            .err()
            .map(|fault| (fault.version, fault.kind))
    }

    #[test]
    fn an_honest_chain_passes() {
        assert_eq!(fault(|_| {}), None);
        assert_eq!(check_chain(RECORD, links(), None), Ok(()));
        assert_eq!(check_chain(RECORD, [], None), Ok(()));
    }

    #[test]
    fn a_removed_reordered_or_repeated_version_is_found() {
        assert_eq!(
            fault(|links| _ = links.remove(0)),
            Some((2, ChainFaultKind::Sequence { expected: 1 }))
        );
        assert_eq!(
            fault(|links| _ = links.remove(1)),
            Some((3, ChainFaultKind::Sequence { expected: 2 }))
        );
        assert_eq!(fault(|links| _ = links.pop()), Some((3, ChainFaultKind::Head)));
        assert_eq!(
            fault(|links| links.swap(0, 1)),
            Some((2, ChainFaultKind::Sequence { expected: 1 }))
        );
        let again = |links: &mut Vec<Link<'static>>| links.insert(1, links[0]);
        assert_eq!(fault(again), Some((1, ChainFaultKind::Sequence { expected: 2 })));
    }

    #[test]
    fn an_edited_image_commitment_entry_or_salt_is_found_where_it_is() {
        let forged = Opening::Open {
            salt: &SALT,
            bytes: b"forged",
        };
        let salted = Opening::Open {
            salt: &[0; 32],
            bytes: b"two",
        };
        let expected = Some((2, ChainFaultKind::Commitment));
        assert_eq!(fault(|links| links[1].opening = forged), expected);
        assert_eq!(fault(|links| links[1].opening = salted), expected);
        assert_eq!(fault(|links| links[1].commitment = Commitment::ZERO), expected);
        assert_eq!(fault(|links| links[1].entry_id = &[8; 16]), expected);
    }

    #[test]
    fn a_version_rewritten_with_its_commitment_breaks_the_next_link() {
        let rewrite = |links: &mut Vec<Link<'static>>| {
            links[1].opening = Opening::Open {
                salt: &SALT,
                bytes: b"forged",
            };
            links[1].commitment = commit(Role::AfterImage, links[1].entry_id, &SALT, b"forged");
        };
        assert_eq!(fault(rewrite), Some((3, ChainFaultKind::Link)));
        assert_eq!(
            fault(|links| links[0].before = Some(Commitment([1; 32]))),
            Some((1, ChainFaultKind::Link))
        );
        assert_eq!(fault(|links| links[1].before = None), None);
    }

    #[test]
    fn an_unopened_version_needs_an_erasure() {
        assert_eq!(fault(|links| links[1].opening = Opening::Erased), None);
        assert_eq!(
            fault(|links| links[1].opening = Opening::Missing),
            Some((2, ChainFaultKind::Unopened))
        );
    }

    #[test]
    fn a_live_row_of_another_version_or_commitment_is_found() {
        for head in [
            Head {
                version: 2,
                commitment: links()[1].commitment,
            },
            Head {
                version: 3,
                commitment: Commitment::ZERO,
            },
            Head {
                version: 4,
                commitment: links()[2].commitment,
            },
        ] {
            let outcome = check_chain(RECORD, links(), Some(head));
            assert_eq!(outcome.unwrap_err().kind, ChainFaultKind::Head);
        }
    }

    #[test]
    fn a_fault_names_record_and_version() {
        let outcome = check_chain([0xab; 16], links().into_iter().skip(1), None);
        let text = outcome.unwrap_err().to_string();
        assert_eq!(
            text,
            "version 2 of record abababababababababababababababab: stands where version 1 should"
        );
    }
}
