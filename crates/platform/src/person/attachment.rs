//! The files that any version of a record names: they are handed over and erased with it.

use crate::{Workspace, error::Result, sealing};
use audit::ImageValue;
use std::collections::BTreeSet;
use store::tenant::{audit as log, person as rows};
use types::{AttachmentId, Dataset, RecordId};
use uuid::Uuid;

/// Versions read at once.
const PAGE: i64 = 500;

/// Every file that a version of the record names; none where the record is gone.
pub(crate) async fn files_of(
    workspace: &Workspace,
    dataset: &Dataset,
    record: RecordId,
) -> Result<BTreeSet<AttachmentId>> {
    let mut files = BTreeSet::new();
    let Some(key) = rows::key_of(workspace.tenant(), dataset, record).await? else {
        return Ok(files);
    };
    let mut before = None;
    loop {
        let page = log::history(workspace.tenant(), record, before, PAGE).await?;
        for (image, _) in &page {
            let opened = sealing::open_image(workspace.keys(), &key.key, image)?;
            files.extend(opened.fields.values().filter_map(|value| match value {
                ImageValue::Attachment(id) => Some(AttachmentId(Uuid::from_bytes(*id))),
                _ => None,
            }));
        }
        match page.last() {
            Some((image, _)) if image.version > 1 => before = Some(image.version),
            _ => return Ok(files),
        }
    }
}
