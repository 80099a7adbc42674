//! Legal holds.

use crate::{
    answer::Answer,
    call::Call,
    read::members::Members,
    refusal::{Refusal, Result},
    view::lifecycle::{HoldView, HoldsView},
};
use actix_web::http::StatusCode;
use platform::hold::{self, NewHold};
use types::AccountId;

/// The organization's holds, those in force first.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let holds = hold::list(call.workspace()?).await?;
    let holds = holds.into_iter().map(HoldView::from).collect();
    Ok(Answer::ok(&HoldsView { holds }))
}

/// Places one.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let reason = members.required_text("reason");
    let person = members.required_text("person");
    let concerns = account(&mut members);
    members.finish()?;
    let new = NewHold {
        reason,
        person,
        concerns,
    };
    let workspace = call.workspace()?;
    let id = hold::place(workspace, new).await?;
    let holds = hold::list(workspace).await?;
    let made = holds.into_iter().find(|hold| hold.id == id);
    let made = made.ok_or_else(|| Refusal::from(platform::PlatformError::not_found("hold")))?;
    let location = format!("{}/{id}", call.request.path());
    Ok(Answer::created(&location, &HoldView::from(made)))
}

fn account(members: &mut Members) -> Option<AccountId> {
    let text = members.text("concerns")?;
    let parsed = text.parse::<AccountId>().ok();
    if parsed.is_none() {
        members.note("concerns", "malformed", "expected an account id");
    }
    parsed
}

/// Lifts one.
pub(crate) async fn lift(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let reason = members.required_text("reason");
    members.finish()?;
    hold::lift(call.workspace()?, call.id("hold")?, &reason).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
