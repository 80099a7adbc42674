//! Wrong passwords per person of a directory, so that nobody locks somebody else out there by trying.
//!
//! Invariant: a person is asked for at the directory fewer times in half an hour than the usual five or ten after which it
//! locks them, whatever name they were called by: the key is the identifier that stays.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use types::SourceId;

/// Wrong passwords within the window after which nobody is asked any more.
const TRIES_MAX: usize = 4;
/// The window, as long as Active Directory counts by default.
const WINDOW: Duration = Duration::from_secs(30 * 60);
/// People who are remembered at once; beyond, the oldest are forgotten.
const PEOPLE_MAX: usize = 50_000;

/// What is remembered.
#[derive(Default)]
pub(crate) struct Tries {
    wrong: Mutex<HashMap<(SourceId, String), Vec<Instant>>>,
}

impl Tries {
    /// Takes a try before it is made, so that many at once count too; false when there is none left.
    pub(crate) fn take(&self, directory: SourceId, person: &str, now: Instant) -> bool {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= PEOPLE_MAX {
            wrong.retain(|_, times| {
                times
                    .last()
                    .is_some_and(|last| now.duration_since(*last) < WINDOW)
            });
        }
        let times = wrong.entry((directory, person.to_owned())).or_default();
        times.retain(|time| now.duration_since(*time) < WINDOW);
        if times.len() >= TRIES_MAX {
            return false;
        }
        times.push(now);
        true
    }

    /// The password was right, or none was compared: no try of theirs counts.
    pub(crate) fn forgive(&self, directory: SourceId, person: &str) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.remove(&(directory, person.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_try_waits_for_the_first_to_be_old() {
        let (tries, directory, now) = (Tries::default(), SourceId::new(0, [0; 10]), Instant::now());
        for _ in 0..TRIES_MAX {
            assert!(tries.take(directory, "anna", now));
        }
        assert!(!tries.take(directory, "anna", now));
        assert!(tries.take(directory, "boris", now), "another person");
        assert!(tries.take(directory, "anna", now + WINDOW));
    }

    #[test]
    fn a_right_password_forgives() {
        let (tries, directory, now) = (Tries::default(), SourceId::new(0, [0; 10]), Instant::now());
        for _ in 0..20 {
            assert!(tries.take(directory, "anna", now));
            tries.forgive(directory, "anna");
        }
    }
}
