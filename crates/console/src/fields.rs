//! The settings of a dataset: its name, its fields, a new field.

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
use platform::{PlatformError, dataset::FieldDraft};
use types::{
    Dataset, Field, FieldKind, ProblemCode, Value,
    field::{Indexing, Presence, Rules, Uniqueness},
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

/// Names of inputs begin with this: ids must be unique on a page that holds the form of every field.
fn input(prefix: &str, name: &str, label: &str, kind: InputKind) -> FieldInput {
    FieldInput::new(format!("{prefix}.{name}"), label, kind)
}

fn prefix_of(field: &Field) -> String {
    format!("old.{}", field.key)
}

fn type_choices(selected: &str) -> Vec<Choice> {
    FieldKind::ALL
        .into_iter()
        .map(|kind| Choice::new(kind.as_str(), kind_label(kind)).selected_if(selected))
        .collect()
}

/// The inputs that a new field and an existing one share.
fn rule_inputs(prefix: &str, kind: Option<FieldKind>, value: &dyn Fn(&str) -> String) -> Vec<FieldInput> {
    let is = |kinds: &[FieldKind]| kind.is_none_or(|kind| kinds.contains(&kind));
    let make =
        |name: &str, label: &str, kind: InputKind| input(prefix, name, label, kind).with_value(value(name));
    let mut inputs = vec![
        make("help", "Help", InputKind::Text).with_help("A sentence for whoever fills in the form."),
        make("required", "Required", InputKind::Checkbox),
    ];
    use FieldKind::{
        Choice as One, Date, Decimal, Email, Integer, LongText, Money, MultipleChoice, Phone, SensitiveText,
        Text, Url,
    };
    if kind.is_none_or(|kind| kind.is_ordered() || kind == SensitiveText) && kind != Some(Money) {
        inputs.push(make(
            "unique",
            "Unique: no two records have the same value",
            InputKind::Checkbox,
        ));
    }
    if kind.is_none_or(FieldKind::is_ordered) {
        inputs.push(make(
            "indexed",
            "Indexed: filtered and sorted quickly",
            InputKind::Checkbox,
        ));
    }
    if is(&[One, MultipleChoice]) {
        inputs.push(
            make("choices", "Choices", InputKind::LongText).with_help("For a choice: one on each line."),
        );
    }
    if is(&[Integer, Decimal, Money, Date]) {
        inputs
            .push(make("min", "Smallest value", InputKind::Text).with_help("For numbers, money and dates."));
        inputs.push(make("max", "Greatest value", InputKind::Text));
    }
    if is(&[Text, LongText, Email, Url, Phone, SensitiveText]) {
        inputs.push(make("length_max", "Most characters", InputKind::Integer).with_help("For texts."));
        inputs.push(
            make("pattern", "Pattern", InputKind::Text)
                .with_help("A regular expression that the whole text must match."),
        );
    }
    inputs
}

fn new_inputs(datasets: &[Choice], form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str| {
        form.map(|form| form.text(&format!("new.{name}")).to_owned())
            .unwrap_or_default()
    };
    let kind = Some(value("kind"))
        .filter(|kind| !kind.is_empty())
        .unwrap_or_else(|| "text".into());
    let mut inputs = vec![
        input("new", "label", "Label", InputKind::Text)
            .with_value(value("label"))
            .required(),
        input("new", "key", "Key", InputKind::Text)
            .with_value(value("key"))
            .with_help("For programs; cannot change later. Made from the label when empty."),
        input("new", "kind", "Type", InputKind::Choice(type_choices(&kind))).required(),
    ];
    let target = value("references");
    let choices = datasets
        .iter()
        .map(|choice| choice.clone().selected_if(&target))
        .collect();
    inputs.push(
        input("new", "references", "Refers to", InputKind::Choice(choices))
            .with_help("For a reference: the dataset that its records are in."),
    );
    inputs.extend(rule_inputs("new", None, &value));
    inputs
}

/// The values of an existing field's inputs.
fn value_of(field: &Field, name: &str) -> String {
    let rules = &field.rules;
    let ticked = |yes: bool| if yes { "true".to_owned() } else { String::new() };
    match name {
        "label" => field.label.clone(),
        "help" => field.help.clone(),
        "required" => ticked(field.presence == Presence::Required),
        "unique" => ticked(field.uniqueness == Uniqueness::Unique),
        "indexed" => ticked(field.indexing == Indexing::Indexed),
        "choices" => rules.choices.join("\n"),
        "min" => rules.min.clone().unwrap_or_default(),
        "max" => rules.max.clone().unwrap_or_default(),
        "length_max" => rules.length_max.map(|max| max.to_string()).unwrap_or_default(),
        "pattern" => rules.pattern.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

fn old_inputs(field: &Field, form: Option<&Form>) -> Vec<FieldInput> {
    let prefix = prefix_of(field);
    let value = |name: &str| match form {
        Some(form) => form.text(&format!("{prefix}.{name}")).to_owned(),
        None => value_of(field, name),
    };
    let label = input(&prefix, "label", "Label", InputKind::Text)
        .with_value(value("label"))
        .required();
    let mut inputs = vec![label];
    inputs.extend(rule_inputs(&prefix, Some(field.kind), &value));
    inputs
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

/// What the inputs say, as a draft. Rules that a kind does not have are left out.
fn read_draft(form: &Form, prefix: &str, kind: FieldKind) -> FieldDraft {
    let text = |name: &str| form.text(&format!("{prefix}.{name}")).trim().to_owned();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let ticked = |name: &str| form.is_ticked(&format!("{prefix}.{name}"));
    let lines = text("choices");
    let choices = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned);
    let is_choice = matches!(kind, FieldKind::Choice | FieldKind::MultipleChoice);
    FieldDraft {
        key: text("key"),
        label: text("label"),
        kind,
        presence: if ticked("required") {
            Presence::Required
        } else {
            Presence::Optional
        },
        uniqueness: if ticked("unique") {
            Uniqueness::Unique
        } else {
            Uniqueness::Repeatable
        },
        indexing: if ticked("indexed") {
            Indexing::Indexed
        } else {
            Indexing::None
        },
        rules: Rules {
            min: some("min"),
            max: some("max"),
            length_min: None,
            length_max: some("length_max").map(|text| text.parse().unwrap_or(0)),
            pattern: some("pattern"),
            choices: if is_choice { choices.collect() } else { Vec::new() },
            dataset: None,
        },
        references: some("references").filter(|_| kind == FieldKind::Reference),
        default: None,
        help: text("help"),
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
