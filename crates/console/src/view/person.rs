//! What persons ask for about their own data.

use super::{Badge, Chrome, ErrorSummary, Fact, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/person-requests`: posts to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "person_requests.html")]
pub struct PersonRequestsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// The open ones first, in the order in which they are due.
    pub requests: Vec<PersonRequestRow>,
    /// Inputs to write one down.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A request in a list.
#[derive(Debug, Clone)]
pub struct PersonRequestRow {
    /// Its id.
    pub id: String,
    /// The organization's own number for it.
    pub reference: String,
    /// What is asked for.
    pub kind: String,
    /// How it stands.
    pub state: Badge,
    /// When it must be answered, and how long that is from now.
    pub due: Badge,
    /// When it was closed.
    pub closed: Option<Moment>,
}

/// `/o/{org}/person-requests/{id}`: posts to `.../search`, `/marks`, `/archive`, `/extend`, `/propose`, `/withdraw`, `/approve`,
/// `/carry-on` and `/close`.
#[derive(Debug, Clone, Template)]
#[template(path = "person_request.html")]
pub struct PersonRequestPage {
    /// The frame.
    pub chrome: Chrome,
    /// Path of the request.
    pub path: String,
    /// How it stands.
    pub state: Badge,
    /// Who, when, what.
    pub facts: Vec<Fact>,
    /// What is looked for; none when it is closed.
    pub words: Vec<String>,
    /// What the button of the search says; none when nothing is searched any more.
    pub search: Option<String>,
    /// What was found.
    pub hits: Vec<HitRow>,
    /// Whether hits can be marked.
    pub may_mark: bool,
    /// Whether to offer the archive.
    pub may_hand_over: bool,
    /// The moment of the proposal that may be approved; none where none may.
    pub approvable: Option<String>,
    /// Whether to offer going on with what is approved.
    pub may_carry_on: bool,
    /// Whether to offer taking the proposal back.
    pub may_withdraw: bool,
    /// Inputs to propose the erasure; none where it cannot be.
    pub proposal_fields: Vec<FieldInput>,
    /// Inputs to have it be due later; none where it cannot be.
    pub extension_fields: Vec<FieldInput>,
    /// Inputs to close it; none where it cannot be.
    pub end_fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A hit in a list.
#[derive(Debug, Clone)]
pub struct HitRow {
    /// The record's or file's id.
    pub id: String,
    /// What it is, for people.
    pub name: String,
    /// Where it can be looked at.
    pub href: Option<String>,
    /// Where the words were found.
    pub found_in: String,
    /// What somebody said of it.
    pub verdict: Badge,
    /// How it stands now.
    pub state: Badge,
}
