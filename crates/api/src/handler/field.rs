//! Fields of a dataset.

use super::dataset::referred;
use crate::{
    answer::Answer, call::Call, read::members::Members, refusal::Result, view::dataset::DatasetView,
};
use platform::{
    PlatformError,
    dataset::{self, FieldDraft},
};
use serde_json::Value as Json;
use std::sync::Arc;
use types::{
    Dataset, Field, FieldKind,
    field::{Indexing, Presence, Rules, Uniqueness},
};

/// Most choices of a list.
const CHOICES_MAX: usize = 500;

const PRESENCES: &[(&str, Presence)] = &[("optional", Presence::Optional), ("required", Presence::Required)];
const UNIQUENESSES: &[(&str, Uniqueness)] = &[
    ("repeatable", Uniqueness::Repeatable),
    ("unique", Uniqueness::Unique),
];
const INDEXINGS: &[(&str, Indexing)] = &[("none", Indexing::None), ("indexed", Indexing::Indexed)];

/// Reads a field to be made.
pub(super) fn read_draft(json: Json, at: &str) -> Result<FieldDraft> {
    let mut members = Members::of(json, at)?;
    let key = members.text("key").unwrap_or_default();
    let label = members.required_text("label");
    let kinds: Vec<(&str, FieldKind)> = FieldKind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    // A fault that was noted ends in no field.
    let kind = members.required_word("kind", &kinds).unwrap_or(FieldKind::Text);
    let blank = FieldDraft {
        key,
        label,
        kind,
        presence: Presence::default(),
        uniqueness: Uniqueness::default(),
        indexing: Indexing::default(),
        rules: Rules::default(),
        references: None,
        default: None,
        help: String::new(),
    };
    let draft = read_changes(&mut members, blank);
    members.finish()?;
    Ok(draft)
}

/// Puts the members that are there in place of the draft's.
fn read_changes(members: &mut Members, mut draft: FieldDraft) -> FieldDraft {
    if let Some(presence) = members.word("presence", PRESENCES) {
        draft.presence = presence;
    }
    if let Some(uniqueness) = members.word("uniqueness", UNIQUENESSES) {
        draft.uniqueness = uniqueness;
    }
    if let Some(indexing) = members.word("indexing", INDEXINGS) {
        draft.indexing = indexing;
    }
    if let Some(rules) = members.take("rules") {
        let read = read_rules(rules, members.pointer("rules"));
        let dataset = draft.rules.dataset;
        draft.rules = members.note_all(read).unwrap_or_default();
        draft.rules.dataset = dataset;
    }
    if let Some(references) = members.text("references") {
        draft.references = Some(references);
    }
    if members.has("default") {
        draft.default = members.take("default");
    }
    if let Some(help) = members.text("help") {
        draft.help = help;
    }
    draft
}

fn read_rules(json: Json, at: String) -> Result<Rules> {
    let mut members = Members::of(json, at)?;
    let rules = Rules {
        min: bound(&mut members, "min"),
        max: bound(&mut members, "max"),
        length_min: length(&mut members, "length_min"),
        length_max: length(&mut members, "length_max"),
        pattern: members.text("pattern"),
        choices: members.texts("choices", CHOICES_MAX).unwrap_or_default(),
        dataset: None,
    };
    members.finish()?;
    Ok(rules)
}

/// A bound is a decimal as text or a whole number.
fn bound(members: &mut Members, name: &str) -> Option<String> {
    match members.take(name)? {
        Json::String(text) => Some(text),
        Json::Number(number) if number.is_i64() => Some(number.to_string()),
        _ => {
            members.note(
                name,
                "wrong-type",
                "expected a number or date as a string, such as \"0.5\"",
            );
            None
        }
    }
}

fn length(members: &mut Members, name: &str) -> Option<u32> {
    let number = members.integer(name)?;
    let length = u32::try_from(number).ok();
    if length.is_none() {
        members.note(
            name,
            "out-of-range",
            "expected a whole number of 32 bits, not negative",
        );
    }
    length
}

fn draft_of(field: &Field) -> FieldDraft {
    FieldDraft {
        key: field.key.as_str().to_owned(),
        label: field.label.clone(),
        kind: field.kind,
        presence: field.presence,
        uniqueness: field.uniqueness,
        indexing: field.indexing,
        rules: field.rules.clone(),
        references: None,
        default: field.default.clone(),
        help: field.help.clone(),
    }
}

async fn answer(call: &Call, dataset: Arc<Dataset>) -> Result<Answer> {
    let known = referred(call.workspace()?, &dataset).await?;
    Ok(Answer::ok(&DatasetView::of(&dataset, &known)))
}

/// Adds a field; answers with the dataset.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let draft = read_draft(call.take_json()?, "")?;
    let changed = dataset::add_field(call.workspace()?, call.part("dataset"), &draft).await?;
    let known = referred(call.workspace()?, &changed).await?;
    let key = changed.fields.last().map_or("", |field| field.key.as_str());
    let location = format!("{}/{key}", call.request.path());
    Ok(Answer::created(&location, &DatasetView::of(&changed, &known)))
}

/// Changes the members that are sent; the key and the kind stay.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let workspace = call.workspace()?;
    let found = dataset::find(workspace, call.part("dataset")).await?;
    let (_, field) = found
        .field(call.part("field"))
        .ok_or_else(|| PlatformError::not_found("field"))?;
    let mut draft = draft_of(field);
    if let Some(label) = members.text("label") {
        draft.label = label;
    }
    let draft = read_changes(&mut members, draft);
    members.finish()?;
    let changed = dataset::alter_field(workspace, call.part("dataset"), call.part("field"), &draft).await?;
    answer(&call, changed).await
}

/// Removes a field with its values.
pub(crate) async fn delete(call: Call) -> Result<Answer> {
    let changed = dataset::drop_field(call.workspace()?, call.part("dataset"), call.part("field")).await?;
    answer(&call, changed).await
}

/// Makes a text field sensitive.
pub(crate) async fn make_sensitive(call: Call) -> Result<Answer> {
    let changed =
        dataset::make_sensitive(call.workspace()?, call.part("dataset"), call.part("field")).await?;
    answer(&call, changed).await
}
