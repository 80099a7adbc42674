//! The headers of every answer of the console.
//!
//! Invariant: an answer leaves without being kept by caches unless its handler said otherwise.

use crate::{
    assets::CONTENT_SECURITY_POLICY, break_glass::BREAK_GLASS, invitation::INVITATION, openid::CALLBACK,
    password_reset::PASSWORD_RESET,
};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Two years, as browsers ask for.
const STRICT_TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// Everything a page could ask of the device is refused, but for keys of our own pages.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

const ALWAYS: [(&str, &str); 8] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("strict-transport-security", STRICT_TRANSPORT),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("permissions-policy", PERMISSIONS),
];

/// What browsers may say of where a request comes from. `same-origin` tells other sites nothing, like `no-referrer`; but
/// under that one browsers send our own forms with `Origin: null`, which [`crate::csrf`] refuses. Where the address is a
/// secret even our own pages learn the host only.
fn referrer_policy(path: &str) -> &'static str {
    if [INVITATION, BREAK_GLASS, CALLBACK, PASSWORD_RESET]
        .iter()
        .any(|secret| path.starts_with(secret))
    {
        "strict-origin"
    } else {
        "same-origin"
    }
}

/// Sets them.
pub(crate) fn protect(headers: &mut HeaderMap, request_id: &str, path: &str) {
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static(referrer_policy(path)),
    );
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}
