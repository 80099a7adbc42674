//! The deletion certificate: what was deleted, when, and when the last backup that holds it ends, signed by the appliance.
//!
//! Invariants: the stored text is the signed bytes, never written anew; what is not known of backups is said as not known. The key
//! pair is made at the first deletion; its private half lies sealed under the appliance's key. Checked offline with `openssl`
//! (docs/OPERATIONS.md).

use super::backups::Backups;
use crate::{
    Caller, Platform,
    act::{Act, vault_failure},
    check::require_operator,
    error::{PlatformError, Result},
    setting::Setting,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::control::{
    ControlTx,
    deletion::{self as rows, Deletion},
};
use types::{DeletionId, OrganizationId};
use vault::{Purpose, SigningKey, seal};

/// The setting with the key.
const SETTING: Setting<StoredKey> = Setting::named("certificate-key");
/// The associated data of the sealed half.
const PLACE: &[u8] = b"certificate-key";

/// A certificate as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its deletion.
    pub deletion: DeletionId,
    /// What the organization was called in addresses.
    pub slug: String,
    /// When it was deleted.
    pub finished_at: Timestamp,
    /// The signed bytes: JSON.
    pub text: String,
    /// Ed25519 over them, 64 bytes.
    pub signature: Vec<u8>,
}

/// The key as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    public: String,
    sealed: String,
}

/// What the certificate says, in this order.
#[derive(Serialize)]
struct Statement<'a> {
    format: &'static str,
    deletion: DeletionId,
    organization: Named<'a>,
    cause: &'static str,
    ordered_at: Timestamp,
    ordered_by: Option<types::AccountId>,
    /// Until when it could be exported, if it was cancelled.
    export_until: Option<Timestamp>,
    /// When the last hold was lifted that stood in the way.
    held_until: Option<Timestamp>,
    deleted_at: Timestamp,
    deleted: Value,
    stays: [&'static str; 4],
    backups: Backups,
    appliance: &'a str,
    software_version: &'static str,
}

#[derive(Serialize)]
struct Named<'a> {
    id: OrganizationId,
    slug: &'a str,
    name: &'a str,
}

/// What the appliance keeps of an organization that is gone.
const STAYS: [&str; 4] = [
    "this certificate, with the organization's id and names",
    "the appliance's own audit log: sealed entries with ids of accounts, and commitments that show nothing",
    "accounts that other organizations know, or that look after the appliance",
    "for 24 hours: answers to requests that programs may repeat, sealed under the appliance's key",
];

/// Makes the key pair if there is none.
pub(super) async fn ensure_key(platform: &Platform) -> Result<()> {
    if SETTING
        .read(&mut platform.control().read().await?)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let key = SigningKey::generate().map_err(vault_failure)?;
    let private = key.private().map_err(vault_failure)?;
    let under = platform.appliance_keys().current(Purpose::DatabaseCredential);
    let sealed = seal::seal(under, PLACE, &private).map_err(vault_failure)?;
    let stored = StoredKey {
        public: key.public_pem().map_err(vault_failure)?,
        sealed: hex::encode(sealed),
    };
    let mut tx = platform.control().begin().await?;
    SETTING.write(platform, &mut tx, &stored).await?;
    let act = Act::configuration("certificate-key.make", SETTING.object());
    let entry = platform.entry(&Caller::system(), None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// What is read of the organization before it goes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// Until when it could be exported, if it was cancelled.
    pub(super) export_until: Option<Timestamp>,
    /// When the last hold was lifted.
    pub(super) held_until: Option<Timestamp>,
}

/// Writes and signs the certificate within the transaction that deleted.
pub(super) async fn sign(
    platform: &Platform,
    tx: &mut ControlTx,
    deletion: &Deletion,
    before: Before,
    at: Timestamp,
    counts: Value,
) -> Result<Certificate> {
    let stored = SETTING.read(tx).await?;
    let stored = stored.ok_or_else(|| PlatformError::invariant("the certificate key is not there"))?;
    let sealed = hex::decode(&stored.sealed).map_err(vault_failure)?;
    let private = seal::open(
        platform.appliance_keys(),
        Purpose::DatabaseCredential,
        PLACE,
        &sealed,
    );
    let key = SigningKey::from_private(&private.map_err(vault_failure)?).map_err(vault_failure)?;
    let statement = Statement {
        format: "strongroom-deletion-certificate-1",
        deletion: deletion.id,
        organization: Named {
            id: deletion.organization_id,
            slug: &deletion.slug,
            name: &deletion.name,
        },
        cause: deletion.cause.as_str(),
        ordered_at: deletion.ordered_at,
        ordered_by: deletion.ordered_by,
        export_until: before.export_until,
        held_until: before.held_until,
        deleted_at: at,
        deleted: counts,
        stays: STAYS,
        backups: Backups::holding(platform, at),
        appliance: &platform.settings().base_url,
        software_version: env!("CARGO_PKG_VERSION"),
    };
    let text = serde_json::to_string_pretty(&statement).map_err(vault_failure)? + "\n";
    Ok(Certificate {
        deletion: deletion.id,
        slug: deletion.slug.clone(),
        finished_at: at,
        signature: key.sign(text.as_bytes()).map_err(vault_failure)?,
        text,
    })
}

/// Every certificate, newest first, for the operator at the host; at most a page.
///
/// # Errors
/// `not-allowed` for anybody else.
pub async fn certificates(platform: &Platform, caller: &Caller) -> Result<Vec<Certificate>> {
    require_operator(caller)?;
    let found = rows::list(&mut platform.control().read().await?).await?;
    Ok(found.into_iter().filter_map(certificate_of).collect())
}

pub(crate) fn certificate_of(row: Deletion) -> Option<Certificate> {
    Some(Certificate {
        deletion: row.id,
        slug: row.slug,
        finished_at: row.finished_at?,
        text: row.certificate?,
        signature: row.signature?,
    })
}

/// The public key in PEM that certificates are checked with; none before the first deletion.
///
/// # Errors
/// `not-allowed` for anybody but the host.
pub async fn public_key(platform: &Platform, caller: &Caller) -> Result<Option<String>> {
    require_operator(caller)?;
    let stored = SETTING.read(&mut platform.control().read().await?).await?;
    Ok(stored.map(|stored| stored.public))
}
