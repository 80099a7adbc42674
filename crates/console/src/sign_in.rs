//! Signing in and out.
//!
//! Invariants: `next` is a path of this console or nothing; a failed sign-in says the same whatever failed.

use crate::{
    admission,
    errors::Fault,
    form::Form,
    query::href,
    session::{SESSION, removed, visitor_cookie},
    view::{Chrome, DoorLink, ErrorSummary, FieldInput, InputKind, SignInPage},
    visit::{Answer, Visit, page_with, see_other, see_other_with},
};
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use platform::{PlatformError, form::form_token};
use std::time::Instant;
use types::ProblemCode;
use vault::SecretText;

/// The path to go to, if it is one of ours: `//host` and `/\host` are other hosts to a browser.
pub(crate) fn local_path(next: &str) -> Option<&str> {
    let own = next.starts_with('/') && !next.starts_with("//") && next.len() <= 2_000;
    let plain = !next.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace());
    let door = next.starts_with("/sign-in") || next.starts_with("/sign-out");
    (own && plain && !door).then_some(next)
}

/// `GET /sign-in`
pub(crate) async fn show(visit: Visit) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    if visit.caller.account().is_some() {
        return see_other(if next.is_empty() { "/o" } else { next });
    }
    form(&visit, next, "", None, StatusCode::OK).await
}

/// The page with the form and every other door.
pub(crate) async fn form(
    visit: &Visit,
    next: &str,
    login: &str,
    failure: Option<String>,
    status: StatusCode,
) -> Answer {
    let visitor = named_visitor(visit)?;
    let template = SignInPage {
        chrome: door_chrome(visit, "Sign in", &visitor)?,
        appliance_name: visit.console.settings().appliance_name.clone(),
        fields: fields(login),
        failure: failure.map(|title| ErrorSummary {
            title,
            failures: Vec::new(),
        }),
        doors: doors(visit, next).await,
        may_reset: platform::password_reset::is_open(visit.platform())
            .await
            .unwrap_or(false),
        next: next.to_owned(),
    };
    door_page(visit, &visitor, status, &template)
}

/// The providers. Where they cannot be read, passwords still work.
async fn doors(visit: &Visit, next: &str) -> Vec<DoorLink> {
    let found = platform::provider::doors(visit.platform())
        .await
        .unwrap_or_else(|error| {
            tracing::warn!(detail = %error.detail, "the providers at the sign-in cannot be read");
            Vec::new()
        });
    let next = [("next", next)].into_iter().filter(|(_, next)| !next.is_empty());
    let link = |door: platform::provider::Door| DoorLink {
        href: href(&format!("/sign-in/openid/{}", door.key), next.clone()),
        key: door.key,
        label: door.label,
    };
    found.into_iter().map(link).collect()
}

/// The name of a browser that has not signed in; a new one when it has none.
pub(crate) fn named_visitor(visit: &Visit) -> Result<String, Fault> {
    if visit.visitor.len() == 32 {
        return Ok(visit.visitor.clone());
    }
    let random: [u8; 16] = vault::random::random_array().map_err(invariant)?;
    Ok(hex::encode(random))
}

pub(crate) fn invariant(error: impl std::fmt::Display) -> PlatformError {
    PlatformError::invariant(error.to_string())
}

/// The frame of a page that is shown before anybody has signed in.
pub(crate) fn door_chrome(visit: &Visit, title: &str, visitor: &str) -> Result<Chrome, Fault> {
    Ok(Chrome {
        title: title.to_owned(),
        csrf: form_token(visit.platform(), &visit.caller, visitor)?,
        notice: crate::notice::of(&visit.query),
        theme: visit.theme,
        maintenance: visit.maintenance.clone(),
        ..Chrome::default()
    })
}

/// Such a page; a browser without a name takes its new one along.
pub(crate) fn door_page(visit: &Visit, visitor: &str, status: StatusCode, page: &impl Template) -> Answer {
    let mut response: HttpResponse = page_with(status, page)?;
    if visitor != visit.visitor {
        response.add_cookie(&visitor_cookie(visitor)).map_err(invariant)?;
    }
    Ok(response)
}

fn fields(login: &str) -> Vec<FieldInput> {
    vec![
        FieldInput::new("login", "E-mail address or login name", InputKind::Text)
            .with_value(login)
            .required()
            .with_autocomplete("username"),
        FieldInput::new("password", "Password", InputKind::Password)
            .required()
            .with_autocomplete("current-password"),
    ]
}

/// `POST /sign-in`
pub(crate) async fn submit(visit: Visit, form_sent: Form) -> Answer {
    visit.event.borrow_mut().action = Some("sign-in");
    let login: String = form_sent.text("login").trim().chars().take(254).collect();
    let next = local_path(form_sent.text("next")).unwrap_or_default();
    let throttle = visit.console.throttle();
    let wait = throttle.wait(&login, visit.address, Instant::now());
    if !wait.is_zero() {
        return Err(Fault {
            retry_after: Some(wait.as_secs().max(1)),
            ..Fault::new(
                ProblemCode::TooMany,
                "too many sign-ins failed for this name or from this address",
            )
        });
    }
    let password = SecretText::new(form_sent.text("password").to_owned());
    let origin = visit.caller.origin.clone();
    match platform::sign_in::with_password(visit.platform(), origin, &login, password).await {
        Ok(admission) => {
            throttle.forgive(&login);
            admission::answer(&visit, admission, next).await
        }
        Err(error) if error.code == ProblemCode::NotSignedIn => {
            throttle.note_failure(&login, visit.address, Instant::now());
            // For the log alone; the answer is the same whether there is such an account or not.
            let known = platform::access_log::account_at_door(visit.platform(), &login).await?;
            visit.event.borrow_mut().account = known;
            let failure = "That e-mail address and password do not belong together. Try again, or ask an \
                           administrator.";
            form(
                &visit,
                next,
                &login,
                Some(failure.into()),
                StatusCode::UNAUTHORIZED,
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(visit: Visit, _form: Form) -> Answer {
    visit.event.borrow_mut().action = Some("sign-out");
    platform::session::sign_out(visit.platform(), &visit.caller).await?;
    see_other_with("/sign-in?notice=signed-out", vec![removed(SESSION)])
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn next_leads_to_this_console_only() {
        for next in ["/o", "/o/a/d/b?search=x%20y", "/account"] {
            assert_eq!(local_path(next), Some(next));
        }
        for next in [
            "",
            "o",
            "https://b.example/",
            "//b.example",
            "/\\b.example",
            "/\t/b.example",
            "javascript:alert(1)",
            "/o\r\nSet-Cookie: a=b",
            "/sign-in?next=/o",
            "/sign-out",
        ] {
            assert_eq!(local_path(next), None, "{next:?}");
        }
    }
}
