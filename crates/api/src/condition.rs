//! Conditional requests (RFC 9110 section 13). A record's entity tag is its version and a digest of how it is shown,
//! `"7-9f86d081884c7d65"`.
//!
//! Invariants: a read is answered with 304 only where the same bytes would be sent again: a field that was added, removed,
//! made sensitive or hidden from the caller changes the tag though the version stays. A write is conditional on the
//! version alone, so `"7"` serves as well: what is at stake there is another's change of the record, and a definition
//! that changed in between is checked by the write itself.

use crate::refusal::{Refusal, Result};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use openssl::sha::sha256;
use platform::{directories::role_group, record::Expected};
use types::ProblemCode;

/// No record has this version: a tag that is not ours matches nothing.
const NO_VERSION: i64 = -1;

/// The entity tag of a version that is shown as these bytes. Nobody gains by two contents of one digest, so half of the
/// bits would do.
pub(crate) fn etag(version: i64, shown: &[u8]) -> String {
    let [a, b, c, d, e, f, g, h, ..] = sha256(shown);
    let digest = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    format!("\"{version}-{digest:016x}\"")
}

/// What `If-Match` says; it is compared strongly, so weak tags match nothing.
///
/// # Errors
/// `precondition-required` when it is missing.
pub(crate) fn expected(request: &HttpRequest) -> Result<Expected> {
    let Some(text) = text(request, &header::IF_MATCH) else {
        let detail = "send If-Match with the record's ETag, such as If-Match: \"7\", or * for any version";
        return Err(Refusal::new(ProblemCode::PreconditionRequired, detail));
    };
    if text.trim() == "*" {
        return Ok(Expected::Any);
    }
    Ok(Expected::Version(version(text.trim()).unwrap_or(NO_VERSION)))
}

/// What `If-Match` says of the groups that give roles, where it is sent.
pub(crate) fn expected_groups(request: &HttpRequest) -> role_group::Expected {
    match text(request, &header::IF_MATCH).map(str::trim) {
        None | Some("*") => role_group::Expected::Any,
        // What is no tag of ours matches nothing.
        Some(tag) => role_group::Expected::Tag(tag.trim_matches('"').to_owned()),
    }
}

/// Does `If-None-Match` name this tag? It is compared weakly.
pub(crate) fn is_known(request: &HttpRequest, current: &str) -> bool {
    let Some(text) = text(request, &header::IF_NONE_MATCH) else {
        return false;
    };
    let known = |tag: &str| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current
    };
    text.split(',').any(known)
}

fn text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    request
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap_or(""))
}

/// The version that a tag begins with.
fn version(tag: &str) -> Option<i64> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    let digits = match opaque.split_once('-') {
        Some((digits, digest)) if digest.len() == 16 && digest.bytes().all(is_digest) => digits,
        Some(_) => return None,
        None => opaque,
    };
    let plain =
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

fn is_digest(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn if_match(text: &str) -> Expected {
        let request = TestRequest::default().insert_header((header::IF_MATCH, text));
        expected(&request.to_http_request()).unwrap()
    }

    #[test]
    fn a_tag_is_a_version_and_a_star_is_any() {
        assert_eq!(if_match("\"7\""), Expected::Version(7));
        assert_eq!(if_match(&etag(7, b"{}")), Expected::Version(7));
        assert_eq!(if_match("*"), Expected::Any);
    }

    #[test]
    fn what_is_not_our_tag_matches_nothing() {
        for text in [
            "W/\"7\"",
            "7",
            "\"+7\"",
            "\"07\"",
            "\"x\"",
            "\"7-\"",
            "\"7-9f86\"",
            "\"7-9F86D081884C7D65\"",
            "\"-9f86d081884c7d65\"",
            "",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(if_match(text), Expected::Version(NO_VERSION), "{text}");
        }
    }

    #[test]
    fn a_missing_if_match_is_asked_for() {
        let refused = expected(&TestRequest::default().to_http_request()).unwrap_err();
        assert_eq!(refused.code, ProblemCode::PreconditionRequired);
    }

    #[test]
    fn if_none_match_is_a_list_and_weak() {
        let known = |text: &str| {
            let request = TestRequest::default().insert_header((header::IF_NONE_MATCH, text));
            is_known(&request.to_http_request(), "\"7-a\"")
        };
        assert!(known("\"7-a\"") && known("W/\"7-a\"") && known("\"6-a\", \"7-a\"") && known("*"));
        assert!(!known("\"7-b\"") && !known("\"7\"") && !known("7-a"));
    }

    #[test]
    fn a_tag_changes_with_what_is_shown() {
        assert_eq!(etag(7, b"{}"), "\"7-44136fa355b3678a\"");
        assert_ne!(etag(7, b"{\"a\":1}"), etag(7, b"{}"));
    }
}
