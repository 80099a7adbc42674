//! Updates come by signed bundles where there is no network: the last bundle is there, whole and not expired, and this
//! program refuses spoilt ones.
//!
//! Invariant: where no bundle was ever imported nothing is known of the last one, and the promise is unknown; that
//! spoilt bundles are refused can break it by itself.

use super::look::Look;
use crate::{Platform, PlatformError, error::Result};
use jiff::Timestamp;
use promises::Outcome;
use updates::{
    record::{Found, Places, Record, RecordError},
    shelf,
    trial::{self, Trial},
};

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let now = platform.now();
    let looked = tokio::task::spawn_blocking(move || look_at(&Places::of_machine(), now)).await;
    looked.map_err(|error| PlatformError::invariant(error.to_string()))
}

fn look_at(places: &Places, now: Timestamp) -> Outcome {
    match trial::run(now) {
        Err(error) => Outcome::could_not_look(error.to_string()),
        Ok(trial) => judge(&trial, places.read(), |record| on_shelf(places, record), now),
    }
}

/// Whether the bundle of the record lies on its shelf with every file at its length; what is wrong otherwise.
pub(super) fn on_shelf(places: &Places, record: &Record) -> std::result::Result<(), String> {
    let manifest = shelf::manifest(places, record).map_err(|error| error.to_string())?;
    let files = shelf::folder(places, record.sequence).join("files");
    for target in &manifest.targets {
        let found = std::fs::metadata(files.join(target.name.as_str())).map_err(|error| error.to_string())?;
        if found.len() != target.bytes {
            return Err(format!("{} has another length than in its bundle", target.name));
        }
    }
    Ok(())
}

fn judge(
    trial: &Trial,
    found: std::result::Result<Option<Found>, RecordError>,
    on_shelf: impl FnOnce(&Record) -> std::result::Result<(), String>,
    now: Timestamp,
) -> Outcome {
    let mut look = Look::new().fact("kinds of spoilt bundles refused", trial.refused.join(", "));
    let program = "install the program anew from a package that you trust";
    if !trial.took_sound {
        look.fault("a sound bundle is refused", "strongroom update verify", program);
    }
    for kind in &trial.taken {
        look.fault(
            format!("a bundle that is {kind} is taken"),
            "strongroom update verify",
            program,
        );
    }
    let record = match found {
        Ok(Some(Found { record, agree })) => {
            if !agree {
                let advice = "find out who changed or removed it; the next import writes both anew";
                look.fault(
                    "one of the two records of the last bundle is lost or was changed",
                    "update-record.json",
                    advice,
                );
            }
            record
        }
        Ok(None) | Err(_) if !look.is_clean() => return look.done(),
        Ok(None) => return Outcome::could_not_look("no bundle was ever imported here"),
        Err(error) => return Outcome::could_not_look(error.to_string()),
    };
    if now >= record.not_after {
        let what = format!("the last bundle has expired on {}", record.not_after);
        look.fault(
            what,
            format!("bundle {}", record.sequence),
            "import a newer bundle",
        );
    }
    if let Err(why) = on_shelf(&record) {
        let place = format!("bundle {}", record.sequence);
        look.fault(
            format!("the last bundle is not whole: {why}"),
            place,
            "import it again",
        );
    }
    look.fact("version", &record.version)
        .fact("sequence", record.sequence)
        .fact("age in days", now.duration_since(record.made_at).as_hours() / 24)
        .fact("expires", record.not_after)
        .done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> Trial {
        Trial {
            took_sound: true,
            refused: vec!["altered"],
            taken: Vec::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn record(agree: bool) -> Found {
        let zeros = "0".repeat(64);
        let record = serde_json::json!({
            "format": 1, "root": {"version": 1, "sha256": zeros}, "sequence": 7, "manifest_sha256": zeros,
            "bundle_keys": [], "version": "0.2.0", "made_at": "2026-11-01T00:00:00Z",
            "not_after": "2027-02-01T00:00:00Z", "imported_at": "2026-11-02T00:00:00Z",
            "tracker_records_before": null, "tracker_records": null,
        });
        let record = serde_json::from_value(record).unwrap();
        Found { record, agree }
    }

    /// The faults; none where it could not look.
    fn faults(
        trial: &Trial,
        found: Option<Found>,
        shelf: std::result::Result<(), String>,
        now: &str,
    ) -> Option<usize> {
        match judge(trial, Ok(found), |_| shelf, at(now)) {
            Outcome::Looked { faults, .. } => Some(faults.len()),
            Outcome::CouldNotLook { .. } => None,
        }
    }

    const IN_TIME: &str = "2026-12-01T00:00:00Z";

    #[test]
    fn a_whole_bundle_in_its_time_keeps_it() {
        assert_eq!(faults(&trial(), Some(record(true)), Ok(()), IN_TIME), Some(0));
    }

    #[test]
    fn an_expired_spoilt_or_lost_bundle_breaks_it() {
        assert_eq!(
            faults(&trial(), Some(record(true)), Ok(()), "2027-02-01T00:00:00Z"),
            Some(1)
        );
        assert_eq!(faults(&trial(), Some(record(false)), Ok(()), IN_TIME), Some(1));
        assert_eq!(
            faults(&trial(), Some(record(true)), Err("gone".to_owned()), IN_TIME),
            Some(1)
        );
    }

    #[test]
    fn a_program_that_takes_spoilt_bundles_breaks_it_with_or_without_a_bundle() {
        let weak = Trial {
            taken: vec!["old"],
            ..trial()
        };
        assert_eq!(faults(&weak, None, Ok(()), IN_TIME), Some(1));
        assert_eq!(faults(&weak, Some(record(true)), Ok(()), IN_TIME), Some(1));
        let closed = Trial {
            took_sound: false,
            ..trial()
        };
        assert_eq!(faults(&closed, None, Ok(()), IN_TIME), Some(1));
    }

    #[test]
    fn where_no_bundle_ever_came_nobody_can_say() {
        assert_eq!(faults(&trial(), None, Ok(()), IN_TIME), None);
        let nowhere = Places {
            state: "/nonexistent/state".into(),
            settings: "/nonexistent/settings".into(),
        };
        assert!(matches!(
            look_at(&nowhere, at(IN_TIME)),
            Outcome::CouldNotLook { .. }
        ));
    }
}
