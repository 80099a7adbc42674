//! What all requests share: the platform, the limits, the rate buckets. One for the process, cheap to clone.

use crate::rate::Limiter;
use config::{Config, Network};
use platform::Platform;
use std::sync::Arc;

/// What of the configuration the interface needs.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// Requests of one account or address in a minute.
    pub requests_per_minute: u32,
    /// The longest JSON body, in bytes.
    pub body_bytes_max: u64,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

impl ApiSettings {
    /// Out of the configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            requests_per_minute: config.limits.requests_per_minute,
            body_bytes_max: config.limits.body_bytes_max,
            trusted_proxies: config.listen.trusted_proxies.clone(),
        }
    }
}

/// The interface's state. Make it once for the process, so that the rate limits hold over all workers.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    platform: Platform,
    settings: ApiSettings,
    limiter: Limiter,
}

impl Api {
    /// The interface to a platform.
    #[must_use]
    pub fn new(platform: Platform, settings: ApiSettings) -> Self {
        let limiter = Limiter::per_minute(settings.requests_per_minute);
        Self {
            inner: Arc::new(Inner {
                platform,
                settings,
                limiter,
            }),
        }
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.inner.platform
    }

    pub(crate) fn settings(&self) -> &ApiSettings {
        &self.inner.settings
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }
}
