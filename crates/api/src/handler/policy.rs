//! The policies of an organization.

use crate::{answer::Answer, call::Call, refusal::Result, view::policy::PoliciesView};
use access::Choice;
use platform::policy::{self, OrganizationPolicy};

const CHOICES: &[(&str, Choice)] = &[("allow", Choice::Allow), ("deny", Choice::Deny)];

/// The policies in force.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let policy = policy::show(call.workspace()?).await?;
    Ok(Answer::ok(&PoliciesView::from(policy)))
}

/// Changes what is sent; `null` takes a bound back.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let mut policy = policy::show(call.workspace()?).await?;
    let OrganizationPolicy {
        administrators,
        requirements,
    } = &mut policy;
    for (name, choice) in [
        ("administrators_reveal", &mut administrators.administrators_reveal),
        ("administrators_export", &mut administrators.administrators_export),
        (
            "administrators_close_periods",
            &mut administrators.administrators_close_periods,
        ),
    ] {
        *choice = members.word(name, CHOICES).unwrap_or(*choice);
    }
    for (name, bound) in [
        (
            "session_idle_seconds_max",
            &mut requirements.session_idle_seconds_max,
        ),
        (
            "session_absolute_seconds_max",
            &mut requirements.session_absolute_seconds_max,
        ),
    ] {
        if members.has(name) {
            // What is no such number is out of every bound, and refused as such.
            let seconds = members.integer(name);
            *bound = seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
        }
    }
    members.finish()?;
    policy::set(call.workspace()?, policy).await?;
    Ok(Answer::ok(&PoliciesView::from(policy)))
}
