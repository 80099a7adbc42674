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
use platform::session::{self, Wanted};
use types::ProblemCode;
use vault::SecretText;

/// Its address.
pub(crate) const CONFIRM: &str = "/account/confirm";

/// `GET /account/confirm`
pub(crate) async fn show(visit: Visit) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    let wanted = session::wanted(visit.platform(), &visit.caller).await?;
    form_page(&visit, next, vec![input(wanted)], None, StatusCode::OK)
}

/// `POST /account/confirm`
pub(crate) async fn submit(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or("/account");
    let wanted = session::wanted(visit.platform(), &visit.caller).await?;
    let typed = SecretText::new(form.text(&input(wanted).name).to_owned());
    match session::prove(visit.platform(), &visit.caller, typed).await {
        Ok(token) => {
            let seconds = visit.platform().settings().session_absolute_seconds_max;
            see_other_with(next, vec![session_cookie(token.expose(), seconds)])
        }
        Err(error) if matches!(error.code, ProblemCode::Invalid | ProblemCode::Conflict) => {
            let (fields, failure) = with_problems("This was not confirmed", error, vec![input(wanted)])?;
            form_page(
                &visit,
                next,
                fields,
                Some(failure),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Err(error) => Err(error.into()),
    }
}

fn input(wanted: Wanted) -> FieldInput {
    match wanted {
        Wanted::Code => second_step::input(),
        Wanted::Password => FieldInput::new("proof", "Password", InputKind::Password)
            .with_autocomplete("current-password")
            .required(),
    }
}

fn form_page(
    visit: &Visit,
    next: &str,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Result<actix_web::HttpResponse, Fault> {
    let template = ConfirmPage {
        chrome: door_chrome(visit, "Confirm that it is you", &visit.visitor)?,
        fields,
        failure,
        next: next.to_owned(),
    };
    door_page(visit, &visit.visitor, status, &template)
}
