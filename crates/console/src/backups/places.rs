//! Both locations, each with what is known of it.
//!
//! Invariant: a location is "good" only where something was brought there lately and somebody read it back lately.

use crate::{
    view::{Badge, PlaceRow, Tone},
    words::{moment, plural, sentence, size},
};
use jiff::Timestamp;
use platform::backup::{Copied, Outcome, Place, Record, Standing, Verification};

/// A night, and the time that a long backup takes; as the promises have it.
const NIGHT_HOURS_MAX: i64 = 36;
/// A week and a day.
const WEEK_HOURS_MAX: i64 = 8 * 24;

pub(super) fn of(standing: &Standing, record: &Record) -> Vec<PlaceRow> {
    let first = first(standing, record);
    let second = match &standing.second {
        Some(place) => second(standing.now, place, record),
        None => PlaceRow {
            name: "Second location",
            shown: "none".to_owned(),
            state: Badge::new("Missing", Tone::Warn),
            facts: Vec::new(),
            faults: vec![
                "There is no copy elsewhere: name `second` in [backup] of the settings (OPERATIONS.md, Backups).".to_owned(),
            ],
        },
    };
    vec![first, second]
}

fn is_old(now: Timestamp, at: Timestamp, hours: i64) -> bool {
    now.duration_since(at).as_hours() > hours
}

fn first(standing: &Standing, record: &Record) -> PlaceRow {
    let now = standing.now;
    let taken = record.runs.iter().find(|run| run.outcome == Outcome::Done);
    let mut row = PlaceRow {
        name: "First location",
        shown: standing.first.shown.clone(),
        state: Badge::new("Good", Tone::Good),
        facts: vec![(
            "Last backup",
            taken.map_or_else(|| "none went well".to_owned(), |run| moment(run.ended_at).text),
        )],
        faults: Vec::new(),
    };
    if let Some(report) = &record.report {
        let stored = i64::try_from(report.info.stored_bytes()).unwrap_or(i64::MAX);
        row.facts.push((
            "Backups in it",
            format!("{}, {}", report.info.backups.len(), size(stored)),
        ));
        row.facts.push(("Encrypted", report.info.cipher.clone()));
    }
    if taken.is_none_or(|run| is_old(now, run.ended_at, NIGHT_HOURS_MAX)) {
        row.faults.push(
            "No backup went well for more than a night: look at `systemctl status strongroom-backup.timer`."
                .to_owned(),
        );
    }
    if let Some(failed) = record.runs.first().filter(|run| run.outcome == Outcome::Failed) {
        let why = failed.why.as_deref().unwrap_or("it was cut off");
        row.faults
            .push(format!("The last backup failed: {}", sentence(why)));
    }
    finish(row, &standing.first, record.verified[0].as_ref(), now)
}

fn second(now: Timestamp, place: &Place, record: &Record) -> PlaceRow {
    // What was copied to another place than the one that is set says nothing about this one.
    let is_here = |copied: &&Copied| copied.to == place.shown;
    let well = record.copied_well.as_ref().filter(is_here);
    let mut row = PlaceRow {
        name: "Second location",
        shown: place.shown.clone(),
        state: Badge::new("Good", Tone::Good),
        facts: vec![(
            "Last copy",
            well.map_or_else(
                || "none went well".to_owned(),
                |copied| {
                    format!(
                        "{}, {}",
                        moment(copied.at).text,
                        plural(count(copied.files), "new file", "new files")
                    )
                },
            ),
        )],
        faults: Vec::new(),
    };
    if let Some(change) = well.and_then(|copied| copied.newest_change.clone()) {
        row.facts.push(("Newest change there", change));
    }
    if let Some(keeps) = well.and_then(|copied| copied.keeps) {
        row.facts.push(("Deletion there", sentence(keeps.told())));
    }
    if let Some(key) = &place.host_key {
        row.facts.push(("Key of its host", key.clone()));
    }
    if well.is_none_or(|copied| is_old(now, copied.at, NIGHT_HOURS_MAX)) {
        row.faults.push(
            "Nothing was copied there for more than a night: look at `systemctl status strongroom-backup-copy.timer`.".to_owned(),
        );
    }
    if let Some(failed) = record
        .copied
        .as_ref()
        .filter(is_here)
        .filter(|copied| copied.outcome == Outcome::Failed)
    {
        let why = failed.why.as_deref().unwrap_or("it was cut off");
        row.faults
            .push(format!("The last copy failed: {}", sentence(why)));
    }
    if let Some(going) = record
        .copied
        .as_ref()
        .filter(is_here)
        .filter(|copied| copied.to_go > 0)
    {
        let files = plural(count(going.to_go), "file is", "files are");
        row.facts
            .push(("Under way", format!("{files} still to go; the next copy goes on")));
    }
    let holes = well.iter().flat_map(|copied| &copied.holes);
    row.faults.extend(holes.map(|hole| sentence(hole)));
    finish(row, place, record.verified[1].as_ref(), now)
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What both have: room, the last reading back, and the state that follows from all of it.
fn finish(mut row: PlaceRow, place: &Place, verified: Option<&Verification>, now: Timestamp) -> PlaceRow {
    match &place.space {
        Ok(space) => {
            let (free, all) = (count(space.free_bytes), count(space.total_bytes));
            row.facts
                .push(("Room", format!("{} free of {}", size(free), size(all))));
            if space.is_little() {
                row.faults
                    .push("Its disk is nearly full: make room, or move it to a larger one.".to_owned());
            }
        }
        Err(why) => row.facts.push(("Room", format!("not known: {why}"))),
    }
    let is_read_back = match verified {
        None => {
            row.facts
                .push(("Read back", "never; `strongroom backup verify` does".to_owned()));
            false
        }
        Some(verified) => {
            row.facts.push(("Read back", moment(verified.at).text));
            faults_of(verified, &mut row.faults);
            !is_old(now, verified.at, WEEK_HOURS_MAX)
        }
    };
    row.state = match (row.faults.is_empty(), is_read_back) {
        (false, _) => Badge::new("Look here", Tone::Bad),
        (true, false) => Badge::new("Not read back lately", Tone::Warn),
        (true, true) => Badge::new("Good", Tone::Good),
    };
    row
}

fn faults_of(verified: &Verification, faults: &mut Vec<String>) {
    match (&verified.found, &verified.why) {
        (Some(found), _) if found.is_whole() => {}
        (Some(found), _) if found.faults.is_empty() => {
            faults.push(
                "It was read back and is not whole: run `strongroom backup verify` on the host.".to_owned(),
            );
        }
        (Some(found), _) => faults.extend(found.faults.iter().take(5).map(|fault| sentence(fault))),
        (None, why) => {
            let why = why.as_deref().unwrap_or("nothing was there");
            faults.push(format!("It could not be read back: {}", sentence(why)));
        }
    }
}
