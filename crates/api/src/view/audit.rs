//! Entries of the audit log as JSON.

use super::{
    history::{ActorJson, ChangeView},
    record::Links,
};
use jiff::Timestamp;
use platform::{
    ledger::{Proof, Published},
    trail::{EntryDetail, EntryView, TrailPage},
};
use serde::Serialize;
use types::EntryId;

/// An entry.
#[derive(Serialize)]
pub(crate) struct EntryJson<'a> {
    id: EntryId,
    at: Timestamp,
    kind: i16,
    action: &'a str,
    object_kind: &'a str,
    object_id: Option<&'a str>,
    actor: ActorJson<'a>,
    actor_name: Option<&'a str>,
    request_id: Option<&'a str>,
    reason: Option<&'a str>,
    /// Whose log it stands in: `organization` or `appliance`.
    log: &'static str,
}

impl<'a> From<&'a EntryView> for EntryJson<'a> {
    fn from(entry: &'a EntryView) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            kind: entry.kind,
            action: &entry.action,
            object_kind: &entry.object_kind,
            object_id: entry.object_id.as_deref(),
            actor: ActorJson {
                kind: entry.actor.kind,
                account: entry.actor.account,
                address: entry.actor.address.as_deref(),
                device: entry.actor.device.as_deref(),
            },
            actor_name: entry.actor_name.as_deref(),
            request_id: entry.request_id.as_deref(),
            reason: entry.reason.as_deref(),
            log: entry.place,
        }
    }
}

/// A page of entries, newest first.
#[derive(Serialize)]
pub(crate) struct EntriesView<'a> {
    pub(crate) entries: Vec<EntryJson<'a>>,
    pub(crate) next: Option<&'a str>,
    pub(crate) links: Links<'a>,
}

impl<'a> EntriesView<'a> {
    pub(crate) fn of(page: &'a TrailPage, link: Option<&'a str>) -> Self {
        Self {
            entries: page.entries.iter().map(EntryJson::from).collect(),
            next: page.next.as_deref(),
            links: Links {
                next: link,
                prev: None,
            },
        }
    }
}

/// An entry with its commitments and what it changed.
#[derive(Serialize)]
pub(crate) struct EntryDetailView<'a> {
    #[serde(flatten)]
    entry: EntryJson<'a>,
    commitments: Commitments<'a>,
    dataset: Option<&'a str>,
    changes: Vec<ChangeView<'a>>,
    erased: bool,
}

/// In hexadecimal.
#[derive(Serialize)]
struct Commitments<'a> {
    header: &'a str,
    before: &'a str,
    after: &'a str,
}

impl<'a> From<&'a EntryDetail> for EntryDetailView<'a> {
    fn from(detail: &'a EntryDetail) -> Self {
        Self {
            entry: EntryJson::from(&detail.view),
            commitments: Commitments {
                header: &detail.c_header,
                before: &detail.c_before,
                after: &detail.c_after,
            },
            dataset: detail.dataset.as_deref(),
            changes: detail.changes.iter().map(ChangeView::from).collect(),
            erased: detail.is_erased,
        }
    }
}

/// How far an entry has come in the signed log.
#[derive(Serialize)]
pub(crate) struct ReceiptView<'a> {
    /// `waiting`, `unsigned` or `proven`.
    state: &'static str,
    /// Its index in the log, from 0.
    index: Option<u64>,
    /// The size of the checkpoint that covers it.
    size: Option<u64>,
    /// To be kept as it is; anybody who has the policy can check it.
    receipt: Option<&'a str>,
}

impl<'a> From<&'a Proof> for ReceiptView<'a> {
    fn from(proof: &'a Proof) -> Self {
        let (state, index, size, receipt) = match proof {
            Proof::Waiting => ("waiting", None, None, None),
            Proof::Unsigned { index } => ("unsigned", Some(*index), None, None),
            Proof::Proven { index, size, receipt } => {
                ("proven", Some(*index), Some(*size), Some(receipt.as_str()))
            }
        };
        Self {
            state,
            index,
            size,
            receipt,
        }
    }
}

/// A signed checkpoint.
#[derive(Serialize)]
pub(crate) struct CheckpointView<'a> {
    /// To be kept as it is.
    note: &'a str,
    size: u64,
    /// In hexadecimal.
    root: &'a str,
    witnesses: usize,
    published_at: Option<Timestamp>,
}

impl<'a> From<&'a Published> for CheckpointView<'a> {
    fn from(found: &'a Published) -> Self {
        Self {
            note: &found.note,
            size: found.size,
            root: &found.root,
            witnesses: found.witnesses,
            published_at: found.at,
        }
    }
}
