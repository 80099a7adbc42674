//! Bulk acts: one entry whose commitments are the RFC 6962 roots over its records' commitments, in order.
//!
//! Images are read in the order of records, not of acts, so each act's tree grows as they come. Those of an import
//! come in the act's own order; what does not is kept until the end, up to a bound, beyond which the database is asked.

use super::{FaultCode, Subject, report::Findings};
use crate::error::Result;
use audit::merkle::{self, Tree};
use std::collections::HashMap;
use store::tenant::audit::{self as rows, StoredEntry, StoredImage};
use types::EntryId;

/// Links kept for sorting, over all acts: 68 bytes each.
const LINKS_MAX: usize = 500_000;
/// Links kept for one act.
const LINKS_OF_ACT_MAX: usize = 2_000;

/// Bulk acts by their entry.
#[derive(Default)]
pub(super) struct Acts {
    acts: HashMap<EntryId, Act>,
    kept: usize,
}

struct Act {
    entry: StoredEntry,
    after: Tree,
    before: Tree,
    ordinal: i32,
    order: Order,
}

/// How an act's images came.
enum Order {
    /// In the act's order so far; the links that would be needed if that ends.
    Ascending(Option<Vec<Link>>),
    /// Not, and every link is here.
    Mixed(Vec<Link>),
    /// Not, and there were too many to keep.
    Lost,
}

#[derive(Clone, Copy)]
struct Link {
    ordinal: i32,
    before: [u8; 32],
    after: [u8; 32],
}

impl Acts {
    pub(super) fn begin(&mut self, entry: &StoredEntry) {
        let act = Act {
            // Only commitments are needed; headers would fill the memory.
            entry: StoredEntry {
                header: Vec::new(),
                ..entry.clone()
            },
            after: Tree::default(),
            before: Tree::default(),
            ordinal: -1,
            order: Order::Ascending(Some(Vec::new())),
        };
        self.acts.insert(entry.id, act);
    }

    /// The entry of a bulk act.
    pub(super) fn entry(&self, id: EntryId) -> Option<&StoredEntry> {
        self.acts.get(&id).map(|act| &act.entry)
    }

    /// Adds an image that follows a version with the commitment `before`.
    pub(super) fn add(&mut self, image: &StoredImage, before: [u8; 32]) {
        let room = self.kept < LINKS_MAX;
        if let Some(act) = self.acts.get_mut(&image.entry) {
            self.kept += usize::from(act.add(image, before, room));
        }
    }

    /// Compares the roots.
    pub(super) async fn finish(self, subject: &Subject<'_>, findings: &mut Findings) -> Result<()> {
        for act in self.acts.into_values() {
            let (after, before) = match act.order {
                Order::Ascending(_) => (act.after.root(), Some(act.before.root())),
                Order::Mixed(mut links) => {
                    links.sort_by_key(|link| link.ordinal);
                    let before = merkle::root(links.iter().map(|link| link.before));
                    (merkle::root(links.iter().map(|link| link.after)), Some(before))
                }
                Order::Lost => {
                    let commitments = rows::commitments_of(&subject.tx, &act.entry).await?;
                    (merkle::root(commitments), None)
                }
            };
            if after.0 != act.entry.c_after {
                let detail = "the records of the bulk act are not those committed to";
                findings.entry(FaultCode::EntryCommitment, act.entry.id, detail);
            }
            // An act that only makes records has nothing before it.
            let untouched = act.entry.c_before == [0; 32];
            if !untouched && before.is_some_and(|before| before.0 != act.entry.c_before) {
                let detail = "the bulk act does not continue the versions before it";
                findings.entry(FaultCode::EntryLink, act.entry.id, detail);
            }
        }
        Ok(())
    }
}

impl Act {
    /// True when it kept a link.
    fn add(&mut self, image: &StoredImage, before: [u8; 32], room: bool) -> bool {
        let link = Link {
            ordinal: image.ordinal,
            before,
            after: image.commitment,
        };
        let ascending = image.ordinal > self.ordinal;
        let order = std::mem::replace(&mut self.order, Order::Lost);
        let (order, kept) = match order {
            Order::Ascending(links) if ascending => {
                self.ordinal = image.ordinal;
                self.after.push(&link.after);
                self.before.push(&link.before);
                let links = links.filter(|links| room && links.len() < LINKS_OF_ACT_MAX);
                let kept = links.is_some();
                (Order::Ascending(links.map(|links| with(links, link))), kept)
            }
            Order::Ascending(Some(links)) | Order::Mixed(links) if room => {
                (Order::Mixed(with(links, link)), true)
            }
            Order::Ascending(_) | Order::Mixed(_) | Order::Lost => (Order::Lost, false),
        };
        self.order = order;
        kept
    }
}

fn with(mut links: Vec<Link>, link: Link) -> Vec<Link> {
    links.push(link);
    links
}
