//! A file as checked values, row by row, whichever format it has.

use super::{
    bind::{Binding, Bound, Fit},
    plan::{Cells, FileFormat, ImportPlan},
};
use serde_json::{Map, Value as Json};
use std::io::Read;
use tabular::{CsvReader, Defusing, JsonReader, JsonRow, ReadFault, ReadOptions, Refusal, Row};
use types::{
    FieldKind, RecordId, Value, ValueError,
    rule::{check_no_card_number, check_value},
};

/// Greatest auto number that a file may name: counting on from it must not take for ever.
const NUMBER_MAX: i64 = 10_000_000;
/// The same for an archive, whose numbers were counted one by one: more than ever are, and still passed in a minute or two.
const NUMBER_KEPT_MAX: i64 = 100_000_000;

/// A row that was read.
pub(crate) struct Parsed {
    /// The row and the line, from 1.
    pub(crate) place: (u64, u64),
    /// In the order of the dataset's fields.
    pub(crate) values: Vec<Value>,
    /// The id that an export gives it.
    pub(crate) id: Option<RecordId>,
}

/// What comes next in a file.
pub(crate) enum Next {
    /// A row.
    Row(Parsed),
    /// A row that cannot be taken; the next one may.
    Refused(Vec<Refusal>),
    /// Nothing more can be read.
    Broken(Refusal),
    /// The end.
    End,
}

/// A file being read.
pub(crate) enum RowSource<R> {
    Csv { reader: Box<CsvReader<R>>, row: Row },
    Json(Box<JsonReader<R>>),
}

impl<R: Read> RowSource<R> {
    /// Opens a file as its plan says.
    pub(crate) fn open(read: R, plan: &ImportPlan) -> Result<Self, Refusal> {
        match plan.format {
            FileFormat::Json => Self::json(read),
            FileFormat::Csv => {
                let defusing = match plan.cells {
                    Cells::Plain => Defusing::Keep,
                    Cells::Exported => Defusing::Undo,
                };
                let options = ReadOptions {
                    defusing,
                    ..ReadOptions::default()
                };
                let reader = CsvReader::new(read, plan.encoding, plan.dialect, options);
                let reader = reader.map_err(|fault| Refusal::of_fault(&fault))?;
                Ok(Self::Csv {
                    reader: Box::new(reader),
                    row: Row::default(),
                })
            }
        }
    }

    /// Opens a JSON export.
    pub(crate) fn json(read: R) -> Result<Self, Refusal> {
        let reader = JsonReader::new(read).map_err(|fault| refusal_of(&fault))?;
        Ok(Self::Json(Box::new(reader)))
    }

    /// The next row.
    pub(crate) fn next(&mut self, binding: &Binding) -> Next {
        match self {
            Self::Csv { reader, row } => match reader.read(row) {
                None => Next::End,
                Some(Ok(())) => read_cells(binding, row),
                Some(Err(fault)) => fault_of(&fault),
            },
            Self::Json(reader) => match reader.next() {
                None => Next::End,
                Some(Ok(row)) => read_members(binding, &row),
                Some(Err(fault)) => Next::Broken(refusal_of(&fault)),
            },
        }
    }
}

fn fault_of(fault: &ReadFault) -> Next {
    let refusal = Refusal::of_fault(fault);
    if fault.is_fatal() {
        Next::Broken(refusal)
    } else {
        Next::Refused(vec![refusal])
    }
}

fn refusal_of(fault: &tabular::JsonFault) -> Refusal {
    refusal(
        (fault.row, fault.line),
        None,
        fault.code(),
        &fault.kind.to_string(),
    )
}

/// A refusal that shows nothing of the row.
pub(super) fn refusal(place: (u64, u64), column: Option<&str>, code: &str, message: &str) -> Refusal {
    Refusal {
        row: place.0,
        line: place.1,
        column: column.map(str::to_owned),
        code: code.to_owned(),
        message: message.to_owned(),
        excerpt: String::new(),
    }
}

fn read_cells(binding: &Binding, row: &Row) -> Next {
    let place = (row.number(), row.line());
    let mut values = binding.defaults.clone();
    let mut refused = Vec::new();
    for column in &binding.columns {
        let cell = row.cell(column.column).unwrap_or_default();
        let value = column.converter.convert(cell);
        match value.and_then(bounded(column, NUMBER_MAX)) {
            Ok(value) => values[column.place] = value,
            Err(error) => refused.push(refuse_cell(place, column, cell, &error)),
        }
    }
    taken(place, values, None, refused)
}

fn refuse_cell(place: (u64, u64), column: &Bound, cell: &str, error: &ValueError) -> Refusal {
    let shown = match column.field.kind {
        FieldKind::SensitiveText => "",
        _ => cell,
    };
    Refusal::of_cell(place, &column.header, &column.field, shown, error)
}

fn taken(place: (u64, u64), values: Vec<Value>, id: Option<RecordId>, refused: Vec<Refusal>) -> Next {
    if refused.is_empty() {
        Next::Row(Parsed { place, values, id })
    } else {
        Next::Refused(refused)
    }
}

/// Keeps auto numbers within what can be counted on from.
fn bounded(column: &Bound, max: i64) -> impl Fn(Value) -> Result<Value, ValueError> {
    let kind = column.field.kind;
    move |value| match value {
        Value::Integer(number) if kind == FieldKind::AutoNumber && !(1..=max).contains(&number) => {
            Err(ValueError::OutOfRange {
                bound: format!("an auto number in a file is 1 to {max}"),
            })
        }
        value => Ok(value),
    }
}

fn read_members(binding: &Binding, row: &JsonRow) -> Next {
    let place = (row.number, row.line);
    let mut values = binding.defaults.clone();
    let mut refused = unknown_members(binding, place, &row.fields);
    for column in &binding.columns {
        let Some(json) = row.fields.get(&column.header) else {
            continue;
        };
        let value = match binding.fit {
            Fit::Definition => read_member(column, json).and_then(bounded(column, NUMBER_MAX)),
            Fit::Kind => read_kept(column, json).and_then(bounded(column, NUMBER_KEPT_MAX)),
        };
        match value {
            Ok(value) => values[column.place] = value,
            Err(error) => refused.push(refuse_cell(place, column, &text_of(json), &error)),
        }
    }
    if binding.fit == Fit::Definition {
        refused.extend(unnamed_members(binding, row, &values));
    }
    let id = row.id.as_deref().and_then(|id| id.parse().ok());
    taken(place, values, id, refused)
}

/// Refuses what the row leaves out although its field needs a value.
fn unnamed_members(binding: &Binding, row: &JsonRow, values: &[Value]) -> Vec<Refusal> {
    let fields = values.iter().zip(&binding.dataset.fields);
    let unnamed = fields.filter(|(_, field)| !row.fields.contains_key(field.key.as_str()));
    let refuse = |(value, field): (&Value, &types::Field)| {
        let error = check_value(field, value).err()?;
        let (key, place) = (field.key.as_str(), (row.number, row.line));
        Some(refusal(place, Some(key), error.code(), &error.to_string()))
    };
    unnamed.filter_map(refuse).collect()
}

fn unknown_members(binding: &Binding, place: (u64, u64), fields: &Map<String, Json>) -> Vec<Refusal> {
    let known = |key: &str| {
        binding.skipped.contains(key) || binding.columns.iter().any(|column| column.header == key)
    };
    let unknown = fields.keys().filter(|key| !known(key));
    let refuse = |key: &String| {
        let name: String = key.chars().take(80).collect();
        refusal(
            place,
            Some(&name),
            "unknown-field",
            "the plan has no column of this name",
        )
    };
    unknown.take(10).map(refuse).collect()
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// JSON says what a value is more exactly than text; a text that the kind does not know from JSON is read as a cell.
fn read_member(column: &Bound, json: &Json) -> Result<Value, ValueError> {
    let kind = column.field.kind;
    let textual = kind.is_text() || kind == FieldKind::SensitiveText;
    match json {
        Json::String(text) if textual => column.converter.convert(text),
        Json::Object(object) if kind == FieldKind::SensitiveText && object.contains_key("masked") => {
            Err(ValueError::Malformed {
                expected: "a value but the mask of one",
            })
        }
        _ => {
            let value = Value::from_json(kind, json);
            match (value, json) {
                (Ok(value), _) => check_value(&column.field, &value).map(|()| value),
                (Err(_), Json::String(text)) => column.converter.convert(text),
                (Err(error), _) => Err(error),
            }
        }
    }
}

/// A value that was kept before. No healthy organization holds a card number, but whoever forges an archive might try.
fn read_kept(column: &Bound, json: &Json) -> Result<Value, ValueError> {
    let value = Value::from_json(column.field.kind, json)?;
    check_no_card_number(&value).map(|()| value)
}
