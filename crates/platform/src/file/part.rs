//! The sealed parts of a file: its name and its chunks, each tied to its place.

use crate::{Workspace, act::vault_failure, error::Result, key};
use types::AttachmentId;
use vault::{OrganizationKeys, Purpose, seal};
use zeroize::Zeroizing;

/// Where a file's name opens.
pub(crate) fn name_place(id: AttachmentId) -> Vec<u8> {
    [&id.bytes()[..], b"name"].concat()
}

/// Where a chunk opens: in this file, as this one.
pub(crate) fn chunk_place(id: AttachmentId, number: i32) -> Vec<u8> {
    [&id.bytes()[..], &number.to_be_bytes()].concat()
}

/// Seals a part under the newest version that the workspace knows.
pub(super) fn seal_part(workspace: &Workspace, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let key = workspace.keys().current(Purpose::Attachments);
    seal::seal(key, place, plain).map_err(vault_failure)
}

/// Opens the parts of files for one reader.
///
/// A long download may meet a part that a rotation sealed anew meanwhile, under a version that came after its workspace;
/// then the keys are loaded anew.
pub(super) struct Opener<'a> {
    workspace: &'a Workspace,
    newer: Option<OrganizationKeys>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            newer: None,
        }
    }

    pub(super) async fn open(&mut self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let keys = self.newer.as_ref().unwrap_or(self.workspace.keys());
        match seal::open(keys, Purpose::Attachments, place, sealed) {
            Err(seal::OpenError::KeyVersion { version }) if version > keys.current_version() => {
                let keys = self.load().await?;
                seal::open(keys, Purpose::Attachments, place, sealed).map_err(vault_failure)
            }
            opened => opened.map_err(vault_failure),
        }
    }

    async fn load(&mut self) -> Result<&OrganizationKeys> {
        let platform = self.workspace.platform();
        let organization = self.workspace.organization().id;
        let keys = key::load(platform.control(), platform.root(), organization).await?;
        Ok(self.newer.insert(keys))
    }
}
