//! By which second factors an account can go on: what a page offers, and nothing that lets anybody in.

use super::{key, sent};
use crate::{Platform, error::Result};
use store::control::{
    factor::{self as rows, FactorKind, FactorState},
    recovery_code,
};
use types::AccountId;

/// What an account has that can be asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// An authenticator app.
    pub app: bool,
    /// A passkey or security key that answers under the appliance's present name.
    pub key: bool,
    /// Where codes by mail go, masked.
    pub mail: Option<String>,
    /// Where codes by SMS go, masked.
    pub sms: Option<String>,
    /// How many recovery codes still work.
    pub recovery_codes_left: i64,
}

pub(crate) async fn ways(platform: &Platform, account: AccountId) -> Result<Ways> {
    let mut read = platform.control().read().await?;
    let standing = rows::standing(&mut read, account).await?;
    let found = rows::list_of(&mut read, account).await?;
    let recovery_codes_left = recovery_code::count_left(&mut read, account).await?;
    drop(read);
    let of = |kind: FactorKind| {
        let mut all = found.iter();
        all.find(|row| row.kind == kind && row.state == FactorState::Active)
    };
    let set = sent::channels(platform).await?;
    let to = |kind: FactorKind, is_set: bool| {
        let row = of(kind).filter(|_| is_set && sent::are_open_to(standing));
        row.map(|row| sent::masked(platform, row)).transpose()
    };
    Ok(Ways {
        app: of(FactorKind::Totp).is_some(),
        key: !key::usable(platform, account).await?.is_empty(),
        mail: to(FactorKind::Mail, set.mail)?,
        sms: to(FactorKind::Sms, set.sms)?,
        recovery_codes_left,
    })
}
