//! `strongroom backup status`

use super::{Common, settings};
use crate::{
    backup,
    failure::{CommandError, Exit},
    host::block_on,
};
use ::host::backup::{
    engine,
    record::{Copied, Drill, Folder, Location, Outcome, Run, Verification},
};
use config::Config;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Status {}

impl Status {
    #[expect(
        clippy::unused_self,
        reason = "every command is run by a method of its arguments"
    )]
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let config = Config::load(Some(&settings(common)))?;
        let repository = backup::repository(&config)?;
        backup::require_enabled(&repository)?;
        let info = engine::info(&repository)?;
        let admin = backup::superuser_at(&config.database.host, config.database.port);
        let archiver = block_on(async { Ok(platform::backup::archiver(&admin).await?) })?;
        let record = Folder::at(&config.backup.record);
        let (run, drill) = (
            record.runs()?.into_iter().next(),
            record.drills()?.into_iter().next(),
        );
        let (verified, copied) = (record.verification(Location::First)?, record.copied()?.0);
        let newest = record
            .report()?
            .map_or(archiver.last_at, |report| report.restorable_to(archiver.last_at));
        let now = Timestamp::now();
        let is_well = run.as_ref().is_some_and(|run| run.outcome == Outcome::Done)
            && drill.as_ref().is_none_or(|drill| drill.outcome == Outcome::Done)
            && verified.as_ref().is_none_or(is_whole)
            && copied
                .as_ref()
                .is_none_or(|copied| copied.outcome == Outcome::Done);
        let pairs = [
            ("restorable from", shown(info.restorable_from())),
            ("restorable to", shown(newest)),
            ("backups", info.backups.len().to_string()),
            ("stored", format!("{} kB", info.stored_bytes() / 1000)),
            ("encrypted", info.cipher.clone()),
            ("last backup", ended(now, run.as_ref().map(of_run))),
            (
                "last verification",
                verified
                    .as_ref()
                    .map_or_else(|| "never".to_owned(), |one| looked(now, one)),
            ),
            ("last drill", ended(now, drill.as_ref().map(of_drill))),
            ("last copy elsewhere", copy_ended(now, copied.as_ref())),
        ];
        let json = json!({
            "restorable_from": info.restorable_from(),
            "restorable_to": newest,
            "backups": info.backups.len(),
            "stored_bytes": info.stored_bytes(),
            "cipher": info.cipher,
            "last_run": to_json(&run),
            "last_verification": to_json(&verified),
            "last_drill": to_json(&drill),
            "last_copy": to_json(&copied),
        });
        common.format().thing(&pairs, &json)?;
        Ok(match is_well {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(Exit::Failed as u8),
        })
    }
}

fn of_run(run: &Run) -> (Timestamp, Outcome, Option<&str>) {
    (run.ended_at, run.outcome, run.why.as_deref())
}

fn of_drill(drill: &Drill) -> (Timestamp, Outcome, Option<&str>) {
    (drill.ended_at, drill.outcome, drill.why.as_deref())
}

fn copy_ended(now: Timestamp, copied: Option<&Copied>) -> String {
    let said = ended(now, copied.map(of_copy));
    match copied.map_or(0, |copied| copied.to_go) {
        0 => said,
        to_go => format!("{said}; {to_go} files are still to go"),
    }
}

fn of_copy(copied: &Copied) -> (Timestamp, Outcome, Option<&str>) {
    (copied.at, copied.outcome, copied.why.as_deref())
}

fn to_json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn is_whole(verification: &Verification) -> bool {
    let found = verification.found.as_ref();
    found.is_some_and(::host::backup::verify::Verified::is_whole)
}

fn shown(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "not yet".to_owned(), |moment| moment.to_string())
}

fn looked(now: Timestamp, verification: &Verification) -> String {
    let age = age(now, verification.at);
    let faults = verification.found.as_ref().map(|found| found.faults.as_slice());
    match (faults, &verification.why) {
        (Some([]), _) if is_whole(verification) => format!("whole, {age}"),
        (Some([first, ..]), _) => format!("{first}, {age}"),
        (_, why) => format!(
            "could not be looked at, {age}: {}",
            why.as_deref().unwrap_or("nothing was there")
        ),
    }
}

fn ended(now: Timestamp, last: Option<(Timestamp, Outcome, Option<&str>)>) -> String {
    match last {
        None => "never".to_owned(),
        Some((at, Outcome::Done, _)) => format!("well, {}", age(now, at)),
        Some((at, Outcome::Failed, why)) => {
            format!("failed, {}: {}", age(now, at), why.unwrap_or("it was cut off"))
        }
    }
}

fn age(now: Timestamp, at: Timestamp) -> String {
    match now.duration_since(at).as_secs() {
        seconds @ ..120 => format!("{seconds} s ago"),
        seconds @ ..7200 => format!("{} min ago", seconds / 60),
        seconds @ ..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_unit_that_people_would_use() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let at = |ago: i64| Timestamp::from_second(1_000_000 - ago).unwrap();
        assert_eq!(age(now, at(5)), "5 s ago");
        assert_eq!(age(now, at(600)), "10 min ago");
        assert_eq!(age(now, at(86_400)), "24 h ago");
        assert_eq!(age(now, at(864_000)), "10 days ago");
    }
}
