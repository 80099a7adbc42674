//! Changing records: create, update, trash, restore, purge, and the reveal of a sensitive field.

use crate::{
    answer::Answer,
    call::Call,
    condition,
    refusal::{Refusal, Result},
    view::record::{Clear, RecordView},
};
use actix_web::http::{StatusCode, header};
use platform::{
    PlatformError,
    record::{self, Found, Input},
};
use serde::Serialize;
use serde_json::Value as Json;
use types::{ProblemCode, RecordId, Value};

/// Reads `{"fields": {...}}`.
fn take_fields(call: &mut Call) -> Result<Input> {
    let mut members = call.take_members()?;
    let fields = match members.take("fields") {
        Some(Json::Object(fields)) => fields,
        Some(_) => {
            members.note(
                "fields",
                "wrong-type",
                "expected an object of field keys and values",
            );
            Input::new()
        }
        None => {
            members.note("fields", "required", "a value is required");
            Input::new()
        }
    };
    members.finish()?;
    Ok(fields)
}

fn tagged(answer: Answer, found: &Found) -> Answer {
    let tag = condition::etag(found.record.version, answer.bytes());
    answer.with(header::ETAG, &tag)
}

/// Creates a record.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let fields = take_fields(&mut call)?;
    let found = record::create(call.workspace()?, call.part("dataset"), &fields).await?;
    let location = format!("{}/{}", call.request.path(), found.record.id);
    Ok(tagged(
        Answer::created(&location, &RecordView::of(&found)),
        &found,
    ))
}

/// Changes the fields that are sent.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let expected = condition::expected(&call.request)?;
    let fields = take_fields(&mut call)?;
    let id = call.record()?;
    let done = record::update(call.workspace()?, call.part("dataset"), id, expected, &fields).await;
    answer(&call, id, done).await
}

/// Puts a record into the trash.
pub(crate) async fn trash(call: Call) -> Result<Answer> {
    let expected = condition::expected(&call.request)?;
    let id = call.record()?;
    let done = record::trash(call.workspace()?, call.part("dataset"), id, expected).await;
    answer(&call, id, done).await
}

/// Takes a record out of the trash.
pub(crate) async fn restore(call: Call) -> Result<Answer> {
    let expected = condition::expected(&call.request)?;
    let id = call.record()?;
    let done = record::restore(call.workspace()?, call.part("dataset"), id, expected).await;
    answer(&call, id, done).await
}

/// Removes a record in the trash for good.
pub(crate) async fn purge(call: Call) -> Result<Answer> {
    let expected = condition::expected(&call.request)?;
    let id = call.record()?;
    match record::purge(call.workspace()?, call.part("dataset"), id, expected).await {
        Ok(()) => Ok(Answer::empty(StatusCode::NO_CONTENT)),
        Err(error) => Err(with_current(&call, id, error).await),
    }
}

async fn answer(call: &Call, id: RecordId, done: Result<Found, PlatformError>) -> Result<Answer> {
    match done {
        Ok(found) => Ok(tagged(Answer::ok(&RecordView::of(&found)), &found)),
        Err(error) => Err(with_current(call, id, error).await),
    }
}

/// Shows the record as it is now beside the refusal of a stale version. It is read again, under the caller's right to
/// read, because a refusal of a change is no permission to see.
async fn with_current(call: &Call, id: RecordId, error: PlatformError) -> Refusal {
    let mut refusal = Refusal::from(error);
    if refusal.code == ProblemCode::Stale
        && let Ok(workspace) = call.workspace()
        && let Ok(found) = record::read(workspace, call.part("dataset"), id).await
    {
        refusal.current = Some(Box::new(found));
    }
    refusal
}

#[derive(Serialize)]
struct RevealView<'a> {
    value: Clear<'a>,
}

/// The clear value of a sensitive field; the act is an entry of the audit log.
pub(crate) async fn reveal(call: Call) -> Result<Answer> {
    let id = call.record()?;
    let value: Value =
        record::reveal(call.workspace()?, call.part("dataset"), id, call.part("field")).await?;
    Ok(Answer::ok(&RevealView { value: Clear(&value) }))
}
