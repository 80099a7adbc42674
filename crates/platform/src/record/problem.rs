//! What a constraint of the database says about a record, as problems at its fields.

use crate::{error::PlatformError, record::value_problem};
use store::StoreError;
use types::{Dataset, ValueError};

/// Names the field behind a generated constraint (`f12_unique`, `f12_reference`, `f12_attachment`).
pub(crate) fn explain(dataset: &Dataset, error: StoreError) -> PlatformError {
    let fault = match &error {
        StoreError::Taken { constraint } => {
            field_of(dataset, constraint, "_unique").map(|key| (key, ValueError::NotUnique))
        }
        StoreError::Dangling { constraint } => field_of(dataset, constraint, "_reference")
            .or_else(|| field_of(dataset, constraint, "_attachment"))
            .map(|key| (key, ValueError::Dangling)),
        _ => None,
    };
    match fault {
        Some((key, fault)) => PlatformError::invalid(vec![value_problem(&format!("/fields/{key}"), &fault)]),
        None => error.into(),
    }
}

fn field_of<'a>(dataset: &'a Dataset, constraint: &str, suffix: &str) -> Option<&'a str> {
    let column = constraint.strip_suffix(suffix)?;
    dataset
        .fields
        .iter()
        .find(|field| field.column() == column)
        .map(|field| field.key.as_str())
}
