//! Where codes go: an address or a number, sealed to the factor that it belongs to.
//!
//! Invariant: a factor keeps the address that its holder has shown to be theirs. Whoever changes the account's address
//! later, a directory or an administrator, does not get its codes.

use super::{Channel, MINUTES};
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    mail::{self, Letter},
    sms::{self, PhoneNumber},
};
use store::control::factor::Factor;
use types::{AccountId, EmailAddress, FactorId};
use vault::{Purpose, seal};

/// An address or a number.
pub(super) enum Destination {
    Mail(EmailAddress),
    Sms(PhoneNumber),
}

impl Destination {
    pub(super) fn channel(&self) -> Channel {
        match self {
            Self::Mail(_) => Channel::Mail,
            Self::Sms(_) => Channel::Sms,
        }
    }

    /// So that its owner knows it again.
    pub(super) fn masked(&self) -> String {
        match self {
            Self::Mail(address) => masked_address(&address.to_string()),
            Self::Sms(number) => number.masked(),
        }
    }

    /// Sends a code there, now.
    pub(super) async fn deliver(&self, platform: &Platform, code: &str) -> Result<()> {
        let host = sms::host(platform);
        match self {
            Self::Mail(address) => {
                mail::send_now(platform, &Letter::code(address, host, code, MINUTES)).await
            }
            Self::Sms(number) => {
                let text =
                    format!("{code} is your code for the Strongroom at {host}, for {MINUTES} minutes.");
                sms::deliver(platform, number, code, &text).await
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Mail(address) => address.to_string(),
            Self::Sms(number) => number.as_str().to_owned(),
        }
    }
}

/// `a…@example.com`
fn masked_address(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = local.chars().next().unwrap_or_default();
    format!("{first}…@{domain}")
}

fn place(channel: Channel, account: AccountId, factor: FactorId) -> Vec<u8> {
    let kind = channel.as_str().as_bytes();
    [
        b"destination ".as_slice(),
        kind,
        &account.bytes(),
        &factor.bytes(),
    ]
    .concat()
}

pub(super) fn sealed(
    platform: &Platform,
    account: AccountId,
    factor: FactorId,
    to: &Destination,
) -> Result<Vec<u8>> {
    let key = platform.appliance_keys().current(Purpose::Factors);
    seal::seal(key, &place(to.channel(), account, factor), to.text().as_bytes()).map_err(vault_failure)
}

pub(super) fn open(platform: &Platform, row: &Factor) -> Result<Destination> {
    let odd = || PlatformError::invariant(format!("factor {} has no address or number", row.id));
    let channel = Channel::of(row.kind).ok_or_else(odd)?;
    let place = place(channel, row.account_id, row.id);
    let opened = seal::open(platform.appliance_keys(), Purpose::Factors, &place, &row.secret);
    let text = String::from_utf8(opened.map_err(vault_failure)?.to_vec()).map_err(vault_failure)?;
    Ok(match channel {
        Channel::Mail => Destination::Mail(text.parse().map_err(vault_failure)?),
        Channel::Sms => Destination::Sms(text.parse().map_err(vault_failure)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_by_its_first_letter() {
        assert_eq!(masked_address("olga@harbour.example"), "o…@harbour.example");
    }
}
