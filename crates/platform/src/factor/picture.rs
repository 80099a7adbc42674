//! The QR code that an authenticator app reads: as a picture for a page, and as text for a terminal.
//!
//! Invariant: neither is stored. [`crate::qr`] draws them.

use crate::{error::Result, qr};
use vault::SecretText;

/// An SVG element, dark on white.
///
/// # Errors
/// `internal` when the address is too long for a QR code.
pub fn svg(uri: &SecretText) -> Result<String> {
    qr::svg(uri.expose(), "QR code for an authenticator app")
}

/// Lines of half blocks for a terminal with a dark ground.
///
/// # Errors
/// As [`svg`].
pub fn text(uri: &SecretText) -> Result<String> {
    qr::text(uri.expose())
}
