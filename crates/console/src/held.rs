//! Whoever is held: of whom a second factor is asked before anything else.
//!
//! Invariant: nothing is open to them but the way out of it; a path that is not named here is refused, and the platform
//! refuses besides.

use crate::{
    account::PASSWORD,
    break_glass::BREAK_GLASS,
    confirm::CONFIRM,
    errors::Fault,
    factors::ADD,
    second_step::SECOND_STEP,
    security_key::{NEW, NEW_ANSWER, PROOF, PROOF_ANSWER},
    visit::Visit,
};
use platform::caller::Lacks;

/// The page that leads on.
pub(crate) fn way_out(lacks: Lacks) -> &'static str {
    match lacks {
        Lacks::Enrolment => ADD,
        Lacks::Proof => CONFIRM,
        Lacks::Password => PASSWORD,
    }
}

/// Refuses every other page to whoever is held.
pub(crate) fn admit(visit: &Visit, path: &str) -> Result<(), Fault> {
    match visit.caller.lacks() {
        Some(lacks) if !is_open(lacks, path) => Err(platform::factor::held(lacks).into()),
        _ => Ok(()),
    }
}

fn is_open(lacks: Lacks, path: &str) -> bool {
    let own = match lacks {
        Lacks::Enrolment => {
            path == ADD || path == "/account/factors/finish" || path == NEW || path == NEW_ANSWER
        }
        Lacks::Proof => path == CONFIRM || path == PROOF || path == PROOF_ANSWER,
        Lacks::Password => path == PASSWORD,
    };
    let door = matches!(path, "/sign-in" | "/sign-out") || path.starts_with(SECOND_STEP);
    own || door || path.starts_with(BREAK_GLASS) || path.starts_with("/assets/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_out_is_open() {
        for lacks in [Lacks::Enrolment, Lacks::Proof, Lacks::Password] {
            assert!(is_open(lacks, way_out(lacks)) && is_open(lacks, "/sign-out"));
            for path in [
                "/",
                "/o",
                "/o/acme/datasets",
                "/account",
                "/account/factors",
                "/account/factors/add/",
                "/account/access-log",
                "/promises",
                "/appliance",
                "/assets",
            ] {
                assert!(!is_open(lacks, path), "{path}");
            }
        }
        assert!(!is_open(Lacks::Proof, PASSWORD) && !is_open(Lacks::Enrolment, PASSWORD));
        assert!(
            !is_open(Lacks::Proof, ADD) && !is_open(Lacks::Proof, NEW) && !is_open(Lacks::Proof, NEW_ANSWER),
            "a stolen old session adds no factor"
        );
    }
}
