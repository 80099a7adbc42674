//! Tokens that tie a form of the console to the session, or to the visitor, that it was shown to.
//!
//! Invariant: a token is good for the session it was made for and for no other. Each is salted, so that two renderings
//! of a page never carry the same text and a compressed answer says nothing about it.

use crate::{Platform, caller::Caller, error::Result, workspace::random};
use vault::{Purpose, mac};

/// Whom a form is shown to: the session, else the random name of a browser that has not signed in.
fn holder(caller: &Caller, visitor: &str) -> Vec<u8> {
    match caller.holder() {
        Some((_, session)) => [b"session:", session.bytes().as_slice()].concat(),
        None => [b"visitor:", visitor.as_bytes()].concat(),
    }
}

/// A token for a form shown to the caller. `visitor` names a browser before sign-in and is ignored after it.
///
/// # Errors
/// `internal` when the system gives no random numbers.
pub fn form_token(platform: &Platform, caller: &Caller, visitor: &str) -> Result<String> {
    let salt: [u8; 16] = random()?;
    let keys = platform.appliance_keys();
    Ok(mac::sign(keys, Purpose::Forms, &holder(caller, visitor), &salt))
}

/// Was the token made for a form that was shown to this caller?
#[must_use]
pub fn check_form_token(platform: &Platform, caller: &Caller, visitor: &str, token: &str) -> bool {
    let keys = platform.appliance_keys();
    mac::verify(keys, Purpose::Forms, &holder(caller, visitor), token).is_ok()
}
