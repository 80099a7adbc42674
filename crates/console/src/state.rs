//! What every page needs: the platform and a few settings. Cheap to clone; one for all workers.

use crate::throttle::Throttle;
use config::Network;
use platform::Platform;
use std::sync::Arc;

/// What of the configuration concerns the pages.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What the appliance is called at its door, for example its host name.
    pub appliance_name: String,
    /// Proxies whose `X-Forwarded-For` is believed; nobody else's is.
    pub trusted_proxies: Vec<Network>,
}

/// The console.
#[derive(Clone)]
pub struct Console {
    inner: Arc<Inner>,
}

struct Inner {
    platform: Platform,
    settings: Settings,
    throttle: Throttle,
}

impl Console {
    /// A console on this platform. Make one and clone it for each worker: it counts failed sign-ins.
    #[must_use]
    pub fn new(platform: Platform, settings: Settings) -> Self {
        let throttle = Throttle::default();
        Self {
            inner: Arc::new(Inner {
                platform,
                settings,
                throttle,
            }),
        }
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.inner.platform
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.inner.throttle
    }
}
