//! Batches: up to 1,000 changes to one dataset's records, all or none.

use crate::{answer::Answer, call::Call, read::members::Members, refusal::Result};
use platform::{
    bulk::{self, Applied, OPERATIONS_MAX, Operation},
    record::Input,
};
use serde::Serialize;
use serde_json::Value as Json;
use types::RecordId;

#[derive(Clone, Copy)]
enum Action {
    Create,
    Update,
    Trash,
    Restore,
}

const ACTIONS: &[(&str, Action)] = &[
    ("create", Action::Create),
    ("update", Action::Update),
    ("trash", Action::Trash),
    ("restore", Action::Restore),
];

#[derive(Serialize)]
struct AppliedView {
    id: RecordId,
    version: i64,
}

#[derive(Serialize)]
struct BatchView {
    results: Vec<AppliedView>,
}

/// Carries out operations in their order, as one act.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    members.require("operations");
    let items = members.list("operations", OPERATIONS_MAX).unwrap_or_default();
    let mut operations = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        let read = read_operation(item, format!("/operations/{place}"));
        operations.extend(members.note_all(read));
    }
    members.finish()?;
    let applied = bulk::apply(call.workspace()?, call.part("dataset"), operations).await?;
    let results = applied.iter().map(|Applied { id, version }| AppliedView {
        id: *id,
        version: *version,
    });
    Ok(Answer::ok(&BatchView {
        results: results.collect(),
    }))
}

fn read_operation(json: Json, at: String) -> Result<Operation> {
    let mut members = Members::of(json, at)?;
    // A fault that was noted ends in no operation.
    let action = members.required_word("action", ACTIONS).unwrap_or(Action::Create);
    let operation = match action {
        Action::Create => Operation::Create {
            fields: fields(&mut members),
        },
        Action::Update => Operation::Update {
            id: id(&mut members),
            version: members.integer("version"),
            fields: fields(&mut members),
        },
        Action::Trash => Operation::Trash {
            id: id(&mut members),
            version: members.integer("version"),
        },
        Action::Restore => Operation::Restore {
            id: id(&mut members),
            version: members.integer("version"),
        },
    };
    members.finish()?;
    Ok(operation)
}

/// The record's id; the nil id stands for a fault that was noted.
fn id(members: &mut Members) -> RecordId {
    let text = members.required_text("id");
    let parsed = text.parse();
    if parsed.is_err() && !text.is_empty() {
        members.note("id", "malformed", "expected a record's id");
    }
    parsed.unwrap_or(RecordId(uuid::Uuid::nil()))
}

fn fields(members: &mut Members) -> Input {
    match members.take("fields") {
        Some(Json::Object(fields)) => return fields,
        Some(_) => members.note(
            "fields",
            "wrong-type",
            "expected an object of field keys and values",
        ),
        None => members.note("fields", "required", "a value is required"),
    }
    Input::new()
}
