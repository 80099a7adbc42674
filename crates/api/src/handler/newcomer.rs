//! People who wait to be let in by a directory or a provider, for operators.

use crate::{answer::Answer, call::Call, refusal::Result, view::newcomer::NewcomersView};
use actix_web::http::StatusCode;
use platform::{directories, provider};

/// Reads whom, and the address of their account.
fn take_let_in(call: &mut Call) -> Result<(String, String)> {
    let mut members = call.take_members()?;
    let subject = members.required_text("subject");
    let email = members.required_text("email");
    members.finish()?;
    Ok((subject, email))
}

/// Reads whom.
fn take_turned_away(call: &mut Call) -> Result<String> {
    let mut members = call.take_members()?;
    let subject = members.required_text("subject");
    members.finish()?;
    Ok(subject)
}

fn done() -> Answer {
    Answer::empty(StatusCode::NO_CONTENT)
}

/// Who waits by a directory.
pub(crate) async fn list_of_directory(call: Call) -> Result<Answer> {
    let found = directories::newcomers(call.platform(), &call.caller, call.part("directory")).await?;
    Ok(Answer::ok(&NewcomersView::of(&found)))
}

/// Lets one in by a directory.
pub(crate) async fn let_in_by_directory(mut call: Call) -> Result<Answer> {
    let (subject, email) = take_let_in(&mut call)?;
    let key = call.part("directory");
    directories::let_in(call.platform(), &call.caller, key, &subject, &email).await?;
    Ok(done())
}

/// Takes one off a directory's list.
pub(crate) async fn turn_away_by_directory(mut call: Call) -> Result<Answer> {
    let subject = take_turned_away(&mut call)?;
    directories::turn_away(call.platform(), &call.caller, call.part("directory"), &subject).await?;
    Ok(done())
}

/// Who waits by a provider.
pub(crate) async fn list_of_provider(call: Call) -> Result<Answer> {
    let found = provider::newcomers(call.platform(), &call.caller, call.part("provider")).await?;
    Ok(Answer::ok(&NewcomersView::of(&found)))
}

/// Lets one in by a provider.
pub(crate) async fn let_in_by_provider(mut call: Call) -> Result<Answer> {
    let (subject, email) = take_let_in(&mut call)?;
    let key = call.part("provider");
    provider::let_in(call.platform(), &call.caller, key, &subject, &email).await?;
    Ok(done())
}

/// Takes one off a provider's list.
pub(crate) async fn turn_away_by_provider(mut call: Call) -> Result<Answer> {
    let subject = take_turned_away(&mut call)?;
    provider::turn_away(call.platform(), &call.caller, call.part("provider"), &subject).await?;
    Ok(done())
}
