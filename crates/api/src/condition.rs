//! Conditional requests (RFC 9110 section 13): a record's version is its entity tag, `"7"`.

use crate::refusal::{Refusal, Result};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use platform::record::Expected;
use types::ProblemCode;

/// No record has this version: a tag that is not ours matches nothing.
const NO_VERSION: i64 = -1;

/// The entity tag of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
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

/// Does `If-None-Match` name this version? It is compared weakly.
pub(crate) fn is_known(request: &HttpRequest, current: i64) -> bool {
    let Some(text) = text(request, &header::IF_NONE_MATCH) else {
        return false;
    };
    let known = |tag: &str| {
        let tag = tag.trim();
        tag == "*" || version(tag.strip_prefix("W/").unwrap_or(tag)) == Some(current)
    };
    text.split(',').any(known)
}

fn text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    request
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap_or(""))
}

fn version(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let plain =
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
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
            is_known(&request.to_http_request(), 7)
        };
        assert!(known("\"7\"") && known("W/\"7\"") && known("\"6\", \"7\"") && known("*"));
        assert!(!known("\"6\"") && !known("7"));
    }
}
