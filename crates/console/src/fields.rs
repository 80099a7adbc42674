//! The settings of a dataset: its name, its fields, a new field.

mod inputs;

use crate::{
    datasets::{chrome_of, header},
    errors::Fault,
    form::Form,
    view::{
        Badge, Choice, DatasetSettingsPage, DatasetTab, ErrorSummary, FieldInput, FieldRow, InputKind, Tone,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{kind_label, sentence},
};
use access::Permission;
use actix_web::{http::StatusCode, web::Path};
use inputs::{new_inputs, old_inputs, prefix_of, read_draft};
use platform::PlatformError;
use types::{
    Dataset, Field, FieldKind, ProblemCode, Value,
    field::{Indexing, Presence, Uniqueness},
};

/// Puts the platform's problems to the inputs they are about. What is not about an input of the form, and what is no
/// matter of values at all, stays a fault.
pub(crate) fn with_problems(
    title: &str,
    error: PlatformError,
    mut fields: Vec<FieldInput>,
) -> Result<(Vec<FieldInput>, ErrorSummary), Fault> {
    let of_values = matches!(
        error.code,
        ProblemCode::Invalid | ProblemCode::Taken | ProblemCode::Conflict | ProblemCode::LastOwner
    );
    if !of_values {
        return Err(error.into());
    }
    let mut elsewhere = Vec::new();
    for problem in &error.errors {
        let name = |field: &FieldInput| is_at(&problem.pointer, &field.name);
        match fields.iter_mut().find(|field| name(field)) {
            Some(field) => field.error = Some(sentence(&problem.message)),
            None => elsewhere.push(sentence(&problem.message)),
        }
    }
    if error.errors.is_empty() {
        elsewhere.push(sentence(&error.detail));
    }
    let title = if elsewhere.is_empty() {
        format!("{title}: look at these fields")
    } else {
        format!("{title}. {}", elsewhere.join(" "))
    };
    Ok((fields.clone(), ErrorSummary::of_fields(title, &fields)))
}

/// Is the pointer about the input of that name? `/rules/choices` is about `choices`, `/fields/a` about `field.a`,
/// `/key` about `new.key` and `old.a.key`.
fn is_at(pointer: &str, name: &str) -> bool {
    if let Some(key) = pointer.strip_prefix("/fields/") {
        return name.strip_prefix("field.") == Some(key);
    }
    let last = |text: &str, separator| text.rsplit(separator).next().map(str::to_owned);
    let renamed = match last(pointer, '/').as_deref() {
        Some("uniqueness") => Some("unique".to_owned()),
        Some("dataset") => Some("references".to_owned()),
        other => other.map(str::to_owned),
    };
    last(name, '.') == renamed
}

fn field_row(field: &Field) -> FieldRow {
    let sensitive = field.kind == FieldKind::SensitiveText;
    let marks = [
        (sensitive, "Sensitive", Tone::Brass),
        (field.presence == Presence::Required, "Required", Tone::Neutral),
        (field.uniqueness == Uniqueness::Unique, "Unique", Tone::Neutral),
        (field.indexing == Indexing::Indexed, "Indexed", Tone::Neutral),
    ];
    FieldRow {
        key: field.key.to_string(),
        label: field.label.clone(),
        type_label: kind_label(field.kind).to_owned(),
        marks: marks
            .into_iter()
            .filter(|(holds, ..)| *holds)
            .map(|(_, text, tone)| Badge::new(text, tone))
            .collect(),
        sensitive,
        may_become_sensitive: field.kind.is_text(),
        inputs: old_inputs(field, None),
        open: false,
    }
}

fn settings_inputs(dataset: &Dataset, form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str, now: &str| form.map_or(now, |form| form.text(name)).to_owned();
    vec![
        FieldInput::new("label", "Name", InputKind::Text)
            .with_value(value("label", &dataset.label))
            .required(),
        FieldInput::new("description", "Description", InputKind::LongText)
            .with_value(value("description", &dataset.description)),
    ]
}

async fn settings_page(room: &Room, dataset: &Dataset) -> Result<DatasetSettingsPage, Fault> {
    if !room.may(Permission::DatasetDefine) {
        return Err(Fault::new(
            ProblemCode::NotAllowed,
            "your role may not change datasets",
        ));
    }
    let others = platform::dataset::list(&room.workspace).await?;
    let datasets: Vec<Choice> = others
        .iter()
        .map(|other| Choice::new(other.key.as_str(), &*other.label))
        .collect();
    Ok(DatasetSettingsPage {
        chrome: chrome_of(room, dataset, "Settings", DatasetTab::Settings).await?,
        dataset: header(room, dataset, DatasetTab::Settings),
        settings: settings_inputs(dataset, None),
        fields: dataset.fields.iter().map(field_row).collect(),
        new_field: new_inputs(&datasets, None),
        new_field_open: dataset.fields.is_empty(),
        failure: None,
    })
}

/// `GET /o/{organization}/d/{dataset}/settings`
pub(crate) async fn show(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
    page(&settings_page(&room, &dataset).await?)
}

fn to_settings(room: &Room, dataset: &str, notice: &str) -> Answer {
    see_other(&format!("{}/d/{dataset}/settings?notice={notice}", room.base()))
}

/// `POST /o/{organization}/d/{dataset}/settings`
pub(crate) async fn rename(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let description = form.text("description").replace("\r\n", "\n");
    let done = platform::dataset::alter(&room.workspace, &path.1, form.text("label"), &description).await;
    match done {
        Ok(_) => to_settings(&room, &path.1, "saved"),
        Err(error) => {
            let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
            let (settings, failure) =
                with_problems("Not saved", error, settings_inputs(&dataset, Some(&form)))?;
            let mut template = settings_page(&room, &dataset).await?;
            template.settings = settings;
            template.failure = Some(failure);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /o/{organization}/d/{dataset}/fields`
pub(crate) async fn add(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let kind = FieldKind::parse(form.text("new.kind")).unwrap_or(FieldKind::Text);
    let draft = read_draft(&form, "new", kind);
    match platform::dataset::add_field(&room.workspace, &path.1, &draft).await {
        Ok(_) => to_settings(&room, &path.1, "field-added"),
        Err(error) => {
            let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
            let mut template = settings_page(&room, &dataset).await?;
            let others = platform::dataset::list(&room.workspace).await?;
            let datasets: Vec<Choice> = others
                .iter()
                .map(|other| Choice::new(other.key.as_str(), &*other.label))
                .collect();
            let inputs = new_inputs(&datasets, Some(&form));
            let (inputs, failure) = with_problems("The field was not added", error, inputs)?;
            template.new_field = inputs;
            template.new_field_open = true;
            template.failure = Some(failure);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /o/{organization}/d/{dataset}/fields/{field}`
pub(crate) async fn alter(visit: Visit, path: Path<(String, String, String)>, form: Form) -> Answer {
    let (slug, key, field_key) = path.into_inner();
    let room = visit.enter(&slug).await?;
    let dataset = platform::dataset::find(&room.workspace, &key).await?;
    let (_, field) = dataset
        .field(&field_key)
        .ok_or_else(|| Fault::not_found("field"))?;
    let mut draft = read_draft(&form, &prefix_of(field), field.kind);
    // What the form does not offer stays as it is.
    draft.key = field.key.to_string();
    draft.rules.length_min = field.rules.length_min;
    draft.rules.dataset = field.rules.dataset;
    draft.default.clone_from(&field.default);
    match platform::dataset::alter_field(&room.workspace, &key, &field_key, &draft).await {
        Ok(_) => to_settings(&room, &key, "saved"),
        Err(error) => {
            let (inputs, failure) =
                with_problems("The field was not changed", error, old_inputs(field, Some(&form)))?;
            let mut template = settings_page(&room, &dataset).await?;
            if let Some(row) = template.fields.iter_mut().find(|row| row.key == field_key) {
                row.inputs = inputs;
                row.open = true;
            }
            template.failure = Some(failure);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /o/{organization}/d/{dataset}/fields/{field}/sensitive`
pub(crate) async fn seal(visit: Visit, path: Path<(String, String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    platform::dataset::make_sensitive(&room.workspace, &path.1, &path.2).await?;
    to_settings(&room, &path.1, "field-sealed")
}

/// `POST /o/{organization}/d/{dataset}/fields/{field}/delete`
pub(crate) async fn remove(visit: Visit, path: Path<(String, String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    platform::dataset::drop_field(&room.workspace, &path.1, &path.2).await?;
    to_settings(&room, &path.1, "field-deleted")
}

/// The value a field starts with in the form of a new record.
pub(crate) fn default_of(field: &Field) -> Value {
    let json = field.default.as_ref();
    json.and_then(|json| Value::from_json(field.kind, json).ok())
        .unwrap_or(Value::Empty)
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn a_pointer_finds_its_input() {
        for (pointer, name) in [
            ("/fields/amount", "field.amount"),
            ("/label", "new.label"),
            ("/rules/choices", "old.state.choices"),
            ("/uniqueness", "new.unique"),
            ("/rules/dataset", "new.references"),
            ("/key", "key"),
        ] {
            assert!(is_at(pointer, name), "{pointer} {name}");
        }
        assert!(!is_at("/fields/amount", "field.amount_2"));
        assert!(!is_at("/label", "key"));
    }
}
