//! `/break-glass/{token}`: signs somebody in by a link that the operator made on the host. Public: whoever holds it may.
//!
//! Invariants: opening the link uses nothing up, since programs look at links too; a link that does not work is answered with one
//! page whatever the reason, and slower each time. The token stays out of logs and of `Referer`, as that of an
//! [`crate::invitation`].

use crate::{
    admission,
    errors::Fault,
    form::Form,
    session::{SESSION, removed},
    sign_in::{door_chrome, door_page, named_visitor},
    view::BreakGlassPage,
    visit::{Answer, Visit},
};
use actix_web::{http::StatusCode, web::Path};
use platform::break_glass;
use std::time::Instant;
use types::ProblemCode;

/// What the address of every link begins with.
pub(crate) const BREAK_GLASS: &str = "/break-glass/";

/// `GET /break-glass/{token}`
pub(crate) async fn show(visit: Visit, token: Path<String>) -> Answer {
    let throttle_name = check_pace(&visit, &token)?;
    match break_glass::look(visit.platform(), &token).await {
        Ok(name) => door(&visit, Some(name), StatusCode::OK),
        Err(error) if error.code == ProblemCode::NotFound => dead(&visit, &throttle_name),
        Err(error) => Err(error.into()),
    }
}

/// `POST /break-glass/{token}`
pub(crate) async fn redeem(visit: Visit, token: Path<String>, _form: Form) -> Answer {
    visit.event.borrow_mut().action = Some("break-glass");
    let throttle_name = check_pace(&visit, &token)?;
    let origin = visit.caller.origin.clone();
    match break_glass::redeem(visit.platform(), origin, &token).await {
        Ok((session, caller)) => admission::begin(&visit, &session, &caller, "").await,
        Err(error) if error.code == ProblemCode::NotFound => dead(&visit, &throttle_name),
        Err(error) => Err(error.into()),
    }
}

/// The name under which tries with this link are counted; refuses whoever tried too often.
fn check_pace(visit: &Visit, token: &str) -> Result<String, Fault> {
    let name = format!("{BREAK_GLASS}{token}");
    let wait = visit
        .console
        .throttle()
        .wait(&name, visit.address, Instant::now());
    if wait.is_zero() {
        return Ok(name);
    }
    Err(Fault {
        retry_after: Some(wait.as_secs().max(1)),
        ..Fault::new(ProblemCode::TooMany, "too many tries failed from this address")
    })
}

fn dead(visit: &Visit, throttle_name: &str) -> Answer {
    let throttle = visit.console.throttle();
    throttle.note_failure(throttle_name, visit.address, Instant::now());
    // An ended session must not look as if the link had worked.
    let mut answer = door(visit, None, StatusCode::NOT_FOUND)?;
    if visit.caller.account().is_none() {
        answer.add_cookie(&removed(SESSION)).ok();
    }
    Ok(answer)
}

fn door(visit: &Visit, name: Option<String>, status: StatusCode) -> Answer {
    let title = if name.is_some() {
        "Sign in by break-glass"
    } else {
        "This link does not work"
    };
    let visitor = named_visitor(visit)?;
    let chrome = door_chrome(visit, title, &visitor)?;
    door_page(visit, &visitor, status, &BreakGlassPage { chrome, name })
}
