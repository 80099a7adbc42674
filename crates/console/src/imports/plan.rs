//! The plan of an import as inputs, and the inputs as a plan.

use crate::{
    form::Form,
    view::{Choice, FieldInput, ImportColumn, InputKind},
    words::{kind_label, sentence, shortened},
};
use platform::import::{Destination, ImportPlan, ImportView, OnRefusal};
use std::collections::BTreeSet;
use tabular::{ColumnGuess, ColumnPlan, Delimiter, Encoding, Formats, Header, NewField, Target};
use types::{Dataset, FieldKind, field::Rules, name::key_from_label};

/// Sample values of a column.
const SAMPLES: usize = 3;

const ENCODINGS: [(Encoding, &str); 4] = [
    (Encoding::Utf8, "UTF-8"),
    (Encoding::Windows1252, "Windows-1252 (Western European)"),
    (Encoding::Utf16Le, "UTF-16, little end first"),
    (Encoding::Utf16Be, "UTF-16, big end first"),
];

const DELIMITERS: [(Delimiter, &str, &str); 4] = [
    (Delimiter::Comma, "comma", "Comma"),
    (Delimiter::Semicolon, "semicolon", "Semicolon"),
    (Delimiter::Tab, "tab", "Tab"),
    (Delimiter::Pipe, "pipe", "Vertical bar"),
];

/// How the file is read, and what refused rows do.
pub(super) fn reading_inputs(plan: &ImportPlan) -> Vec<FieldInput> {
    let encodings = ENCODINGS
        .iter()
        .map(|(encoding, label)| Choice::new(encoding.as_str(), *label).selected_if(plan.encoding.as_str()));
    let delimiters = DELIMITERS.iter().map(|(delimiter, name, label)| Choice {
        selected: *delimiter == plan.dialect.delimiter,
        ..Choice::new(*name, *label)
    });
    let header = if plan.dialect.header == Header::Present {
        "true"
    } else {
        ""
    };
    let skips = if plan.on_refusal == OnRefusal::SkipRows {
        "skip"
    } else {
        "nothing"
    };
    let refusals = [
        Choice::new("nothing", "Import nothing").selected_if(skips),
        Choice::new("skip", "Import the other rows").selected_if(skips),
    ];
    vec![
        FieldInput::new("encoding", "Encoding", InputKind::Choice(encodings.collect())).required(),
        FieldInput::new("delimiter", "Delimiter", InputKind::Choice(delimiters.collect())).required(),
        FieldInput::new("header", "The first line names the columns", InputKind::Checkbox).with_value(header),
        FieldInput::new(
            "refused",
            "When a row is refused",
            InputKind::Choice(refusals.into()),
        )
        .required(),
    ]
}

/// Kinds that a column can become.
pub(super) fn type_choices() -> Vec<Choice> {
    let importable = |kind: &FieldKind| {
        !matches!(
            kind,
            FieldKind::Attachment | FieldKind::AutoNumber | FieldKind::Reference | FieldKind::SensitiveText
        )
    };
    let choice = |kind: FieldKind| Choice::new(kind.as_str(), kind_label(kind));
    FieldKind::ALL
        .into_iter()
        .filter(importable)
        .map(choice)
        .collect()
}

/// Fields of a dataset that a column can go into.
pub(super) fn field_choices(dataset: &Dataset) -> Vec<Choice> {
    let choice = |field: &types::Field| Choice::new(field.key.as_str(), &*field.label);
    dataset.fields.iter().map(choice).collect()
}

/// The columns and what becomes of them.
pub(super) fn columns(view: &ImportView, plan: &ImportPlan) -> Vec<ImportColumn> {
    plan.columns
        .iter()
        .map(|column| {
            let guess = guess_of(view, column.column);
            let samples = view.preview.iter().filter_map(|row| row.get(column.column));
            let samples: Vec<&str> = samples
                .map(|cell| cell.trim())
                .filter(|cell| !cell.is_empty())
                .take(SAMPLES)
                .collect();
            let kind = kind_of(column, guess);
            ImportColumn {
                index: column.column,
                name: named(column),
                samples: shortened(&samples.join(", "), 60),
                guess: guess.map_or("", |guess| kind_label(guess.best.kind)).to_owned(),
                evidence: evidence(column, guess),
                include: column.target != Target::Skip,
                field: match &column.target {
                    Target::Existing { key, .. } => key.to_string(),
                    Target::Skip | Target::New { .. } => String::new(),
                },
                label: match &column.target {
                    Target::New { field, .. } => field.label.clone(),
                    Target::Skip | Target::Existing { .. } => named(column),
                },
                type_name: type_name(kind, guess),
                sensitive: kind == FieldKind::SensitiveText,
                error: None,
            }
        })
        .collect()
}

fn guess_of(view: &ImportView, column: usize) -> Option<&ColumnGuess> {
    view.guesses.iter().find(|guess| guess.column == column)
}

fn named(column: &ColumnPlan) -> String {
    if column.header.trim().is_empty() {
        format!("Column {}", column.column + 1)
    } else {
        column.header.clone()
    }
}

fn kind_of(column: &ColumnPlan, guess: Option<&ColumnGuess>) -> FieldKind {
    match &column.target {
        Target::New { field, .. } => field.kind,
        Target::Skip | Target::Existing { .. } => guess.map_or(FieldKind::Text, |guess| guess.best.kind),
    }
}

/// A sensitive column's type is the one below the box that makes it so.
fn type_name(kind: FieldKind, guess: Option<&ColumnGuess>) -> String {
    let best = guess.map_or(FieldKind::Text, |guess| guess.best.kind);
    let shown = match (kind, best) {
        (FieldKind::SensitiveText, FieldKind::SensitiveText) => FieldKind::Text,
        (FieldKind::SensitiveText, best) => best,
        (kind, _) => kind,
    };
    shown.as_str().to_owned()
}

fn evidence(column: &ColumnPlan, guess: Option<&ColumnGuess>) -> String {
    let Some(guess) = guess else {
        return sentence(&column.note);
    };
    let hint = guess.sensitive_hint.as_deref().map(sentence);
    [Some(sentence(&guess.best.evidence)), hint]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The plan that the inputs say, over the one that is there.
pub(super) fn read(view: &ImportView, form: &Form) -> ImportPlan {
    let mut plan = view.plan.clone();
    let encoding = form.text("encoding");
    if let Some((encoding, _)) = ENCODINGS.iter().find(|(known, _)| known.as_str() == encoding) {
        plan.encoding = *encoding;
    }
    let delimiter = form.text("delimiter");
    if let Some((delimiter, ..)) = DELIMITERS.iter().find(|(_, name, _)| *name == delimiter) {
        plan.dialect.delimiter = *delimiter;
    }
    plan.dialect.header = if form.is_ticked("header") {
        Header::Present
    } else {
        Header::Absent
    };
    plan.on_refusal = if form.text("refused") == "skip" {
        OnRefusal::SkipRows
    } else {
        OnRefusal::AllOrNothing
    };
    let is_new = matches!(plan.dataset, Destination::New { .. });
    let mut taken = BTreeSet::new();
    for column in &mut plan.columns {
        let guess = guess_of(view, column.column);
        column.target = target(form, column, guess, is_new, &mut taken);
    }
    plan
}

fn target(
    form: &Form,
    column: &ColumnPlan,
    guess: Option<&ColumnGuess>,
    is_new: bool,
    taken: &mut BTreeSet<String>,
) -> Target {
    let text = |name: &str| {
        form.text(&format!("column.{}.{name}", column.column))
            .trim()
            .to_owned()
    };
    if !form.is_ticked(&format!("column.{}.include", column.column)) {
        return Target::Skip;
    }
    if !is_new && let Ok(key) = text("field").parse() {
        let formats = match &column.target {
            Target::Existing { formats, .. } | Target::New { formats, .. } => *formats,
            Target::Skip => guess.map(|guess| guess.best.formats).unwrap_or_default(),
        };
        return Target::Existing { key, formats };
    }
    let label = Some(text("label"))
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| named(column));
    let kind = FieldKind::parse(&text("type")).unwrap_or(FieldKind::Text);
    let sensitive = form.is_ticked(&format!("column.{}.sensitive", column.column));
    let kind = if sensitive { FieldKind::SensitiveText } else { kind };
    new_target(column, guess, &label, kind, taken)
}

/// A field made for the column. What the file was seen to hold goes with a guessed kind: choices, formats, whether
/// every row has a value.
fn new_target(
    column: &ColumnPlan,
    guess: Option<&ColumnGuess>,
    label: &str,
    kind: FieldKind,
    taken: &mut BTreeSet<String>,
) -> Target {
    if let Target::New { field, formats } = &column.target
        && field.kind == kind
        && field.label == label
        && taken.insert(field.key.to_string())
    {
        return Target::New {
            field: field.clone(),
            formats: *formats,
        };
    }
    let key = key_from_label(label, &|key| taken.contains(key));
    taken.insert(key.clone());
    let Ok(key) = key.parse() else { return Target::Skip };
    let seen = guess
        .into_iter()
        .flat_map(|guess| std::iter::once(&guess.best).chain(&guess.alternatives))
        .find(|guess| guess.kind == kind);
    let mut field = NewField::plain(key, label, kind);
    let (rules, formats) = seen.map_or_else(
        || (Rules::default(), Formats::default()),
        |seen| (seen.rules.clone(), seen.formats),
    );
    field.rules = rules;
    Target::New {
        field: Box::new(field),
        formats,
    }
}
