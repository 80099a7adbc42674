//! About the interface itself.

use crate::{
    answer::Answer, call::Call, document::openapi_json, refusal::Result, view::organization::HealthView,
};
use bytes::Bytes;
use std::sync::OnceLock;

/// That the server answers; nothing of what lies behind it.
pub(crate) async fn health(_call: Call) -> Result<Answer> {
    Ok(Answer::ok(&HealthView { status: "up" }))
}

/// The OpenAPI document.
pub(crate) async fn openapi(_call: Call) -> Result<Answer> {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| openapi_json().into());
    Ok(Answer::written(document.clone()))
}
