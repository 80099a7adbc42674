//! By which second factors an account can go on: what a page offers, and nothing that lets anybody in.

use super::key;
use crate::{Platform, error::Result};
use store::control::{
    factor::{self as rows, FactorKind, FactorState},
    recovery_code,
};
use types::AccountId;

/// What an account has that can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// An authenticator app.
    pub app: bool,
    /// A passkey or security key that answers under the appliance's present name.
    pub key: bool,
    /// How many recovery codes still work.
    pub recovery_codes_left: i64,
}

pub(crate) async fn ways(platform: &Platform, account: AccountId) -> Result<Ways> {
    let mut read = platform.control().read().await?;
    let found = rows::list_of(&mut read, account).await?;
    let recovery_codes_left = recovery_code::count_left(&mut read, account).await?;
    drop(read);
    let is_app = |row: &rows::Factor| row.kind == FactorKind::Totp && row.state == FactorState::Active;
    Ok(Ways {
        app: found.iter().any(is_app),
        key: !key::usable(platform, account).await?.is_empty(),
        recovery_codes_left,
    })
}
