//! What persons ask for about their own data.

use super::file::download;
use crate::{
    answer::Answer,
    call::Call,
    refusal::Result,
    view::person::{ErasedView, HitsView, RequestJson, RequestsView, SearchedView},
};
use actix_web::http::StatusCode;
use platform::person::{self, HITS_MAX, NewRequest, Outcome, RequestKind, Verdict, WORDS_MAX};
use types::PersonRequestId;

const KINDS: &[(&str, RequestKind)] = &[("access", RequestKind::Access), ("erasure", RequestKind::Erasure)];
const VERDICTS: &[(&str, Verdict)] = &[("theirs", Verdict::Theirs), ("other", Verdict::Other)];
const OUTCOMES: &[(&str, Outcome)] = &[
    ("handed-over", Outcome::HandedOver),
    ("nothing-found", Outcome::NothingFound),
    ("refused", Outcome::Refused),
];

fn done() -> Answer {
    Answer::empty(StatusCode::NO_CONTENT)
}

fn id(call: &Call) -> Result<PersonRequestId> {
    call.id("request")
}

/// The organization's requests.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let requests = person::list(call.workspace()?).await?;
    Ok(Answer::ok(&RequestsView {
        requests: requests.iter().map(RequestJson::from).collect(),
    }))
}

/// Writes one down.
pub(crate) async fn open(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let kind = members.required_word("kind", KINDS);
    let reference = members.required_text("reference");
    let received_on = members.part("received_on");
    let words = members.texts("words", WORDS_MAX).unwrap_or_default();
    let new = NewRequest {
        kind: members.finish_with(kind)?,
        reference,
        received_on,
        words,
    };
    let id = person::open(call.workspace()?, new).await?;
    let view = person::find(call.workspace()?, id).await?;
    let location = format!("{}/{id}", call.request.path());
    Ok(Answer::created(&location, &RequestJson::from(&view)))
}

/// One with its words.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let view = person::find(call.workspace()?, id(&call)?).await?;
    Ok(Answer::ok(&RequestJson::from(&view)))
}

/// Looks for the person.
pub(crate) async fn search(call: Call) -> Result<Answer> {
    let searched = person::search(call.workspace()?, id(&call)?).await?;
    Ok(Answer::ok(&SearchedView::from(searched)))
}

/// What was found.
pub(crate) async fn hits(call: Call) -> Result<Answer> {
    let hits = person::hits(call.workspace()?, id(&call)?).await?;
    Ok(Answer::ok(&HitsView::of(&hits)))
}

/// Says whose hits are.
pub(crate) async fn mark(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let hits = members.texts("hits", HITS_MAX).unwrap_or_default();
    let verdict = members.required_word("verdict", VERDICTS);
    let parsed: Vec<uuid::Uuid> = hits.iter().filter_map(|hit| hit.parse().ok()).collect();
    if parsed.len() != hits.len() {
        members.note("hits", "malformed", "expected ids of hits");
    }
    let verdict = members.finish_with(verdict)?;
    person::mark(call.workspace()?, id(&call)?, &parsed, verdict).await?;
    Ok(done())
}

/// Gives it more time.
pub(crate) async fn extend(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let due_on = members.required_part("due_on");
    let because = members.required_text("because");
    members.finish()?;
    if let Some(due_on) = due_on {
        person::extend(call.workspace()?, id(&call)?, due_on, &because).await?;
    }
    Ok(done())
}

/// What is theirs, as a tar file.
pub(crate) async fn hand_over(call: Call) -> Result<Answer> {
    let id = id(&call)?;
    let stream = person::hand_over(call.workspace()?, id).await?;
    Ok(download("application/x-tar", &format!("{id}.tar"), stream))
}

/// Proposes the erasure.
pub(crate) async fn propose(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let ground = members.required_text("ground");
    members.finish()?;
    person::propose(call.workspace()?, id(&call)?, &ground).await?;
    Ok(done())
}

/// Takes the proposal back.
pub(crate) async fn withdraw(call: Call) -> Result<Answer> {
    person::withdraw(call.workspace()?, id(&call)?).await?;
    Ok(done())
}

/// Approves the proposal that was seen, and carries it out.
pub(crate) async fn approve(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let proposed_at = members.required_part("proposed_at");
    members.finish()?;
    let erased = person::approve(call.workspace()?, id(&call)?, proposed_at.unwrap_or_default()).await?;
    Ok(Answer::ok(&ErasedView::from(erased)))
}

/// Goes on with it.
pub(crate) async fn carry_on(call: Call) -> Result<Answer> {
    let erased = person::carry_on(call.workspace()?, id(&call)?).await?;
    Ok(Answer::ok(&ErasedView::from(erased)))
}

/// Closes it.
pub(crate) async fn close(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let outcome = members.required_word("outcome", OUTCOMES);
    let note = members.required_text("note");
    let outcome = members.finish_with(outcome)?;
    person::close(call.workspace()?, id(&call)?, outcome, &note).await?;
    Ok(done())
}
