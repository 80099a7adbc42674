//! A whole organization as a tar archive: definitions, records as CSV and JSON Lines, attachments, history, people and policies where
//! the caller may see them, and a manifest with the SHA-256 of every member.
//!
//! Invariant: nothing is written to disk and no member that grows with the records is held in memory. A tar header needs the
//! size first, so each such member is written twice out of one snapshot: once to be measured, once to be sent.

use super::{
    Envelope, Format, Reveal, Shown, about, envelope,
    manifest::{AttachmentLine, DatasetLine, MANIFEST, Manifest, Sensitive},
    member::{Collection, Content, MemberLine, Reach, Seen, Sink, check_size},
    tape::BLOCK_BYTES,
};
use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    file::{self, FilePurpose},
    list::PlaceOrLive,
    pipe::{ByteStream, Outlet, byte_stream},
    session,
    withdrawal::guarded_stream,
};
use access::{Permission, Permit};
use bytes::Bytes;
use openssl::sha::Sha256;
use std::{collections::BTreeSet, sync::Arc};
use store::tenant::catalogue;
use types::{Dataset, Field, FieldKind, ProblemCode};

/// The version of the archive's form.
pub(super) const FORMAT_VERSION: u32 = 1;

/// The whole organization as a tar stream. Sensitive values are in the clear if the caller's role may reveal every one
/// of them, else masked; an archive with masks cannot be restored.
///
/// # Errors
/// `not-allowed` for those who cannot export or do not see everything; in the stream, `conflict` when something was
/// erased meanwhile.
pub async fn archive(workspace: &Workspace) -> Result<ByteStream> {
    let permit = require_may(workspace).await?;
    begin(workspace, permit, "", Guard::Stream).await
}

/// The same, encrypted for whoever is to open it.
///
/// # Errors
/// As [`archive`]; `internal` where a public key is none of the curve's.
pub async fn sealed_archive(workspace: &Workspace, envelope: Envelope) -> Result<ByteStream> {
    let how = format!(", {}", envelope.told());
    // Before the entry: what cannot be sealed does not leave.
    let permit = require_may(workspace).await?;
    let (sealer, header) = envelope.open(workspace.platform()).await?;
    Ok(envelope::seal(
        begin(workspace, permit, &how, Guard::Stream).await?,
        sealer,
        header,
    ))
}

pub(super) async fn require_may(workspace: &Workspace) -> Result<Permit> {
    let permit = workspace.permit(Permission::RecordExport).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    Ok(permit)
}

/// Who sees to it that it ends when its maker loses the right to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// The stream itself, which ends with the session as well.
    Stream,
    /// The job that reads it: whoever asked may have signed out.
    Job,
}

/// For whoever was looked at already.
pub(super) async fn begin(
    workspace: &Workspace,
    permit: Permit,
    how: &str,
    guard: Guard,
) -> Result<ByteStream> {
    let datasets: Vec<Arc<Dataset>> = catalogue::list(workspace.tenant())
        .await?
        .into_iter()
        .map(Arc::new)
        .collect();
    check_whole(&permit, &datasets)?;
    let datasets = in_order(datasets);
    let sensitive = sensitive_of(&permit, &datasets);
    let reveal = match sensitive {
        Sensitive::Clear => Reveal::Clear,
        Sensitive::Masked => Reveal::Masked,
    };
    let object = Object::new("organization", workspace.organization().id);
    let reason = format!("the whole organization, sensitive values {sensitive:?}{how}").to_lowercase();
    let act = Act::access("export.archive", object).because(&reason);
    workspace.note(&permit, &act).await?;
    let (reader, workspace) = (workspace, workspace.clone());
    let make = move |outlet: Outlet| async move {
        let shown = datasets
            .iter()
            .map(|dataset| Shown::new(&permit, dataset, reveal))
            .collect();
        let tx = workspace.tenant().begin_snapshot().await?;
        let collection = Collection {
            workspace,
            permit,
            tx,
            datasets,
            shown,
            reach: Reach::Everything,
        };
        send(&collection, sensitive, &outlet).await?;
        Ok(collection.tx.close().await?)
    };
    Ok(match guard {
        Guard::Stream => guarded_stream(reader, Permission::RecordExport, make),
        Guard::Job => byte_stream(make),
    })
}

/// How sensitive values go in an archive of whoever has this permit now.
///
/// # Errors
/// `not-allowed` where they do not see the whole organization.
pub(super) async fn reach(workspace: &Workspace, permit: &Permit) -> Result<Sensitive> {
    let datasets = catalogue::list(workspace.tenant()).await?;
    let datasets: Vec<Arc<Dataset>> = datasets.into_iter().map(Arc::new).collect();
    check_whole(permit, &datasets)?;
    Ok(sensitive_of(permit, &datasets))
}

/// An archive that silently lacks what its maker does not see would be taken for whole.
fn check_whole(permit: &Permit, datasets: &[Arc<Dataset>]) -> Result<()> {
    let seen = |dataset: &Arc<Dataset>| {
        let field = |field: &Field| permit.may_read_field(dataset.id.0, field.id.0);
        permit.may_see_dataset(dataset.id.0) && dataset.fields.iter().all(field)
    };
    if datasets.iter().all(seen) {
        Ok(())
    } else {
        let message = "you do not see the whole organization, so you cannot archive it";
        Err(PlatformError::new(ProblemCode::NotAllowed, message))
    }
}

fn sensitive_of(permit: &Permit, datasets: &[Arc<Dataset>]) -> Sensitive {
    let clear = |dataset: &Arc<Dataset>| {
        let fields = dataset.fields.iter();
        let mut sensitive = fields.filter(|field| field.kind == FieldKind::SensitiveText);
        sensitive.all(|field| permit.may_reveal_field(dataset.id.0, field.id.0))
    };
    if datasets.iter().all(clear) {
        Sensitive::Clear
    } else {
        Sensitive::Masked
    }
}

/// A dataset comes after those that it refers to; datasets that refer to each other keep their order.
fn in_order(mut rest: Vec<Arc<Dataset>>) -> Vec<Arc<Dataset>> {
    let mut ordered: Vec<Arc<Dataset>> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let waits = |dataset: &Arc<Dataset>| {
            let mut targets = dataset.fields.iter().filter_map(|field| field.rules.dataset);
            targets.any(|target| target != dataset.id && rest.iter().any(|other| other.id == target))
        };
        let next = rest.iter().position(|dataset| !waits(dataset)).unwrap_or(0);
        ordered.push(rest.remove(next));
    }
    ordered
}

pub(super) async fn send(collection: &Collection, sensitive: Sensitive, outlet: &Outlet) -> Result<()> {
    let (manifest, contents) = measure(collection, sensitive).await?;
    let text = serde_json::to_vec_pretty(&manifest).map_err(vault_failure)?;
    outlet.send(header(MANIFEST, text.len() as u64)?).await?;
    let length = text.len() as u64;
    outlet.send(text.into()).await?;
    outlet.send(padding(length)).await?;
    for (content, line) in contents.iter().zip(&manifest.members) {
        outlet.send(header(&line.path, line.size)?).await?;
        let mut sink = Sink::Send(outlet, 0);
        collection.write(content, &mut sink, &mut Seen::default()).await?;
        if let Sink::Send(_, sent) = sink {
            check_size(line, sent)?;
        }
        outlet.send(padding(line.size)).await?;
    }
    outlet.send(Bytes::from_static(&[0; 2 * BLOCK_BYTES])).await
}

/// The first pass: what there is, how large, with which hash.
async fn measure(collection: &Collection, sensitive: Sensitive) -> Result<(Manifest, Vec<Content>)> {
    let mut datasets = Vec::with_capacity(collection.datasets.len());
    let mut records = Vec::new();
    let (format, mut attached) = match &collection.reach {
        Reach::Everything => ("strongroom-archive", BTreeSet::new()),
        Reach::Person { files, .. } => ("strongroom-person", files.clone()),
    };
    for (place, dataset) in collection.datasets.iter().enumerate() {
        let mut counts = [0, 0];
        for (lies, count) in [PlaceOrLive::Live, PlaceOrLive::Trash]
            .into_iter()
            .zip(&mut counts)
        {
            let content = Content::Records(place, lies, Format::JsonLines);
            let (line, seen) = measure_one(collection, &content).await?;
            *count = seen.records;
            attached.extend(seen.attachments);
            records.push((content, line));
        }
        let content = Content::Records(place, PlaceOrLive::Live, Format::Csv);
        let (line, _) = measure_one(collection, &content).await?;
        records.push((content, line));
        datasets.push(line_of(dataset, counts));
    }
    let mut members = Vec::new();
    let mut attachments = Vec::new();
    for id in attached {
        let (view, _) = match file::find(&collection.workspace, FilePurpose::Attachment, id).await {
            // An earlier version named it, and it is gone.
            Err(error) if error.code == ProblemCode::NotFound && format == "strongroom-person" => continue,
            found => found?,
        };
        attachments.push(AttachmentLine {
            id,
            name: view.name,
            media_type: view.media_type,
        });
        let content = Content::Attachment(id);
        let (line, _) = measure_one(collection, &content).await?;
        members.push((content, line));
    }
    members.extend(records);
    let is_whole = matches!(collection.reach, Reach::Everything);
    if is_whole && collection.workspace.may(Permission::MemberRead) {
        let content = Content::About(about::write(&collection.workspace).await?);
        let (line, _) = measure_one(collection, &content).await?;
        members.push((content, line));
    }
    let (line, _) = measure_one(collection, &Content::History).await?;
    members.push((Content::History, line));
    let (contents, members) = members.into_iter().unzip();
    let organization = collection.workspace.organization();
    let manifest = Manifest {
        format: format.to_owned(),
        format_version: FORMAT_VERSION,
        organization: organization.slug.clone(),
        name: organization.name.clone(),
        created_at: collection.workspace.now(),
        sensitive,
        datasets,
        attachments,
        members,
    };
    Ok((manifest, contents))
}

fn line_of(dataset: &Dataset, [records, records_in_trash]: [u64; 2]) -> DatasetLine {
    DatasetLine {
        id: dataset.id,
        key: dataset.key.to_string(),
        label: dataset.label.clone(),
        description: dataset.description.clone(),
        records,
        records_in_trash,
        fields: dataset.fields.clone(),
    }
}

async fn measure_one(collection: &Collection, content: &Content) -> Result<(MemberLine, Seen)> {
    let mut seen = Seen::default();
    let mut sink = Sink::Measure(Sha256::new(), 0);
    collection.write(content, &mut sink, &mut seen).await?;
    let (hash, size) = match sink {
        Sink::Measure(hash, size) => (hash.finish(), size),
        Sink::Send(_, size) => ([0; 32], size),
    };
    let line = MemberLine {
        path: content.path(&collection.datasets),
        size,
        sha256: hex::encode(hash),
    };
    Ok((line, seen))
}

fn header(path: &str, size: u64) -> Result<Bytes> {
    let mut header = tar::Header::new_ustar();
    header.set_path(path).map_err(vault_failure)?;
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(Bytes::copy_from_slice(header.as_bytes()))
}

fn padding(size: u64) -> Bytes {
    let over = usize::try_from(size % BLOCK_BYTES as u64).unwrap_or(0);
    Bytes::from_static(&[0; BLOCK_BYTES]).slice(..(BLOCK_BYTES - over) % BLOCK_BYTES)
}
