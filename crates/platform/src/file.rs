//! Sealed files: attachments of records, uploads, reports. They stream in and out in chunks of [`CHUNK_BYTES`].
//!
//! Invariants: no chunk and no name is stored in the clear; a chunk opens only as that chunk of that file; a file that
//! lost its end is an error, never a shorter file.

mod part;
mod range;

pub(crate) use part::{chunk_place, name_place};
pub(crate) use range::send_from;

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    organization::checked_name,
    pipe::{ByteStream, Outlet, PATIENCE, byte_stream},
    withdrawal::guarded_stream,
    workspace::random,
};
use access::{Narrowing, Permission};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use openssl::sha::Sha256;
use part::{Opener, seal_part};
use store::{
    StoreError,
    tenant::{
        TenantTx, catalogue,
        file::{self as rows, StoredFile},
    },
};
use types::{AttachmentId, Dataset, Field, ProblemCode};

pub(crate) use store::tenant::file::Purpose as FilePurpose;

/// Bytes of a chunk before it is sealed.
pub const CHUNK_BYTES: usize = 256 << 10;

/// A file without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Its id.
    pub id: AttachmentId,
    /// Its name.
    pub name: String,
    /// Its media type, as the sender said.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// A file to be written.
pub(crate) struct NewFile<'a> {
    pub(crate) id: AttachmentId,
    pub(crate) purpose: FilePurpose,
    pub(crate) name: &'a str,
    pub(crate) media_type: &'a str,
}

/// Stores an attachment.
///
/// # Errors
/// `too-large`, `invalid` for a name with a card number, and what the stream itself reports.
pub async fn store(
    workspace: &Workspace,
    name: &str,
    media_type: &str,
    stream: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<FileView> {
    let permit = workspace.permit(Permission::RecordWrite).await?;
    let name = checked_name("/name", name)?;
    let media_type = checked_media_type(media_type)?;
    let id = new_id(workspace)?;
    let tx = workspace.begin_sealing(&permit).await?;
    let new = NewFile {
        id,
        purpose: FilePurpose::Attachment,
        name: &name,
        media_type: &media_type,
    };
    let stored = write(workspace, &tx, &new, stream).await?;
    let act = Act::access("file.create", Object::new("file", id));
    tx.commit(&workspace.plain_entry(&act)?).await?;
    Ok(view_of(&stored, name))
}

/// Opens an attachment: what it is, and its bytes.
///
/// # Errors
/// `not-found`; in the stream, `internal` for a file that was changed behind our back.
pub async fn open(workspace: &Workspace, id: AttachmentId) -> Result<(FileView, ByteStream)> {
    let (view, stored) = find_readable(workspace, id).await?;
    let (reader, permission) = (workspace.clone(), Permission::RecordRead);
    let bytes = guarded_stream(workspace, permission, |outlet| async move {
        send_chunks(&reader, &stored, &outlet).await
    });
    Ok((view, bytes))
}

/// What an attachment is, without its bytes.
///
/// # Errors
/// `not-found`.
pub async fn describe(workspace: &Workspace, id: AttachmentId) -> Result<FileView> {
    Ok(find_readable(workspace, id).await?.0)
}

/// For whoever is narrowed a file is there where a record has it in a field that they read, or no record has it and it is their own.
async fn find_readable(workspace: &Workspace, id: AttachmentId) -> Result<(FileView, StoredFile)> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    let (view, stored) = find(workspace, FilePurpose::Attachment, id).await?;
    if *permit.narrowing() == Narrowing::nothing() {
        return Ok((view, stored));
    }
    let datasets = catalogue::list(workspace.tenant()).await?;
    let is_read = |dataset: &Dataset, field: &Field| permit.may_read_field(dataset.id.0, field.id.0);
    if rows::is_held(workspace.tenant(), &datasets, id, is_read).await? {
        return Ok((view, stored));
    }
    let is_own = stored.created_by == workspace.caller().author();
    if is_own && !rows::is_held(workspace.tenant(), &datasets, id, |_, _| true).await? {
        return Ok((view, stored));
    }
    Err(PlatformError::not_found("file"))
}

pub(crate) fn new_id(workspace: &Workspace) -> Result<AttachmentId> {
    Ok(AttachmentId::new(workspace.now_ms(), random()?))
}

fn view_of(stored: &StoredFile, name: String) -> FileView {
    FileView {
        id: stored.id,
        name,
        media_type: stored.media_type.clone(),
        size: stored.size,
        sha256: hex::encode(&stored.sha256),
    }
}

/// A media type such as `text/csv; charset=utf-8`; anything odd is plain bytes.
pub(crate) fn checked_media_type(text: &str) -> Result<String> {
    let fine = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.len() > 200 || !text.chars().all(fine) {
        let message = "at most 200 ASCII characters such as text/csv";
        return Err(PlatformError::invalid_at("/media_type", "malformed", message));
    }
    let text = text.trim();
    Ok(if text.contains('/') {
        text
    } else {
        "application/octet-stream"
    }
    .to_owned())
}

/// The file of that id and purpose with its name in the clear.
pub(crate) async fn find(
    workspace: &Workspace,
    purpose: FilePurpose,
    id: AttachmentId,
) -> Result<(FileView, StoredFile)> {
    let stored = match rows::find(workspace.tenant(), purpose, id).await {
        Err(StoreError::NotFound) => return Err(PlatformError::not_found("file")),
        found => found?,
    };
    let opened = Opener::new(workspace).open(&name_place(id), &stored.name).await?;
    let name = String::from_utf8(opened.to_vec()).map_err(vault_failure)?;
    Ok((view_of(&stored, name), stored))
}

/// Removes an attachment for good, unless it is gone already or a record has it.
pub(crate) async fn erase_attachment(workspace: &Workspace, id: AttachmentId, reason: &str) -> Result<bool> {
    match rows::find(workspace.tenant(), FilePurpose::Attachment, id).await {
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
        Ok(_) => erase(workspace, id, reason).await,
    }
}

/// Removes a file for good, under an erasure's entry; not one that a record has.
pub(crate) async fn erase(workspace: &Workspace, id: AttachmentId, reason: &str) -> Result<bool> {
    let act = Act::erasure("file.erase", Object::new("file", id), 0).because(reason);
    remove(workspace, id, &act).await
}

/// Removes a file that nobody came back to; not one that a record has.
pub(crate) async fn discard(workspace: &Workspace, id: AttachmentId, reason: &str) -> Result<bool> {
    let act = Act::access("file.remove", Object::new("file", id)).because(reason);
    remove(workspace, id, &act).await
}

/// Whether it is gone; a record that took it meanwhile keeps it.
async fn remove(workspace: &Workspace, id: AttachmentId, act: &Act<'_>) -> Result<bool> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let tx = workspace.tenant().begin(&permit).await?;
    match rows::remove(&tx, id).await {
        Err(StoreError::Dangling { .. }) => return Ok(false),
        done => done?,
    }
    tx.commit(&workspace.plain_entry(act)?).await?;
    Ok(true)
}

/// Seals a file chunk by chunk into a transaction that will have its own entry.
pub(crate) async fn write(
    workspace: &Workspace,
    tx: &TenantTx,
    new: &NewFile<'_>,
    mut stream: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<StoredFile> {
    let max = workspace.platform().settings().upload_bytes_max;
    let mut chunks = ChunkWriter {
        workspace,
        tx,
        id: new.id,
        number: 0,
        size: 0,
        hash: Sha256::new(),
    };
    let mut held = BytesMut::with_capacity(CHUNK_BYTES);
    while let Some(mut piece) = next_piece(&mut stream).await? {
        if chunks.size + (held.len() + piece.len()) as u64 > max {
            let message = format!("a file has at most {max} bytes");
            return Err(PlatformError::new(ProblemCode::TooLarge, message));
        }
        while !piece.is_empty() {
            let room = CHUNK_BYTES - held.len();
            held.extend_from_slice(&piece.split_to(room.min(piece.len())));
            if held.len() == CHUNK_BYTES {
                chunks.write(&held).await?;
                held.clear();
            }
        }
    }
    if !held.is_empty() {
        chunks.write(&held).await?;
    }
    chunks.finish(new).await
}

/// The next piece of an upload; a sender that stops sending must not hold a connection for ever.
async fn next_piece(stream: &mut (impl Stream<Item = Result<Bytes>> + Unpin)) -> Result<Option<Bytes>> {
    match tokio::time::timeout(PATIENCE, stream.next()).await {
        Ok(piece) => piece.transpose(),
        Err(_) => Err(PlatformError::new(
            ProblemCode::Timeout,
            "the upload stopped half-way; nothing was kept",
        )),
    }
}

struct ChunkWriter<'a> {
    workspace: &'a Workspace,
    tx: &'a TenantTx,
    id: AttachmentId,
    number: i32,
    size: u64,
    hash: Sha256,
}

impl ChunkWriter<'_> {
    async fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.hash.update(chunk);
        let sealed = seal_part(self.workspace, &chunk_place(self.id, self.number), chunk)?;
        rows::insert_chunk(self.tx, self.id, self.number, &sealed).await?;
        self.number += 1;
        self.size += chunk.len() as u64;
        Ok(())
    }

    async fn finish(self, new: &NewFile<'_>) -> Result<StoredFile> {
        let name = seal_part(self.workspace, &name_place(self.id), new.name.as_bytes())?;
        let stored = StoredFile {
            id: self.id,
            name,
            media_type: new.media_type.to_owned(),
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            sha256: self.hash.finish().to_vec(),
            created_at: self.workspace.now(),
            created_by: self.workspace.caller().author(),
        };
        rows::insert(self.tx, new.purpose, &stored).await?;
        Ok(stored)
    }
}

/// A file's bytes.
pub(crate) fn read(workspace: &Workspace, stored: &StoredFile) -> ByteStream {
    let (workspace, stored) = (workspace.clone(), stored.clone());
    byte_stream(|outlet| async move { send_chunks(&workspace, &stored, &outlet).await })
}

async fn send_chunks(workspace: &Workspace, stored: &StoredFile, outlet: &Outlet) -> Result<()> {
    let mut hash = Sha256::new();
    let mut opener = Opener::new(workspace);
    for number in 0.. {
        let Some(sealed) = rows::chunk(workspace.tenant(), stored.id, number).await? else {
            break;
        };
        let opened = opener.open(&chunk_place(stored.id, number), &sealed).await?;
        let bytes = Bytes::copy_from_slice(&opened);
        hash.update(&bytes);
        outlet.send(bytes).await?;
    }
    if hash.finish()[..] != stored.sha256[..] {
        return Err(PlatformError::invariant(format!(
            "file {} was changed or cut",
            stored.id
        )));
    }
    Ok(())
}

/// A small file's bytes in memory.
pub(crate) async fn read_whole(workspace: &Workspace, stored: &StoredFile) -> Result<Vec<u8>> {
    let mut stream = read(workspace, stored);
    let mut whole = Vec::new();
    while let Some(bytes) = stream.next().await {
        whole.extend_from_slice(&bytes?);
    }
    Ok(whole)
}
