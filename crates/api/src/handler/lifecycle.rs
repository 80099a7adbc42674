//! The life of an organization: cancelled, taken back, deleted.

use crate::{answer::Answer, call::Call, refusal::Result, view::lifecycle::LifecycleView};
use platform::{
    deletion::{self, HOURS_DEFAULT},
    lifecycle,
};

/// Where it stands.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let life = lifecycle::show(call.workspace()?).await?;
    Ok(Answer::ok(&LifecycleView::from(life)))
}

/// Cancels it: from now on it is read and exported only.
pub(crate) async fn cancel(call: Call) -> Result<Answer> {
    let life = lifecycle::cancel(call.workspace()?).await?;
    Ok(Answer::ok(&LifecycleView::from(life)))
}

/// Takes a cancellation back.
pub(crate) async fn reinstate(call: Call) -> Result<Answer> {
    let life = lifecycle::reinstate(call.workspace()?).await?;
    Ok(Answer::ok(&LifecycleView::from(life)))
}

/// Orders its deletion; the name in addresses is typed again.
pub(crate) async fn order_deletion(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let name = members.required_text("name");
    let hours = members.integer("hours").unwrap_or(i64::from(HOURS_DEFAULT));
    members.finish()?;
    // What is no such number is out of every bound, and refused as such.
    let hours = u8::try_from(hours).unwrap_or(u8::MAX);
    let life = deletion::order(call.workspace()?, &name, hours).await?;
    Ok(Answer::ok(&LifecycleView::from(life)))
}

/// Calls the ordered deletion back.
pub(crate) async fn call_deletion_back(call: Call) -> Result<Answer> {
    let life = deletion::call_back(call.workspace()?).await?;
    Ok(Answer::ok(&LifecycleView::from(life)))
}
