//! One person's records as an archive, in the form of an organization's; it comes back into no organization.

use super::{
    Reveal, Shown, archive,
    manifest::Sensitive,
    member::{Collection, Reach},
};
use crate::{Workspace, pipe::ByteStream, withdrawal::guarded_stream};
use access::{Permission, Permit};
use std::sync::Arc;
use types::Dataset;

/// These records, with every version and sensitive values in the clear, as a tar stream. The caller has noted it, and asked whether
/// sensitive values may leave.
pub(crate) fn of_person(
    workspace: &Workspace,
    permit: Permit,
    datasets: Vec<Arc<Dataset>>,
    reach: Reach,
) -> ByteStream {
    let (reader, workspace) = (workspace, workspace.clone());
    guarded_stream(reader, Permission::RecordExport, move |outlet| async move {
        let shown = datasets
            .iter()
            .map(|dataset| Shown::new(&permit, dataset, Reveal::Clear))
            .collect();
        let tx = workspace.tenant().begin_snapshot().await?;
        let collection = Collection {
            workspace,
            permit,
            tx,
            datasets,
            shown,
            reach,
        };
        archive::send(&collection, Sensitive::Clear, &outlet).await?;
        Ok(collection.tx.close().await?)
    })
}
