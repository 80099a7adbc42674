//! `strongroom organization certificate`: what is left of organizations that were deleted, on the host.

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output,
};
use clap::Args;
use platform::{Caller, deletion};
use serde_json::json;
use types::DeletionId;

#[derive(Debug, Args)]
pub(in crate::command) struct Certificates {
    /// The deletion whose certificate is written to stdout, byte by byte as it was signed; without it they are listed
    deletion: Option<DeletionId>,
    /// Write its signature instead: 64 bytes, Ed25519
    #[arg(long, requires = "deletion")]
    signature: bool,
    /// Write the public key in PEM instead, that certificates are checked with
    #[arg(long, conflicts_with_all = ["deletion", "signature"])]
    public_key: bool,
}

impl Certificates {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let file = common.config.as_deref();
        if self.public_key {
            let key = host::with_platform(file, async |platform, _| {
                Ok(deletion::public_key(platform, &Caller::host()).await?)
            })?;
            return output::data(&key.ok_or_else(|| missing("key; it is made at the first deletion"))?);
        }
        let all = host::with_platform(file, async |platform, _| {
            Ok(deletion::certificates(platform, &Caller::host()).await?)
        })?;
        let Some(wanted) = self.deletion else {
            let rows = all.iter().map(|one| {
                vec![
                    one.deletion.to_string(),
                    one.slug.clone(),
                    one.finished_at.to_string(),
                ]
            });
            let json = all.iter().map(
                |one| json!({"deletion": one.deletion, "slug": one.slug, "deleted_at": one.finished_at}),
            );
            let json = json!({"certificates": json.collect::<Vec<_>>()});
            let headers = ["deletion", "slug", "deleted at"];
            return common.format().list(&headers, rows.collect(), &json);
        };
        let found = all.into_iter().find(|one| one.deletion == wanted);
        let found = found.ok_or_else(|| missing("certificate; list them without an id"))?;
        match self.signature {
            true => output::bytes(&found.signature),
            false => output::bytes(found.text.as_bytes()),
        }
    }
}

fn missing(what: &str) -> CommandError {
    CommandError::said(Exit::Usage, format!("there is no such {what}"))
}
