//! What is served: for now a sentence at the root.

use actix_web::web::{self, ServiceConfig};
use config::Config;
use platform::Platform;

/// The faces of the platform; one for the process, cloned for each worker thread.
#[derive(Clone)]
pub(super) struct Faces;

impl Faces {
    pub(super) fn new(_platform: Platform, _config: &Config) -> Self {
        Self
    }

    pub(super) fn mount(&self, app: &mut ServiceConfig) {
        app.default_service(web::to(async || "Strongroom\n"));
    }
}
