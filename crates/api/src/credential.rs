//! Credentials: an API token in `Authorization`, or the console's session for requests of its own pages.
//!
//! Invariant: a cookie counts only where the browser says that the request comes from our own pages; for changes it
//! must say so twice (`Sec-Fetch-Site`, which scripts cannot set, and `Origin`).

use crate::refusal::{Refusal, Result};
use actix_web::{HttpRequest, http::header};
use platform::{Caller, Origin, Platform, session};
use types::ProblemCode;

/// The console's session.
const COOKIE: &str = "__Host-session";

/// The caller, known or anonymous.
///
/// # Errors
/// `not-signed-in` for a credential that does not hold; `factor-required` for one of whose account a second factor is asked; `forged-request`; `unavailable`.
pub(crate) async fn identify(platform: &Platform, request: &HttpRequest, origin: Origin) -> Result<Caller> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer);
        let token = token.ok_or_else(|| refused("send Authorization: Bearer with an API token"))?;
        let caller = session::identify_token(platform, origin, token).await?;
        return known(caller, "the API token is not valid: unknown, expired or revoked");
    }
    let Some(cookie) = session_cookie(request) else {
        return Ok(Caller::anonymous(origin));
    };
    check_origin(platform, request)?;
    let caller = session::identify_session(platform, origin, cookie, session::Activity::Use).await?;
    known(caller, "the session has ended; sign in again")
}

fn refused(detail: &str) -> Refusal {
    Refusal::new(ProblemCode::NotSignedIn, detail)
}

fn known(caller: Caller, detail: &str) -> Result<Caller> {
    if let Some(lacks) = caller.lacks() {
        return Err(platform::factor::held(lacks).into());
    }
    match caller.account() {
        Some(_) => Ok(caller),
        None => Err(refused(detail)),
    }
}

/// The scheme's name is compared without regard to case (RFC 9110 section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Read here and not by the framework, which would decode and collect every cookie of each request.
fn session_cookie(request: &HttpRequest) -> Option<&str> {
    let lines = request.headers().get_all(header::COOKIE);
    let mut pairs = lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    })
}

fn check_origin(platform: &Platform, request: &HttpRequest) -> Result<()> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    let fits = if request.method().is_safe() {
        matches!(site, Some("same-origin" | "none"))
    } else {
        site == Some("same-origin") && text("origin") == Some(platform.settings().base_url.as_str())
    };
    if fits {
        return Ok(());
    }
    let detail = "a session counts only for requests of the console's own pages; programs send an API token";
    Err(Refusal::new(ProblemCode::ForgedRequest, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(bearer("Bearer srt_x"), Some("srt_x"));
        assert_eq!(bearer("bearer srt_x"), Some("srt_x"));
        assert_eq!(bearer("Basic srt_x"), None);
        assert_eq!(bearer("srt_x"), None);
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let request = TestRequest::default()
            .append_header((header::COOKIE, "a=b; __Host-session=s3; c=d"))
            .to_http_request();
        assert_eq!(session_cookie(&request), Some("s3"));
        let other = TestRequest::default().append_header((header::COOKIE, "x__Host-session=s3"));
        assert_eq!(session_cookie(&other.to_http_request()), None);
    }
}
