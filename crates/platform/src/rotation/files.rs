//! Sealing stored files anew: their names and chunks, a page of files at a time and a batch of chunks to a transaction.
//!
//! What is under the newest version already is passed over, so a job that died goes on where it stopped. Files are
//! only ever added and removed beside this, so nothing has to be locked.

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::Result,
    file::{chunk_place, name_place},
};
use access::Permit;
use std::sync::atomic::{AtomicU64, Ordering};
use store::tenant::{
    TenantTx,
    stale::{self, SealedChunk, SealedName},
};
use types::AttachmentId;
use vault::{Purpose, seal};

/// Files of one page.
const FILES: i64 = 200;
/// Chunks of one transaction, 4 MiB: they are in memory twice.
const CHUNKS: i64 = 16;

/// Seals every file anew that is under an older version; counts the files looked at, and gives how many it moved.
pub(super) async fn reseal_files(workspace: &Workspace, permit: &Permit, seen: &AtomicU64) -> Result<u64> {
    let mut moved = 0;
    let mut after = None;
    loop {
        let page = stale::names(workspace.tenant(), after, FILES).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(moved);
        };
        let (first, last) = (first.file, last.file);
        reseal_chunks(workspace, permit, (first, last)).await?;
        // The name last: a file whose name has moved has moved as a whole.
        moved += reseal_names(workspace, permit, &page).await?;
        seen.fetch_add(page.len() as u64, Ordering::Relaxed);
        after = Some(last);
    }
}

async fn reseal_chunks(
    workspace: &Workspace,
    permit: &Permit,
    files: (AttachmentId, AttachmentId),
) -> Result<()> {
    let version = workspace.keys().current_version();
    let mut after = None;
    loop {
        let tx = workspace.tenant().begin(permit).await?;
        let chunks = stale::chunks(&tx, files, after, version, CHUNKS).await?;
        after = chunks.last().map(|chunk| (chunk.file, chunk.number));
        if after.is_none() {
            return Ok(tx.close().await?);
        }
        append(workspace, &tx, &format!("{} chunks", chunks.len())).await?;
        for chunk in chunks {
            let place = chunk_place(chunk.file, chunk.number);
            if let Some(sealed) = reseal(workspace, &place, &chunk.sealed)? {
                stale::reseal_chunk(&tx, &SealedChunk { sealed, ..chunk }).await?;
            }
        }
        tx.commit_appended().await?;
    }
}

async fn reseal_names(workspace: &Workspace, permit: &Permit, page: &[SealedName]) -> Result<u64> {
    let mut names = Vec::new();
    for name in page {
        if let Some(sealed) = reseal(workspace, &name_place(name.file), &name.sealed)? {
            let file = name.file;
            names.push(SealedName { file, sealed });
        }
    }
    if names.is_empty() {
        return Ok(0);
    }
    let tx = workspace.tenant().begin(permit).await?;
    append(workspace, &tx, &format!("{} names", names.len())).await?;
    for name in &names {
        stale::reseal_name(&tx, name).await?;
    }
    tx.commit_appended().await?;
    Ok(names.len() as u64)
}

/// The entry first: the database lets no file be sealed anew without it.
async fn append(workspace: &Workspace, tx: &TenantTx, reason: &str) -> Result<()> {
    let act = Act::rotation("key.reencrypt", Object::unknown("file")).because(reason);
    tx.append(&workspace.plain_entry(&act)?).await?;
    Ok(())
}

fn reseal(workspace: &Workspace, place: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>> {
    seal::reseal(workspace.keys(), Purpose::Attachments, place, sealed).map_err(vault_failure)
}
