//! Passwords that the appliance itself has elsewhere: at directories, OpenID providers and mail servers.
//!
//! Invariant: each is sealed to the place that it is for, so that one that was copied to another place opens nothing there.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
};
use vault::{Purpose, SecretText, seal};

/// Longest password, in bytes.
const BYTES_MAX: usize = 1_000;

/// Seals a password to a place.
///
/// # Errors
/// `invalid` at `/secret` for what no outside party could have given.
pub(crate) fn seal(platform: &Platform, place: &[u8], secret: &SecretText) -> Result<Vec<u8>> {
    let text = secret.expose();
    if !(1..=BYTES_MAX).contains(&text.len()) || text.chars().any(char::is_control) {
        let text = format!("1 to {BYTES_MAX} bytes on one line");
        return Err(PlatformError::invalid_at("/secret", "malformed", text));
    }
    seal_checked(platform, place, text)
}

/// The same of a text of several lines, such as a key in PEM, which the caller has looked at.
pub(crate) fn seal_checked(platform: &Platform, place: &[u8], text: &str) -> Result<Vec<u8>> {
    let key = platform.appliance_keys().current(Purpose::DatabaseCredential);
    seal::seal(key, place, text.as_bytes()).map_err(vault_failure)
}

/// Opens a password that was sealed to this place.
///
/// # Errors
/// `internal` when it was sealed to another place, or is broken.
pub(crate) fn open(platform: &Platform, place: &[u8], sealed: &[u8]) -> Result<SecretText> {
    let keys = platform.appliance_keys();
    let opened = seal::open(keys, Purpose::DatabaseCredential, place, sealed);
    let text = String::from_utf8(opened.map_err(vault_failure)?.to_vec()).map_err(vault_failure)?;
    Ok(SecretText::new(text))
}
