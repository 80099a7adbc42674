//! `strongroom restore`

mod organization;
mod platform;

use super::Common;
use crate::failure::{CommandError, Exit};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

#[derive(Debug, Subcommand)]
pub(super) enum Restore {
    /// Take one organization back to what it was at a moment, while everybody goes on working; shows first what would change
    Organization(organization::Organization),
    /// Take the whole platform back to what it was at a moment; shows first what would be lost; run as root
    Platform(platform::Platform),
}

impl Restore {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Organization(command) => command.run(common),
            Self::Platform(command) => command.run(common),
        }
    }
}

/// A moment, said in one of two ways.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Moment {
    /// The moment, with its offset: 2026-11-29T10:00:00Z
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// So long ago: 10m, 2h, 3d
    #[arg(long, value_name = "DURATION", value_parser = ago)]
    ago: Option<SignedDuration>,
}

impl Moment {
    /// The moment, where one was said.
    pub(super) fn of(&self, now: Timestamp) -> Result<Option<Timestamp>, CommandError> {
        match (self.to, self.ago) {
            (Some(moment), _) => Ok(Some(moment)),
            (None, Some(ago)) => now.checked_sub(ago).map(Some).map_err(|_| {
                CommandError::said(Exit::Usage, "--ago reaches further back than there are days")
            }),
            (None, None) => Ok(None),
        }
    }
}

/// A day is 24 hours here.
fn ago(text: &str) -> Result<SignedDuration, String> {
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.trim().parse::<u32>().ok());
    let found = match days {
        Some(days) => Ok(SignedDuration::from_hours(24 * i64::from(days))),
        None => text.parse::<SignedDuration>().map_err(|error| error.to_string()),
    }?;
    match found.is_positive() {
        true => Ok(found),
        false => Err("say how long ago, such as 10m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_the_future_is_refused() {
        assert_eq!(ago("10m"), Ok(SignedDuration::from_secs(600)));
        assert_eq!(ago("2h"), Ok(SignedDuration::from_hours(2)));
        assert_eq!(ago("3d"), Ok(SignedDuration::from_hours(72)));
        for wrong in ["", "0m", "-10m", "ten", "10"] {
            assert!(ago(wrong).is_err(), "{wrong}");
        }
    }
}
