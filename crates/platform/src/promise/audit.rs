//! Changes that the database saw against entries in the log, attempts to change something without one, and the
//! triggers that refuse such a change.

use super::{function, homes, look::Look};
use crate::{
    Caller, Platform,
    check::{self, AuditReport, Subject},
    error::Result,
    upkeep::place_of,
};
use promises::Outcome;
use store::{
    control::trigger,
    tenant::{audit, probe},
};

const ADVICE: &str = "check the organization's log, and find out who wrote to the database";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let triggers = check_triggers(platform, &mut look).await?;
    let functions = function::check(platform, |_| true, &mut look).await?;
    let (mut datasets, mut records, mut attacked, mut entries, mut unchecked) = (0, 0, 0, 0, 0);
    for home in homes(platform).await? {
        let covered = check::cover(platform, &home).await?;
        entries += covered.entries;
        unchecked += covered.unchecked;
        note(&covered, &mut look);
        let subject = check::open(platform, &home).await?;
        datasets += subject.datasets.len();
        records += tally(&subject, &mut look).await?;
        let dataset = subject.datasets.first().cloned();
        subject.tx.close().await?;
        if let Some(dataset) = dataset {
            attacked += 1;
            for breach in probe::change_unaudited(&home.tenant, &dataset).await? {
                let place = format!("{} / {}", home.summary.slug, dataset.key);
                let what = format!("a change without an entry succeeded: {}", breach.attempt);
                look.fault(what, place, "put the triggers and rights of the table back");
            }
        }
    }
    let appliance = check::appliance(platform, &Caller::system()).await?;
    note(&appliance, &mut look);
    unchecked += appliance.unchecked;
    if unchecked > 0 {
        look.unseen(format!(
            "so many entries wait for the log that {unchecked} of them were not compared: see that the worker runs, and look again"
        ));
    }
    Ok(look
        .fact("triggers looked at", triggers)
        .fact("functions held against the migrations", functions)
        .fact("datasets compared", datasets)
        .fact("records compared", records)
        .fact("organizations attacked", attacked)
        .fact("entries held against the log", entries + appliance.entries)
        .done())
}

/// What a check of a log found.
fn note(report: &AuditReport, look: &mut Look) {
    for fault in &report.faults {
        look.fault(fault.detail.clone(), place_of(fault), ADVICE);
    }
}

/// The triggers of every table that needs them, and who could go round them; gives how many there are.
async fn check_triggers(platform: &Platform, look: &mut Look) -> Result<i64> {
    let mut read = platform.control().read().await?;
    for broken in trigger::list_broken(&mut read).await? {
        let what = format!("the trigger {} is {}", broken.trigger, broken.state);
        let place = format!("{}.{}", broken.schema, broken.relation);
        look.fault(what, place, "put the triggers of the table back");
    }
    for whose in trigger::list_replica_roles(&mut read).await? {
        look.fault(
            "may write as replication does, past the triggers",
            whose,
            "RESET session_replication_role there, and revoke the right to set it",
        );
    }
    Ok(trigger::count(&mut read).await?)
}

async fn tally(subject: &Subject<'_>, look: &mut Look) -> Result<i64> {
    let mut records = 0;
    for dataset in &subject.datasets {
        let tally = audit::tally(&subject.tx, dataset).await?;
        let place = |rest: String| format!("{} / {}{rest}", subject.home.summary.slug, dataset.key);
        if tally.versions != tally.images {
            let what = format!(
                "{} versions, and {} images in the log",
                tally.versions, tally.images
            );
            look.fault(what, place(String::new()), ADVICE);
        }
        for record in tally.strangers {
            look.fault(
                "a row was written outside any audited act",
                place(format!(", record {record}")),
                ADVICE,
            );
        }
        for record in tally.mismatched {
            look.fault(
                "a row is not the newest version in the log",
                place(format!(", record {record}")),
                ADVICE,
            );
        }
        records += tally.records;
    }
    Ok(records)
}
