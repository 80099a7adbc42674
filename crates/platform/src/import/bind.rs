//! A plan tied to a dataset: which column goes into which field, and what the other fields of a new record hold.

use super::{Destination, ImportPlan};
use crate::{
    Workspace,
    dataset::{DatasetDraft, FieldDraft, check_field},
    error::{PlatformError, Result},
    record::default_value,
};
use access::{Permission, Permit};
use std::{collections::HashSet, sync::Arc};
use store::tenant::catalogue;
use tabular::{ColumnPlan, Converter, Formats, Target, Whitespace};
use types::{Dataset, Field, FieldKind, FieldProblem, Value};

/// A column that goes into a field.
pub(crate) struct Bound {
    pub(crate) column: usize,
    pub(crate) header: String,
    pub(crate) place: usize,
    pub(crate) field: Field,
    pub(crate) converter: Converter,
}

/// An auto number: where it stands among the values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    pub(crate) place: usize,
    pub(crate) field: types::FieldId,
}

/// How much of a field's definition a value must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// All of it, as every new value.
    Definition,
    /// Its kind: definitions change and records that were there stay as they are, so an archive of a healthy
    /// organization holds values that no longer fit.
    Kind,
}

/// A plan tied to a dataset.
pub(crate) struct Binding {
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) fit: Fit,
    pub(crate) columns: Vec<Bound>,
    /// A new record before its columns are read.
    pub(crate) defaults: Vec<Value>,
    /// Members of JSON records that are left out on purpose.
    pub(crate) skipped: HashSet<String>,
}

impl Binding {
    /// Ties a plan's columns to a dataset that is there.
    ///
    /// # Errors
    /// `invalid` with a pointer to each column at fault.
    pub(crate) fn new(permit: &Permit, dataset: Arc<Dataset>, columns: &[ColumnPlan]) -> Result<Self> {
        let mut binding = Self {
            defaults: dataset.fields.iter().map(default_value).collect(),
            dataset,
            fit: Fit::Definition,
            columns: Vec::with_capacity(columns.len()),
            skipped: HashSet::new(),
        };
        let mut errors = Vec::new();
        for (number, column) in columns.iter().enumerate() {
            if let Err(error) = binding.add(permit, column) {
                errors.push(FieldProblem {
                    pointer: format!("/columns/{number}"),
                    ..error
                });
            }
        }
        errors.extend(binding.missing());
        if !errors.is_empty() {
            return Err(PlatformError::invalid(errors));
        }
        Ok(binding)
    }

    /// Every field from the member of its key, exactly as exported, whatever its rules say by now.
    pub(crate) fn whole(dataset: Arc<Dataset>) -> Self {
        let exact = Formats {
            whitespace: Whitespace::Keep,
            ..Formats::default()
        };
        let bound =
            |(place, field): (usize, &Field)| bound(place, field.key.to_string(), place, field, exact);
        Self {
            columns: dataset.fields.iter().enumerate().map(bound).collect(),
            defaults: vec![Value::Empty; dataset.fields.len()],
            skipped: HashSet::new(),
            dataset,
            fit: Fit::Kind,
        }
    }

    fn add(&mut self, permit: &Permit, column: &ColumnPlan) -> std::result::Result<(), FieldProblem> {
        let problem = |code: &str, message: &str| FieldProblem::new("", code, message);
        let (key, formats) = match &column.target {
            Target::Skip => {
                self.skipped.insert(column.header.clone());
                return Ok(());
            }
            Target::Existing { key, formats } => (key.as_str(), *formats),
            Target::New { field, formats } => (field.key.as_str(), *formats),
        };
        let dataset = Arc::clone(&self.dataset);
        let found = dataset
            .field(key)
            .filter(|(_, field)| permit.may_see_field(dataset.id.0, field.id.0));
        let (place, field) = found.ok_or_else(|| {
            problem(
                "unknown-field",
                "the dataset has no such field; add it to the dataset first",
            )
        })?;
        if !permit.may_write_field(dataset.id.0, field.id.0) {
            return Err(problem("not-allowed", "your role may not change this field"));
        }
        if self.columns.iter().any(|other| other.place == place) {
            return Err(problem(
                "not-unique",
                "another column goes into this field already",
            ));
        }
        if self.columns.iter().any(|other| other.column == column.column) {
            return Err(problem("not-unique", "the column stands twice in the plan"));
        }
        self.columns
            .push(bound(column.column, column.header.clone(), place, field, formats));
        Ok(())
    }

    /// Required fields that no column fills: with these every row would be refused.
    fn missing(&self) -> Vec<FieldProblem> {
        let fields = self.dataset.fields.iter().enumerate();
        let empty = fields.filter(|(place, field)| {
            field.presence == types::field::Presence::Required
                && field.kind != FieldKind::AutoNumber
                && self.defaults[*place].is_empty()
                && self.columns.iter().all(|column| column.place != *place)
        });
        let problem = |(_, field): (usize, &Field)| {
            let message = format!("the field {} needs a value and no column fills it", field.key);
            FieldProblem::new("/columns", "required", message)
        };
        empty.map(problem).collect()
    }
}

/// A dataset's auto numbers.
pub(super) fn numbers_of(dataset: &Dataset) -> Vec<Number> {
    let fields = dataset.fields.iter().enumerate();
    let numbers = fields.filter(|(_, field)| field.kind == FieldKind::AutoNumber);
    numbers
        .map(|(place, field)| Number {
            place,
            field: field.id,
        })
        .collect()
}

fn bound(column: usize, header: String, place: usize, field: &Field, formats: Formats) -> Bound {
    Bound {
        column,
        header,
        place,
        field: field.clone(),
        converter: Converter::new(field, formats),
    }
}

/// The dataset that a plan makes.
pub(super) fn draft_of(plan: &ImportPlan, key: &str, label: &str) -> Result<DatasetDraft> {
    let mut fields = Vec::with_capacity(plan.columns.len());
    for (number, column) in plan.columns.iter().enumerate() {
        match &column.target {
            Target::Skip => {}
            Target::New { field, .. } => fields.push(FieldDraft {
                key: field.key.to_string(),
                label: field.label.clone(),
                kind: field.kind,
                presence: field.presence,
                uniqueness: field.uniqueness,
                indexing: field.indexing,
                rules: field.rules.clone(),
                references: None,
                default: None,
                help: field.help.clone(),
            }),
            Target::Existing { .. } => {
                let message = "the dataset is new and has no fields yet";
                let pointer = format!("/columns/{number}");
                return Err(PlatformError::invalid_at(pointer, "unknown-field", message));
            }
        }
    }
    Ok(DatasetDraft {
        key: key.to_owned(),
        label: label.to_owned(),
        description: String::new(),
        fields,
    })
}

/// Checks a plan without carrying it out.
pub(super) async fn check(
    workspace: &Workspace,
    permit: &Permit,
    plan: &ImportPlan,
    headers: &[String],
) -> Result<()> {
    for (number, column) in plan.columns.iter().enumerate() {
        if headers.get(column.column) != Some(&column.header) {
            let message = "the file has no such column";
            let pointer = format!("/columns/{number}");
            return Err(PlatformError::invalid_at(pointer, "unknown-column", message));
        }
    }
    match &plan.dataset {
        Destination::Existing { key } => {
            let dataset = workspace.dataset_to_change(permit, key).await?;
            Binding::new(permit, dataset, &plan.columns).map(|_| ())
        }
        Destination::New { key, label } => {
            workspace.permit(Permission::DatasetDefine).await?;
            let draft = draft_of(plan, key, label)?;
            let known = catalogue::list(workspace.tenant()).await?;
            let fields = draft.fields.iter().enumerate();
            fields
                .map(|(place, field)| check_field(&known, field, &format!("/fields/{place}")))
                .try_for_each(|checked| checked.map(|_| ()))
        }
    }
}
