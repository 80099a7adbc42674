//! Going back to the plain data, which is whole until the appliance was seen well.

use super::{boot, plan::Plan, told, volume};
use crate::{
    failure::{CommandError, Exit},
    output,
    standstill::{self, Reason},
};
use config::Config;
use jiff::Timestamp;

/// Puts everything back and sees that it is well.
pub(super) fn go_back(config: &Config, plan: &Plan) -> Result<(), CommandError> {
    let cluster = standstill::cluster_named(&plan.cluster)?;
    standstill::stop(&cluster)?;
    // First: a power cut from here on finds the plain data.
    boot::switch_back()?;
    boot::unmount_all(plan)?;
    standstill::start_and_look(config, &cluster, Reason::Storage)?;
    boot::forget(config)?;
    // Whoever still has a temporary file open on it holds it open; it is of no use to anybody, and closed at the next boot.
    if let Err(error) = volume::discard(plan) {
        output::talk(&format!(
            "the volume stays open until this machine restarts: {}",
            told(&error)
        ));
    }
    Ok(())
}

/// Whether nothing can have been changed on the volume, so that nothing is lost.
pub(super) fn is_safe(plan: &Plan) -> bool {
    !plan.is_well && plan.frozen_until.is_some_and(|until| Timestamp::now() < until)
}

/// Why nobody goes back by himself.
pub(super) fn refused(plan: &Plan) -> CommandError {
    let text = format!(
        "records may have been changed on {} since, so nothing goes back by itself; mend what is not well (`strongroom doctor`, \
         `journalctl -u strongroom`) and run this again",
        plan.target.shown()
    );
    CommandError::said(Exit::Failed, text)
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::plan;
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn going_back_is_safe_only_while_nothing_can_have_been_changed() {
        let in_hours = |hours| Some(Timestamp::now() + SignedDuration::from_hours(hours));
        let mut plan = plan();
        assert!(!is_safe(&plan), "it was never frozen");
        plan.frozen_until = in_hours(1);
        assert!(is_safe(&plan));
        plan.frozen_until = in_hours(-1);
        assert!(!is_safe(&plan), "changes were let in by themselves");
        plan.frozen_until = in_hours(1);
        plan.is_well = true;
        assert!(!is_safe(&plan), "the plain data may be half removed");
    }
}
