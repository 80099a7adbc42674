//! `/password-reset`: asking for a link, and `/password-reset/{token}`, where another password is set. Public.
//!
//! Invariants: whoever asks sees one page, whether there is such an account or not. A link that does not work is answered with
//! one page whatever the reason, and slower each time; nobody is signed in here. The token stays out of logs and of
//! `Referer`, as that of an [`crate::invitation`].

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    session::{SESSION, removed},
    sign_in::{door_chrome, door_page, named_visitor},
    view::{ErrorSummary, FieldInput, InputKind, PasswordResetPage},
    visit::{Answer, Visit, see_other, see_other_with},
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    password_reset::{self, Holder},
};
use std::time::Instant;
use types::ProblemCode;
use vault::SecretText;

/// What the addresses begin with.
pub(crate) const PASSWORD_RESET: &str = "/password-reset";

/// `GET /password-reset`
pub(crate) async fn ask(visit: Visit) -> Answer {
    if !password_reset::is_open(visit.platform()).await? {
        return Err(Fault::not_found("page"));
    }
    asking(&visit, address_input(""), None, StatusCode::OK)
}

/// `POST /password-reset`
pub(crate) async fn asked(visit: Visit, form: Form) -> Answer {
    // Each letter asked for counts as a failed try: nobody asks for many.
    pace(&visit, PASSWORD_RESET)?;
    let throttle = visit.console.throttle();
    throttle.note_failure(PASSWORD_RESET, visit.address, Instant::now());
    match password_reset::ask(visit.platform(), form.text("email")).await {
        Ok(()) => see_other("/sign-in?notice=reset-asked"),
        Err(error) => {
            let inputs = address_input(form.text("email"));
            let (fields, failure) = with_problems("Nothing was sent", error, inputs)?;
            asking(&visit, fields, Some(failure), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn address_input(value: &str) -> Vec<FieldInput> {
    vec![
        FieldInput::new("email", "E-mail address", InputKind::Email)
            .with_value(value)
            .with_autocomplete("username")
            .required(),
    ]
}

fn asking(
    visit: &Visit,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Answer {
    let lead = "If there is an account with a password for it, a link goes to this address.";
    reset_page(
        visit,
        "Forgotten your password?",
        lead,
        "Send a link",
        fields,
        failure,
        status,
    )
}

/// `GET /password-reset/{token}`
pub(crate) async fn show(visit: Visit, token: Path<String>) -> Answer {
    match look(&visit, &token).await? {
        Some(holder) => setting(&visit, password_inputs(&holder), None, StatusCode::OK),
        None => dead_page(&visit),
    }
}

/// `POST /password-reset/{token}`
pub(crate) async fn set(visit: Visit, token: Path<String>, form: Form) -> Answer {
    let Some(holder) = look(&visit, &token).await? else {
        return dead_page(&visit);
    };
    match set_password(&visit, &token, &form).await {
        Ok(()) => see_other_with("/sign-in?notice=password-set", vec![removed(SESSION)]),
        Err(error) if error.code == ProblemCode::NotFound => dead_page(&visit),
        Err(error) => {
            let (fields, failure) =
                with_problems("The password was not set", error, password_inputs(&holder))?;
            setting(&visit, fields, Some(failure), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

async fn set_password(visit: &Visit, token: &str, form: &Form) -> Result<(), PlatformError> {
    if form.text("password") != form.text("again") {
        let message = "not the same as the password";
        return Err(PlatformError::invalid_at("/again", "malformed", message));
    }
    let password = SecretText::new(form.text("password").to_owned());
    let origin = visit.caller.origin.clone();
    let account = password_reset::set(visit.platform(), origin, token, password).await?;
    visit.event.borrow_mut().account = Some(account);
    Ok(())
}

/// Whose password the link sets; none when it does not work, which makes the next try from this address slower.
async fn look(visit: &Visit, token: &str) -> Result<Option<Holder>, Fault> {
    let name = format!("{PASSWORD_RESET}/{token}");
    pace(visit, &name)?;
    match password_reset::look(visit.platform(), token).await {
        Ok(holder) => Ok(Some(holder)),
        Err(error) if error.code == ProblemCode::NotFound => {
            let throttle = visit.console.throttle();
            throttle.note_failure(&name, visit.address, Instant::now());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn pace(visit: &Visit, name: &str) -> Result<(), Fault> {
    let throttle = visit.console.throttle();
    // What everybody may ask for is counted by address alone.
    let name = match name {
        PASSWORD_RESET => "",
        link => link,
    };
    let wait = throttle.wait(name, visit.address, Instant::now());
    if wait.is_zero() {
        return Ok(());
    }
    Err(Fault {
        retry_after: Some(wait.as_secs().max(1)),
        ..Fault::new(ProblemCode::TooMany, "too many tries from this address")
    })
}

fn password_inputs(holder: &Holder) -> Vec<FieldInput> {
    let password = |name: &str, label: &str| {
        FieldInput::new(name, label, InputKind::Password)
            .with_autocomplete("new-password")
            .required()
    };
    vec![
        FieldInput::new("email", "E-mail address", InputKind::ReadOnly)
            .with_value(&holder.email)
            .with_autocomplete("username"),
        password("password", "New password")
            .with_help("At least 15 characters; a sentence of a few unrelated words does well."),
        password("again", "New password again"),
    ]
}

fn setting(
    visit: &Visit,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Answer {
    let lead = "This link works once. Every session of yours ends, and a second factor stays as it is.";
    reset_page(
        visit,
        "Set another password",
        lead,
        "Set password",
        fields,
        failure,
        status,
    )
}

fn dead_page(visit: &Visit) -> Answer {
    let lead = "It has expired, was used already, or is not one of ours. Ask for a new one.";
    let title = "This link does not work";
    reset_page(visit, title, lead, "", Vec::new(), None, StatusCode::NOT_FOUND)
}

fn reset_page(
    visit: &Visit,
    title: &str,
    lead: &str,
    button: &'static str,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Answer {
    let visitor = named_visitor(visit)?;
    let template = PasswordResetPage {
        chrome: door_chrome(visit, title, &visitor)?,
        lead: lead.to_owned(),
        button,
        fields,
        failure,
    };
    door_page(visit, &visitor, status, &template)
}
