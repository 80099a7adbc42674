//! What a person asks for about their own data (GDPR articles 15 and 17): found in all datasets, handed over, erased.
//!
//! A request is written down with the words to look for. A search goes through every version of every record, in the trash or not,
//! sensitive fields and names of attachments too, and through what imports left. A member says of each hit whether it is this
//! person's. Then either an archive of exactly those records is handed over, or their erasure is proposed, and carried out when a
//! second member approves it.
//!
//! Invariants: whoever asked or proposed does not approve (the database refuses it); what is approved is what was proposed; each
//! record is erased in the one way that records are erased, under an erasure of its own in the log; nothing is erased under a legal
//! hold, and the whole request waits until it is lifted; the words are gone when a request is closed. Start at [`open`].

mod attachment;
mod erase;
mod hand_over;
mod hit;
mod reading;
mod search;
mod words;

pub(crate) use attachment::files_of;
pub use erase::{Erased, approve, carry_on, propose, withdraw};
pub use hand_over::hand_over;
pub use hit::{HitState, HitView, hits, mark};
pub use search::{Searched, search};
pub use store::tenant::person::{HitKind, Outcome, PersonRequest, RequestKind, Verdict};
pub use words::{WORDS_MAX, Words};

pub(crate) use hit::states;
pub(crate) use search::sample;

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    file::{self, FilePurpose, NewFile},
    idempotency, session,
    workspace::random,
};
use access::{Permission, Permit};
use bytes::Bytes;
use futures_util::stream;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use store::{
    StoreError,
    control::legal_hold,
    tenant::{TenantTx, catalogue, file as file_rows, person as rows},
};
use types::{AccountId, AttachmentId, Dataset, PersonRequestId, ProblemCode};

/// Most hits of a request: more are a sign of words that fit many people.
pub const HITS_MAX: usize = 1_000;
/// Most requests of a list.
const LIST_MAX: i64 = 500;
/// Most characters of a reference.
const REFERENCE_CHARACTERS_MAX: usize = 100;
/// Fewest characters of a reason, a ground or a note.
const REASON_CHARACTERS_MIN: usize = 5;
/// Most.
const REASON_CHARACTERS_MAX: usize = 500;

/// A request to write down.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// What is asked for.
    pub kind: RequestKind,
    /// The organization's own number for it, 1 to 100 characters on one line; it stays, so it is no name.
    pub reference: String,
    /// When it reached the organization; today where nothing is said.
    pub received_on: Option<Date>,
    /// What to look for: names, addresses, numbers.
    pub words: Vec<String>,
}

/// Writes a request down. It is due a month after it was received (GDPR article 12(3)).
///
/// # Errors
/// `not-allowed`; `invalid`; `cancelled`.
pub async fn open(workspace: &Workspace, new: NewRequest) -> Result<PersonRequestId> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    let by = author(&permit)?;
    let words = Words::check(&new.words)?;
    let reference = checked_line("/reference", &new.reference, 1, REFERENCE_CHARACTERS_MAX)?;
    let received_on = checked_received(workspace, new.received_on)?;
    let id = PersonRequestId::new(workspace.now_ms(), random()?);
    let row = rows::NewPersonRequest {
        id,
        kind: new.kind,
        reference: &reference,
        received_on,
        due_on: received_on.saturating_add(1.month()),
        asked_by: by,
    };
    let tx = workspace.begin_sealing(&permit).await?;
    rows::insert(&tx, &row).await?;
    write_words(workspace, &tx, id, &words).await?;
    let reason = format!("{} {reference}, due on {}", new.kind.as_str(), row.due_on);
    note(workspace, tx, "person-request.open", id, &reason).await?;
    Ok(id)
}

/// A request of the future is a slip; one of more than a year ago too.
fn checked_received(workspace: &Workspace, received_on: Option<Date>) -> Result<Date> {
    let today = today(workspace);
    let received_on = received_on.unwrap_or(today);
    if received_on <= today && received_on >= today.saturating_sub(1.year()) {
        return Ok(received_on);
    }
    let message = "a day of the last year, not one to come";
    Err(PlatformError::invalid_at("/received_on", "out-of-range", message))
}

pub(crate) fn today(workspace: &Workspace) -> Date {
    workspace.now().to_zoned(TimeZone::UTC).date()
}

async fn write_words(workspace: &Workspace, tx: &TenantTx, id: PersonRequestId, words: &Words) -> Result<()> {
    let bytes = serde_json::to_vec(words).map_err(vault_failure)?;
    let new = NewFile {
        id: AttachmentId(id.0),
        purpose: FilePurpose::Report,
        name: "words",
        media_type: "application/json",
    };
    file::write(workspace, tx, &new, stream::iter([Ok(Bytes::from(bytes))])).await?;
    Ok(())
}

/// A request with the words to look for, which are gone when it is closed.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// The request.
    pub request: PersonRequest,
    /// What is looked for.
    pub words: Vec<String>,
    /// Days until it is due; below zero when it is overdue.
    pub days_left: i32,
}

/// The organization's requests, those that are open first, in the order in which they are due.
///
/// # Errors
/// `not-allowed`.
pub async fn list(workspace: &Workspace) -> Result<Vec<RequestView>> {
    workspace.permit(Permission::PersonRequest).await?;
    let found = rows::list(workspace.tenant(), LIST_MAX).await?;
    Ok(found
        .into_iter()
        .map(|request| view(workspace, request, Vec::new()))
        .collect())
}

fn view(workspace: &Workspace, request: PersonRequest, words: Vec<String>) -> RequestView {
    let span = today(workspace).until(request.due_on);
    RequestView {
        days_left: span.map_or(0, |span| span.get_days()),
        request,
        words,
    }
}

/// One request with its words.
///
/// # Errors
/// `not-found`, `not-allowed`.
pub async fn find(workspace: &Workspace, id: PersonRequestId) -> Result<RequestView> {
    workspace.permit(Permission::PersonRequest).await?;
    let request = row(workspace, id).await?;
    let words = match request.closed {
        None => read_words(workspace, id).await?.into_list(),
        Some(_) => Vec::new(),
    };
    Ok(view(workspace, request, words))
}

async fn row(workspace: &Workspace, id: PersonRequestId) -> Result<PersonRequest> {
    rows::find(workspace.tenant(), id).await.map_err(missing)
}

fn missing(error: StoreError) -> PlatformError {
    match error {
        StoreError::NotFound => PlatformError::not_found("request"),
        StoreError::Refused { constraint } if constraint == "keep_person_hit" => conflict(
            "an erasure of what was found is proposed, or the request is closed; take the proposal back first",
        ),
        error => error.into(),
    }
}

async fn read_words(workspace: &Workspace, id: PersonRequestId) -> Result<Words> {
    let (_, stored) = file::find(workspace, FilePurpose::Report, AttachmentId(id.0)).await?;
    let bytes = file::read_whole(workspace, &stored).await?;
    serde_json::from_slice(&bytes).map_err(vault_failure)
}

/// Has a request be due up to three months after it was received (GDPR article 12(3)); the reason is told to the person.
///
/// # Errors
/// `not-allowed`; `invalid`; `conflict` when it was extended before or is closed; `not-found`.
pub async fn extend(workspace: &Workspace, id: PersonRequestId, due_on: Date, because: &str) -> Result<()> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    let because = checked_reason("/because", because)?;
    let request = row(workspace, id).await?;
    let latest = request.received_on.saturating_add(3.months());
    if due_on <= request.due_on || due_on > latest {
        let message = format!("a day after {} and not after {latest}", request.due_on);
        return Err(PlatformError::invalid_at("/due_on", "out-of-range", message));
    }
    let tx = workspace.tenant().begin(&permit).await?;
    step(&tx, id, author(&permit)?, rows::Step::Extended(due_on, &because)).await?;
    let reason = format!("until {due_on}: {because}");
    note(workspace, tx, "person-request.extend", id, &reason).await
}

/// Closes a request that ended without an erasure. The words to look for are gone with it.
///
/// # Errors
/// `not-allowed`; `invalid`; `conflict` where nothing was handed over, where something of theirs was found, while an approved erasure
/// is carried out, and when it is closed; `not-found`.
pub async fn close(workspace: &Workspace, id: PersonRequestId, outcome: Outcome, note: &str) -> Result<()> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let said = checked_reason("/note", note)?;
    row(workspace, id).await?;
    let tx = workspace.tenant().begin(&permit).await?;
    // No search that ends meanwhile finds something after it was looked at.
    rows::lock(&tx, id).await.map_err(missing)?;
    check_end(workspace, id, outcome).await?;
    step(
        &tx,
        id,
        author(&permit)?,
        rows::Step::Closed(outcome, Some(&said)),
    )
    .await?;
    forget_words_in(workspace, &tx, id).await?;
    // An answer that is kept for who asks twice may show the words.
    idempotency::erase(workspace.platform(), workspace.organization().id).await?;
    let reason = format!("{}: {said}", outcome.as_str());
    self::note(workspace, tx, "person-request.close", id, &reason).await
}

/// An end that what was found gives the lie to.
async fn check_end(workspace: &Workspace, id: PersonRequestId, outcome: Outcome) -> Result<()> {
    let request = row(workspace, id).await?;
    if request.closed.is_some() {
        return Err(conflict("the request is closed"));
    }
    if request.approved.is_some() {
        return Err(conflict(
            "its erasure is approved and ends it when it is done; go on with that",
        ));
    }
    match outcome {
        Outcome::Erased => Err(conflict("an erasure ends the request itself when it is done")),
        Outcome::HandedOver if request.handed_over.is_none() => Err(conflict(
            "nothing was handed over yet; download the archive first",
        )),
        Outcome::NothingFound => {
            let found = rows::hits(workspace.tenant(), id, limit()).await?;
            let is_theirs = |hit: &rows::Hit| hit.verdict != Some(Verdict::Other);
            match request.searched_at.is_some() && !found.iter().any(is_theirs) {
                true => Ok(()),
                false => Err(conflict(
                    "nothing is found only when a search has come to its end and no hit is theirs or undecided",
                )),
            }
        }
        Outcome::HandedOver | Outcome::Refused => Ok(()),
    }
}

/// Removes the words of requests that were closed under a hold; the worker calls it when none is in force.
pub(crate) async fn forget_words(workspace: &Workspace) -> Result<()> {
    for id in rows::with_words(workspace.tenant()).await? {
        let permit = workspace.permit(Permission::RecordPurge).await?;
        let tx = workspace.tenant().begin(&permit).await?;
        file_rows::remove(&tx, AttachmentId(id.0)).await?;
        note(
            workspace,
            tx,
            "person-request.forget",
            id,
            "the hold that kept its words is lifted",
        )
        .await?;
    }
    Ok(())
}

/// Under a hold nothing goes, not even these; they go when it is lifted.
async fn forget_words_in(workspace: &Workspace, tx: &TenantTx, id: PersonRequestId) -> Result<()> {
    if !is_held(workspace).await? {
        file_rows::remove(tx, AttachmentId(id.0)).await?;
    }
    Ok(())
}

async fn is_held(workspace: &Workspace) -> Result<bool> {
    let mut read = workspace.platform().control().read().await?;
    Ok(legal_hold::in_force(&mut read, Some(workspace.organization().id)).await?)
}

/// A request reaches everything: whoever sees a part only would take it for the whole.
async fn datasets_of(workspace: &Workspace, permit: &Permit) -> Result<Vec<Dataset>> {
    let datasets = catalogue::list(workspace.tenant()).await?;
    let is_whole = |dataset: &Dataset| {
        let mut fields = dataset.fields.iter();
        permit.may_see_dataset(dataset.id.0)
            && fields.all(|field| permit.may_read_field(dataset.id.0, field.id.0))
    };
    match datasets.iter().all(is_whole) {
        true => Ok(datasets),
        false => Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "your rights are narrowed, and a person's data may be anywhere; ask another member",
        )),
    }
}

async fn step(tx: &TenantTx, id: PersonRequestId, by: AccountId, step: rows::Step<'_>) -> Result<()> {
    match rows::step(tx, id, by, step).await {
        Err(StoreError::NotFound) => Err(conflict(
            "the request is not there, closed, or not in a state for this; look at it again",
        )),
        done => done.map_err(missing),
    }
}

async fn note(
    workspace: &Workspace,
    tx: TenantTx,
    action: &'static str,
    id: PersonRequestId,
    reason: &str,
) -> Result<()> {
    let act = Act::access(action, Object::new("person-request", id)).because(reason);
    tx.commit(&workspace.plain_entry(&act)?).await?;
    Ok(())
}

fn author(permit: &Permit) -> Result<AccountId> {
    let account = permit.account().map(AccountId);
    Ok(account.ok_or(access::Denial::NotSignedIn)?)
}

fn limit() -> i64 {
    i64::try_from(HITS_MAX).unwrap_or(i64::MAX)
}

fn conflict(why: &str) -> PlatformError {
    PlatformError::new(ProblemCode::Conflict, why)
}

fn checked_reason(pointer: &str, text: &str) -> Result<String> {
    checked_line(pointer, text, REASON_CHARACTERS_MIN, REASON_CHARACTERS_MAX)
}

fn checked_line(pointer: &str, text: &str, min: usize, max: usize) -> Result<String> {
    let text = text.trim();
    if (min..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("{min} to {max} characters on one line");
    Err(PlatformError::invalid_at(pointer, "malformed", message))
}
