//! Requests of persons as JSON.

use jiff::{Timestamp, civil::Date};
use platform::person::{Erased, HitView, Outcome, RequestView, Searched, Verdict};
use serde::Serialize;
use types::{AccountId, PersonRequestId};
use uuid::Uuid;

/// A request.
#[derive(Serialize)]
pub(crate) struct RequestJson<'a> {
    id: PersonRequestId,
    kind: &'static str,
    reference: &'a str,
    received_on: Date,
    due_on: Date,
    days_left: i32,
    extended_because: Option<&'a str>,
    asked_by: AccountId,
    asked_at: Timestamp,
    search: &'static str,
    searched_at: Option<Timestamp>,
    handed_over_by: Option<AccountId>,
    handed_over_at: Option<Timestamp>,
    proposed_by: Option<AccountId>,
    proposed_at: Option<Timestamp>,
    ground: Option<&'a str>,
    approved_by: Option<AccountId>,
    approved_at: Option<Timestamp>,
    outcome: Option<&'static str>,
    note: Option<&'a str>,
    closed_by: Option<AccountId>,
    closed_at: Option<Timestamp>,
    words: &'a [String],
}

impl<'a> From<&'a RequestView> for RequestJson<'a> {
    fn from(view: &'a RequestView) -> Self {
        let request = &view.request;
        let by = |done: Option<(AccountId, Timestamp)>| done.map(|(who, _)| who);
        let at = |done: Option<(AccountId, Timestamp)>| done.map(|(_, when)| when);
        Self {
            id: request.id,
            kind: request.kind.as_str(),
            reference: &request.reference,
            received_on: request.received_on,
            due_on: request.due_on,
            days_left: view.days_left,
            extended_because: request.extended_because.as_deref(),
            asked_by: request.asked.0,
            asked_at: request.asked.1,
            search: match (request.searched_at, request.search_from) {
                (Some(_), _) => "complete",
                (None, Some(_)) => "on-its-way",
                (None, None) => "not-begun",
            },
            searched_at: request.searched_at,
            handed_over_by: by(request.handed_over),
            handed_over_at: at(request.handed_over),
            proposed_by: by(request.proposed),
            proposed_at: at(request.proposed),
            ground: request.ground.as_deref(),
            approved_by: by(request.approved),
            approved_at: at(request.approved),
            outcome: request.outcome.map(Outcome::as_str),
            note: request.note.as_deref(),
            closed_by: by(request.closed),
            closed_at: at(request.closed),
            words: &view.words,
        }
    }
}

/// Requests, the open ones first.
#[derive(Serialize)]
pub(crate) struct RequestsView<'a> {
    pub(crate) requests: Vec<RequestJson<'a>>,
}

#[derive(Serialize)]
struct HitJson<'a> {
    id: Uuid,
    kind: &'static str,
    dataset: Option<&'a str>,
    found_in: &'a [String],
    verdict: Option<&'static str>,
    state: &'static str,
}

/// What was found.
#[derive(Serialize)]
pub(crate) struct HitsView<'a> {
    hits: Vec<HitJson<'a>>,
}

impl<'a> HitsView<'a> {
    pub(crate) fn of(hits: &'a [HitView]) -> Self {
        let json = |hit: &'a HitView| HitJson {
            id: hit.object,
            kind: hit.kind.as_str(),
            dataset: hit.dataset.as_ref().map(|(key, _)| key.as_str()),
            found_in: &hit.found_in,
            verdict: hit.verdict.map(Verdict::as_str),
            state: hit.state.as_str(),
        };
        Self {
            hits: hits.iter().map(json).collect(),
        }
    }
}

/// What a search came to.
#[derive(Serialize)]
pub(crate) struct SearchedView {
    hits: usize,
    complete: bool,
    unlisted: usize,
}

impl From<Searched> for SearchedView {
    fn from(searched: Searched) -> Self {
        Self {
            hits: searched.hits,
            complete: searched.is_complete,
            unlisted: searched.unlisted,
        }
    }
}

/// What an erasure came to.
#[derive(Serialize)]
pub(crate) struct ErasedView {
    records: usize,
    files: usize,
    left: Vec<String>,
}

impl From<Erased> for ErasedView {
    fn from(erased: Erased) -> Self {
        Self {
            records: erased.records,
            files: erased.files,
            left: erased.left,
        }
    }
}
