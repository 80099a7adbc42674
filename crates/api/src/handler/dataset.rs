//! Datasets.

use super::field::read_draft;
use crate::{
    answer::Answer,
    call::Call,
    refusal::Result,
    view::dataset::{DatasetView, DatasetsView},
};
use platform::{
    Workspace,
    dataset::{self, DatasetDraft, FIELDS_MAX},
};
use std::sync::Arc;
use types::{Dataset, FieldKind};

/// The organization's datasets.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let datasets = dataset::list(call.workspace()?).await?;
    let views = datasets.iter().map(|dataset| DatasetView::of(dataset, &datasets));
    Ok(Answer::ok(&DatasetsView {
        datasets: views.collect(),
    }))
}

/// One dataset.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let workspace = call.workspace()?;
    let found = dataset::find(workspace, call.part("dataset")).await?;
    let known = referred(workspace, &found).await?;
    Ok(Answer::ok(&DatasetView::of(&found, &known)))
}

/// The datasets that references may point to; none where there is no reference.
pub(super) async fn referred(workspace: &Workspace, dataset: &Dataset) -> Result<Vec<Arc<Dataset>>> {
    let refers = dataset
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::Reference);
    if refers {
        Ok(dataset::list(workspace).await?)
    } else {
        Ok(Vec::new())
    }
}

/// Creates a dataset with its fields.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let key = members.text("key").unwrap_or_default();
    let label = members.required_text("label");
    let description = members.text("description").unwrap_or_default();
    let drafts = members.list("fields", FIELDS_MAX).unwrap_or_default();
    let mut fields = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.into_iter().enumerate() {
        let read = read_draft(draft, &format!("/fields/{place}"));
        fields.extend(members.note_all(read));
    }
    members.finish()?;
    let draft = DatasetDraft {
        key,
        label,
        description,
        fields,
    };
    let workspace = call.workspace()?;
    let made = dataset::create(workspace, draft).await?;
    let known = referred(workspace, &made).await?;
    let location = format!("{}/{}", call.request.path(), made.key);
    Ok(Answer::created(&location, &DatasetView::of(&made, &known)))
}

/// Changes the label or the description.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let label = members.text("label");
    let description = members.text("description");
    members.finish()?;
    let workspace = call.workspace()?;
    let key = call.part("dataset");
    let found = dataset::find(workspace, key).await?;
    let label = label.as_deref().unwrap_or(&found.label);
    let description = description.as_deref().unwrap_or(&found.description);
    let changed = dataset::alter(workspace, key, label, description).await?;
    let known = referred(workspace, &changed).await?;
    Ok(Answer::ok(&DatasetView::of(&changed, &known)))
}
