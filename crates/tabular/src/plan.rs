//! The plan of an import: which column goes where and how it is written. It is stored as JSON in the job's row.
//!
//! Start at [`propose_fields`] (a new dataset) or [`map_to_fields`] (one that exists).

use crate::{ColumnGuess, Formats, Guess, Whitespace};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use types::card::carries_card_number;
use types::field::{Indexing, Presence, Rules, Uniqueness};
use types::name::key_from_label;
use types::{Field, FieldId, FieldKey, FieldKind};

/// Most characters of a label.
const LABEL_MAX: usize = 200;

/// A field to be made, before the database gives it an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewField {
    /// Its name for programs.
    pub key: FieldKey,
    /// Its name for people.
    pub label: String,
    /// Its kind.
    pub kind: FieldKind,
    /// Required or not.
    #[serde(default)]
    pub presence: Presence,
    /// Unique or not.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// Indexed or not.
    #[serde(default)]
    pub indexing: Indexing,
    /// Rules beyond the kind.
    #[serde(default)]
    pub rules: Rules,
    /// A sentence for whoever fills the form.
    #[serde(default)]
    pub help: String,
}

impl NewField {
    /// A field without rules.
    #[must_use]
    pub fn plain(key: FieldKey, label: &str, kind: FieldKind) -> Self {
        Self {
            key,
            label: label.to_owned(),
            kind,
            presence: Presence::Optional,
            uniqueness: Uniqueness::Repeatable,
            indexing: Indexing::None,
            rules: Rules::default(),
            help: String::new(),
        }
    }

    /// The field, once it has its id.
    #[must_use]
    pub fn with_id(self, id: FieldId) -> Field {
        Field {
            id,
            key: self.key,
            label: self.label,
            kind: self.kind,
            presence: self.presence,
            uniqueness: self.uniqueness,
            indexing: self.indexing,
            rules: self.rules,
            default: None,
            help: self.help,
            is_masked: false,
        }
    }
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Target {
    /// Nowhere.
    Skip,
    /// Into a field that is made for it.
    New {
        /// The field.
        field: Box<NewField>,
        /// How the column writes its values.
        formats: Formats,
    },
    /// Into a field of the dataset.
    Existing {
        /// The field's key.
        key: FieldKey,
        /// How the column writes its values.
        formats: Formats,
    },
}

/// One column of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnPlan {
    /// Its place, from 0.
    pub column: usize,
    /// Its name in the file.
    pub header: String,
    /// Where it goes.
    pub target: Target,
    /// Why, a sentence.
    pub note: String,
}

/// What an import does with each column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Every column, in the order of the file.
    pub columns: Vec<ColumnPlan>,
}

impl Plan {
    /// Keeps blanks around texts: for our own exports, which come back exactly.
    pub fn keep_whitespace(&mut self) {
        for column in &mut self.columns {
            match &mut column.target {
                Target::Skip => {}
                Target::New { formats, .. } | Target::Existing { formats, .. } => {
                    formats.whitespace = Whitespace::Keep;
                }
            }
        }
    }

    /// Fields that need a value, have no default and get no column: with these every row would be refused.
    #[must_use]
    pub fn required_missing<'a>(&self, fields: &'a [Field]) -> Vec<&'a FieldKey> {
        let filled = |field: &Field| {
            self.columns
                .iter()
                .any(|column| matches!(&column.target, Target::Existing { key, .. } if *key == field.key))
        };
        let needed = fields.iter().filter(|field| {
            field.presence == Presence::Required
                && field.default.is_none()
                && field.kind != FieldKind::AutoNumber
        });
        needed
            .filter(|field| !filled(field))
            .map(|field| &field.key)
            .collect()
    }
}

/// A new field for each column, with labels and keys of which no two are equal.
/// A column without name and values is skipped.
#[must_use]
pub fn propose_fields(guesses: &[ColumnGuess]) -> Plan {
    let mut keys: HashSet<String> = HashSet::new();
    let mut labels: HashSet<String> = HashSet::new();
    let columns = guesses.iter().map(|guess| {
        let target = if guess.header.is_empty() && guess.values == 0 {
            Target::Skip
        } else {
            propose_field(guess, &mut keys, &mut labels)
        };
        column_plan(guess, target, guess.best.evidence.clone())
    });
    Plan {
        columns: columns.collect(),
    }
}

fn column_plan(guess: &ColumnGuess, target: Target, note: String) -> ColumnPlan {
    ColumnPlan {
        column: guess.column,
        header: guess.header.clone(),
        target,
        note,
    }
}

fn propose_field(guess: &ColumnGuess, keys: &mut HashSet<String>, labels: &mut HashSet<String>) -> Target {
    let label = label_of(guess, labels);
    labels.insert(label.to_lowercase());
    let made = key_from_label(&label, &|key| keys.contains(key));
    // The numbered form is always a key, whatever the label held.
    let fallback = || format!("column_{}", guess.column + 1).parse();
    let Ok(key) = made.parse::<FieldKey>().or_else(|_| fallback()) else {
        return Target::Skip;
    };
    keys.insert(key.as_str().to_owned());
    let best = &guess.best;
    let field = NewField {
        presence: best.presence,
        rules: best.rules.clone(),
        ..NewField::plain(key, &label, best.kind)
    };
    Target::New {
        field: Box::new(field),
        formats: best.formats,
    }
}

/// The header, or `Column 3` where it is empty or not fit to be kept; repeated ones get a number.
fn label_of(guess: &ColumnGuess, labels: &HashSet<String>) -> String {
    let header: String = guess.header.split_whitespace().collect::<Vec<_>>().join(" ");
    let unfit = header.is_empty() || header.contains('\0') || carries_card_number(&header);
    let label: String = if unfit {
        format!("Column {}", guess.column + 1)
    } else {
        header.chars().take(LABEL_MAX - 10).collect()
    };
    if !labels.contains(&label.to_lowercase()) {
        return label;
    }
    (2..)
        .map(|number: u32| format!("{label} ({number})"))
        .find(|numbered| !labels.contains(&numbered.to_lowercase()))
        .unwrap_or(label)
}

/// Each column to the field of its name: the key, the label or the key that the header would make, whatever the case.
/// A field gets one column at most; other columns are skipped.
#[must_use]
pub fn map_to_fields(guesses: &[ColumnGuess], fields: &[Field]) -> Plan {
    let mut used: HashSet<&str> = HashSet::new();
    let columns = guesses.iter().map(|guess| {
        let free = |field: &&Field| !used.contains(field.key.as_str());
        let candidates: Vec<&Field> = fields.iter().filter(free).collect();
        let Some(field) = find_field(&guess.header, &candidates) else {
            return column_plan(guess, Target::Skip, "no field has this name".into());
        };
        used.insert(field.key.as_str());
        let (formats, note) = formats_for(guess, field);
        let key = field.key.clone();
        column_plan(guess, Target::Existing { key, formats }, note)
    });
    Plan {
        columns: columns.collect(),
    }
}

fn find_field<'a>(header: &str, fields: &[&'a Field]) -> Option<&'a Field> {
    let name = header.trim().to_lowercase();
    if name.is_empty() {
        return None;
    }
    let made = key_from_label(header, &|_| false);
    let by = |matches: &dyn Fn(&Field) -> bool| fields.iter().copied().find(|field| matches(field));
    by(&|field| field.key.as_str() == name)
        .or_else(|| by(&|field| field.label.trim().to_lowercase() == name))
        .or_else(|| by(&|field| field.key.as_str() == made))
}

/// Kinds that are written alike, so that a guess of one says how to read the other.
fn written_alike(one: FieldKind, other: FieldKind) -> bool {
    let number = |kind: FieldKind| kind.is_number();
    one == other || (number(one) && number(other))
}

/// The one guess that fits the field says how the column is written. Where two do (day or month first?), none is taken:
/// rows that then do not fit are refused, not misread.
fn formats_for(guess: &ColumnGuess, field: &Field) -> (Formats, String) {
    let alike = |found: &&Guess| written_alike(found.kind, field.kind);
    let best = Some(&guess.best).filter(alike);
    let mut others = guess.alternatives.iter().filter(alike);
    let found = best.or_else(|| {
        let first = others.next()?;
        others
            .all(|other| other.formats == first.formats)
            .then_some(first)
    });
    let mut formats = found.map(|found| found.formats).unwrap_or_default();
    if field.kind == FieldKind::Money && formats.currency.is_none() {
        formats.currency = crate::number::currency_of_header(&guess.header);
    }
    let note = found.unwrap_or(&guess.best).evidence.clone();
    (formats, note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CsvReader, DateFormat, Dialect, Encoding, Guesser, ReadOptions};

    fn guesses(text: &str) -> Vec<ColumnGuess> {
        let reader = CsvReader::new(
            text.as_bytes(),
            Encoding::Utf8,
            Dialect::default(),
            ReadOptions::default(),
        )
        .unwrap();
        let mut guesser = Guesser::new(reader.headers());
        reader.for_each(|row| guesser.see(&row.unwrap()));
        guesser.finish()
    }

    fn new_fields(plan: &Plan) -> Vec<(&str, &str)> {
        let fields = plan.columns.iter().filter_map(|column| match &column.target {
            Target::New { field, .. } => Some((field.key.as_str(), field.label.as_str())),
            Target::Skip | Target::Existing { .. } => None,
        });
        fields.collect()
    }

    #[test]
    fn every_column_gets_a_label_and_key_of_its_own() {
        let plan = propose_fields(&guesses(
            "Amount,amount,,id,😀,4111 1111 1111 1111,Column 3,\n1,2,3,4,5,6,7,\n",
        ));
        let expected = [
            ("amount", "Amount"),
            ("amount_2", "amount (2)"),
            ("column_3", "Column 3"),
            ("id_2", "id"),
            ("field", "😀"),
            ("column_6", "Column 6"),
            ("column_3_2", "Column 3 (2)"),
        ];
        assert_eq!(new_fields(&plan), expected);
        assert_eq!(plan.columns[7].target, Target::Skip);
    }

    #[test]
    fn headers_find_their_fields_whatever_the_case() {
        let field = |number: i32, key: &str, label: &str, kind| {
            NewField::plain(key.parse().unwrap(), label, kind).with_id(FieldId(number))
        };
        let mut fields = vec![
            field(1, "customer_id", "Customer", FieldKind::Text),
            field(2, "due", "Due date", FieldKind::Date),
            field(3, "note", "Note", FieldKind::Text),
        ];
        fields[2].presence = Presence::Required;
        let mut plan = map_to_fields(
            &guesses("customerID,DUE DATE,Customer,other\na,31.12.2026,b,c\n"),
            &fields,
        );
        let targets: Vec<Option<&str>> = plan
            .columns
            .iter()
            .map(|column| match &column.target {
                Target::Existing { key, .. } => Some(key.as_str()),
                Target::Skip | Target::New { .. } => None,
            })
            .collect();
        assert_eq!(targets, [Some("customer_id"), Some("due"), None, None]);
        let Target::Existing { formats, .. } = &plan.columns[1].target else {
            panic!("mapped")
        };
        assert_eq!(formats.date, DateFormat::DayPoint);
        assert_eq!(plan.required_missing(&fields), [&fields[2].key]);
        plan.keep_whitespace();
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }

    #[test]
    fn a_date_whose_order_is_unknown_is_not_misread() {
        let fields = [NewField::plain("due".parse().unwrap(), "Due", FieldKind::Date).with_id(FieldId(1))];
        let plan = map_to_fields(&guesses("due\n01/02/2026\n"), &fields);
        let Target::Existing { formats, .. } = &plan.columns[0].target else {
            panic!("mapped")
        };
        assert_eq!(formats.date, DateFormat::Iso);
        assert!(plan.columns[0].note.contains("cannot be told apart"));
    }
}
