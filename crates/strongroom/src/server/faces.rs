//! What is served: the API under `/api/v1`, and the console everywhere else.

use actix_web::web::ServiceConfig;
use api::{Api, ApiSettings, Needs, ROUTES, Route};
use config::Config;
use console::Console;
use platform::{
    Platform,
    promise::{Requirement, RouteDeclaration},
};

/// The faces of the platform; one for the process, cloned for each worker thread, so that limits hold over all of them.
#[derive(Clone)]
pub(super) struct Faces {
    api: Api,
    console: Console,
}

impl Faces {
    pub(super) fn new(platform: Platform, config: &Config) -> Self {
        platform.declare_routes(ROUTES.iter().map(declaration).collect());
        platform.declare_pages(console::page_sources());
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

/// What the promise of verified requests is checked against.
fn declaration(route: &Route) -> RouteDeclaration {
    let requirement = match route.needs() {
        Needs::Public => Requirement::Public,
        Needs::SignedIn => Requirement::SignedIn,
        Needs::Operator => Requirement::Operator,
        Needs::Permission(permission) => Requirement::Permission(permission),
    };
    RouteDeclaration {
        method: route.verb().as_str().to_owned(),
        path: format!("/api/v1{}", route.path()),
        requirement,
    }
}
