//! Datasets and fields: defined by administrators, each change an entry in the same transaction.

mod definition;
mod sensitive;

pub use definition::{FieldDraft, check_field};
pub use sensitive::make_sensitive;

use crate::{
    Workspace,
    act::{Act, Object},
    error::{PlatformError, Result},
    organization::checked_name,
    workspace::visible,
};
use access::{FieldRight, Permission, Permit};
use std::sync::Arc;
use store::{
    StoreError,
    tenant::{TenantTx, catalogue},
};
use types::{Dataset, DatasetKey, Field, FieldId, ProblemCode};

/// Most fields of a dataset.
pub const FIELDS_MAX: usize = 200;

/// A dataset to create.
#[derive(Debug, Clone)]
pub struct DatasetDraft {
    /// Its key; made from the label when empty.
    pub key: String,
    /// Its label.
    pub label: String,
    /// What it holds.
    pub description: String,
    /// Its fields.
    pub fields: Vec<FieldDraft>,
}

/// Every dataset that the caller may see, by label.
///
/// # Errors
/// `unavailable`.
pub async fn list(workspace: &Workspace) -> Result<Vec<Arc<Dataset>>> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    let all = catalogue::list(workspace.tenant())
        .await?
        .into_iter()
        .map(Arc::new);
    let seen = all.filter(|dataset| permit.may_see_dataset(dataset.id.0));
    Ok(seen.map(|dataset| visible(&permit, &dataset)).collect())
}

/// One dataset.
///
/// # Errors
/// `not-found`.
pub async fn find(workspace: &Workspace, key: &str) -> Result<Arc<Dataset>> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    workspace.dataset(&permit, key).await
}

/// Creates a dataset with its fields.
///
/// # Errors
/// `already-taken`, `invalid`.
pub async fn create(workspace: &Workspace, draft: DatasetDraft) -> Result<Arc<Dataset>> {
    let permit = workspace.permit(Permission::DatasetDefine).await?;
    let tx = workspace.tenant().begin(&permit).await?;
    let dataset = create_within(workspace, &tx, &draft).await?;
    let act = Act::configuration("dataset.create", Object::new("dataset", dataset.id));
    tx.commit(&workspace.plain_entry(&act)?).await?;
    workspace.forget_datasets();
    Ok(Arc::new(dataset))
}

/// Creates a dataset within a transaction that will have its own entry, as an import does.
pub(crate) async fn create_within(
    workspace: &Workspace,
    tx: &TenantTx,
    draft: &DatasetDraft,
) -> Result<Dataset> {
    let label = checked_name("/label", &draft.label)?;
    let description = checked_description(&draft.description)?;
    let key = if draft.key.is_empty() {
        types::name::key_from_label(&label, &|_| false)
    } else {
        draft.key.clone()
    };
    let key: DatasetKey = key.parse().map_err(|error: types::name::NameError| {
        PlatformError::invalid_at("/key", "malformed", error.to_string())
    })?;
    if draft.fields.len() > FIELDS_MAX {
        return Err(PlatformError::invalid_at(
            "/fields",
            "too-long",
            format!("at most {FIELDS_MAX} fields"),
        ));
    }
    let id = match catalogue::create_dataset(tx, &key, &label, &description).await {
        Err(StoreError::Taken { .. }) => {
            return Err(PlatformError::new(
                ProblemCode::Taken,
                format!("there is a dataset {key} already"),
            ));
        }
        made => made?,
    };
    let known = catalogue::list(workspace.tenant()).await?;
    for (place, field) in draft.fields.iter().enumerate() {
        let field = check_field(&known, field, &format!("/fields/{place}"))?;
        add_within(tx, id, &field, &format!("/fields/{place}")).await?;
    }
    Ok(catalogue::find_within(tx, id).await?)
}

/// Adds a field within a transaction that will have its own entry.
pub(crate) async fn add_within(
    tx: &TenantTx,
    dataset: types::DatasetId,
    field: &Field,
    pointer: &str,
) -> Result<FieldId> {
    match catalogue::add_field(tx, dataset, field).await {
        Err(StoreError::Taken { .. }) => Err(PlatformError::invalid_at(
            format!("{pointer}/key"),
            "not-unique",
            "the dataset has a field of this key already",
        )),
        made => Ok(made?),
    }
}

pub(crate) fn checked_description(text: &str) -> Result<String> {
    if text.chars().count() > 2_000 || text.contains('\0') || types::card::carries_card_number(text) {
        return Err(PlatformError::invalid_at(
            "/description",
            "malformed",
            "at most 2,000 characters, no card number",
        ));
    }
    Ok(text.trim().to_owned())
}

/// Changes a dataset's label and description.
///
/// # Errors
/// `not-found`, `invalid`.
pub async fn alter(workspace: &Workspace, key: &str, label: &str, description: &str) -> Result<Arc<Dataset>> {
    let (label, description) = (checked_name("/label", label)?, checked_description(description)?);
    define(
        workspace,
        key,
        "dataset.update",
        async |tx: &TenantTx, _: &Permit, dataset: &Dataset| {
            Ok(catalogue::alter_dataset(tx, dataset.id, &label, &description).await?)
        },
    )
    .await
}

/// Adds a field.
///
/// # Errors
/// `invalid`; `conflict` for an auto number in a dataset that has records.
pub async fn add_field(workspace: &Workspace, key: &str, draft: &FieldDraft) -> Result<Arc<Dataset>> {
    let known = catalogue::list(workspace.tenant()).await?;
    let field = check_field(&known, draft, "")?;
    define(
        workspace,
        key,
        "field.create",
        async |tx: &TenantTx, _: &Permit, dataset: &Dataset| {
            if dataset.fields.len() >= FIELDS_MAX {
                return Err(PlatformError::new(
                    ProblemCode::Conflict,
                    format!("a dataset has at most {FIELDS_MAX} fields"),
                ));
            }
            add_within(tx, dataset.id, &field, "").await.map(|_| ())
        },
    )
    .await
}

/// Changes a field's label, rules and flags. Its key and kind stay.
///
/// # Errors
/// `invalid`; `conflict` when it shall be unique and is not.
pub async fn alter_field(
    workspace: &Workspace,
    key: &str,
    field: &str,
    draft: &FieldDraft,
) -> Result<Arc<Dataset>> {
    let known = catalogue::list(workspace.tenant()).await?;
    let wanted = check_field(&known, draft, "")?;
    define(
        workspace,
        key,
        "field.update",
        async |tx: &TenantTx, permit: &Permit, dataset: &Dataset| {
            let found = field_to_change(permit, dataset, field)?;
            let changed = Field {
                id: found.id,
                key: found.key.clone(),
                kind: found.kind,
                ..wanted.clone()
            };
            match catalogue::alter_field(tx, &changed).await {
                Err(StoreError::Taken { .. }) => Err(PlatformError::new(
                    ProblemCode::Conflict,
                    "some records have the same value; make them differ first",
                )),
                done => Ok(done?),
            }
        },
    )
    .await
}

/// Removes a field with its values; their history stays.
///
/// # Errors
/// `not-found`.
pub async fn drop_field(workspace: &Workspace, key: &str, field: &str) -> Result<Arc<Dataset>> {
    define(
        workspace,
        key,
        "field.delete",
        async |tx: &TenantTx, permit: &Permit, dataset: &Dataset| {
            let found = field_to_change(permit, dataset, field)?;
            Ok(catalogue::drop_field(tx, found.id).await?)
        },
    )
    .await
}

async fn define(
    workspace: &Workspace,
    key: &str,
    action: &'static str,
    change: impl AsyncFn(&TenantTx, &Permit, &Dataset) -> Result<()>,
) -> Result<Arc<Dataset>> {
    let permit: Permit = workspace.permit(Permission::DatasetDefine).await?;
    let dataset = workspace.dataset_to_change(&permit, key).await?;
    let tx = workspace.tenant().begin(&permit).await?;
    let dataset = catalogue::find_within(&tx, dataset.id).await?;
    change(&tx, &permit, &dataset).await?;
    let changed = catalogue::find_within(&tx, dataset.id).await?;
    let act = Act::configuration(action, Object::new("dataset", dataset.id));
    tx.commit(&workspace.plain_entry(&act)?).await?;
    workspace.forget_datasets();
    Ok(visible(&permit, &Arc::new(changed)))
}

/// A field whose definition the permit may change: one that its holder sees and may write.
pub(super) fn field_to_change<'a>(permit: &Permit, dataset: &'a Dataset, key: &str) -> Result<&'a Field> {
    let found = dataset.field(key).map(|(_, field)| field);
    let found = found.filter(|field| permit.may_see_field(dataset.id.0, field.id.0));
    let field = found.ok_or_else(|| PlatformError::not_found("field"))?;
    if permit.narrowing().field(dataset.id.0, field.id.0) < FieldRight::Write {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "your rights do not reach to this field",
        ));
    }
    Ok(field)
}
