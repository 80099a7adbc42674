//! Bodies: read whole within a size and a time, or handed on as a stream.
//!
//! Invariant: a slow or endless sender holds a request for [`SECONDS_MAX`] at most.

use crate::refusal::{Refusal, Result};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
    web::Payload,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use types::ProblemCode;

/// Longest time for a whole body, in seconds.
const SECONDS_MAX: u64 = 30;

/// Reads a JSON body of at most `limit` bytes.
pub(crate) async fn read_json(request: &HttpRequest, payload: Payload, limit: u64) -> Result<Bytes> {
    check_json_type(request)?;
    read_whole(request, payload, limit).await
}

/// Refuses a body where none is expected, so that nobody believes it was read.
pub(crate) fn refuse_body(request: &HttpRequest) -> Result<()> {
    let length = declared_length(request)?;
    if length.unwrap_or(0) > 0 || request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Err(Refusal::malformed(
            "",
            "unexpected-body",
            "this request has no body; send it without one",
        ));
    }
    Ok(())
}

async fn read_whole(request: &HttpRequest, mut payload: Payload, limit: u64) -> Result<Bytes> {
    let declared = declared_length(request)?;
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let deadline = Instant::now() + Duration::from_secs(SECONDS_MAX);
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    loop {
        let part = timeout_at(deadline, payload.next()).await;
        let part = part.map_err(|_| too_slow())?;
        let Some(part) = part else { break };
        let part = part.map_err(|_| Refusal::malformed("", "cut-off", "the body broke off"))?;
        let read = first.as_ref().map_or(0, Bytes::len) + rest.len() + part.len();
        if read as u64 > limit {
            return Err(too_large(limit));
        }
        match first {
            None => first = Some(part),
            Some(_) => rest.extend_from_slice(&part),
        }
    }
    // Most bodies come in one piece, which is not copied.
    let first = first.unwrap_or_default();
    if rest.is_empty() {
        return Ok(first);
    }
    Ok([first.as_ref(), rest.as_ref()].concat().into())
}

/// The declared length, if there is one.
pub(crate) fn declared_length(request: &HttpRequest) -> Result<Option<u64>> {
    let Some(text) = text(request, &header::CONTENT_LENGTH)? else {
        return Ok(None);
    };
    let length = text.parse::<u64>();
    length
        .map(Some)
        .map_err(|_| Refusal::malformed("Content-Length", "malformed", "Content-Length is not a number"))
}

fn text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Result<Option<&'a str>> {
    let value = request.headers().get(name).map(|value| value.to_str());
    value
        .transpose()
        .map_err(|_| Refusal::malformed(name.as_str(), "malformed", "the header is not ASCII"))
}

fn check_json_type(request: &HttpRequest) -> Result<()> {
    if text(request, &header::CONTENT_ENCODING)?.is_some_and(|coding| coding != "identity") {
        return Err(media_type("send the body without a Content-Encoding"));
    }
    let value = text(request, &header::CONTENT_TYPE)?.unwrap_or_default();
    if is_json(value) {
        Ok(())
    } else {
        Err(media_type(
            "send JSON in UTF-8, with Content-Type: application/json",
        ))
    }
}

pub(crate) fn media_type(detail: &str) -> Refusal {
    Refusal::new(ProblemCode::MediaType, detail)
}

/// `application/json` or `application/...+json`, in UTF-8.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && parts.filter(|part| !part.is_empty()).all(is_utf8)
}

fn is_utf8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    !name.trim().eq_ignore_ascii_case("charset")
        || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

pub(crate) fn too_large(limit: u64) -> Refusal {
    Refusal::new(
        ProblemCode::TooLarge,
        format!("the body may have {limit} bytes at most; send less, or use an import"),
    )
}

fn too_slow() -> Refusal {
    let message = format!("the body was not there within {SECONDS_MAX} seconds");
    Refusal::malformed("", "too-slow", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf8_is_json() {
        for fine in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/merge-patch+json",
        ] {
            assert!(is_json(fine), "{fine}");
        }
        for other in [
            "",
            "text/json",
            "application/json; charset=latin1",
            "text/plain",
            "application/x+jsonx",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }
}
