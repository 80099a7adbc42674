//! Do answers look as the document says? A small reader of the JSON Schema that our document uses.

use crate::http::Answer;
use serde_json::Value as Json;
use std::sync::OnceLock;

fn document() -> &'static Json {
    static DOCUMENT: OnceLock<Json> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(&api::openapi_json()).unwrap())
}

/// Fails when the answer is not one that the document has for the operation.
pub(crate) fn check(template: &str, method: &str, answer: &Answer) {
    let operation = &document()["paths"][template][method.to_lowercase()];
    assert!(
        operation.is_object(),
        "{method} {template} is not in the document"
    );
    let responses = &operation["responses"];
    let response = responses
        .get(answer.status.to_string())
        .unwrap_or(&responses["default"]);
    if answer.body.is_empty() && answer.status == 204 {
        assert!(
            response.get("content").is_none(),
            "{method} {template}: {} without body",
            answer.status
        );
        return;
    }
    let media_type = answer.header("content-type").unwrap_or_default();
    let content = response["content"].get(media_type);
    let content = content.unwrap_or_else(|| panic!("{method} {template}: {} as {media_type}", answer.status));
    if media_type.ends_with("json") {
        let faults = faults(&content["schema"], &answer.json(), "");
        assert!(
            faults.is_empty(),
            "{method} {template}: {faults:?} in {}",
            answer.text()
        );
    }
}

/// Where a value differs from its schema.
fn faults(schema: &Json, value: &Json, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return faults(&document()["components"]["schemas"][name], value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = choices.iter().any(|choice| faults(choice, value, at).is_empty());
        return if fits {
            Vec::new()
        } else {
            vec![format!("{at}: fits no choice")]
        };
    }
    if !has_type(schema, value) {
        return vec![format!("{at}: expected {}", schema["type"])];
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return vec![format!("{at}: {value} is not among {words:?}")];
    }
    match value {
        Json::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(place, item)| faults(&schema["items"], item, &format!("{at}/{place}")))
            .collect(),
        Json::Object(members) => object_faults(schema, members, at),
        _ => Vec::new(),
    }
}

fn object_faults(schema: &Json, members: &serde_json::Map<String, Json>, at: &str) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten();
    let mut found: Vec<String> = required
        .filter_map(Json::as_str)
        .filter(|name| !members.contains_key(*name))
        .map(|name| format!("{at}/{name}: missing"))
        .collect();
    for (name, member) in members {
        let at = format!("{at}/{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(property), _) => found.extend(faults(property, member, &at)),
            (None, Some(Json::Bool(false))) => found.push(format!("{at}: not documented")),
            (None, Some(Json::Object(other))) => {
                found.extend(faults(&Json::Object(other.clone()), member, &at))
            }
            (None, _) => {}
        }
    }
    found
}

fn has_type(schema: &Json, value: &Json) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        other => panic!("the schema has the type {other}"),
    };
    match &schema["type"] {
        Json::String(name) => is(name),
        Json::Array(names) => names.iter().filter_map(Json::as_str).any(is),
        _ => true,
    }
}
