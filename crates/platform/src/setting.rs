//! Settings of the appliance that the database keeps by name, each with the type of what is kept.
//!
//! Invariant: one that was cleared reads as one that never was. Whoever writes or clears one commits it with an entry about
//! [`Setting::object`]. Start at [`Setting`].

use crate::{
    Platform,
    act::{Object, vault_failure},
    error::Result,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::marker::PhantomData;
use store::control::{ControlTx, Reads, setting as rows};

/// A setting: its name, and what is kept under it as JSON.
pub(crate) struct Setting<T> {
    name: &'static str,
    kept: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Setting<T> {
    /// The setting of this name. A name has one type for ever: what was kept under it is still there after an update.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self {
            name,
            kept: PhantomData,
        }
    }

    /// What entries about it are about.
    pub(crate) fn object(self) -> Object {
        Object::new("setting", self.name)
    }

    /// What is kept; nothing where it was never set, or cleared.
    ///
    /// # Errors
    /// `unavailable`; `internal` where something else is kept under its name.
    pub(crate) async fn read(self, on: &mut impl Reads) -> Result<Option<T>> {
        match rows::get(on, self.name).await? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value).map(Some).map_err(vault_failure),
        }
    }

    /// Keeps this from the transaction's commit on.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn write(self, platform: &Platform, tx: &mut ControlTx, kept: &T) -> Result<()> {
        let value = serde_json::to_value(kept).map_err(vault_failure)?;
        Ok(rows::set(tx, self.name, &value, platform.now()).await?)
    }

    /// Keeps nothing from the transaction's commit on.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn clear(self, platform: &Platform, tx: &mut ControlTx) -> Result<()> {
        Ok(rows::set(tx, self.name, &Value::Null, platform.now()).await?)
    }
}
