//! Organizations as the log knows them: a tag, dense numbers, each leaf naming the one before it.

use super::fault::FaultKind;
use crate::leaf::Leaf;
use crate::merkle::Hash;
use std::collections::HashMap;

/// What is known of one organization. The appliance's own entries are one too, under a tag of zeroes.
#[derive(Debug)]
pub(super) struct Home {
    /// A short name for it, to key other tables with.
    pub(super) number: u32,
    sequence: u64,
    previous: Hash,
    /// What its headers say.
    organization: Option<[u8; 16]>,
    /// Whether a header of it was opened.
    pub(super) is_opened: bool,
}

/// All of them, by tag. Invariant: an organization has one tag, and its tag is its own.
#[derive(Debug, Default)]
pub(super) struct Homes {
    by_tag: HashMap<[u8; 16], Home>,
    /// The tag of each organization that a header named.
    tags: HashMap<[u8; 16], [u8; 16]>,
}

impl Homes {
    /// Follows the chain of a leaf's organization.
    pub(super) fn follow(&mut self, leaf: &Leaf, hash: Hash, mut found: impl FnMut(FaultKind)) -> u32 {
        let number = u32::try_from(self.by_tag.len()).unwrap_or(u32::MAX);
        let home = self.by_tag.entry(leaf.organization_tag).or_insert(Home {
            number,
            sequence: 0,
            previous: Hash([0; 32]),
            organization: None,
            is_opened: false,
        });
        let expected = home.sequence.saturating_add(1);
        if leaf.organization_sequence != expected {
            found(FaultKind::Sequence {
                expected,
                found: leaf.organization_sequence,
            });
        } else if leaf.previous != home.previous {
            found(FaultKind::Link);
        }
        home.sequence = leaf.organization_sequence;
        home.previous = hash;
        home.number
    }

    /// Compares what a header says of its organization with the headers before it, of its tag and of all others. The
    /// appliance's own entries may be about any.
    pub(super) fn check_organization(
        &mut self,
        tag: &[u8; 16],
        organization: Option<[u8; 16]>,
    ) -> Result<(), FaultKind> {
        let Some(home) = self.by_tag.get_mut(tag) else {
            return Ok(());
        };
        home.is_opened = true;
        if *tag == [0; 16] {
            return Ok(());
        }
        match (home.organization, organization) {
            (None, Some(organization)) => {
                home.organization = Some(organization);
                match self.tags.insert(organization, *tag) {
                    None => Ok(()),
                    Some(_) => Err(FaultKind::Organization),
                }
            }
            (Some(known), Some(organization)) if known == organization => Ok(()),
            _ => Err(FaultKind::Organization),
        }
    }

    pub(super) fn get(&self, tag: &[u8; 16]) -> Option<&Home> {
        self.by_tag.get(tag)
    }

    /// Whether a header of an organization, by its id, was opened in its own log.
    pub(super) fn is_shown(&self, organization: &[u8; 16]) -> bool {
        self.tags.contains_key(organization)
    }

    pub(super) fn count(&self) -> u64 {
        self.by_tag.len() as u64
    }

    /// The highest number of a tag.
    pub(super) fn last_sequence(&self, tag: &[u8; 16]) -> Option<u64> {
        self.by_tag.get(tag).map(|home| home.sequence)
    }
}
