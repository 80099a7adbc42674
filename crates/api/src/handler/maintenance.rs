//! Maintenance: whether it is announced or on. It is switched on the host.

use crate::{answer::Answer, call::Call, refusal::Result};
use jiff::Timestamp;
use platform::maintenance::{self, Phase};
use serde::Serialize;

#[derive(Serialize)]
struct MaintenanceView {
    phase: &'static str,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    message: Option<String>,
}

/// Whether it is announced or on.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let found = maintenance::current(call.platform()).await?;
    let phase = match found.as_ref().map(|found| found.phase) {
        None => "off",
        Some(Phase::Announced) => "announced",
        Some(Phase::On) => "on",
    };
    Ok(Answer::ok(&MaintenanceView {
        phase,
        from: found.as_ref().map(|found| found.from),
        until: found.as_ref().and_then(|found| found.until),
        message: found.and_then(|found| found.message),
    }))
}
