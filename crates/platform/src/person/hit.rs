//! Hits as people see them, and what they say of them.

use super::{HITS_MAX, author, datasets_of, limit, missing, note, row, step};
use crate::{
    Workspace,
    error::{PlatformError, Result},
};
use access::Permission;
use std::collections::BTreeMap;
use store::tenant::{
    file as files,
    person::{self as rows, HitKind, Verdict},
};
use types::{AttachmentId, Dataset, DatasetId, PersonRequestId, RecordId};
use uuid::Uuid;

/// How what was found stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitState {
    /// It is there.
    There,
    /// It is in the trash.
    Trashed,
    /// It is gone.
    Gone,
}

impl HitState {
    /// Its name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Trashed => "in-trash",
            Self::Gone => "gone",
        }
    }
}

/// A hit. It says where words were found, never what stands there: whoever may see that opens the record.
#[derive(Debug, Clone)]
pub struct HitView {
    /// The record's or file's id.
    pub object: Uuid,
    /// Which of the two.
    pub kind: HitKind,
    /// A record's dataset: its key and label, while it is there.
    pub dataset: Option<(String, String)>,
    /// Keys of the fields with the words; those with ", earlier" only in an earlier version.
    pub found_in: Vec<String>,
    /// What somebody said of it.
    pub verdict: Option<Verdict>,
    /// How it stands now.
    pub state: HitState,
}

/// What was found for a request.
///
/// # Errors
/// `not-allowed`, also for narrowed rights; `not-found`.
pub async fn hits(workspace: &Workspace, id: PersonRequestId) -> Result<Vec<HitView>> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    let datasets = datasets_of(workspace, &permit).await?;
    row(workspace, id).await?;
    let found = rows::hits(workspace.tenant(), id, limit()).await?;
    let states = states(workspace, &datasets, &found).await?;
    let view = |hit: rows::Hit| {
        let dataset = datasets.iter().find(|dataset| Some(dataset.id) == hit.dataset);
        HitView {
            state: states.get(&hit.object).copied().unwrap_or(HitState::Gone),
            dataset: dataset.map(|dataset| (dataset.key.to_string(), dataset.label.clone())),
            object: hit.object,
            kind: hit.kind,
            found_in: hit.found_in,
            verdict: hit.verdict,
        }
    };
    Ok(found.into_iter().map(view).collect())
}

/// How hits stand; those that are gone are left out.
pub(crate) async fn states(
    workspace: &Workspace,
    datasets: &[Dataset],
    found: &[rows::Hit],
) -> Result<BTreeMap<Uuid, HitState>> {
    let mut of_each: BTreeMap<DatasetId, Vec<RecordId>> = BTreeMap::new();
    for hit in found {
        if let Some(dataset) = hit.dataset {
            of_each.entry(dataset).or_default().push(RecordId(hit.object));
        }
    }
    let mut states = BTreeMap::new();
    let tx = workspace.tenant().begin_snapshot().await?;
    for dataset in datasets {
        let Some(ids) = of_each.get(&dataset.id) else {
            continue;
        };
        for key in rows::record_keys(&tx, dataset, ids).await? {
            let state = match key.is_trashed {
                true => HitState::Trashed,
                false => HitState::There,
            };
            states.insert(key.record.0, state);
        }
    }
    tx.close().await?;
    let of_files = found.iter().filter(|hit| hit.kind == HitKind::File);
    let ids: Vec<AttachmentId> = of_files.map(|hit| AttachmentId(hit.object)).collect();
    let present = files::present(workspace.tenant(), &ids).await?;
    states.extend(present.into_iter().map(|id| (id.0, HitState::There)));
    Ok(states)
}

/// Says of hits whose they are. Can be said anew until an erasure is proposed. A record that is theirs from now on asks for another search:
/// what refers to it is theirs too, perhaps.
///
/// # Errors
/// `not-allowed`; `invalid` for what is no hit of the request; `conflict` once an erasure is proposed or the request closed.
pub async fn mark(
    workspace: &Workspace,
    id: PersonRequestId,
    objects: &[Uuid],
    verdict: Verdict,
) -> Result<()> {
    let permit = workspace.permit(Permission::PersonRequest).await?;
    datasets_of(workspace, &permit).await?;
    let by = author(&permit)?;
    row(workspace, id).await?;
    if objects.is_empty() || objects.len() > HITS_MAX {
        let message = format!("1 to {HITS_MAX} of the request's hits");
        return Err(PlatformError::invalid_at("/hits", "too-long", message));
    }
    let known = rows::hits(workspace.tenant(), id, limit()).await?;
    let is_new = |hit: &rows::Hit| hit.kind == HitKind::Record && hit.verdict != Some(Verdict::Theirs);
    let mut chosen = known.iter().filter(|hit| objects.contains(&hit.object));
    let tx = workspace.tenant().begin(&permit).await?;
    let marked = rows::set_verdict(&tx, id, objects, verdict)
        .await
        .map_err(missing)?;
    if usize::try_from(marked) != Ok(objects.len()) {
        let message = "each once, and each a hit of this request";
        return Err(PlatformError::invalid_at("/hits", "unknown", message));
    }
    if verdict == Verdict::Theirs && chosen.any(is_new) {
        step(&tx, id, by, rows::Step::ToBeSearched).await?;
    }
    let reason = format!("{marked} are {}", verdict.as_str());
    note(workspace, tx, "person-request.mark", id, &reason).await
}
