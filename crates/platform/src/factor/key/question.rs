//! Questions that wait: for whom, for what, and what their answer is checked with.
//!
//! Invariant: what is stored is sealed to its place, so a row that was changed or moved answers nothing.

use super::MINUTES;
use crate::{Platform, act::vault_failure, error::Result};
use jiff::SignedDuration;
use serde::{Serialize, de::DeserializeOwned};
use store::control::key_challenge::{self as rows, Asked, Ceremony};
use types::{AccountId, SessionId};
use vault::{Purpose, seal};

/// Of a sign-in that waits, known by the hash of its token.
pub(crate) fn of_sign_in(account: AccountId, token_hash: &[u8; 32]) -> Asked {
    Asked {
        ceremony: Ceremony::SignIn,
        holder: token_hash.to_vec(),
        account,
    }
}

/// Of a session that is to be proved.
pub(crate) fn of_proof(account: AccountId, session: SessionId) -> Asked {
    of_session(Ceremony::Proof, account, session)
}

/// Of a session in which a key is set up.
pub(super) fn of_enrolment(account: AccountId, session: SessionId) -> Asked {
    of_session(Ceremony::Enrol, account, session)
}

fn of_session(ceremony: Ceremony, account: AccountId, session: SessionId) -> Asked {
    Asked {
        ceremony,
        holder: session.bytes().to_vec(),
        account,
    }
}

fn place(asked: &Asked) -> Vec<u8> {
    let kind = asked.ceremony.as_str().as_bytes();
    [
        b"key-challenge ".as_slice(),
        kind,
        &asked.account.bytes(),
        &asked.holder,
    ]
    .concat()
}

/// Keeps what the answer will be checked with.
pub(super) async fn put(platform: &Platform, asked: &Asked, state: &impl Serialize) -> Result<()> {
    let state = serde_json::to_vec(state).map_err(vault_failure)?;
    let key = platform.appliance_keys().current(Purpose::Factors);
    let sealed = seal::seal(key, &place(asked), &state).map_err(vault_failure)?;
    let now = platform.now();
    let until = now.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(now);
    let mut keep = platform.control().keep().await?;
    Ok(rows::ask(&mut keep, asked, sealed, now, until).await?)
}

/// Takes it away; none when nothing was asked, or too long ago.
pub(super) async fn take<T: DeserializeOwned>(platform: &Platform, asked: &Asked) -> Result<Option<T>> {
    let mut keep = platform.control().keep().await?;
    let Some(sealed) = rows::take(&mut keep, asked, platform.now()).await? else {
        return Ok(None);
    };
    drop(keep);
    let keys = platform.appliance_keys();
    let state = seal::open(keys, Purpose::Factors, &place(asked), &sealed).map_err(vault_failure)?;
    Ok(Some(serde_json::from_slice(&state).map_err(vault_failure)?))
}
