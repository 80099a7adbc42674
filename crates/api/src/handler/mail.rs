//! The mail server, for operators.

use crate::{
    answer::Answer,
    call::Call,
    refusal::{Refusal, Result},
    view::mail::MailJson,
};
use actix_web::http::StatusCode;
use platform::mail::{self, MailSettings};

/// How mail is set.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let found = mail::show(call.platform(), &call.caller).await?;
    Ok(Answer::ok(&MailJson::of(found.as_ref())))
}

/// Sets it, as a whole.
pub(crate) async fn set(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let settings = members.required_part::<MailSettings>("settings");
    let secret = members.secret("secret");
    members.finish()?;
    let missing = || Refusal::invalid_at("/settings", "required", "a value is required");
    let settings = settings.ok_or_else(missing)?;
    let view = mail::set(call.platform(), &call.caller, settings, secret).await?;
    Ok(Answer::ok(&MailJson::of(Some(&view))))
}

/// Sets that there is none.
pub(crate) async fn clear(call: Call) -> Result<Answer> {
    mail::clear(call.platform(), &call.caller).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Sends a letter now.
pub(crate) async fn test(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let to = members.required_text("to");
    members.finish()?;
    mail::test(call.platform(), &call.caller, &to).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
