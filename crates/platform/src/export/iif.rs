//! A ledger's records as QuickBooks' IIF: all that the query selects, or nothing and the reasons.
//!
//! Invariant: one snapshot is read twice: first every record is tried, then what was tried is sent, so that a file never ends at a
//! record that cannot be mapped.

use super::{Reveal, Shown, Source};
use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    list::{self, Checked, Query},
    pipe::{ByteStream, Drain, Outlet},
    session,
    withdrawal::guarded_stream,
};
use access::Permission;
use futures_util::StreamExt;
use std::io;
use tabular::{IifError, IifExport, IifMapping};
use types::FieldProblem;

/// Records sent at once.
const PIECE_RECORDS: usize = 200;
/// Most records that one answer refuses by name.
const REFUSALS_MAX: usize = 100;

/// The records that a query selects, each as a balanced transaction, in the order of their ids.
///
/// # Errors
/// `not-allowed`, `not-found`; `invalid` for the query, for the mapping, and for records that cannot be mapped: each with its row
/// and the reason, up to a hundred; in the stream, what happens after its first byte.
pub async fn iif(
    workspace: &Workspace,
    dataset: &str,
    query: &Query,
    mapping: &IifMapping,
) -> Result<ByteStream> {
    let permit = workspace.permit(Permission::RecordExport).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let checked = list::check(&permit, &dataset, query)?;
    let shown = Shown::new(&permit, &dataset, Reveal::Masked);
    let tx = workspace.tenant().begin_snapshot().await?;
    let source = Source {
        workspace,
        tx: &tx,
        dataset: &dataset,
        shown: &shown,
    };
    try_all(&source, &checked, mapping).await?;
    let act = Act::access("export.run", Object::new("dataset", dataset.id)).because("iif");
    workspace.note(&permit, &act).await?;
    let (reader, workspace, mapping) = (workspace, workspace.clone(), mapping.clone());
    Ok(guarded_stream(
        reader,
        Permission::RecordExport,
        |outlet| async move {
            let source = Source {
                workspace: &workspace,
                tx: &tx,
                dataset: &dataset,
                shown: &shown,
            };
            send(&source, &checked, &mapping, &outlet).await?;
            Ok(tx.close().await?)
        },
    ))
}

/// Refuses the export if any record cannot be mapped.
async fn try_all(source: &Source<'_>, checked: &Checked, mapping: &IifMapping) -> Result<()> {
    let export = IifExport::new(io::sink(), &source.dataset.fields, mapping).map_err(vault_failure)?;
    let mut export = export.map_err(unmappable)?;
    let rows = source.rows(checked).await?;
    let mut rows = std::pin::pin!(rows);
    let mut refused = Vec::new();
    let mut row = 0_u64;
    while let Some(stored) = rows.next().await {
        row += 1;
        let record = source.shown.open(source.workspace, source.dataset, &stored?)?;
        if let Err(error) = export.record(&record).map_err(vault_failure)? {
            let pointer = format!("/records/{}", record.id);
            refused.push(FieldProblem::new(
                pointer,
                "not-mappable",
                format!("row {row}: {error}"),
            ));
            if refused.len() >= REFUSALS_MAX {
                break;
            }
        }
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(PlatformError::invalid(refused)),
    }
}

fn unmappable(error: IifError) -> PlatformError {
    PlatformError::invalid_at("/mapping", "not-mappable", error.to_string())
}

async fn send(source: &Source<'_>, checked: &Checked, mapping: &IifMapping, outlet: &Outlet) -> Result<()> {
    let drain = Drain::default();
    let export = IifExport::new(drain.clone(), &source.dataset.fields, mapping).map_err(vault_failure)?;
    let mut export = export.map_err(unmappable)?;
    let rows = source.rows(checked).await?;
    let mut rows = std::pin::pin!(rows);
    let mut written = 0_usize;
    while let Some(stored) = rows.next().await {
        let record = source.shown.open(source.workspace, source.dataset, &stored?)?;
        let mapped = export.record(&record).map_err(vault_failure)?;
        mapped.map_err(|error| PlatformError::invariant(error.to_string()))?;
        written += 1;
        if written.is_multiple_of(PIECE_RECORDS) {
            outlet.send(drain.take()).await?;
        }
    }
    outlet.send(drain.take()).await
}
