//! An archive's manifest: what it says, and whether it can be believed before anything else is read.
//!
//! Invariant: a manifest that was read names exactly the members that an archive of its datasets has, each once, so that
//! no name of another kind ever gets further.

use super::{archive::FORMAT_VERSION, member::MemberLine, restore::unfit, tape::Tape};
use crate::{dataset::FIELDS_MAX, error::Result};
use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::tenant::catalogue::DATASETS_MAX;
use types::{AttachmentId, DatasetId, Field, FieldKind};

/// The manifest's name.
pub(super) const MANIFEST: &str = "manifest.json";
/// Where the versions of all records stand.
pub(super) const HISTORY: &str = "history.jsonl";
/// Where the organization's people and policies stand, in archives of whoever may see them.
pub(super) const ABOUT: &str = "organization.json";
/// Most bytes of a manifest.
const BYTES_MAX: u64 = 32 << 20;

/// How sensitive values stand in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sensitive {
    Clear,
    Masked,
}

/// What an archive holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: String,
    pub(super) format_version: u32,
    pub(super) organization: String,
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    pub(super) sensitive: Sensitive,
    /// In the order in which they can be restored.
    pub(super) datasets: Vec<DatasetLine>,
    pub(super) attachments: Vec<AttachmentLine>,
    pub(super) members: Vec<MemberLine>,
}

/// A dataset's definition.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DatasetLine {
    pub(super) id: DatasetId,
    pub(super) key: String,
    pub(super) label: String,
    pub(super) description: String,
    pub(super) records: u64,
    pub(super) records_in_trash: u64,
    pub(super) fields: Vec<Field>,
}

/// An attachment.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AttachmentLine {
    pub(super) id: AttachmentId,
    pub(super) name: String,
    pub(super) media_type: String,
}

/// Reads and checks the first member.
pub(super) async fn read<S>(tape: &mut Tape<S>) -> Result<Manifest>
where
    S: Stream<Item = Result<Bytes>> + Unpin,
{
    let first = tape.next_member().await?;
    let (path, size) = first.ok_or_else(|| unfit("the archive is empty"))?;
    if path != MANIFEST || size > BYTES_MAX {
        return Err(unfit("the archive does not begin with its manifest"));
    }
    let mut text = Vec::new();
    while let Some(piece) = tape.piece().await? {
        text.extend_from_slice(&piece);
    }
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|_| unfit("the manifest cannot be read"))?;
    check(&manifest)?;
    Ok(manifest)
}

fn check(manifest: &Manifest) -> Result<()> {
    if manifest.format != "strongroom-archive" || manifest.format_version != FORMAT_VERSION {
        return Err(unfit("the archive has a form that this program does not know"));
    }
    let sensitive = |dataset: &DatasetLine| {
        let mut fields = dataset.fields.iter();
        fields.any(|field| field.kind == FieldKind::SensitiveText)
    };
    if manifest.sensitive == Sensitive::Masked && manifest.datasets.iter().any(sensitive) {
        return Err(unfit(
            "the archive has masks in place of sensitive values; make it with a role that may reveal them",
        ));
    }
    let datasets_max = usize::try_from(DATASETS_MAX).unwrap_or(usize::MAX);
    let too_wide = |dataset: &DatasetLine| dataset.fields.len() > FIELDS_MAX;
    if manifest.datasets.len() > datasets_max || manifest.datasets.iter().any(too_wide) {
        let message = format!("at most {datasets_max} datasets of {FIELDS_MAX} fields can be restored");
        return Err(unfit(message));
    }
    check_members(manifest)
}

fn check_members(manifest: &Manifest) -> Result<()> {
    let mut expected: Vec<String> = vec![HISTORY.to_owned()];
    let attachments = manifest.attachments.iter();
    expected.extend(attachments.map(|line| attachment_path(line.id)));
    for DatasetLine { key, .. } in &manifest.datasets {
        expected.extend(["jsonl", "trash.jsonl", "csv"].map(|ending| format!("datasets/{key}.{ending}")));
    }
    if manifest.members.iter().any(|line| line.path == ABOUT) {
        expected.push(ABOUT.to_owned());
    }
    let named: BTreeSet<&str> = manifest.members.iter().map(|line| line.path.as_str()).collect();
    let known: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    // Sets alone would forgive what stands twice.
    let once = named.len() == manifest.members.len() && known.len() == expected.len();
    if once && named == known {
        Ok(())
    } else {
        Err(unfit("the manifest does not name what it describes, each once"))
    }
}

/// Where an attachment's bytes stand.
pub(super) fn attachment_path(id: AttachmentId) -> String {
    format!("attachments/{id}")
}
