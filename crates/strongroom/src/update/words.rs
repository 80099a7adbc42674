//! An update's steps and outcomes, in words.

use ::host::updates::{Outcome, Phase};

pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Fetch => "fetch",
        Phase::BackUp => "back up",
        Phase::Rehearse => "rehearse",
        Phase::Migrate => "migrate",
        Phase::Install => "install",
        Phase::Health => "health",
        Phase::Return => "return",
    }
}

pub(crate) fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Installed) => "installed",
        Some(Outcome::Refused) => "refused",
        Some(Outcome::Interrupted) => "interrupted",
        Some(Outcome::Undone) => "undone",
        Some(Outcome::Unwell) => "unwell",
        None => "running",
    }
}
