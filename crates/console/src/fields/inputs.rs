//! The inputs that define a field, and what they say as a draft.

use crate::{
    form::Form,
    view::{Choice, FieldInput, InputKind},
    words::kind_label,
};
use platform::dataset::FieldDraft;
use types::{
    Field, FieldKind,
    field::{Indexing, Presence, Rules, Uniqueness},
};

/// Names of inputs begin with this: ids must be unique on a page that holds the form of every field.
fn input(prefix: &str, name: &str, label: &str, kind: InputKind) -> FieldInput {
    FieldInput::new(format!("{prefix}.{name}"), label, kind)
}

pub(super) fn prefix_of(field: &Field) -> String {
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

pub(super) fn new_inputs(datasets: &[Choice], form: Option<&Form>) -> Vec<FieldInput> {
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

pub(super) fn old_inputs(field: &Field, form: Option<&Form>) -> Vec<FieldInput> {
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

/// What the inputs say, as a draft. Rules that a kind does not have are left out.
pub(super) fn read_draft(form: &Form, prefix: &str, kind: FieldKind) -> FieldDraft {
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
