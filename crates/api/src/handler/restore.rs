//! An organization taken back to a moment.

use crate::{answer::Answer, call::Call, refusal::Result, view::restore::RestoreView};
use platform::{
    PlatformError,
    restore::{self, Target},
};

/// Shows what would change; with the organization's name typed, carries it out.
pub(crate) async fn go_back(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let to = members.part("to");
    let undo = members.boolean("undo").unwrap_or(false);
    let name = members.text("name");
    members.finish()?;
    let target = match (to, undo) {
        (Some(moment), false) => Target::Moment(moment),
        (None, true) => Target::Undo,
        _ => {
            let message = "say one of both: a moment, or undo";
            return Err(PlatformError::invalid_at("/to", "required", message).into());
        }
    };
    let planned = restore::plan(call.workspace()?, target).await?;
    let Some(name) = name else {
        return Ok(Answer::ok(&RestoreView::of_planned(&planned)));
    };
    let moment = planned.moment;
    let aside = planned.aside.clone();
    let done = restore::carry_out(planned.confirm(&name)?).await?;
    Ok(Answer::ok(&RestoreView::of_done(moment, &aside, &done)))
}
