//! The key that signs the log, and what the log is called.
//!
//! Invariant: there is one; it is made before anything was signed, and never anew where something was. Its private half lies sealed
//! under the appliance's key, and is in the database's backups: a machine that is built anew signs the same log.

use super::error::LedgerError;
use crate::{
    Caller, Platform,
    act::{Act, Object},
    workspace::random,
};
use audit::note::{Algorithm, KeyName, Note, VerifierKey};
use serde::{Deserialize, Serialize};
use store::control::setting;
use vault::{Purpose, SigningKey, seal};

/// The setting with the key.
const SETTING: &str = "audit-key";
/// The associated data of the sealed half.
const PLACE: &[u8] = b"audit-key";

#[derive(Serialize, Deserialize)]
struct StoredKey {
    origin: String,
    sealed: String,
}

/// The key, opened.
#[derive(Debug)]
pub(crate) struct LogKey {
    name: KeyName,
    key: SigningKey,
}

impl LogKey {
    /// The key; none before the first start of the sequencer.
    pub(crate) async fn load(platform: &Platform) -> Result<Option<Self>, LedgerError> {
        let value = setting::get(&mut platform.control().read().await?, SETTING).await?;
        let Some(value) = value else { return Ok(None) };
        let stored: StoredKey = serde_json::from_value(value).map_err(failed)?;
        let sealed = hex::decode(&stored.sealed).map_err(failed)?;
        let keys = platform.appliance_keys();
        let private = seal::open(keys, Purpose::DatabaseCredential, PLACE, &sealed).map_err(failed)?;
        Ok(Some(Self {
            name: KeyName::parse(&stored.origin).map_err(failed)?,
            key: SigningKey::from_private(&private).map_err(failed)?,
        }))
    }

    /// Makes the key of a log of which nothing was signed yet.
    pub(crate) async fn make(platform: &Platform) -> Result<Self, LedgerError> {
        let base = &platform.settings().base_url;
        let host = base.strip_prefix("https://").unwrap_or(base);
        // A machine that is set up anew under the same name has another log.
        let number: [u8; 4] = random().map_err(failed)?;
        let origin = format!("{host}/log/{}", hex::encode(number));
        let made = Self {
            name: KeyName::parse(&origin).map_err(failed)?,
            key: SigningKey::generate().map_err(failed)?,
        };
        let private = made.key.private().map_err(failed)?;
        let under = platform.appliance_keys().current(Purpose::DatabaseCredential);
        let stored = StoredKey {
            origin,
            sealed: hex::encode(seal::seal(under, PLACE, &private).map_err(failed)?),
        };
        let value = serde_json::to_value(stored).map_err(failed)?;
        let mut tx = platform.control().begin().await?;
        setting::set(&mut tx, SETTING, &value, platform.now()).await?;
        let act = Act::configuration("audit-key.make", Object::new("setting", SETTING));
        let entry = platform.entry(&Caller::system(), None, &act).map_err(failed)?;
        tx.commit(&entry, &[]).await?;
        Ok(made)
    }

    /// What the log is called.
    pub(crate) fn name(&self) -> &KeyName {
        &self.name
    }

    /// What others check with.
    pub(crate) fn verifier(&self) -> Result<VerifierKey, LedgerError> {
        self.key.verifier(&self.name, Algorithm::Ed25519).map_err(failed)
    }

    pub(crate) fn sign(&self, note: &mut Note) -> Result<(), LedgerError> {
        self.key.sign_note(&self.name, note).map_err(failed)
    }
}

/// Whether something was signed here before, as far as can be told: the key is made before the first signature.
pub(crate) async fn was_signed(platform: &Platform) -> bool {
    LogKey::load(platform).await.map_or(true, |key| key.is_some())
}

fn failed(error: impl std::fmt::Display) -> LedgerError {
    LedgerError::Vault(error.to_string())
}
