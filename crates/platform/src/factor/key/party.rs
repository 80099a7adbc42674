//! Under which name keys know the appliance: the host of its base URL (the "relying party" of Web Authentication).
//!
//! Invariant: a request's own idea of the host has no part in it; another origin, port or scheme is refused.

use super::MINUTES;
use crate::{
    Platform,
    error::{PlatformError, Result},
};
use std::time::Duration;
use types::ProblemCode;
use url::Url;
use webauthn_rs_core::WebauthnCore;

/// Whether keys can be used under the appliance's name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Offer {
    /// They can.
    Offered {
        /// The name that they are bound to.
        host: String,
    },
    /// Browsers bind keys to names, and people reach the appliance by an address.
    NoName,
}

/// Whether keys can be used under the appliance's name.
pub fn offer(platform: &Platform) -> Offer {
    let url = Url::parse(&platform.settings().base_url).ok();
    match url.as_ref().and_then(Url::domain) {
        Some(host) if !host.ends_with('.') => Offer::Offered {
            host: host.to_owned(),
        },
        _ => Offer::NoName,
    }
}

/// What is checked against that name.
///
/// # Errors
/// `conflict` when it is no name.
pub(super) fn of(platform: &Platform) -> Result<WebauthnCore> {
    let Offer::Offered { host } = offer(platform) else {
        let detail = "passkeys and security keys need a name to be bound to, and this appliance is reached by an \
                      address; use an authenticator app";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    };
    let base = &platform.settings().base_url;
    let origin = Url::parse(base).map_err(|error| PlatformError::invariant(format!("{base}: {error}")))?;
    let minutes = u64::try_from(MINUTES).unwrap_or_default();
    let patience = Duration::from_secs(minutes * 60);
    let name = format!("Strongroom {host}");
    let (subdomains, any_port) = (Some(false), Some(false));
    Ok(WebauthnCore::new_unsafe_experts_only(
        &name,
        &host,
        vec![origin],
        patience,
        subdomains,
        any_port,
    ))
}
