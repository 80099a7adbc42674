//! A field of a dataset as an input of the form, and the input's text as the field's value.

use super::Problems;
use crate::{
    errors::Fault,
    fields::default_of,
    files,
    form::Form,
    reference::{Offer, offer},
    view::{Choice, FieldInput, InputKind},
    visit::Room,
};
use jiff::tz::TimeZone;
use platform::record::Input;
use std::sync::LazyLock;
use types::{Dataset, Field, FieldKind, FieldProblem, Record, Value, currency::Currency, field::Presence};

/// Every currency there is, asked of the one place that knows: three capital letters leave few to ask for.
static CURRENCIES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let letters = || 'A'..='Z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    codes.filter(|code| Currency::parse(code).is_some()).collect()
});

/// What the inputs begin with.
pub(super) enum Start<'a> {
    /// The fields' defaults.
    New,
    /// A record's values.
    Stored(&'a Record),
    /// What a person typed; the record, if there is one, says where a sensitive value is stored.
    Typed(&'a Form, Option<&'a Record>),
}

/// What the name of an input for a new file ends with.
pub(super) const NEW_FILE: &str = ".file";

pub(super) fn name_of(field: &Field) -> String {
    format!("field.{}", field.key)
}

/// The inputs of a record's form, in the order of fields.
pub(super) async fn form_inputs(
    room: &Room,
    dataset: &Dataset,
    start: &Start<'_>,
) -> Result<Vec<FieldInput>, Fault> {
    let datasets = if dataset
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::Reference)
    {
        platform::dataset::list(&room.workspace).await?
    } else {
        Vec::new()
    };
    let mut inputs = Vec::with_capacity(dataset.fields.len());
    for (place, field) in dataset.fields.iter().enumerate() {
        let references = if field.kind == FieldKind::Reference {
            offer(room, &datasets, field).await?
        } else {
            Offer::Some(Vec::new())
        };
        let input = form_input(field, place, start, references);
        inputs.push(match field.kind {
            FieldKind::Attachment => with_file(room, input).await?,
            _ => input,
        });
    }
    Ok(inputs)
}

fn form_input(field: &Field, place: usize, start: &Start<'_>, references: Offer) -> FieldInput {
    let stored = |record: &Record| record.values.get(place).cloned().unwrap_or(Value::Empty);
    let (text, is_stored) = match start {
        Start::New => (text_of(field, &default_of(field)), false),
        Start::Stored(record) => {
            let value = stored(record);
            (text_of(field, &value), value == Value::Masked)
        }
        Start::Typed(form, record) => (
            typed(field, form).unwrap_or_default(),
            record.is_some_and(|record| stored(record) == Value::Masked),
        ),
    };
    let (kind, text) = input_kind(field, text, is_stored, references);
    let mut input = FieldInput::new(name_of(field), &*field.label, kind).with_value(text);
    input.required = field.presence == Presence::Required;
    input.help = help_of(field);
    input
}

/// An attachment's input with the name of the file that its value stands for.
async fn with_file(room: &Room, mut input: FieldInput) -> Result<FieldInput, Fault> {
    let attached = match input.value.parse() {
        Ok(id) => files::find(room, id).await?,
        Err(_) => None,
    };
    if attached.is_none() {
        input.value = String::new();
    }
    input.kind = InputKind::Attachment { attached };
    Ok(input)
}

fn help_of(field: &Field) -> Option<String> {
    let own = Some(field.help.clone()).filter(|text| !text.is_empty());
    let of_kind = match field.kind {
        FieldKind::Timestamp => Some("In UTC."),
        FieldKind::Phone => Some("In international form, such as +49 30 1234567."),
        FieldKind::AutoNumber => Some("Strongroom counts this up by itself."),
        _ => None,
    };
    own.or(of_kind.map(str::to_owned))
}

/// The kind of input, and its text; kinds with two inputs take the text apart.
fn input_kind(field: &Field, text: String, stored: bool, references: Offer) -> (InputKind, String) {
    let chosen = |names: &[&str]| {
        field
            .rules
            .choices
            .iter()
            .map(|name| Choice {
                selected: names.contains(&name.as_str()),
                ..Choice::new(name, name)
            })
            .collect::<Vec<_>>()
    };
    let kind = match field.kind {
        FieldKind::Text => InputKind::Text,
        FieldKind::LongText => InputKind::LongText,
        FieldKind::Integer => InputKind::Integer,
        FieldKind::Decimal => InputKind::Decimal,
        FieldKind::Boolean => InputKind::Boolean,
        FieldKind::Date => InputKind::Date,
        FieldKind::Timestamp => InputKind::Timestamp,
        FieldKind::Choice => InputKind::Choice(chosen(&[&text])),
        FieldKind::MultipleChoice => {
            let names: Vec<&str> = text.split(';').map(str::trim).collect();
            InputKind::MultipleChoice(chosen(&names))
        }
        FieldKind::Email => InputKind::Email,
        FieldKind::Url => InputKind::Url,
        FieldKind::Phone => InputKind::Phone,
        FieldKind::Reference => reference_kind(references, &text),
        FieldKind::Json => InputKind::Json,
        FieldKind::SensitiveText => InputKind::Sensitive { stored },
        FieldKind::Attachment => InputKind::Attachment { attached: None },
        FieldKind::AutoNumber => InputKind::ReadOnly,
        FieldKind::Money => {
            let (amount, code) = text.rsplit_once(' ').unwrap_or((&text, ""));
            let currencies: Vec<String> = CURRENCIES.clone();
            let currency = if code.is_empty() { "EUR" } else { code }.to_owned();
            return (InputKind::Money { currency, currencies }, amount.to_owned());
        }
        FieldKind::GeoPoint => {
            let (latitude, longitude) = text.split_once(',').unwrap_or((&text, ""));
            let degrees = |text: &str| text.trim().to_owned();
            let kind = InputKind::GeoPoint {
                latitude: degrees(latitude),
                longitude: degrees(longitude),
            };
            return (kind, String::new());
        }
    };
    (kind, text)
}

/// A list to choose from where all records fit, else an id with suggestions. A record that is not among them, for it
/// lies in the trash, stays chosen.
fn reference_kind(references: Offer, chosen: &str) -> InputKind {
    match references {
        Offer::Some(choices) => InputKind::Reference(choices),
        Offer::All(mut choices) => {
            if !chosen.is_empty() && !choices.iter().any(|choice| choice.value == chosen) {
                choices.push(Choice::new(chosen, chosen));
            }
            let choices = choices.into_iter().map(|choice| choice.selected_if(chosen));
            InputKind::Choice(choices.collect())
        }
    }
}

/// A value as its input shows it. A masked one is never shown.
fn text_of(field: &Field, value: &Value) -> String {
    match value {
        Value::Masked | Value::Sensitive(_) => String::new(),
        Value::Timestamp(at) => {
            let local = at.to_zoned(TimeZone::UTC).datetime();
            local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
        }
        Value::Json(json) if field.kind == FieldKind::Json => {
            serde_json::to_string_pretty(json).unwrap_or_else(|_| json.to_string())
        }
        other => other.to_text(),
    }
}

/// The text that a person typed into a field's input or inputs; `None` for a field without an input.
pub(super) fn typed(field: &Field, form: &Form) -> Option<String> {
    let name = name_of(field);
    let text = |suffix: &str| form.text(&format!("{name}{suffix}")).trim().to_owned();
    let typed = match field.kind {
        FieldKind::AutoNumber => return None,
        FieldKind::Attachment => match form.get(&format!("{name}{NEW_FILE}")) {
            Some(id) => id.to_owned(),
            None if form.is_ticked(&format!("{name}.remove")) => String::new(),
            None => text(""),
        },
        FieldKind::Money => match text("") {
            amount if amount.is_empty() => amount,
            amount => format!("{amount} {}", text(".currency")),
        },
        FieldKind::GeoPoint => match (text(".latitude"), text(".longitude")) {
            (latitude, longitude) if latitude.is_empty() && longitude.is_empty() => String::new(),
            (latitude, longitude) => format!("{latitude}, {longitude}"),
        },
        FieldKind::MultipleChoice => form.all(&name).collect::<Vec<_>>().join("; "),
        // Browsers send line ends as CR LF, whatever was stored.
        FieldKind::LongText | FieldKind::Json => form.text(&name).replace("\r\n", "\n"),
        FieldKind::Text | FieldKind::SensitiveText => form.text(&name).to_owned(),
        _ => text(""),
    };
    Some(typed)
}

/// The values that the form names. `opened` is the record as the form showed it: an input that still says the same
/// changes nothing. An empty sensitive input keeps what is stored unless the box to remove it is ticked.
/// `problems` are those of files that were not taken.
pub(super) fn read_input(
    dataset: &Dataset,
    form: &Form,
    opened: Option<&Record>,
    mut problems: Problems,
) -> Result<Input, Problems> {
    let mut input = Input::new();
    for (place, field) in dataset.fields.iter().enumerate() {
        let Some(typed) = typed(field, form) else { continue };
        let shown = opened.and_then(|record| record.values.get(place));
        let is_sensitive = field.kind == FieldKind::SensitiveText;
        if is_sensitive && typed.is_empty() {
            if form.is_ticked(&format!("{}.remove", name_of(field))) {
                input.insert(field.key.to_string(), serde_json::Value::Null);
            }
            continue;
        }
        if shown.is_some_and(|value| !is_sensitive && text_of(field, value) == typed) {
            continue;
        }
        match Value::from_text(field.kind, &typed) {
            Ok(Value::Sensitive(text)) => {
                input.insert(field.key.to_string(), text.into());
            }
            Ok(value) => {
                input.insert(field.key.to_string(), value.to_json());
            }
            Err(error) => problems.push(FieldProblem::new(
                format!("/fields/{}", field.key),
                error.code(),
                error.to_string(),
            )),
        }
    }
    if problems.is_empty() {
        Ok(input)
    } else {
        Err(problems)
    }
}
