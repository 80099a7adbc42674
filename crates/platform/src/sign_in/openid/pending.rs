//! A sign-in that is under way at a provider. It lies in the browser, sealed; nothing of it is stored here.
//!
//! Invariant: what opens was sealed by this appliance, for the cookie of the browser that has it.

use crate::{Platform, act::vault_failure, error::Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use openid::Flow;
use serde::{Deserialize, Serialize};
use store::control::openid::Provider as Row;
use types::{SessionId, SourceId};
use vault::{Purpose, SecretText, seal};

/// How many minutes somebody has at the provider.
pub const MINUTES: i64 = 10;
/// No value of ours is longer.
const COOKIE_BYTES_MAX: usize = 4_000;
const PLACE: &[u8] = b"openid-sign-in";

#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    provider: SourceId,
    pub(super) flow: Flow,
    pub(super) next: String,
    /// The session whose account is to be tied; none for a sign-in.
    pub(super) tie_to: Option<SessionId>,
    begun_at: i64,
}

impl Pending {
    pub(super) fn new(row: &Row, flow: Flow, next: &str, tie_to: Option<SessionId>, now: Timestamp) -> Self {
        Self {
            provider: row.id,
            flow,
            next: next.to_owned(),
            tie_to,
            begun_at: now.as_second(),
        }
    }

    pub(super) fn seal(&self, platform: &Platform) -> Result<SecretText> {
        let plain = serde_json::to_vec(self).map_err(vault_failure)?;
        let key = platform.appliance_keys().current(Purpose::SignIns);
        let sealed = seal::seal(key, PLACE, &plain).map_err(vault_failure)?;
        Ok(SecretText::new(URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// What a cookie holds, if it is one of ours.
    pub(super) fn open(platform: &Platform, cookie: &str) -> Option<Self> {
        if cookie.len() > COOKIE_BYTES_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let plain = seal::open(platform.appliance_keys(), Purpose::SignIns, PLACE, &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// Was it begun at this provider, and not too long ago?
    pub(super) fn is_for(&self, row: &Row, now: Timestamp) -> bool {
        let age = now.as_second() - self.begun_at;
        self.provider == row.id && (0..=MINUTES * 60).contains(&age)
    }
}
