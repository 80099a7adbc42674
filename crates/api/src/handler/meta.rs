//! About the interface itself.

use crate::{answer::Answer, call::Call, document::openapi_json, refusal::Result, view::organization::HealthView};
use std::sync::OnceLock;

/// That the server answers; nothing of what lies behind it.
pub(crate) async fn health(_call: Call) -> Result<Answer> {
    Ok(Answer::ok(&HealthView { status: "up" }))
}

/// The OpenAPI document.
pub(crate) async fn openapi(_call: Call) -> Result<Answer> {
    static DOCUMENT: OnceLock<Box<serde_json::value::Value>> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| Box::new(serde_json::from_str(&openapi_json()).unwrap_or_default()));
    Ok(Answer::ok(document.as_ref()))
}
