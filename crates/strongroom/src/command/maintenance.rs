//! `strongroom maintenance`

use super::Common;
use crate::{failure::CommandError, host, output};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller,
    maintenance::{self, Phase, Wish},
};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Maintenance {
    /// Begin, or announce: everything can be read and nothing changed, and every page says so
    On(On),
    /// End it, or take the announcement back
    Off,
    /// Show whether it is announced or on
    Status,
}

#[derive(Debug, Args)]
pub(super) struct On {
    /// When it begins, such as 2026-12-01T20:00:00Z, or from now, such as 45m; at once if not given
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// When it ends by itself, such as 2026-12-01T22:00:00+01:00, or from now, such as 2h; when switched off if not given
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// A sentence for people, shown on every page
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
}

/// A moment with its offset, or a length of time from now on.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let length = text
        .parse::<SignedDuration>()
        .ok()
        .filter(|length| length.is_positive());
    length
        .and_then(|length| Timestamp::now().checked_add(length).ok())
        .ok_or_else(|| {
            "expected a moment such as 2026-12-01T20:00:00Z, or a length of time such as 45m or 2h".to_owned()
        })
}

impl Maintenance {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let caller = Caller::host();
        let found = host::with_platform(common.config.as_deref(), async |platform, _| match self {
            Self::On(on) => Ok(Some(maintenance::begin(platform, &caller, on.wish()).await?)),
            Self::Off => {
                let was_there = maintenance::end(platform, &caller).await?;
                output::talk(if was_there {
                    "it has ended"
                } else {
                    "nothing was on or announced"
                });
                Ok(None)
            }
            Self::Status => Ok(maintenance::current(platform).await?),
        })?;
        show(common, found)
    }
}

impl On {
    fn wish(&self) -> Wish {
        Wish {
            from: self.from,
            until: self.until,
            message: self.message.clone(),
        }
    }
}

fn show(common: &Common, found: Option<maintenance::Maintenance>) -> Result<(), CommandError> {
    let phase = match found.as_ref().map(|found| found.phase) {
        None => "off",
        Some(Phase::Announced) => "announced",
        Some(Phase::On) => "on",
    };
    let from = found.as_ref().map(|found| found.from.to_string());
    let until = found
        .as_ref()
        .and_then(|found| found.until)
        .map(|until| until.to_string());
    let message = found.and_then(|found| found.message);
    let json = json!({"phase": phase, "from": from, "until": until, "message": message});
    let mut pairs = vec![("maintenance", phase.to_owned())];
    pairs.extend(from.map(|from| ("from", from)));
    if phase != "off" {
        pairs.push(("until", until.unwrap_or_else(|| "switched off".to_owned())));
    }
    pairs.extend(message.map(|message| ("message", message)));
    common.format().thing(&pairs, &json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_a_length_from_now() {
        assert_eq!(
            moment("2026-12-01T22:00:00+01:00").unwrap().to_string(),
            "2026-12-01T21:00:00Z"
        );
        let ahead = moment("45m").unwrap().duration_since(Timestamp::now()).as_secs();
        assert!((2_690..=2_700).contains(&ahead), "{ahead}");
        for bad in ["", "tomorrow", "22:00", "-5m", "0s", "2026-12-01"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
