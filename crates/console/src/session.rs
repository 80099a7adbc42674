//! The cookies: the session, the visitor before sign-in, the colours.
//!
//! Invariant: those that matter are `__Host-` cookies (RFC 6265bis section 4.1.3.2): sent over TLS only, to this host
//! only, out of reach of scripts. A sign-in always gives a new session.

use crate::view::Theme;
use actix_web::cookie::{Cookie, SameSite, time::Duration};

/// Holds the session's token.
pub(crate) const SESSION: &str = "__Host-session";
/// Names a browser that has not signed in, so that its sign-in form is its own.
pub(crate) const VISITOR: &str = "__Host-visitor";
/// A sign-in that is under way at a provider.
pub(crate) const OPENID: &str = "__Host-openid";
/// Holds the token of a sign-in that waits for its second step.
pub(crate) const PENDING: &str = "__Host-pending";
/// Light or dark.
pub(crate) const THEME: &str = "theme";

fn guarded(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// The session's cookie; it lives as long as the session may at most.
pub(crate) fn session_cookie(token: &str, seconds: u32) -> Cookie<'static> {
    let mut cookie = guarded(SESSION, token.to_owned());
    cookie.set_max_age(Duration::seconds(i64::from(seconds)));
    cookie
}

/// The visitor's cookie; it goes when the browser closes.
pub(crate) fn visitor_cookie(name: &str) -> Cookie<'static> {
    guarded(VISITOR, name.to_owned())
}

/// What ties the answer of a provider to this browser; it lives as long as the sign-in there may take.
pub(crate) fn openid_cookie(sealed: &str) -> Cookie<'static> {
    let mut cookie = guarded(OPENID, sealed.to_owned());
    cookie.set_max_age(Duration::minutes(platform::sign_in::openid::MINUTES));
    cookie
}

/// The cookie of a sign-in that waits; it lives as long as that waits.
pub(crate) fn pending_cookie(token: &str) -> Cookie<'static> {
    let mut cookie = guarded(PENDING, token.to_owned());
    cookie.set_max_age(Duration::minutes(platform::sign_in::MINUTES));
    cookie
}

/// The choice of colours, for a year.
pub(crate) fn theme_cookie(theme: Theme) -> Cookie<'static> {
    let mut cookie = guarded(THEME, theme.name().to_owned());
    cookie.set_max_age(Duration::days(365));
    cookie
}

/// Takes a cookie away.
pub(crate) fn removed(name: &'static str) -> Cookie<'static> {
    let mut cookie = guarded(name, String::new());
    cookie.make_removal();
    cookie
}

/// The colours that a cookie asks for.
pub(crate) fn theme_of(value: Option<&str>) -> Theme {
    match value {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}
