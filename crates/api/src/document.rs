//! The OpenAPI 3.1 document, made from the table of routes and the schemas of `document/schemas.json`.
//!
//! Invariant: each operation says in `x-permission` what it needs and in `x-changes` whether it changes something, out of
//! the same table that the checks read.

use crate::{
    route::{Condition, Effect, Gives, Needs, Parameter, Route, Takes, Verb},
    serve::BASE,
    table::ROUTES,
};
use access::Permission;
use serde_json::{Map, Value as Json, json};
use types::{FieldKind, Operator, ProblemCode};
use utoipa::openapi::{Info, OpenApi, Paths};

/// The bodies, which routes name; the rest of the document is made.
const SCHEMAS: &str = include_str!("document/schemas.json");

const ABOUT: &str = "Typed records with isolation, encryption and an audit entry for every change. Decimals and amounts \
    are strings both ways; whole numbers beyond 2^53 too. Each answer carries X-Request-Id. Every refusal is \
    problem+json with a stable code. During maintenance operations with x-changes \
    are refused with 503, code maintenance and Retry-After. Every change accepts Idempotency-Key: the same request with the same key gets the \
    first answer again for 24 hours.";

const SESSION: &str = "The session of a person, here of an operator, for requests of the console's own pages: with \
    Sec-Fetch-Site: same-origin, and for what is no reading with Origin too. What is changed needs a proof within the last \
    ten minutes; without one it is refused with proof-required.";

/// The document as data, for programs that join it with others.
#[must_use]
pub fn document() -> OpenApi {
    let empty = || OpenApi::new(Info::new("Strongroom", env!("CARGO_PKG_VERSION")), Paths::new());
    serde_json::from_value(build()).unwrap_or_else(|_| empty())
}

/// The document as it lies in `docs/openapi.json`: indented, members sorted, with a line feed at its end.
#[must_use]
pub fn openapi_json() -> String {
    format!("{:#}\n", build())
}

fn build() -> Json {
    let mut paths = Map::new();
    for route in ROUTES {
        let item = paths
            .entry(format!("{BASE}{}", route.path))
            .or_insert_with(|| json!({}));
        item[route.verb.as_str().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Strongroom",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token, srt_..."},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session", "description": SESSION},
            },
        },
    })
}

fn operation(route: &Route) -> Json {
    let tag = route.operation.split('.').next().unwrap_or_default();
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [tag],
        "parameters": parameters(route),
        "responses": responses(route),
        "x-permission": route.needs.code(),
        "x-changes": route.effect == Effect::Changes,
    });
    match route.needs {
        Needs::Public => {}
        Needs::Operator => operation["security"] = json!([{"session": []}]),
        Needs::SignedIn | Needs::Permission(_) => operation["security"] = json!([{"token": []}]),
    }
    if let Some(body) = request_body(route.takes) {
        operation["requestBody"] = body;
    }
    operation
}

fn parameters(route: &Route) -> Vec<Json> {
    let mut list: Vec<Json> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    list.extend(route.query.iter().map(query_parameter));
    match route.condition {
        Condition::None => {}
        Condition::IfNoneMatch => list.push(header("If-None-Match", false, "ETags that the caller has.")),
        Condition::IfMatch => list.push(header(
            "If-Match",
            true,
            "The record's ETag or its version in quotes, such as \"3\"; * for any version. Only the version counts.",
        )),
        Condition::IfMatchMay => list.push(header(
            "If-Match",
            false,
            "The ETag of what the caller has read; refused with 412 when it is another now.",
        )),
    }
    if route.verb != Verb::Get && route.needs != Needs::Public {
        list.push(header(
            "Idempotency-Key",
            false,
            "1 to 255 printable ASCII characters; the same request with the same key is carried out once.",
        ));
    }
    list
}

fn query_parameter(parameter: &Parameter) -> Json {
    let Parameter { name, about } = parameter;
    if *name == "filter" {
        let object = json!({"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}}});
        return json!({"name": name, "in": "query", "required": false, "description": about, "style": "deepObject", "explode": true, "schema": object});
    }
    json!({"name": name, "in": "query", "required": false, "description": about, "schema": {"type": "string"}})
}

fn header(name: &str, required: bool, about: &str) -> Json {
    json!({"name": name, "in": "header", "required": required, "description": about, "schema": {"type": "string"}})
}

fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn request_body(takes: Takes) -> Option<Json> {
    match takes {
        Takes::Nothing => None,
        Takes::Json(name) | Takes::LargeJson(name) => {
            Some(json!({"required": true, "content": {"application/json": {"schema": reference(name)}}}))
        }
        Takes::File => Some(
            json!({"required": true, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}),
        ),
    }
}

fn responses(route: &Route) -> Json {
    let mut responses = Map::new();
    let (status, done) = match route.gives {
        Gives::Nothing => (204, json!({"description": "Done."})),
        Gives::Json(status, name) => {
            let content = json!({"application/json": {"schema": reference(name)}});
            (status, json!({"description": "Done.", "content": content}))
        }
        Gives::File(media_type) => {
            let content = json!({media_type: {"schema": {"type": "string"}}});
            (200, json!({"description": "The file.", "content": content}))
        }
    };
    responses.insert(status.to_string(), done);
    if route.condition == Condition::IfNoneMatch {
        responses.insert(
            "304".into(),
            json!({"description": "The caller has this version."}),
        );
    }
    let problem = json!({"application/problem+json": {"schema": reference("Problem")}});
    responses.insert(
        "default".into(),
        json!({"description": "Refused.", "content": problem}),
    );
    responses.into()
}

/// The written schemas, with the lists of words that are known in code.
fn schemas() -> Json {
    let mut schemas: Json = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    schemas["ProblemCode"] = json!({"type": "string", "enum": codes});
    let kinds: Vec<&str> = FieldKind::ALL.iter().map(|kind| kind.as_str()).collect();
    schemas["FieldKind"] = json!({"type": "string", "enum": kinds, "description": operators()});
    let permissions: Vec<&str> = Permission::ALL
        .iter()
        .map(|permission| permission.code())
        .collect();
    schemas["Permission"] = json!({"type": "string", "enum": permissions});
    let roles: Vec<&str> = access::Role::ALL.iter().map(|role| role.as_str()).collect();
    schemas["Role"] = json!({"type": "string", "enum": roles});
    schemas
}

/// The operators of filters, for each kind of field.
fn operators() -> String {
    let lines = FieldKind::ALL.iter().map(|kind| {
        let names: Vec<&str> = Operator::of_kind(*kind)
            .iter()
            .map(|operator| operator.as_str())
            .collect();
        format!("{kind}: {}", names.join(", "))
    });
    format!(
        "Filter operators by kind: {}.",
        lines.collect::<Vec<_>>().join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn operation_ids_and_addresses_are_unique() {
        let ids: BTreeSet<&str> = ROUTES.iter().map(|route| route.operation).collect();
        let addresses: BTreeSet<(&str, Verb)> = ROUTES.iter().map(|route| (route.path, route.verb)).collect();
        assert_eq!((ids.len(), addresses.len()), (ROUTES.len(), ROUTES.len()));
    }

    #[test]
    fn a_permission_stands_where_the_organization_is_in_the_address() {
        for route in ROUTES {
            let inside = route.path.starts_with("/organizations/{organization}");
            assert_eq!(
                matches!(route.needs, Needs::Permission(_)),
                inside,
                "{}",
                route.operation
            );
        }
    }

    #[test]
    fn every_schema_that_is_referred_to_exists_and_is_used() {
        let document = build();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is missing");
        }
        for name in schemas.keys() {
            assert!(text.contains(&format!("schemas/{name}\"")), "{name} is not used");
        }
    }

    #[test]
    fn it_is_a_document_of_openapi() {
        let read: OpenApi = serde_json::from_value(build()).unwrap();
        assert_eq!(
            read.paths.paths.len(),
            build()["paths"].as_object().unwrap().len()
        );
    }

    #[test]
    fn the_kept_copy_is_current() {
        let kept = include_str!("../../../docs/openapi.json");
        assert!(kept == openapi_json(), "run `cargo xtask openapi`");
    }
}
