//! What came of a run: counts in the job's row, refused rows in a sealed report beside the data.

use crate::{
    Workspace,
    act::vault_failure,
    error::{PlatformError, Result},
    file::{self, FilePurpose, NewFile},
};
use bytes::Bytes;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use store::{control::job::Job, tenant::TenantTx};
use tabular::{CsvReader, Defusing, Dialect, Encoding, ReadOptions, Refusal, RefusalReport};
use types::{AttachmentId, JobId, ProblemCode};

/// Most refusals that are shown at once; the report has more.
const SHOWN_MAX: usize = 1_000;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOutcome {
    /// Nothing was kept, by intent.
    pub dry_run: bool,
    /// Rows that were read.
    pub rows_read: u64,
    /// Rows that were imported, or of a dry run would have been.
    pub rows_imported: u64,
    /// Why rows were refused: the first thousand reasons.
    pub refused: Vec<Refusal>,
    /// How many rows were refused.
    pub refused_count: u64,
    /// The key of the dataset that holds the records.
    pub dataset: Option<String>,
    /// Why nothing was imported.
    pub error: Option<String>,
}

/// The same in the job's row, and in the papers of an import that is over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) dry_run: bool,
    pub(super) rows_read: u64,
    pub(super) rows_imported: u64,
    pub(super) refused_count: u64,
    pub(super) dataset: Option<String>,
    pub(super) error: Option<String>,
}

impl ImportOutcome {
    /// The outcome of a job that has ended.
    pub(super) async fn read(workspace: &Workspace, job: &Job) -> Result<Option<Self>> {
        let Some(result) = &job.result else {
            return Ok(None);
        };
        let counts: Counts = serde_json::from_value(result.clone()).map_err(vault_failure)?;
        let refused = match counts.refused_count {
            0 => Vec::new(),
            _ => read_report(workspace, job.id).await?,
        };
        Ok(Some(Self {
            dry_run: counts.dry_run,
            rows_read: counts.rows_read,
            rows_imported: counts.rows_imported,
            refused,
            refused_count: counts.refused_count,
            dataset: counts.dataset,
            error: counts.error,
        }))
    }
}

/// The file of a run's report: the run's id with its last bit turned, because the run of an import has the import's id,
/// which is that of its papers.
pub(super) fn report_id(run: JobId) -> AttachmentId {
    AttachmentId(uuid::Uuid::from_u128(run.0.as_u128() ^ 1))
}

/// Writes the report of a run.
pub(super) async fn write_report(
    workspace: &Workspace,
    tx: &TenantTx,
    run: JobId,
    refusals: &[Refusal],
) -> Result<()> {
    let mut report = RefusalReport::new(Vec::new()).map_err(vault_failure)?;
    for refusal in refusals {
        report.write(refusal).map_err(vault_failure)?;
    }
    let bytes = report.finish().map_err(vault_failure)?;
    let new = NewFile {
        id: report_id(run),
        purpose: FilePurpose::Report,
        name: "refused-rows.csv",
        media_type: "text/csv; charset=utf-8",
    };
    file::write(workspace, tx, &new, stream::iter([Ok(Bytes::from(bytes))])).await?;
    Ok(())
}

async fn read_report(workspace: &Workspace, run: JobId) -> Result<Vec<Refusal>> {
    let stored = match file::find(workspace, FilePurpose::Report, report_id(run)).await {
        Ok((_, stored)) => stored,
        Err(error) if error.code == ProblemCode::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let bytes = file::read_whole(workspace, &stored).await?;
    let options = ReadOptions {
        defusing: Defusing::Undo,
        ..ReadOptions::default()
    };
    let reader = CsvReader::new(bytes.as_slice(), Encoding::Utf8, Dialect::default(), options);
    let rows = reader.map_err(unreadable)?.take(SHOWN_MAX);
    rows.map(|row| {
        let row = row.map_err(unreadable)?;
        let cell = |place| row.cell(place).unwrap_or_default().to_owned();
        Ok(Refusal {
            row: cell(0).parse().unwrap_or(0),
            line: cell(1).parse().unwrap_or(0),
            column: Some(cell(2)).filter(|name| !name.is_empty()),
            code: cell(3),
            message: cell(4),
            excerpt: cell(5),
        })
    })
    .collect()
}

fn unreadable(fault: tabular::ReadFault) -> PlatformError {
    PlatformError::invariant(format!("a report of our own: {fault}"))
}
