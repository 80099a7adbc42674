//! Updates of the platform itself, as entries of the appliance's log.

use crate::{
    Caller, Platform,
    act::{Act, Object},
    error::Result,
};
use host::updates::{MajorOutcome, MajorUpgrade, Outcome, Reboot, Renewal, Update};
use store::control::job;

/// Notes an update that has ended, by the operator at the host or the timer.
///
/// # Errors
/// `unavailable`.
pub async fn note(platform: &Platform, caller: &Caller, update: &Update) -> Result<()> {
    let action = match update.outcome {
        Some(Outcome::Installed) => "appliance.update",
        Some(Outcome::Undone) => "appliance.update-undone",
        Some(Outcome::Refused | Outcome::Interrupted | Outcome::Unwell) | None => "appliance.update-failed",
    };
    let from = format!("from {}", update.from);
    let act = Act::configuration(action, Object::new("version", &update.to)).because(&from);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}

/// Notes how an upgrade of PostgreSQL ended, by the operator at the host.
///
/// # Errors
/// `unavailable`.
pub async fn note_major(platform: &Platform, caller: &Caller, upgrade: &MajorUpgrade) -> Result<()> {
    let action = match upgrade.outcome {
        Some(MajorOutcome::Kept) => "appliance.database-upgrade",
        Some(MajorOutcome::Confirmed) => "appliance.database-upgrade-confirmed",
        Some(MajorOutcome::Returned) => "appliance.database-upgrade-returned",
        Some(MajorOutcome::Undone) | None => "appliance.database-upgrade-undone",
    };
    let version = upgrade.to.to_string();
    let from = format!("from PostgreSQL {}", upgrade.from);
    let act = Act::configuration(action, Object::new("postgresql", &version)).because(&from);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}

/// The kinds of the jobs that run at this moment, each once: nothing is started anew under them.
///
/// # Errors
/// `unavailable`.
pub async fn running_jobs(platform: &Platform) -> Result<Vec<String>> {
    let mut read = platform.control().read().await?;
    let mut kinds = job::running_kinds(&mut read, platform.now()).await?;
    kinds.dedup();
    Ok(kinds)
}

/// Notes which services, or that the machine, were started anew for old code.
///
/// # Errors
/// `unavailable`.
pub async fn note_renewal(platform: &Platform, caller: &Caller, renewal: &Renewal) -> Result<()> {
    let action = match renewal.reboot {
        Reboot::Begun => "appliance.reboot",
        Reboot::NotNeeded | Reboot::Wanted => "appliance.restart",
    };
    let what = match renewal.restarted.as_slice() {
        [] => "old code runs that only a reboot replaces".to_owned(),
        names => names.join(", "),
    };
    let act = Act::configuration(action, Object::new("services", renewal.restarted.len())).because(&what);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}
