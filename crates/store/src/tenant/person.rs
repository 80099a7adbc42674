//! What persons asked for about their own data, and what was found of them. The words to look for are not here.
//!
//! Invariants: every change is in a transaction with its entry; the database refuses an approval by whoever asked or proposed, a
//! change of what was found once an erasure is proposed, and any change of a closed request.

mod hit;

pub use hit::{
    Hit, HitKind, RecordKey, Verdict, hits, key_of, put_hits, record_keys, set_verdict, unexplained,
};

use super::{Tenant, TenantTx};
use crate::StoreError;
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{Row, types::ToSql};
use types::{AccountId, PersonRequestId, RecordId};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// All of their data (GDPR article 15).
    Access,
    /// That it goes (GDPR article 17).
    Erasure,
}

impl RequestKind {
    /// The name in the database and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Erasure => "erasure",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Access, Self::Erasure]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What was theirs was handed over.
    HandedOver,
    /// What was theirs was erased.
    Erased,
    /// Nothing of theirs was found.
    NothingFound,
    /// It was refused, for a reason that is told.
    Refused,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::HandedOver, Self::Erased, Self::NothingFound, Self::Refused];

    /// The name in the database and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HandedOver => "handed-over",
            Self::Erased => "erased",
            Self::NothingFound => "nothing-found",
            Self::Refused => "refused",
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// Who did a thing, and when.
pub type Done = (AccountId, Timestamp);

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRequest {
    /// Its id.
    pub id: PersonRequestId,
    /// What is asked for.
    pub kind: RequestKind,
    /// The organization's own number for it.
    pub reference: String,
    /// When it reached the organization.
    pub received_on: Date,
    /// When it must be answered.
    pub due_on: Date,
    /// Why it takes longer than a month.
    pub extended_because: Option<String>,
    /// Who wrote it down, and when.
    pub asked: Done,
    /// The record and version after which a search goes on.
    pub search_from: Option<(RecordId, i64)>,
    /// When the last search came to its end.
    pub searched_at: Option<Timestamp>,
    /// Who took what was found to hand it over, and when.
    pub handed_over: Option<Done>,
    /// Who proposed the erasure, and when.
    pub proposed: Option<Done>,
    /// On which legal ground.
    pub ground: Option<String>,
    /// Who approved it, and when.
    pub approved: Option<Done>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// What was said about that.
    pub note: Option<String>,
    /// Who closed it, and when.
    pub closed: Option<Done>,
}

const COLUMNS: &str =
    "id, kind, reference, received_on, due_on, extended_because, asked_by, asked_at, search_record, search_version, searched_at,
    handed_over_by, handed_over_at, proposed_by, proposed_at, ground, approved_by, approved_at, outcome, note, closed_by, closed_at";

fn done(row: &Row, at: usize) -> Result<Option<Done>, StoreError> {
    let by: Option<uuid::Uuid> = row.try_get(at)?;
    let when: Option<Timestamp> = row.try_get(at + 1)?;
    Ok(by.zip(when).map(|(by, when)| (AccountId(by), when)))
}

fn read(row: &Row) -> Result<PersonRequest, StoreError> {
    let kind: &str = row.try_get(1)?;
    let record: Option<uuid::Uuid> = row.try_get(8)?;
    let version: Option<i64> = row.try_get(9)?;
    let outcome: Option<&str> = row.try_get(18)?;
    Ok(PersonRequest {
        id: PersonRequestId(row.try_get(0)?),
        kind: RequestKind::parse(kind).ok_or_else(|| StoreError::unexpected("a request of no known kind"))?,
        reference: row.try_get(2)?,
        received_on: row.try_get(3)?,
        due_on: row.try_get(4)?,
        extended_because: row.try_get(5)?,
        asked: (AccountId(row.try_get(6)?), row.try_get(7)?),
        search_from: record
            .zip(version)
            .map(|(record, version)| (RecordId(record), version)),
        searched_at: row.try_get(10)?,
        handed_over: done(row, 11)?,
        proposed: done(row, 13)?,
        ground: row.try_get(15)?,
        approved: done(row, 16)?,
        outcome: outcome.and_then(Outcome::parse),
        note: row.try_get(19)?,
        closed: done(row, 20)?,
    })
}

/// A request to write down.
#[derive(Debug, Clone)]
pub struct NewPersonRequest<'a> {
    /// Its id.
    pub id: PersonRequestId,
    /// What is asked for.
    pub kind: RequestKind,
    /// The organization's own number for it.
    pub reference: &'a str,
    /// When it reached the organization.
    pub received_on: Date,
    /// When it must be answered.
    pub due_on: Date,
    /// Who writes it down.
    pub asked_by: AccountId,
}

/// Writes a request down.
///
/// # Errors
/// What the database refused.
pub async fn insert(tx: &TenantTx, new: &NewPersonRequest<'_>) -> Result<(), StoreError> {
    let text = format!(
        "INSERT INTO {}._person_request (id, kind, reference, received_on, due_on, asked_by) VALUES ($1, $2, $3, $4, $5, $6)",
        tx.tenant.schema()
    );
    let kind = new.kind.as_str();
    let values: [&(dyn ToSql + Sync); 6] = [
        &new.id.0,
        &kind,
        &new.reference,
        &new.received_on,
        &new.due_on,
        &new.asked_by.0,
    ];
    tx.connection()?.client.execute(&text, &values).await?;
    Ok(())
}

/// The request of that id.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(tenant: &Tenant, id: PersonRequestId) -> Result<PersonRequest, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} FROM {}._person_request WHERE id = $1",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let row = connection.client.query_opt(&text, &[&id.0]).await?;
    read(&row.ok_or(StoreError::NotFound)?)
}

/// The same, kept from others until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn lock(tx: &TenantTx, id: PersonRequestId) -> Result<PersonRequest, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} FROM {}._person_request WHERE id = $1 FOR UPDATE",
        tx.tenant.schema()
    );
    let row = tx.connection()?.client.query_opt(&text, &[&id.0]).await?;
    read(&row.ok_or(StoreError::NotFound)?)
}

/// Requests: those that are open in the order in which they are due, then the closed ones, newest first.
///
/// # Errors
/// What the connection reports.
pub async fn list(tenant: &Tenant, limit: i64) -> Result<Vec<PersonRequest>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} FROM {}._person_request
         ORDER BY closed_at IS NOT NULL, CASE WHEN closed_at IS NULL THEN due_on END, closed_at DESC, id LIMIT $1",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let rows = connection.client.query(&text, &[&limit]).await?;
    rows.iter().map(read).collect()
}

/// Closed requests whose words are still there, because a hold kept them.
///
/// # Errors
/// What the connection reports.
pub async fn with_words(tenant: &Tenant) -> Result<Vec<PersonRequestId>, StoreError> {
    let text = format!(
        "SELECT r.id FROM {0}._person_request r JOIN {0}._file f ON f.id = r.id WHERE r.closed_at IS NOT NULL LIMIT 100",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let rows = connection.client.query(&text, &[]).await?;
    rows.iter()
        .map(|row| Ok(PersonRequestId(row.try_get(0)?)))
        .collect()
}

/// A step of a request that is not closed.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A search stopped on its way, after this record and version.
    Searched(RecordId, i64),
    /// A search came to its end.
    SearchEnded,
    /// Something is theirs of which no search knew: what refers to it is to be looked for.
    ToBeSearched,
    /// It takes until then.
    Extended(Date, &'a str),
    /// What was found was taken to be handed over.
    HandedOver,
    /// An erasure is proposed on a legal ground.
    Proposed(&'a str),
    /// The proposal is taken back.
    Withdrawn,
    /// The proposal of that moment is approved, and no later one.
    Approved(Timestamp),
    /// It ended so, with a note.
    Closed(Outcome, Option<&'a str>),
}

/// Takes a step, in somebody's name.
///
/// # Errors
/// [`StoreError::NotFound`] where the request is not there or not in a state for it; [`StoreError::Refused`] of `person_request_own`
/// for an approval by whoever asked or proposed, of `person_request_due` for a day that is too late.
pub async fn step(
    tx: &TenantTx,
    id: PersonRequestId,
    by: AccountId,
    step: Step<'_>,
) -> Result<(), StoreError> {
    const OPEN: &str = "proposed_at IS NULL";
    let outcome = match step {
        Step::Closed(outcome, _) => outcome.as_str(),
        _ => "",
    };
    let (set, when, values): (&str, &str, Vec<&(dyn ToSql + Sync)>) = match &step {
        Step::Searched(record, version) => (
            "search_record = $2, search_version = $3, searched_at = NULL",
            OPEN,
            vec![&record.0, version],
        ),
        Step::SearchEnded => (
            "search_record = NULL, search_version = NULL, searched_at = clock_timestamp()",
            OPEN,
            Vec::new(),
        ),
        Step::ToBeSearched => (
            "search_record = NULL, search_version = NULL, searched_at = NULL",
            OPEN,
            Vec::new(),
        ),
        Step::Extended(due_on, because) => (
            "due_on = $2, extended_because = $3",
            "extended_because IS NULL",
            vec![due_on, because],
        ),
        Step::HandedOver => (
            "handed_over_by = $2, handed_over_at = clock_timestamp()",
            "proposed_at IS NULL AND searched_at IS NOT NULL",
            vec![&by.0],
        ),
        Step::Proposed(ground) => (
            "proposed_by = $2, proposed_at = clock_timestamp(), ground = $3",
            "proposed_at IS NULL AND kind = 'erasure' AND searched_at IS NOT NULL",
            vec![&by.0, ground],
        ),
        Step::Withdrawn => (
            "proposed_by = NULL, proposed_at = NULL, ground = NULL",
            "proposed_at IS NOT NULL AND approved_at IS NULL",
            Vec::new(),
        ),
        Step::Approved(proposed_at) => (
            "approved_by = $2, approved_at = clock_timestamp()",
            "proposed_at = $3 AND approved_at IS NULL",
            vec![&by.0, proposed_at],
        ),
        // An approved erasure ends as erased and in no other way, and nothing else does.
        Step::Closed(_, note) => (
            "outcome = $2, note = $3, closed_by = $4, closed_at = clock_timestamp()",
            "(approved_at IS NOT NULL) = ($2 = 'erased') AND ($2 <> 'handed-over' OR handed_over_at IS NOT NULL)",
            vec![&outcome, note, &by.0],
        ),
    };
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&id.0];
    parameters.extend(values);
    let text = format!(
        "UPDATE {}._person_request SET {set} WHERE id = $1 AND closed_at IS NULL AND {when}",
        tx.tenant.schema()
    );
    match tx.connection()?.client.execute(&text, &parameters).await? {
        1 => Ok(()),
        _ => Err(StoreError::NotFound),
    }
}
