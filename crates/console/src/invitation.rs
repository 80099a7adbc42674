//! `/invitation/{token}`: where a person sets a first password. Public: whoever holds the link may.
//!
//! Invariants: a link that does not work is answered with one page whatever the reason, and slower each time; nobody is
//! signed in here. The token stays in the address: logs hold the route's pattern, and [`crate::headers`] keeps browsers
//! from naming the address elsewhere.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    session::{SESSION, removed},
    sign_in::{door_chrome, door_page, named_visitor},
    view::{ErrorSummary, FieldInput, InputKind, InvitationPage},
    visit::{Answer, Visit, see_other_with},
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    invitation::{self, Invited},
};
use std::time::Instant;
use types::ProblemCode;
use vault::SecretText;

/// What the address of every link begins with.
pub(crate) const INVITATION: &str = "/invitation/";

/// `GET /invitation/{token}`
pub(crate) async fn show(visit: Visit, token: Path<String>) -> Answer {
    match look(&visit, &token).await? {
        Some(invited) => form_page(&visit, &invited, inputs(&invited), None, StatusCode::OK),
        None => dead_page(&visit),
    }
}

/// `POST /invitation/{token}`
pub(crate) async fn accept(visit: Visit, token: Path<String>, form: Form) -> Answer {
    let Some(invited) = look(&visit, &token).await? else {
        return dead_page(&visit);
    };
    match set_password(&visit, &token, &form).await {
        Ok(()) => {
            platform::session::sign_out(visit.platform(), &visit.caller).await?;
            see_other_with("/sign-in?notice=password-set", vec![removed(SESSION)])
        }
        Err(error) if error.code == ProblemCode::NotFound => dead_page(&visit),
        Err(error) => {
            let (fields, failure) = with_problems("The password was not set", error, inputs(&invited))?;
            form_page(
                &visit,
                &invited,
                fields,
                Some(failure),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
    }
}

async fn set_password(visit: &Visit, token: &str, form: &Form) -> Result<(), PlatformError> {
    if form.text("password") != form.text("again") {
        return Err(PlatformError::invalid_at(
            "/again",
            "malformed",
            "not the same as the password",
        ));
    }
    let password = SecretText::new(form.text("password").to_owned());
    let origin = visit.caller.origin.clone();
    let account = invitation::accept(visit.platform(), origin, token, password).await?;
    visit.event.borrow_mut().account = Some(account);
    Ok(())
}

/// Whom the link invites; none when it does not work, which makes the next try from this address slower.
async fn look(visit: &Visit, token: &str) -> Result<Option<Invited>, Fault> {
    let throttle = visit.console.throttle();
    // A name of its own, so that links that do not work keep nobody from signing in.
    let name = format!("{INVITATION}{token}");
    let wait = throttle.wait(&name, visit.address, Instant::now());
    if !wait.is_zero() {
        return Err(Fault {
            retry_after: Some(wait.as_secs().max(1)),
            ..Fault::new(ProblemCode::TooMany, "too many tries failed from this address")
        });
    }
    match invitation::look(visit.platform(), token).await {
        Ok(invited) => Ok(Some(invited)),
        Err(error) if error.code == ProblemCode::NotFound => {
            throttle.note_failure(&name, visit.address, Instant::now());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn inputs(invited: &Invited) -> Vec<FieldInput> {
    let password = |name: &str, label: &str| {
        FieldInput::new(name, label, InputKind::Password)
            .with_autocomplete("new-password")
            .required()
    };
    vec![
        FieldInput::new("email", "E-mail address", InputKind::ReadOnly)
            .with_value(&invited.email)
            .with_autocomplete("username"),
        password("password", "Password")
            .with_help("At least 15 characters; a sentence of a few unrelated words does well."),
        password("again", "Password again"),
    ]
}

fn form_page(
    visit: &Visit,
    invited: &Invited,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Answer {
    let lead = match &invited.organization {
        Some(organization) => format!("{organization} has invited you, {}.", invited.name),
        None => format!("The operator has invited you, {}.", invited.name),
    };
    let visitor = named_visitor(visit)?;
    let template = InvitationPage {
        chrome: door_chrome(visit, "Set your password", &visitor)?,
        lead,
        fields,
        failure,
    };
    door_page(visit, &visitor, status, &template)
}

fn dead_page(visit: &Visit) -> Answer {
    let visitor = named_visitor(visit)?;
    let template = InvitationPage {
        chrome: door_chrome(visit, "This link does not work", &visitor)?,
        lead: String::new(),
        fields: Vec::new(),
        failure: None,
    };
    door_page(visit, &visitor, StatusCode::NOT_FOUND, &template)
}
