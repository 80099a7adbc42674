//! Entries of the audit log: the list and one entry.

use super::{Badge, Change, Choice, Chrome, Fact, Moment, Pagination};
use askama::Template;

/// `/o/{org}/audit`: filters by GET with `action`, `actor`, `object`, `from` and `until`.
#[derive(Debug, Clone, Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// The filter in use.
    pub filter: AuditFilter,
    /// Entries, newest first.
    pub entries: Vec<AuditRow>,
    /// Where it goes on.
    pub pagination: Pagination,
    /// How far the log is signed, in one sentence, with its tone.
    pub signed: Badge,
}

/// The filter of the list of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Actions on offer.
    pub actions: Vec<Choice>,
    /// Actors on offer.
    pub actors: Vec<Choice>,
    /// The id of the thing that was acted on.
    pub object: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
}

/// An entry in the list.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Entry id.
    pub id: String,
    /// When.
    pub at: Moment,
    /// Who.
    pub actor: String,
    /// What was done, with its tone.
    pub action: Badge,
    /// To what, in words.
    pub object: String,
    /// From which address; empty for none.
    pub address: String,
    /// Request id.
    pub request_id: String,
}

/// `/o/{org}/audit/{entry}`.
#[derive(Debug, Clone, Template)]
#[template(path = "audit_entry.html")]
pub struct AuditEntryPage {
    /// The frame.
    pub chrome: Chrome,
    /// What was done, with its tone.
    pub action: Badge,
    /// One sentence: who did what to which thing.
    pub summary: String,
    /// When.
    pub at: Moment,
    /// The fields of the header.
    pub header: Vec<Fact>,
    /// The commitments.
    pub commitments: Vec<Commitment>,
    /// What changed, as far as the reader may see it.
    pub changes: Vec<Change>,
    /// The record was erased since, and with it what changed.
    pub is_erased: bool,
    /// How far the entry has come in the signed log.
    pub receipt: Receipt,
}

/// How far an entry has come in the signed log.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// In a word or two, with its tone.
    pub state: Badge,
    /// One sentence.
    pub text: String,
    /// Where the receipt is; empty until there is one.
    pub href: String,
}

/// A commitment of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commitment {
    /// What is committed to: header, before, after.
    pub label: String,
    /// 32 bytes in hexadecimal.
    pub hex: String,
    /// Whether it opens to what is stored; `None` if not checked.
    pub opens: Option<bool>,
}
