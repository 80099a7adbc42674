//! What is kept of a key: its public key, and what its authenticator said of itself.
//!
//! It is no secret. It is sealed so that whoever can write to the database cannot put a key of theirs in its place.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
};
use store::control::factor::Factor;
use types::{AccountId, FactorId};
use vault::{Purpose, seal};
use webauthn_rs_core::proto::Credential;

fn place(account: AccountId, factor: FactorId) -> Vec<u8> {
    [b"passkey".as_slice(), &account.bytes(), &factor.bytes()].concat()
}

pub(super) fn seal(
    platform: &Platform,
    account: AccountId,
    factor: FactorId,
    credential: &Credential,
) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(credential).map_err(vault_failure)?;
    let key = platform.appliance_keys().current(Purpose::Factors);
    seal::seal(key, &place(account, factor), &json).map_err(vault_failure)
}

/// The key with the counter that it had at its last use.
pub(super) fn open(platform: &Platform, row: &Factor) -> Result<Credential> {
    let place = place(row.account_id, row.id);
    let json = seal::open(platform.appliance_keys(), Purpose::Factors, &place, &row.secret);
    let credential = serde_json::from_slice::<Credential>(&json.map_err(vault_failure)?);
    let mut credential = credential.map_err(vault_failure)?;
    let counter = u32::try_from(row.last_step.unwrap_or_default());
    credential.counter = counter
        .map_err(|_| PlatformError::invariant(format!("the counter of key {} is out of range", row.id)))?;
    Ok(credential)
}
