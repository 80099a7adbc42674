//! What is served: the API under `/api/v1`, and the console everywhere else.

use actix_web::web::ServiceConfig;
use api::{Api, ApiSettings};
use config::Config;
use console::Console;
use platform::Platform;

/// The faces of the platform; one for the process, cloned for each worker thread, so that limits hold over all of them.
#[derive(Clone)]
pub(super) struct Faces {
    api: Api,
    console: Console,
}

impl Faces {
    pub(super) fn new(platform: Platform, config: &Config) -> Self {
        let settings = console::Settings {
            appliance_name: config.listen.base_url.host_str().unwrap_or_default().to_owned(),
            trusted_proxies: config.listen.trusted_proxies.clone(),
        };
        Self {
            api: Api::new(platform.clone(), ApiSettings::of(config)),
            console: Console::new(platform, settings),
        }
    }

    /// The console answers whatever no service before it took, so it comes last.
    pub(super) fn mount(&self, app: &mut ServiceConfig) {
        api::configure(app, &self.api);
        console::configure(app, self.console.clone());
    }
}
