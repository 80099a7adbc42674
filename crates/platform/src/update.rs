//! Updates of the platform itself, as entries of the appliance's log.

use crate::{
    Caller, Platform,
    act::{Act, Object},
    error::Result,
};
use host::updates::{Outcome, Update};

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
