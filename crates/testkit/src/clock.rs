//! A program that sees another time than the machine, by Debian's libfaketime: only its clock is moved, and not how fast it goes.
//!
//! Invariants: files keep their own times, and waits take as long as they take. Start at [`Moved`].

use std::path::PathBuf;
use std::process::Command;

/// A clock that is off by so much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved(String);

impl Moved {
    /// Ahead by so many hours; behind where they are negative.
    #[must_use]
    pub fn by_hours(hours: i32) -> Self {
        Self(format!("{hours:+}h"))
    }

    /// Ahead by so many days.
    #[must_use]
    pub fn by_days(days: i32) -> Self {
        Self(format!("{days:+}d"))
    }

    /// The variables that a program gets, for one whose environment is written down somewhere.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME", self.0.clone()),
            ("NO_FAKE_STAT", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    /// Has a program see it, and those that it starts with its own environment.
    pub fn apply(&self, command: &mut Command) {
        command.envs(self.variables());
    }
}

/// The one for programs with several threads.
fn library() -> PathBuf {
    let folder = format!("/usr/lib/{}-linux-gnu/faketime", std::env::consts::ARCH);
    PathBuf::from(folder).join("libfaketimeMT.so.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_is_ahead_for_the_program_alone() {
        let seconds = |moved: Option<&Moved>| {
            let mut date = Command::new("date");
            if let Some(moved) = moved {
                moved.apply(&mut date);
            }
            let said = date.arg("+%s").output().unwrap();
            String::from_utf8(said.stdout)
                .unwrap()
                .trim()
                .parse::<i64>()
                .unwrap()
        };
        let before = seconds(None);
        let ahead = seconds(Some(&Moved::by_days(20))) - before;
        assert!((0..60).contains(&(ahead - 20 * 86_400)), "{ahead}");
        let behind = seconds(Some(&Moved::by_hours(-2))) - before;
        assert!((0..60).contains(&(behind + 2 * 3600)), "{behind}");
    }
}
