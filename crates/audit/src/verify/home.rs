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

/// All of them, by tag.
#[derive(Debug, Default)]
pub(super) struct Homes(HashMap<[u8; 16], Home>);

impl Homes {
    /// Follows the chain of a leaf's organization.
    pub(super) fn follow(&mut self, leaf: &Leaf, hash: Hash, mut found: impl FnMut(FaultKind)) -> u32 {
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let home = self.0.entry(leaf.organization_tag).or_insert(Home {
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

    /// Compares what a header says of its organization with the headers before it. The appliance's own entries may be
    /// about any.
    pub(super) fn check_organization(
        &mut self,
        tag: &[u8; 16],
        organization: Option<[u8; 16]>,
    ) -> Result<(), FaultKind> {
        let Some(home) = self.0.get_mut(tag) else {
            return Ok(());
        };
        home.is_opened = true;
        if *tag == [0; 16] {
            return Ok(());
        }
        match (home.organization, organization) {
            (None, Some(organization)) => {
                home.organization = Some(organization);
                Ok(())
            }
            (Some(known), Some(organization)) if known == organization => Ok(()),
            _ => Err(FaultKind::Organization),
        }
    }

    pub(super) fn get(&self, tag: &[u8; 16]) -> Option<&Home> {
        self.0.get(tag)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The highest number of a tag.
    pub(super) fn last_sequence(&self, tag: &[u8; 16]) -> Option<u64> {
        self.0.get(tag).map(|home| home.sequence)
    }
}
