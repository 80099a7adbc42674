//! `/sign-in/factor`: the second step of a sign-in, whatever door the first one was.
//!
//! Invariants: nobody is known here but by the cookie of the sign-in that waits; a page says nothing of whose it is.

use crate::{
    admission,
    errors::Fault,
    fields::with_problems,
    form::Form,
    session::{PENDING, removed},
    sign_in::{door_chrome, door_page, local_path, named_visitor},
    view::{ErrorSummary, FieldInput, InputKind, SecondStepPage},
    visit::{Answer, Visit, see_other_with},
};
use actix_web::http::StatusCode;
use platform::sign_in::{self, Waiting};
use types::ProblemCode;
use vault::SecretText;

/// Its address.
pub(crate) const SECOND_STEP: &str = "/sign-in/factor";

/// `GET /sign-in/factor`
pub(crate) async fn show(visit: Visit) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    match sign_in::waiting(visit.platform(), &visit.pending).await? {
        Some(waiting) => door(&visit, next, waiting, vec![input()], None, StatusCode::OK),
        None => over(),
    }
}

/// `POST /sign-in/factor`
pub(crate) async fn submit(visit: Visit, form: Form) -> Answer {
    visit.event.borrow_mut().action = Some("sign-in-code");
    let next = local_path(form.text("next")).unwrap_or_default();
    let typed = SecretText::new(form.text("code").to_owned());
    let origin = visit.caller.origin.clone();
    match sign_in::with_code(visit.platform(), origin, &visit.pending, typed).await {
        Ok((token, caller)) => admission::begin(&visit, &token, &caller, next).await,
        Err(error) if error.code == ProblemCode::NotSignedIn => over(),
        Err(error) if error.code == ProblemCode::Invalid => {
            let Some(waiting) = sign_in::waiting(visit.platform(), &visit.pending).await? else {
                return over();
            };
            let (fields, failure) = with_problems("You are not signed in yet", error, vec![input()])?;
            door(
                &visit,
                next,
                waiting,
                fields,
                Some(failure),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Err(error) => Err(error.into()),
    }
}

fn over() -> Answer {
    see_other_with("/sign-in?notice=sign-in-over", vec![removed(PENDING)])
}

/// The one input for codes of either kind.
pub(crate) fn input() -> FieldInput {
    FieldInput::new("code", "Code", InputKind::Text)
        .with_help("Six digits from your authenticator app, or one of your recovery codes.")
        .with_autocomplete("one-time-code")
        .required()
}

fn door(
    visit: &Visit,
    next: &str,
    waiting: Waiting,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Result<actix_web::HttpResponse, Fault> {
    let visitor = named_visitor(visit)?;
    let template = SecondStepPage {
        chrome: door_chrome(visit, "Your second factor", &visitor)?,
        fields,
        failure,
        next: next.to_owned(),
        tries_left: waiting.tries_left,
        recovery_codes_left: waiting.recovery_codes_left,
    };
    door_page(visit, &visitor, status, &template)
}
