//! Erasing what is this person's: proposed by one member, approved by another, carried out record by record.
//!
//! Invariants: nothing begins under a legal hold, and what a hold placed meanwhile refuses waits with the rest; each record is erased
//! under an entry of its own, because one erasure explains one record to whoever verifies the log; what was begun is gone on with from
//! where it stands, however often; the request is closed only when nothing is left. Start at [`propose`].

use super::{
    attachment::files_of, author, checked_reason, conflict, datasets_of, forget_words_in, hand_over::theirs,
    hit::states, is_held, limit, missing, note, row, search::end_search, step,
};
use crate::{
    Workspace,
    act::{Act, Object},
    error::{PlatformError, Result},
    file, idempotency, lifecycle,
    person::{HitKind, PersonRequest, Verdict},
    record::{self, Expected},
};
use access::Permission;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{
    StoreError,
    tenant::{
        TenantTx, file as files,
        person::{self as rows, Outcome, Step},
    },
};
use types::{AccountId, AttachmentId, Dataset, PersonRequestId, ProblemCode, RecordId};
use uuid::Uuid;

/// Of what is left, so many are told.
const TOLD_MAX: usize = 20;
/// How a file came to be a hit that only a record of theirs names.
const ATTACHED: &str = "attached to a record of theirs";

/// What an approved erasure came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records that are gone.
    pub records: usize,
    /// Files that are gone.
    pub files: usize,
    /// What is left, of the first ones a sentence each; none when the request is closed.
    pub left: Vec<String>,
}

/// Proposes the erasure of what is marked as theirs, with the files that any version of it names, on a legal ground. From then on
/// nothing joins it or leaves it.
///
/// # Errors
/// `not-allowed`; `invalid`; `conflict` where a search has not come to its end, hits are undecided, none is theirs, or it is proposed
/// already; `not-found`.
pub async fn propose(workspace: &Workspace, id: PersonRequestId, ground: &str) -> Result<()> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    let by = author(&permit)?;
    let ground = checked_reason("/ground", ground)?;
    let datasets = datasets_of(workspace, &permit).await?;
    let request = row(workspace, id).await?;
    if request.closed.is_none() && request.proposed.is_none() {
        end_search(workspace, &request).await?;
    }
    let tx = workspace.tenant().begin(&permit).await?;
    // Nobody marks anything from here on.
    rows::lock(&tx, id).await.map_err(missing)?;
    let hits = rows::hits(workspace.tenant(), id, limit()).await?;
    let theirs = theirs(&hits)?;
    let named = files_named(workspace, &datasets, &theirs).await?;
    let (again, no_more) = attached(&hits, &named);
    rows::set_verdict(&tx, id, &again, Verdict::Theirs)
        .await
        .map_err(missing)?;
    rows::set_verdict(&tx, id, &no_more, Verdict::Other)
        .await
        .map_err(missing)?;
    let known: BTreeSet<_> = hits.iter().map(|hit| hit.object).collect();
    let named: Vec<rows::Hit> = named
        .into_iter()
        .filter(|file| !known.contains(&file.0))
        .map(|file| rows::Hit {
            object: file.0,
            kind: HitKind::File,
            dataset: None,
            found_in: vec![ATTACHED.to_owned()],
            has_words: false,
            verdict: Some(Verdict::Theirs),
        })
        .collect();
    let (records, of_files) = count(&theirs);
    let of_files = (of_files + again.len()).saturating_sub(no_more.len());
    let reason = format!("{records} records and {} files: {ground}", of_files + named.len());
    rows::put_hits(&tx, id, &named).await.map_err(missing)?;
    step(&tx, id, by, Step::Proposed(&ground)).await?;
    note(workspace, tx, "person-request.propose-erasure", id, &reason).await
}

/// Files that an earlier proposal brought along, which was taken back: those that a record of theirs names now, and was not said to be theirs;
/// and those that none names any more.
fn attached(hits: &[rows::Hit], named: &BTreeSet<AttachmentId>) -> (Vec<Uuid>, Vec<Uuid>) {
    let brought = hits.iter().filter(|hit| hit.found_in == [ATTACHED]);
    let (now, no_more): (Vec<&rows::Hit>, Vec<&rows::Hit>) =
        brought.partition(|hit| named.contains(&AttachmentId(hit.object)));
    let of = |hits: Vec<&rows::Hit>, from: Verdict| {
        let turned = hits.into_iter().filter(|hit| hit.verdict == Some(from));
        turned.map(|hit| hit.object).collect()
    };
    (of(now, Verdict::Other), of(no_more, Verdict::Theirs))
}

async fn files_named(
    workspace: &Workspace,
    datasets: &[Dataset],
    theirs: &[&rows::Hit],
) -> Result<BTreeSet<AttachmentId>> {
    let mut named = BTreeSet::new();
    for hit in theirs {
        if let Some(dataset) = datasets.iter().find(|dataset| Some(dataset.id) == hit.dataset) {
            named.extend(files_of(workspace, dataset, RecordId(hit.object)).await?);
        }
    }
    Ok(named)
}

fn count(hits: &[&rows::Hit]) -> (usize, usize) {
    let records = hits.iter().filter(|hit| hit.kind == HitKind::Record).count();
    (records, hits.len() - records)
}

/// Takes a proposal back, so that hits can be looked at anew.
///
/// # Errors
/// `not-allowed`; `conflict` where none is proposed or it is approved; `not-found`.
pub async fn withdraw(workspace: &Workspace, id: PersonRequestId) -> Result<()> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    row(workspace, id).await?;
    let tx = workspace.tenant().begin(&permit).await?;
    step(&tx, id, author(&permit)?, Step::Withdrawn).await?;
    note(
        workspace,
        tx,
        "person-request.withdraw",
        id,
        "the proposal is taken back",
    )
    .await
}

/// Approves the erasure that was proposed at `proposed_at`, as whoever approves has seen it, and carries it out. What cannot be erased yet is told, and [`carry_on`] goes on with it.
///
/// # Errors
/// `not-allowed`, also for whoever asked or proposed, in whatever session or with whatever token; `proof-required`; `held` while a hold is in
/// force: the whole request waits; `conflict` where nothing is proposed, another proposal was made since, or somebody else was quicker; `not-found`.
pub async fn approve(workspace: &Workspace, id: PersonRequestId, proposed_at: Timestamp) -> Result<Erased> {
    let by = lifecycle::require_meant(workspace, Permission::PersonRequest).await?;
    let permit = workspace.permit(Permission::RecordPurge).await?;
    workspace.permit(Permission::RecordWrite).await?;
    datasets_of(workspace, &permit).await?;
    let request = row(workspace, id).await?;
    let is_own = |done: Option<rows::Done>| done.is_some_and(|(who, _)| who == by);
    if is_own(Some(request.asked)) || is_own(request.proposed) {
        return Err(own());
    }
    refuse_held(workspace).await?;
    // What is marked cannot change under a proposal: one that is of another moment may be of other records.
    let another = || {
        conflict(
            "this erasure is not proposed any more, or somebody approved it a moment ago; look at the request again",
        )
    };
    if request.proposed.is_none_or(|(_, at)| at != proposed_at) {
        return Err(another());
    }
    let tx = workspace.tenant().begin(&permit).await?;
    match rows::step(&tx, id, by, Step::Approved(proposed_at)).await {
        Err(StoreError::NotFound) => return Err(another()),
        Err(StoreError::Refused { constraint }) if constraint == "person_request_own" => return Err(own()),
        done => done?,
    }
    let ground = request.ground.as_deref().unwrap_or_default();
    note(workspace, tx, "person-request.approve-erasure", id, ground).await?;
    carry_out(workspace, id).await
}

fn own() -> PlatformError {
    let why = "whoever wrote the request down or proposed its erasure does not approve it; another administrator does";
    PlatformError::new(ProblemCode::NotAllowed, why)
}

async fn refuse_held(workspace: &Workspace) -> Result<()> {
    match is_held(workspace).await? {
        true => Err(StoreError::Held.into()),
        false => Ok(()),
    }
}

/// Goes on with an approved erasure of which something was left: a hold, a reference, a program that ended half-way.
///
/// # Errors
/// `not-allowed`; `proof-required`; `held`; `conflict` where nothing is approved or it is done; `not-found`.
pub async fn carry_on(workspace: &Workspace, id: PersonRequestId) -> Result<Erased> {
    lifecycle::require_meant(workspace, Permission::PersonRequest).await?;
    refuse_held(workspace).await?;
    carry_out(workspace, id).await
}

async fn carry_out(workspace: &Workspace, id: PersonRequestId) -> Result<Erased> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let datasets = datasets_of(workspace, &permit).await?;
    let request = row(workspace, id).await?;
    if request.approved.is_none() || request.closed.is_some() {
        return Err(conflict("no erasure is approved, or it is done"));
    }
    let hits = rows::hits(workspace.tenant(), id, i64::MAX).await?;
    let theirs: Vec<&rows::Hit> = hits
        .iter()
        .filter(|hit| hit.verdict == Some(Verdict::Theirs))
        .collect();
    let reason = format!("one of {}: {}", theirs.len(), reason_of(&request));
    let mut left = erase_records(workspace, &datasets, &theirs, &reason).await?;
    left.extend(erase_files(workspace, &theirs, &reason).await?);
    idempotency::erase(workspace.platform(), workspace.organization().id).await?;
    let states = states(workspace, &datasets, &hits).await?;
    let gone: Vec<&rows::Hit> = theirs
        .iter()
        .copied()
        .filter(|hit| !states.contains_key(&hit.object))
        .collect();
    let (records, of_files) = count(&gone);
    let mut erased = Erased {
        records,
        files: of_files,
        left,
    };
    erased.left.truncate(TOLD_MAX);
    if gone.len() == theirs.len() {
        erased.left.clear();
        finish(workspace, &request, &erased).await?;
    }
    Ok(erased)
}

/// Who wanted it, who allowed it, why.
fn reason_of(request: &PersonRequest) -> String {
    let name = |done: Option<rows::Done>| done.map_or_else(String::new, |(who, _)| who.to_string());
    format!(
        "request {}, asked for by {}, proposed by {}, approved by {}: {}",
        request.id,
        request.asked.0,
        name(request.proposed),
        name(request.approved),
        request.ground.as_deref().unwrap_or_default()
    )
}

/// Records refer to each other: what is refused for that is tried again when others are gone.
async fn erase_records(
    workspace: &Workspace,
    datasets: &[Dataset],
    theirs: &[&rows::Hit],
    reason: &str,
) -> Result<Vec<String>> {
    let mut waiting: Vec<(&Dataset, RecordId)> = Vec::new();
    for hit in theirs {
        let dataset = datasets.iter().find(|dataset| Some(dataset.id) == hit.dataset);
        waiting.extend(dataset.map(|dataset| (dataset, RecordId(hit.object))));
    }
    loop {
        let mut refused = Vec::new();
        for (dataset, record) in &waiting {
            if let Some(why) = erase_record(workspace, dataset, *record, reason).await? {
                refused.push((*dataset, *record, why));
            }
        }
        if refused.is_empty() || refused.len() == waiting.len() {
            let tell = |(dataset, record, why): (&Dataset, RecordId, String)| {
                format!("the record {record} of {}: {why}", dataset.key)
            };
            return Ok(refused.into_iter().map(tell).collect());
        }
        waiting = refused
            .into_iter()
            .map(|(dataset, record, _)| (dataset, record))
            .collect();
    }
}

/// Why it could not be, if that is of this record alone.
async fn erase_record(
    workspace: &Workspace,
    dataset: &Dataset,
    id: RecordId,
    reason: &str,
) -> Result<Option<String>> {
    let Some(key) = rows::key_of(workspace.tenant(), dataset, id).await? else {
        return Ok(None);
    };
    if !key.is_trashed {
        match record::trash(workspace, dataset.key.as_str(), id, Expected::Any).await {
            // Somebody put it there a moment ago, or changed it.
            Err(error) if matches!(error.code, ProblemCode::Conflict | ProblemCode::Stale) => {}
            done => drop(done?),
        }
    }
    match record::purge_because(workspace, dataset.key.as_str(), id, reason).await {
        Ok(()) => Ok(None),
        Err(error) if error.code == ProblemCode::NotFound => Ok(None),
        Err(error)
            if matches!(
                error.code,
                ProblemCode::Conflict | ProblemCode::Invalid | ProblemCode::Stale
            ) =>
        {
            Ok(Some(error.detail))
        }
        Err(error) => Err(error),
    }
}

async fn erase_files(workspace: &Workspace, theirs: &[&rows::Hit], reason: &str) -> Result<Vec<String>> {
    let ids = theirs.iter().filter(|hit| hit.kind == HitKind::File);
    let ids: Vec<AttachmentId> = ids.map(|hit| AttachmentId(hit.object)).collect();
    let mut left = Vec::new();
    for id in files::present(workspace.tenant(), &ids).await? {
        if !file::erase(workspace, id, reason).await? {
            left.push(format!(
                "the file {id}: a record that is not theirs has it; take it out there"
            ));
        }
    }
    Ok(left)
}

/// Closes the request under an erasure's entry of its own, with who wanted it, who allowed it, why and how much.
async fn finish(workspace: &Workspace, request: &PersonRequest, erased: &Erased) -> Result<()> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let by: AccountId = author(&permit)?;
    let tx: TenantTx = workspace.tenant().begin(&permit).await?;
    step(&tx, request.id, by, Step::Closed(Outcome::Erased, None)).await?;
    forget_words_in(workspace, &tx, request.id).await?;
    let (records, of_files) = (erased.records, erased.files);
    let reason = format!("{records} records and {of_files} files: {}", reason_of(request));
    let act = Act::erasure(
        "person-request.erase",
        Object::new("person-request", request.id),
        0,
    )
    .because(&reason);
    tx.commit(&workspace.plain_entry(&act)?).await?;
    Ok(())
}
