//! Every route says what it requires, and refuses whoever brings no credentials.

use super::{
    look::Look,
    tls::{Fault, host_of, reachable, status_of},
};
use crate::{Caller, Platform, PlatformError, error::Result, organization};
use access::Permission;
use promises::Outcome;

/// The promise that this looks at.
pub(super) const ID: &str = "request-verification";
/// Stands for ids in addresses.
const SOME_ID: &str = "01900000-0000-7000-8000-000000000000";

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing was declared, which is a fault.
    Undeclared,
    /// Nothing, on purpose: health, the OpenAPI document, sign-in.
    Public,
    /// To be known.
    SignedIn,
    /// To look after the appliance.
    Operator,
    /// This permission in the organization of the address.
    Permission(Permission),
}

/// A route as its server declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDeclaration {
    /// `GET` and so on.
    pub method: String,
    /// The whole path, with parameters in braces.
    pub path: String,
    /// What it asks for.
    pub requirement: Requirement,
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let Some(routes) = platform.routes() else {
        return Ok(Outcome::could_not_look("this node has declared no routes"));
    };
    let Some(listener) = platform.settings().listener else {
        return Ok(Outcome::could_not_look("no listener is configured on this node"));
    };
    let mut look = Look::new();
    for route in routes
        .iter()
        .filter(|route| route.requirement == Requirement::Undeclared)
    {
        let place = format!("{} {}", route.method, route.path);
        look.fault(
            "a route declares no requirement",
            place,
            "declare what it requires",
        );
    }
    let all = organization::list_all(platform, &Caller::system()).await?;
    let slug = all.first().map_or("nobody", |summary| summary.slug.as_str());
    let private = routes
        .iter()
        .filter(|route| route.method == "GET" && route.requirement != Requirement::Public);
    let paths: Vec<String> = private.map(|route| address_of(&route.path, slug)).collect();
    let walked = paths.len();
    let (address, host) = (
        reachable(listener),
        host_of(&platform.settings().base_url).to_owned(),
    );
    let walk = tokio::task::spawn_blocking(move || {
        let ask = |path: String| status_of(address, &host, &path).map(|status| (path, status));
        paths
            .into_iter()
            .map(ask)
            .collect::<std::result::Result<Vec<_>, Fault>>()
    });
    let answers = walk
        .await
        .map_err(|error| PlatformError::invariant(error.to_string()))?;
    let answers = match answers {
        Ok(answers) => answers,
        Err(fault) => return Ok(Outcome::could_not_look(fault.to_string())),
    };
    for (path, status) in answers.into_iter().filter(|(_, status)| *status != Some(401)) {
        let answer = status.map_or("something that is no HTTP".to_owned(), |status| {
            status.to_string()
        });
        let what = format!("without credentials it answers {answer}, not 401");
        look.fault(
            what,
            format!("GET {path}"),
            "let it ask who calls before anything else",
        );
    }
    let public = routes
        .iter()
        .filter(|route| route.requirement == Requirement::Public)
        .count();
    Ok(look
        .fact("routes", routes.len())
        .fact("public on purpose", public)
        .fact("asked without credentials", walked)
        .done())
}

/// The path with something for every parameter.
fn address_of(path: &str, slug: &str) -> String {
    let part = |part: &str| match part {
        "{organization}" => slug.to_owned(),
        part if part.starts_with('{') => SOME_ID.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

impl Platform {
    /// Tells which routes this process serves, for the promise that each asks who calls. The first declaration counts.
    pub fn declare_routes(&self, routes: Vec<RouteDeclaration>) {
        self.keep_routes(routes);
    }
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn every_parameter_of_an_address_gets_a_value() {
        let address = address_of(
            "/api/v1/organizations/{organization}/datasets/{dataset}/records",
            "acme",
        );
        assert_eq!(
            address,
            "/api/v1/organizations/acme/datasets/01900000-0000-7000-8000-000000000000/records"
        );
    }
}
