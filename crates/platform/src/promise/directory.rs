//! People sign in with their company's directory over an encrypted connection: asked as a sign-in would ask it.
//!
//! Invariant: without a directory nothing is promised and nothing "kept"; a directory counts only when its service account was let in
//! and a search found people, over TLS, and the last comparison changed what it should.

use super::look::Look;
use crate::{
    Platform,
    directories::{self, is_synced_since, settings, sync::Outcome as Synced},
    error::Result,
};
use jiff::{SignedDuration, Timestamp};
use promises::Outcome;
use store::control::directory::{self as rows, Directory as Row, DirectoryState};

pub(super) const ID: &str = "sign-in-ldap";

/// Older than this, a comparison that should be made every hour was not made.
const COMPARED_WITHIN: SignedDuration = SignedDuration::from_hours(3);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let all = rows::list(&mut platform.control().read().await?).await?;
    let active: Vec<Row> = all
        .into_iter()
        .filter(|row| row.state == DirectoryState::Active)
        .collect();
    if active.is_empty() {
        return Ok(Outcome::could_not_look(
            "no directory is set up; strongroom directory add sets one up",
        ));
    }
    let mut look = Look::new().fact("directories", active.len());
    for row in &active {
        look_at(platform, &mut look, row).await?;
    }
    Ok(look.done())
}

async fn look_at(platform: &Platform, look: &mut Look, row: &Row) -> Result<()> {
    let place = format!("directory {}", row.key);
    if directories::settings_of(row)?.security == settings::Security::Plain {
        let advice = "give the server a certificate and choose LDAPS or StartTLS";
        look.fault("passwords cross the network readable", &place, advice);
    }
    let report = directories::look_at(platform, row, None).await?;
    let took: u64 = report.stages.iter().map(|stage| stage.took_ms).sum();
    match report.failed() {
        None => look.note(&place, format!("bind and search in {took} ms")),
        Some(stage) => {
            let advice = "look at strongroom directory test; other servers of the directory may still answer";
            look.fault(
                format!("{}: {}", stage.name, stage.text),
                format!("{place}, server {}", stage.server),
                advice,
            );
        }
    }
    judge_sync(look, &place, row, platform.now());
    Ok(())
}

/// A directory that was just added has not been compared yet, and that is no fault.
pub(super) fn judge_sync(look: &mut Look, place: &str, row: &Row, now: Timestamp) {
    let advice = "look at strongroom directory list and at strongroom directory sync --dry-run";
    let since = now.checked_sub(COMPARED_WITHIN).unwrap_or(Timestamp::MIN);
    let last = row
        .last_sync
        .clone()
        .and_then(|value| serde_json::from_value::<Synced>(value).ok());
    match last {
        Some(last) if last.result != "done" => {
            look.fault(
                format!("the last comparison was not made: {}", last.text),
                place,
                advice,
            );
        }
        None if row.created_at >= since => {}
        _ if is_synced_since(row, since) => {}
        _ => look.fault(
            "nobody was compared for hours",
            place,
            "look whether strongroom-worker runs",
        ),
    }
}
