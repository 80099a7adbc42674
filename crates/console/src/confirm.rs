//! `/account/confirm`: a fresh proof that it is them, before what a browser left unlocked must not do.
//!
//! Invariants: it leads back to a page of this console or to the account; each proof gives the browser a new session token.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    second_step,
    session::session_cookie,
    sign_in::{door_chrome, door_page, local_path},
    view::{ConfirmPage, ErrorSummary, FieldInput, InputKind},
    visit::{Answer, Visit, see_other_with},
};
use actix_web::http::StatusCode;
use platform::{
    PlatformError,
    session::{self, Wanted},
};
use types::ProblemCode;
use vault::{SecretText, SessionToken};

/// Its address.
pub(crate) const CONFIRM: &str = "/account/confirm";

/// `GET /account/confirm`
pub(crate) async fn show(visit: Visit) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    let wanted = session::wanted(visit.platform(), &visit.caller).await?;
    form_page(&visit, next, wanted, vec![input(wanted)], None, StatusCode::OK)
}

/// `POST /account/confirm`
pub(crate) async fn submit(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or("/account");
    let wanted = session::wanted(visit.platform(), &visit.caller).await?;
    let typed = SecretText::new(form.text(&input(wanted).name).to_owned());
    let done = session::prove(visit.platform(), &visit.caller, typed).await;
    answer(&visit, next, done).await
}

/// Goes on with the session's new token, or asks again.
pub(crate) async fn answer(visit: &Visit, next: &str, done: Result<SessionToken, PlatformError>) -> Answer {
    match done {
        Ok(token) => {
            let seconds = visit.platform().settings().session_absolute_seconds_max;
            see_other_with(next, vec![session_cookie(token.expose(), seconds)])
        }
        Err(error) => refused(visit, next, error).await,
    }
}

/// The page once more, with what was wrong.
pub(crate) async fn refused(visit: &Visit, next: &str, error: PlatformError) -> Answer {
    if !matches!(error.code, ProblemCode::Invalid | ProblemCode::Conflict) {
        return Err(error.into());
    }
    let wanted = session::wanted(visit.platform(), &visit.caller).await?;
    let (fields, failure) = with_problems("This was not confirmed", error, vec![input(wanted)])?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    form_page(visit, next, wanted, fields, Some(failure), status)
}

fn input(wanted: Wanted) -> FieldInput {
    match wanted {
        Wanted::Factor(ways) => second_step::input(ways),
        Wanted::Password => FieldInput::new("proof", "Password", InputKind::Password)
            .with_autocomplete("current-password")
            .required(),
    }
}

fn form_page(
    visit: &Visit,
    next: &str,
    wanted: Wanted,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Result<actix_web::HttpResponse, Fault> {
    let template = ConfirmPage {
        chrome: door_chrome(visit, "Confirm that it is you", &visit.visitor)?,
        fields,
        failure,
        next: next.to_owned(),
        has_key: matches!(wanted, Wanted::Factor(ways) if ways.key),
    };
    door_page(visit, &visit.visitor, status, &template)
}
