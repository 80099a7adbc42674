//! Exports: records as CSV or JSON, and a whole organization as an archive, streamed while they are read.
//!
//! Invariants: an export reads one snapshot; its entry is in the log before its first byte leaves; a sensitive value
//! leaves in the clear only where the caller asks for it and the permit may reveal it; memory does not grow with the
//! number of records. Start at [`records`].

mod about;
mod archive;
mod encode;
mod envelope;
mod iif;
pub mod kept;
mod manifest;
mod member;
mod own_reference;
mod person;
mod restore;
mod tape;

pub use archive::{archive, sealed_archive};
pub use envelope::Envelope;
pub use iif::iif;
pub(crate) use member::Reach;
pub(crate) use person::of_person;
pub use restore::{Restored, restore_archive};
pub use tabular::IifMapping;

use crate::{
    Workspace,
    act::{Act, Object},
    error::Result,
    list::{self, Checked, Query},
    pipe::{ByteStream, Outlet},
    sealing::{self, Show},
    session,
    withdrawal::guarded_stream,
};
use access::{Permission, Permit};
use encode::Encoder;
use futures_util::StreamExt;
use std::sync::Arc;
use store::tenant::{StoredRecord, TenantTx, query};
use types::{Dataset, Field, FieldKind, Record, Value};

/// How records are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// CSV (RFC 4180) with the fields' keys as its header.
    #[default]
    Csv,
    /// One JSON document with the dataset's definition.
    Json,
    /// JSON Lines; the first line is the dataset's definition.
    JsonLines,
}

impl Format {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::JsonLines => "json-lines",
        }
    }
}

/// May sensitive values leave in the clear?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reveal {
    /// They are masked.
    #[default]
    Masked,
    /// They are in the clear where the caller's role may reveal them.
    Clear,
}

/// The records of a dataset that a query selects, in the order of their ids.
///
/// # Errors
/// `not-allowed`, `not-found`, `invalid` for the query; in the stream, what happens after its first byte.
pub async fn records(
    workspace: &Workspace,
    dataset: &str,
    query: &Query,
    format: Format,
    reveal: Reveal,
) -> Result<ByteStream> {
    let permit = workspace.permit(Permission::RecordExport).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let checked = list::check(&permit, &dataset, query)?;
    let shown = Shown::new(&permit, &dataset, reveal);
    let reason = match shown.clear.contains(&true) {
        true => format!("{} with sensitive values", format.as_str()),
        false => format.as_str().to_owned(),
    };
    let act = Act::access("export.run", Object::new("dataset", dataset.id)).because(&reason);
    workspace.note(&permit, &act).await?;
    let (reader, workspace) = (workspace, workspace.clone());
    Ok(guarded_stream(
        reader,
        Permission::RecordExport,
        |outlet| async move {
            let tx = workspace.tenant().begin_snapshot().await?;
            let mut encoder = Encoder::new(&dataset, format)?;
            let source = Source {
                workspace: &workspace,
                tx: &tx,
                dataset: &dataset,
                shown: &shown,
            };
            send_records(&source, &checked, &mut encoder, &outlet).await?;
            outlet.send(encoder.finish()?).await?;
            Ok(tx.close().await?)
        },
    ))
}

/// Which sensitive fields leave in the clear.
pub(super) struct Shown {
    show: Show,
    clear: Vec<bool>,
}

impl Shown {
    fn new(permit: &Permit, dataset: &Dataset, reveal: Reveal) -> Self {
        let clear = |field: &Field| {
            let wanted = reveal == Reveal::Clear && field.kind == FieldKind::SensitiveText;
            wanted && permit.may_reveal_field(dataset.id.0, field.id.0)
        };
        let clear: Vec<bool> = dataset.fields.iter().map(clear).collect();
        let show = if clear.contains(&true) {
            Show::Clear
        } else {
            Show::Masked
        };
        Self { show, clear }
    }

    fn open(&self, workspace: &Workspace, dataset: &Dataset, stored: &StoredRecord) -> Result<Record> {
        let mut record = sealing::open_record(workspace, dataset, stored, self.show)?;
        for (value, clear) in record.values.iter_mut().zip(&self.clear) {
            if !clear && matches!(value, Value::Sensitive(_)) {
                *value = Value::Masked;
            }
        }
        Ok(record)
    }
}

/// Where records come from.
pub(super) struct Source<'a> {
    workspace: &'a Workspace,
    tx: &'a TenantTx,
    dataset: &'a Arc<Dataset>,
    shown: &'a Shown,
}

/// Sends a selection's records as they are read.
async fn send_records(
    source: &Source<'_>,
    checked: &Checked,
    encoder: &mut Encoder,
    outlet: &Outlet,
) -> Result<()> {
    let rows = source.rows(checked).await?;
    let mut rows = std::pin::pin!(rows);
    while let Some(stored) = rows.next().await {
        encoder.record(&source.shown.open(source.workspace, source.dataset, &stored?)?)?;
        outlet.send(encoder.take()).await?;
    }
    Ok(())
}

impl Source<'_> {
    async fn rows(
        &self,
        checked: &Checked,
    ) -> Result<impl futures_util::Stream<Item = Result<StoredRecord, store::StoreError>>> {
        let (keys, dataset) = (self.workspace.keys(), self.dataset);
        let blind = |field, text: &str| vault::blind::blind_candidates(keys, dataset.id, field, text);
        Ok(query::stream(self.tx, dataset, &checked.selection(&blind)).await?)
    }
}
