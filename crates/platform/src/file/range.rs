//! A file from one of its bytes on.
//!
//! Invariant: every chunk opens only as that chunk of that file, and their lengths come to the file's: what is sent is exactly the
//! rest of it, or the stream fails.

use super::{CHUNK_BYTES, Opener, chunk_place};
use crate::{
    Workspace,
    error::{PlatformError, Result},
    pipe::Outlet,
};
use bytes::Bytes;
use store::tenant::file::{self as rows, StoredFile};

/// Sends the bytes from one on.
pub(crate) async fn send_from(
    workspace: &Workspace,
    stored: &StoredFile,
    from: u64,
    outlet: &Outlet,
) -> Result<()> {
    let broken = || PlatformError::invariant(format!("file {} was changed or cut", stored.id));
    let size = u64::try_from(stored.size).map_err(|_| broken())?;
    let mut left = size.checked_sub(from).ok_or_else(broken)?;
    let first = i32::try_from(from / CHUNK_BYTES as u64).map_err(|_| broken())?;
    let mut skipped = usize::try_from(from % CHUNK_BYTES as u64).map_err(|_| broken())?;
    let mut opener = Opener::new(workspace);
    for number in first.. {
        if left == 0 {
            return Ok(());
        }
        let sealed = rows::chunk(workspace.tenant(), stored.id, number)
            .await?
            .ok_or_else(broken)?;
        let opened = opener.open(&chunk_place(stored.id, number), &sealed).await?;
        let bytes = opened.get(skipped..).ok_or_else(broken)?;
        skipped = 0;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(broken)?;
        outlet.send(Bytes::copy_from_slice(bytes)).await?;
    }
    Ok(())
}
