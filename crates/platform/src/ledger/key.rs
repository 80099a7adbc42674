//! The keys that sign the log, and what the log is called.
//!
//! Invariants: the first key is made before anything was signed, and never anew where something was. While a key is exchanged there are
//! two, and both sign; of one that was exchanged only the public half is kept. Private halves lie sealed under the appliance's key, and
//! are in the database's backups: a machine that is built anew signs the same log. [`super::rotation`] exchanges them.

use super::error::LedgerError;
use crate::{
    Caller, Platform,
    act::{Act, Object},
    workspace::random,
};
use audit::{
    note::{Algorithm, KeyName, Note, VerifierKey},
    policy::{LINES_MAX, Policy},
};
use serde::{Deserialize, Serialize};
use store::control::{ControlTx, setting};
use types::EntryId;
use vault::{Purpose, SigningKey, seal};

/// The setting with the keys.
const SETTING: &str = "audit-key";
/// The associated data of the sealed halves.
const PLACE: &[u8] = b"audit-key";
/// Keys that were exchanged and are remembered; of older ones the notes are nobody's any more.
const RETIRED_MAX: usize = LINES_MAX / 2;

#[derive(Serialize, Deserialize)]
struct StoredKey {
    origin: String,
    sealed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    successor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    announced_by: Option<EntryId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired: Vec<Retired>,
}

/// A key that was exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retired {
    /// As policies name it.
    pub(super) key: String,
    /// It has signed nothing of more leaves.
    pub(super) size: u64,
    /// What it signed last: the announcement of the next one.
    pub(super) announcement: String,
}

/// The keys, opened.
#[derive(Debug)]
pub(crate) struct LogKey {
    name: KeyName,
    key: SigningKey,
    /// The one that is announced, and signs beside the other until that is retired.
    successor: Option<SigningKey>,
    /// The entry that announces it.
    announced_by: Option<EntryId>,
    retired: Vec<Retired>,
}

impl LogKey {
    /// The keys; none before the first start of the sequencer.
    pub(crate) async fn load(platform: &Platform) -> Result<Option<Self>, LedgerError> {
        let value = setting::get(&mut platform.control().read().await?, SETTING).await?;
        value.map(|value| Self::open(platform, value)).transpose()
    }

    /// The same, which nobody else changes until the transaction ends.
    pub(super) async fn load_to_change(
        platform: &Platform,
        tx: &mut ControlTx,
    ) -> Result<Option<Self>, LedgerError> {
        let value = setting::get_to_change(tx, SETTING).await?;
        value.map(|value| Self::open(platform, value)).transpose()
    }

    fn open(platform: &Platform, value: serde_json::Value) -> Result<Self, LedgerError> {
        let stored: StoredKey = serde_json::from_value(value).map_err(failed)?;
        let key = |sealed: &str| -> Result<SigningKey, LedgerError> {
            let sealed = hex::decode(sealed).map_err(failed)?;
            let keys = platform.appliance_keys();
            let private = seal::open(keys, Purpose::DatabaseCredential, PLACE, &sealed).map_err(failed)?;
            SigningKey::from_private(&private).map_err(failed)
        };
        Ok(Self {
            name: KeyName::parse(&stored.origin).map_err(failed)?,
            key: key(&stored.sealed)?,
            successor: stored.successor.as_deref().map(key).transpose()?,
            announced_by: stored.announced_by,
            retired: stored.retired,
        })
    }

    /// Makes the key of a log of which nothing was signed yet.
    pub(crate) async fn make(platform: &Platform) -> Result<Self, LedgerError> {
        let base = &platform.settings().base_url;
        let host = base.strip_prefix("https://").unwrap_or(base);
        // A machine that is set up anew under the same name has another log.
        let number: [u8; 4] = random().map_err(failed)?;
        let made = Self {
            name: KeyName::parse(&format!("{host}/log/{}", hex::encode(number))).map_err(failed)?,
            key: SigningKey::generate().map_err(failed)?,
            successor: None,
            announced_by: None,
            retired: Vec::new(),
        };
        let mut tx = platform.control().begin().await?;
        made.store(platform, &mut tx).await?;
        let act = Act::configuration("audit-key.make", Object::new("setting", SETTING));
        let entry = platform.entry(&Caller::system(), None, &act).map_err(failed)?;
        tx.commit(&entry, &[]).await?;
        Ok(made)
    }

    pub(super) async fn store(&self, platform: &Platform, tx: &mut ControlTx) -> Result<(), LedgerError> {
        let seal = |key: &SigningKey| -> Result<String, LedgerError> {
            let private = key.private().map_err(failed)?;
            let under = platform.appliance_keys().current(Purpose::DatabaseCredential);
            let sealed = seal::seal(under, PLACE, &private).map_err(failed)?;
            Ok(hex::encode(sealed))
        };
        let stored = StoredKey {
            origin: self.name.to_string(),
            sealed: seal(&self.key)?,
            successor: self.successor.as_ref().map(seal).transpose()?,
            announced_by: self.announced_by,
            retired: self.retired.clone(),
        };
        let value = serde_json::to_value(stored).map_err(failed)?;
        Ok(setting::set(tx, SETTING, &value, platform.now()).await?)
    }

    /// What the log is called.
    pub(crate) fn name(&self) -> &KeyName {
        &self.name
    }

    /// What others check with: the key, and beside it the one that is announced.
    pub(crate) fn verifiers(&self) -> Result<Vec<VerifierKey>, LedgerError> {
        let keys = std::iter::once(&self.key).chain(&self.successor);
        keys.map(|key| key.verifier(&self.name, Algorithm::Ed25519).map_err(failed))
            .collect()
    }

    /// A policy of this log as it signs now, without witnesses.
    pub(crate) fn policy(&self) -> Result<Policy, LedgerError> {
        Ok(Policy::of_keys(self.verifiers()?))
    }

    /// The key that is announced, while it is.
    pub(super) fn successor(&self) -> Result<Option<VerifierKey>, LedgerError> {
        Ok(self.verifiers()?.into_iter().nth(1))
    }

    /// The entry that announces the successor.
    pub(super) fn announced_by(&self) -> Option<EntryId> {
        self.announced_by
    }

    /// Names the entry that announces the successor.
    pub(super) fn announce_by(&mut self, entry: EntryId) {
        self.announced_by = Some(entry);
    }

    /// Whether these are those, or what those became by an exchange: the newest of those is still among them.
    pub(super) fn follows(&self, before: &Self) -> Result<bool, LedgerError> {
        let (keys, newest) = (self.verifiers()?, before.verifiers()?.pop());
        Ok(newest.is_some_and(|newest| keys.contains(&newest)))
    }

    /// Keys of before, oldest first.
    pub(super) fn retired(&self) -> &[Retired] {
        &self.retired
    }

    /// The keys of before that may have signed a checkpoint of that size.
    pub(super) fn retired_at(&self, size: u64) -> Vec<VerifierKey> {
        let at = self.retired.iter().filter(|retired| size <= retired.size);
        at.filter_map(|retired| VerifierKey::parse(&retired.key).ok())
            .collect()
    }

    /// Makes the key that is to be announced, beside the one that signs.
    pub(super) fn succeed(&mut self) -> Result<(), LedgerError> {
        self.successor = Some(SigningKey::generate().map_err(failed)?);
        Ok(())
    }

    /// Puts the announced key in the place of the other, of which only the public half stays. Nothing where none is announced.
    pub(super) fn retire(
        &mut self,
        size: u64,
        announcement: String,
    ) -> Result<Option<VerifierKey>, LedgerError> {
        let Some(successor) = self.successor.take() else {
            return Ok(None);
        };
        self.announced_by = None;
        let old = std::mem::replace(&mut self.key, successor);
        let old = old.verifier(&self.name, Algorithm::Ed25519).map_err(failed)?;
        self.retired.push(Retired {
            key: old.to_string(),
            size,
            announcement,
        });
        let surplus = self.retired.len().saturating_sub(RETIRED_MAX);
        self.retired.drain(..surplus);
        Ok(Some(old))
    }

    /// Signs with the key, and with the one that is announced.
    pub(crate) fn sign(&self, note: &mut Note) -> Result<(), LedgerError> {
        for key in std::iter::once(&self.key).chain(&self.successor) {
            key.sign_note(&self.name, note).map_err(failed)?;
        }
        Ok(())
    }
}

/// Whether something was signed here before, as far as can be told: the key is made before the first signature.
pub(crate) async fn was_signed(platform: &Platform) -> bool {
    LogKey::load(platform).await.map_or(true, |key| key.is_some())
}

fn failed(error: impl std::fmt::Display) -> LedgerError {
    LedgerError::Vault(error.to_string())
}
