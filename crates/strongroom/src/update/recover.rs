//! Going back, and ending what was cut off.

use super::{Run, deny, fetch, health, installed, told};
use crate::{failure::CommandError, output};
use ::host::{
    apt::{act, package},
    updates::{Outcome, Phase, Update},
};
use std::path::Path;

/// Whose fault it is that we go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// The new version was not well: it is not to be taken again.
    Version,
    /// It was cut off and never had its chance.
    Interruption,
}

/// What to do about an update that was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Nothing was installed: forget it.
    Forget,
    /// The new version is there as a whole: see whether it is well.
    Judge,
    /// Put the old version back.
    GoBack,
}

/// What dpkg says of our packages after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Old,
    New,
    /// Half of one, or of another version.
    Neither,
}

impl Run<'_> {
    /// Puts the old version back and sees whether it is well. The database stays: the old version runs on it.
    pub(super) fn go_back(mut self, why: &str, blame: Blame) -> Result<Update, CommandError> {
        output::talk(&format!("going back to {}: {why}", self.update.from));
        // First, so that nobody installs it meanwhile.
        if blame == Blame::Version {
            deny::deny(&self.update.to)?;
        }
        let back = self.step(Phase::Return, |run| {
            act::go_back(&fetch::previous(run.folder)?)?;
            health::wait(run.config)
        });
        match back {
            Ok(()) => {
                self.clear_up();
                self.end(Outcome::Undone, Some(why))
            }
            Err(error) => {
                let why = format!(
                    "{why}; and going back: {}; the database of before is in {}",
                    told(&error),
                    self.folder.join("before.dump").display()
                );
                self.end(Outcome::Unwell, Some(&why))
            }
        }
    }

    /// Ends an update that was cut off.
    pub(super) fn recover(mut self) -> Result<Update, CommandError> {
        output::talk(&format!(
            "the update from {} to {} was cut off; looking where it stands",
            self.update.from, self.update.to
        ));
        const WHY: &str = "it was cut off";
        match plan(self.update.reached(), found(&self.update)?) {
            Plan::Forget => {
                self.clear_up();
                self.end(Outcome::Interrupted, Some(WHY))
            }
            Plan::Judge => match self.step(Phase::Health, |run| health::wait(run.config)) {
                Ok(()) => self.succeed(),
                Err(error) => self.go_back(&told(&error), Blame::Version),
            },
            Plan::GoBack => self.go_back(WHY, Blame::Interruption),
        }
    }
}

/// Whether our packages are as they were before the update.
pub(super) fn is_untouched(update: &Update) -> Result<bool, CommandError> {
    Ok(found(update)? == Found::Old)
}

/// Ends dpkg's own work first; that a script fails there shows in what is found.
fn found(update: &Update) -> Result<Found, CommandError> {
    if update.reached() < Some(Phase::Install) {
        return Ok(Found::Old);
    }
    act::configure_rest().ok();
    let packages = package::packages(Path::new("/"))?;
    let is_ours = |name: &String| name.starts_with("strongroom");
    if packages.unfinished.iter().any(is_ours) {
        return Ok(Found::Neither);
    }
    let are_all = |version: &str| packages.own.iter().all(|(_, other)| other == version);
    Ok(match installed()? {
        version if version == update.from && are_all(&version) => Found::Old,
        version if version == update.to && are_all(&version) => Found::New,
        _ => Found::Neither,
    })
}

/// A return that was begun is ended, whatever is found: the new version was judged.
fn plan(reached: Option<Phase>, found: Found) -> Plan {
    match (reached, found) {
        (None | Some(Phase::Fetch | Phase::BackUp | Phase::Rehearse | Phase::Migrate), _) => Plan::Forget,
        (Some(Phase::Install), Found::Old) => Plan::Forget,
        (Some(Phase::Install | Phase::Health), Found::New) => Plan::Judge,
        (Some(Phase::Install | Phase::Health | Phase::Return), _) => Plan::GoBack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: [Phase; 4] = [Phase::Fetch, Phase::BackUp, Phase::Rehearse, Phase::Migrate];

    #[test]
    fn before_the_installation_there_is_nothing_to_undo() {
        assert_eq!(plan(None, Found::Old), Plan::Forget);
        for phase in EARLY {
            assert_eq!(plan(Some(phase), Found::Old), Plan::Forget);
        }
        assert_eq!(plan(Some(Phase::Install), Found::Old), Plan::Forget);
    }

    #[test]
    fn a_new_version_that_is_whole_gets_its_chance_and_half_of_one_does_not() {
        for phase in [Phase::Install, Phase::Health] {
            assert_eq!(plan(Some(phase), Found::New), Plan::Judge);
            assert_eq!(plan(Some(phase), Found::Neither), Plan::GoBack);
        }
    }

    #[test]
    fn a_return_that_was_begun_is_ended_whatever_is_found() {
        for found in [Found::Old, Found::New, Found::Neither] {
            assert_eq!(plan(Some(Phase::Return), found), Plan::GoBack);
        }
    }
}
