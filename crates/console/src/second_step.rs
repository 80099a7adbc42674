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
use platform::{
    Caller, PlatformError,
    factor::Ways,
    sign_in::{self, Waiting},
};
use types::ProblemCode;
use vault::{SecretText, SessionToken};

/// Its address.
pub(crate) const SECOND_STEP: &str = "/sign-in/factor";

/// `GET /sign-in/factor`
pub(crate) async fn show(visit: Visit) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    match sign_in::waiting(visit.platform(), &visit.pending).await? {
        Some(waiting) => door(
            &visit,
            next,
            waiting,
            vec![input(waiting.ways)],
            None,
            StatusCode::OK,
        ),
        None => over(),
    }
}

/// `POST /sign-in/factor`
pub(crate) async fn submit(visit: Visit, form: Form) -> Answer {
    visit.event.borrow_mut().action = Some("sign-in-code");
    let next = local_path(form.text("next")).unwrap_or_default();
    let typed = SecretText::new(form.text("code").to_owned());
    let origin = visit.caller.origin.clone();
    let done = sign_in::with_code(visit.platform(), origin, &visit.pending, typed).await;
    answer(&visit, next, done).await
}

/// Lets the person in, or asks again.
pub(crate) async fn answer(
    visit: &Visit,
    next: &str,
    done: Result<(SessionToken, Caller), PlatformError>,
) -> Answer {
    match done {
        Ok((token, caller)) => admission::begin(visit, &token, &caller, next).await,
        Err(error) => refused(visit, next, error).await,
    }
}

/// The page once more, with what was wrong.
pub(crate) async fn refused(visit: &Visit, next: &str, error: PlatformError) -> Answer {
    match error.code {
        ProblemCode::NotSignedIn => over(),
        ProblemCode::Invalid | ProblemCode::Conflict => {
            let Some(waiting) = sign_in::waiting(visit.platform(), &visit.pending).await? else {
                return over();
            };
            let inputs = vec![input(waiting.ways)];
            let (fields, failure) = with_problems("You are not signed in yet", error, inputs)?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            door(visit, next, waiting, fields, Some(failure), status)
        }
        _ => Err(error.into()),
    }
}

fn over() -> Answer {
    see_other_with("/sign-in?notice=sign-in-over", vec![removed(PENDING)])
}

/// The one input for codes of either kind.
pub(crate) fn input(ways: Ways) -> FieldInput {
    let help = match ways.app {
        true => "Six digits from your authenticator app, or one of your recovery codes.",
        false => "One of your recovery codes.",
    };
    FieldInput::new("code", "Code", InputKind::Text)
        .with_help(help)
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
        recovery_codes_left: waiting.ways.recovery_codes_left,
        has_key: waiting.ways.key,
    };
    door_page(visit, &visitor, status, &template)
}
