//! An import's papers between its steps: what was seen of the file and the plan, sealed beside the file.

use super::{
    Destination, FileFormat, ImportPlan,
    analyse::{self, Analysis},
    bind,
    outcome::Counts,
    plan::{Cells, OnRefusal},
};
use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    file::{self, FilePurpose, NewFile},
};
use access::Permit;
use bytes::Bytes;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use store::tenant::{
    TenantTx,
    file::{self as rows, StoredFile},
};
use tabular::{ColumnPlan, NewField, Plan, Target, map_to_fields, propose_fields};
use types::{AttachmentId, Dataset, JobId};

/// The papers. Their file's id is the import's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) file: AttachmentId,
    pub(super) file_name: String,
    pub(super) analysis: Analysis,
    pub(super) plan: ImportPlan,
    /// The last dry run.
    pub(super) check: Option<JobId>,
    /// What came of the import, written with it: an attempt that dies right after leaves that to the next.
    #[serde(default)]
    pub(super) counts: Option<Counts>,
}

/// Looks at an uploaded file and keeps the first plan.
pub(super) async fn begin(
    workspace: &Workspace,
    permit: &Permit,
    import: JobId,
    stored: &StoredFile,
    file_name: &str,
    target: Option<&str>,
) -> Result<()> {
    let format = analyse::guess_format(workspace, stored, file_name).await?;
    let analysis = analyse::analyse(workspace, stored, format, None).await?;
    let dataset = match target {
        Some(key) => Some(workspace.dataset_to_change(permit, key).await?),
        None => None,
    };
    let destination = match &dataset {
        Some(dataset) => Destination::Existing {
            key: dataset.key.to_string(),
        },
        None => new_destination(&analysis, file_name),
    };
    let plan = propose(&analysis, destination, dataset.as_deref(), OnRefusal::default());
    let document = Document {
        file: stored.id,
        file_name: file_name.to_owned(),
        analysis,
        plan,
        check: None,
        counts: None,
    };
    document.save(workspace, permit, import).await
}

fn new_destination(analysis: &Analysis, file_name: &str) -> Destination {
    match &analysis.definition {
        Some(dataset) => Destination::New {
            key: dataset.key.to_string(),
            label: dataset.label.clone(),
        },
        None => Destination::New {
            key: String::new(),
            label: file_name
                .rsplit_once('.')
                .map_or(file_name, |(stem, _)| stem)
                .to_owned(),
        },
    }
}

/// The plan that the file suggests.
fn propose(
    analysis: &Analysis,
    destination: Destination,
    dataset: Option<&Dataset>,
    on_refusal: OnRefusal,
) -> ImportPlan {
    let mut plan = match (dataset, &analysis.definition) {
        (Some(dataset), _) => map_to_fields(&analysis.guesses, &dataset.fields),
        (None, Some(definition)) => define(analysis, definition),
        (None, None) => propose_fields(&analysis.guesses),
    };
    let cells = match dataset {
        Some(dataset) if is_own_export(analysis, dataset) => Cells::Exported,
        Some(_) | None => Cells::Plain,
    };
    if cells == Cells::Exported || analysis.format == FileFormat::Json {
        plan.keep_whitespace();
    }
    ImportPlan {
        dataset: destination,
        format: analysis.format,
        encoding: analysis.encoding,
        dialect: analysis.dialect,
        cells,
        columns: plan.columns,
        on_refusal,
    }
}

/// Exactly the dataset's keys as headers: nobody writes that by hand.
fn is_own_export(analysis: &Analysis, dataset: &Dataset) -> bool {
    let keys: Vec<&str> = dataset.fields.iter().map(|field| field.key.as_str()).collect();
    !keys.is_empty() && analysis.headers == keys
}

/// The fields as the export defines them.
fn define(analysis: &Analysis, definition: &tabular::JsonDataset) -> Plan {
    let mut plan = propose_fields(&analysis.guesses);
    for column in &mut plan.columns {
        let found = definition
            .fields
            .iter()
            .find(|field| field.key.as_str() == column.header);
        if let Some(field) = found {
            let field = NewField {
                key: field.key.clone(),
                label: field.label.clone(),
                kind: field.kind,
                presence: field.presence,
                uniqueness: field.uniqueness,
                indexing: field.indexing,
                rules: field.rules.clone(),
                help: field.help.clone(),
            };
            column.target = Target::New {
                field: Box::new(field),
                formats: tabular::Formats::default(),
            };
            column.note = "as the export defines it".to_owned();
        }
    }
    plan
}

/// Writes the papers over those that are there.
async fn put(workspace: &Workspace, tx: &TenantTx, import: JobId, bytes: Vec<u8>) -> Result<()> {
    let id = AttachmentId(import.0);
    rows::remove(tx, id).await?;
    let new = NewFile {
        id,
        purpose: FilePurpose::Import,
        name: "plan",
        media_type: "application/json",
    };
    file::write(workspace, tx, &new, stream::iter([Ok(Bytes::from(bytes))])).await?;
    Ok(())
}

impl Document {
    pub(super) async fn load(workspace: &Workspace, import: JobId) -> Result<Self> {
        let mut stored = Self::find(workspace, import).await?;
        loop {
            let error = match file::read_whole(workspace, &stored).await {
                Ok(bytes) => return serde_json::from_slice(&bytes).map_err(vault_failure),
                Err(error) => error,
            };
            // Other papers took their place between the two looks: whoever plans anew or ends the import does that, and not for ever.
            let now = Self::find(workspace, import).await?;
            if now.created_at == stored.created_at {
                return Err(error);
            }
            stored = now;
        }
    }

    async fn find(workspace: &Workspace, import: JobId) -> Result<StoredFile> {
        let found = file::find(workspace, FilePurpose::Import, AttachmentId(import.0)).await;
        let (_, stored) = found.map_err(|error| match error.code {
            types::ProblemCode::NotFound => PlatformError::not_found("import"),
            _ => error,
        })?;
        Ok(stored)
    }

    /// Replaces the papers.
    pub(super) async fn save(&self, workspace: &Workspace, permit: &Permit, import: JobId) -> Result<()> {
        let bytes = serde_json::to_vec(self).map_err(vault_failure)?;
        let tx = workspace.tenant().begin(permit).await?;
        put(workspace, &tx, import, bytes).await?;
        let act = Act::access("import.plan", Object::new("import", import));
        tx.commit(&workspace.plain_entry(&act)?).await?;
        Ok(())
    }

    /// Replaces the papers of an import that is over by some without rows of its file: nobody looks for those there when they are erased.
    /// `counts` are what came of it, if it came so far.
    pub(super) async fn forget_rows(
        &self,
        workspace: &Workspace,
        tx: &TenantTx,
        import: JobId,
        counts: Option<&Counts>,
    ) -> Result<()> {
        let mut papers = serde_json::to_value(self).map_err(vault_failure)?;
        papers["counts"] = serde_json::to_value(counts).map_err(vault_failure)?;
        if let Some(preview) = papers.pointer_mut("/analysis/preview") {
            *preview = serde_json::Value::Array(Vec::new());
        }
        let bytes = serde_json::to_vec(&papers).map_err(vault_failure)?;
        put(workspace, tx, import, bytes).await
    }

    /// Takes another plan.
    pub(super) async fn replan(
        mut self,
        workspace: &Workspace,
        permit: &Permit,
        import: JobId,
        plan: ImportPlan,
    ) -> Result<()> {
        let columns = plan.columns.clone();
        let before = (self.plan.format, self.plan.encoding, self.plan.dialect);
        let destination_before = self.plan.dataset.clone();
        if before != (plan.format, plan.encoding, plan.dialect) {
            let (_, stored) = file::find(workspace, FilePurpose::Import, self.file).await?;
            let reading = Some((plan.encoding, plan.dialect));
            self.analysis = analyse::analyse(workspace, &stored, plan.format, reading).await?;
        }
        let fits = fits(&columns, &self.analysis.headers);
        self.plan = if fits && (columns != self.plan.columns || destination_before == plan.dataset) {
            plan
        } else {
            self.propose_again(workspace, permit, plan).await?
        };
        bind::check(workspace, permit, &self.plan, &self.analysis.headers).await?;
        self.check = None;
        self.save(workspace, permit, import).await
    }

    async fn propose_again(
        &self,
        workspace: &Workspace,
        permit: &Permit,
        plan: ImportPlan,
    ) -> Result<ImportPlan> {
        let dataset = match &plan.dataset {
            Destination::Existing { key } => Some(workspace.dataset_to_change(permit, key).await?),
            Destination::New { .. } => None,
        };
        Ok(propose(
            &self.analysis,
            plan.dataset,
            dataset.as_deref(),
            plan.on_refusal,
        ))
    }
}

/// Are these columns the file's?
fn fits(columns: &[ColumnPlan], headers: &[String]) -> bool {
    let named = |column: &ColumnPlan| headers.get(column.column) == Some(&column.header);
    !columns.is_empty() && columns.iter().all(named)
}
