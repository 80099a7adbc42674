//! References of a dataset to itself, which an archive's order of records cannot serve.
//!
//! Invariant: a reference to another dataset needs no delay, because a dataset comes after those that it refers to.

use super::restore::unfit;
use crate::error::{PlatformError, Result};
use std::sync::Arc;
use store::{
    StoreError,
    tenant::{TenantTx, reference},
};
use types::{Dataset, Field, FieldId, FieldKind, ValueError};

/// The fields by which records refer to others of their own dataset.
pub(super) fn own_references(datasets: &[Arc<Dataset>]) -> Vec<FieldId> {
    all(datasets).map(|(_, field)| field.id).collect()
}

/// Checks them, once all records are there.
///
/// # Errors
/// `invalid` where a record refers to none of the archive.
pub(super) async fn check_own_references(tx: &TenantTx, datasets: &[Arc<Dataset>]) -> Result<()> {
    let checked = reference::check(tx, &own_references(datasets)).await;
    checked.map_err(|error| explain(datasets, error))
}

fn all(datasets: &[Arc<Dataset>]) -> impl Iterator<Item = (&Dataset, &Field)> {
    let fields = datasets
        .iter()
        .flat_map(|dataset| dataset.fields.iter().map(move |field| (&**dataset, field)));
    fields.filter(|(dataset, field)| {
        field.kind == FieldKind::Reference && field.rules.dataset == Some(dataset.id)
    })
}

fn explain(datasets: &[Arc<Dataset>], error: StoreError) -> PlatformError {
    let StoreError::Dangling { constraint } = &error else {
        return error.into();
    };
    let column = constraint.strip_suffix("_reference");
    let found = all(datasets).find(|(_, field)| Some(field.column().as_str()) == column);
    match found {
        Some((dataset, field)) => unfit(format!(
            "{}: {}: {}",
            dataset.key,
            field.key,
            ValueError::Dangling
        )),
        None => error.into(),
    }
}
