//! A record's history: each version with who, when, from where, and the values before and after.

use crate::{
    Workspace,
    act::{ActorView, read_header},
    error::{PlatformError, Result},
    sealing::{self, Show},
};
use access::Permission;
use jiff::Timestamp;
use store::tenant::audit as log;
use types::{EntryId, ProblemCode, RecordId, Value};

/// Most versions of one page.
const STEPS_MAX: i64 = 100;

/// One field that a version changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// The field's key, or its number where the dataset no longer has it.
    pub key: String,
    /// The field's label.
    pub label: String,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
}

/// One version.
#[derive(Debug, Clone)]
pub struct Step {
    /// The version it made.
    pub version: i64,
    /// The entry.
    pub entry: EntryId,
    /// `record.create`, `record.update`, `import.run` and so on.
    pub action: String,
    /// When.
    pub at: Timestamp,
    /// Who and from where.
    pub actor: ActorView,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A page of history, newest first.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The versions.
    pub steps: Vec<Step>,
    /// The version to go on before, when there are more.
    pub before: Option<i64>,
    /// The record was erased: who did what and when is told, and what it held can be shown to nobody any more.
    pub is_erased: bool,
}

/// A record's history, newest first. Sensitive values are masked; of an erased record there are no values.
///
/// # Errors
/// `not-found`, also for what the caller may not see.
pub async fn history(
    workspace: &Workspace,
    dataset: &str,
    id: RecordId,
    before: Option<i64>,
) -> Result<HistoryPage> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let key = match super::find(workspace, &dataset, id).await {
        Ok(stored) => Some(stored.record_key),
        Err(error) if error.code == ProblemCode::NotFound => None,
        Err(error) => return Err(error),
    };
    let rows = log::history(workspace.tenant(), id, before, STEPS_MAX + 1).await?;
    if key.is_none() && rows.first().is_none_or(|(image, _)| image.dataset != dataset.id) {
        return Err(PlatformError::not_found("record"));
    }
    let more = rows.len() > usize::try_from(STEPS_MAX).unwrap_or(usize::MAX);
    let show = Show::Masked;
    let mut images = Vec::with_capacity(rows.len());
    for (image, _) in &rows {
        let opened = key
            .as_ref()
            .map(|key| sealing::open_image(workspace.keys(), key, image));
        images.extend(opened.transpose()?);
    }
    let mut steps = Vec::with_capacity(rows.len());
    for (place, (image, entry)) in rows.iter().enumerate().take(rows.len() - usize::from(more)) {
        let header = read_header(workspace.keys(), entry)?;
        steps.push(Step {
            version: image.version,
            entry: entry.id,
            action: header.action.clone(),
            at: entry.appended_at,
            actor: ActorView::of(&header),
            changes: sealing::compare(&dataset, images.get(place + 1), images.get(place), show),
        });
    }
    let before = steps.last().map(|step| step.version).filter(|_| more);
    Ok(HistoryPage {
        steps,
        before,
        is_erased: key.is_none(),
    })
}
