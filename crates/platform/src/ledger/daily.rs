//! The daily note: the newest signed checkpoint, to be kept where the appliance cannot reach it: in mailboxes and on paper.
//!
//! Invariants: one letter a day to each address that operators name (by UTC, and by the rows of the jobs, so that neither a restart nor a
//! second worker sends two); one of which nobody knows whether it went is sent again under the same Message-ID, by which mailboxes tell that it
//! is one; one that could not be sent goes an hour later, with what is signed by then: a checkpoint covers all before it. Start at [`note`] and [`post_if_due`]; what was kept is held against the log by [`super::kept`].

mod addresses;

pub use addresses::{Addresses, set_addresses};

use super::{
    Published, checkpoint,
    folder::Folder,
    witness::{self, Witnessed},
};
use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object},
    error::{PlatformError, Result},
    mail::{self, Letter},
    operator, qr,
};
use access::Permission;
use audit::note::Note;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use store::control::job::{self as jobs, Job};
use types::{EmailAddress, ProblemCode};

/// The kind of job that sends one.
pub(crate) const SEND: &str = "audit-note.send";
/// One that was given up is put up anew after this.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// What is to be kept.
#[derive(Debug, Clone)]
pub struct Daily {
    /// The newest checkpoint, with the cosignatures of witnesses where they signed this very one.
    pub newest: Published,
    /// The newest checkpoint that witnesses signed, where that is an older one.
    pub witnessed: Option<Cosigned>,
}

/// A checkpoint with cosignatures.
#[derive(Debug, Clone)]
pub struct Cosigned {
    /// The note, to be kept as it is.
    pub note: String,
    /// Its size.
    pub size: u64,
    /// Witnesses that have signed it.
    pub witnesses: usize,
}

impl Daily {
    /// The newest checkpoint as a QR code: an SVG element.
    ///
    /// # Errors
    /// `internal` for a note that is longer than a QR code holds.
    pub fn picture(&self) -> Result<String> {
        qr::svg(&self.newest.note, "QR code of the checkpoint above")
    }

    /// The same as lines of half blocks, for a terminal with a dark ground.
    ///
    /// # Errors
    /// As [`Self::picture`].
    pub fn blocks(&self) -> Result<String> {
        qr::text(&self.newest.note)
    }
}

/// The note of now, for operators and the host.
///
/// # Errors
/// `not-allowed`; `not-found` before the first checkpoint; `conflict` for a published checkpoint that the log has not signed.
pub async fn note(platform: &Platform, caller: &Caller) -> Result<Daily> {
    operator::require(caller)?;
    gather(platform).await
}

/// The note of now, for members with `audit.read`.
///
/// # Errors
/// As [`note`].
pub async fn note_for(workspace: &Workspace) -> Result<Daily> {
    workspace.permit(Permission::AuditRead).await?;
    gather(workspace.platform()).await
}

async fn gather(platform: &Platform) -> Result<Daily> {
    let newest = checkpoint(platform).await?;
    let mut newest = newest.ok_or_else(|| PlatformError::not_found("checkpoint"))?;
    let cosigned = cosigned(platform).await?;
    let witnessed = match cosigned {
        Some(found) if found.size == newest.size => {
            let merged = witness::merge(newest.note.as_bytes(), found.note.as_bytes())?;
            newest.note = String::from_utf8_lossy(&merged).into_owned();
            None
        }
        other => other,
    };
    Ok(Daily { newest, witnessed })
}

/// What witnesses signed; what cannot be read, or is of another log, is none: the check `audit-witness` and the promise say so.
async fn cosigned(platform: &Platform) -> Result<Option<Cosigned>> {
    let found: Option<Witnessed> = match witness::witnessed(platform).await {
        Err(error) if error.code == ProblemCode::Unavailable => return Err(error),
        found => found.ok().flatten().filter(|found| found.is_ours),
    };
    let Some(found) = found else { return Ok(None) };
    let bytes = Folder::at(&platform.settings().audit).witnessed()?;
    let note = Note::parse(&bytes.unwrap_or_default()).map_err(super::LedgerError::from)?;
    Ok(Some(Cosigned {
        note: note.to_string(),
        size: found.size,
        witnesses: found.times.len(),
    }))
}

/// Puts up a letter for each address that has none of today; answers how many.
///
/// # Errors
/// `unavailable`.
pub async fn post_if_due(platform: &Platform) -> Result<usize> {
    let mut read = platform.control().read().await?;
    let wanted = addresses::read(&mut read).await?;
    if wanted.is_empty() || mail::settings(&mut read).await?.is_none() {
        return Ok(0);
    }
    drop(read);
    // Nothing to tell yet; what is wrong with the log is told by others.
    if !matches!(checkpoint(platform).await, Ok(Some(_))) {
        return Ok(0);
    }
    let mut tx = platform.control().begin().await?;
    // Taken first: of two workers, the second one sees the letters of the first.
    addresses::lock(&mut tx, platform.now()).await?;
    let mut posted = 0;
    for address in addresses::read(&mut tx).await? {
        posted += usize::from(post(platform, &mut tx, &address).await?);
    }
    if posted == 0 {
        tx.close().await?;
        return Ok(0);
    }
    let count = format!("{posted} letters");
    let act = Act::access("audit-note.post", Object::unknown("log")).because(&count);
    let entry = platform.entry(&Caller::system(), None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(posted)
}

async fn post(
    platform: &Platform,
    tx: &mut store::control::ControlTx,
    address: &EmailAddress,
) -> Result<bool> {
    let (letter, now) = (Letter::blank(address), platform.now());
    let recipient = mail::recipient(platform, &letter);
    let again = now.checked_sub(AGAIN_AFTER).unwrap_or(now);
    let is_sent = jobs::is_unfailed_since(tx, SEND, "recipient", &recipient, today(now)).await?
        || jobs::count_since(tx, SEND, "recipient", &recipient, again).await? > 0;
    match is_sent {
        true => Ok(false),
        false => mail::post_job(platform, tx, SEND, &letter).await,
    }
}

/// When this day began, by UTC.
fn today(now: Timestamp) -> Timestamp {
    let begun = now.to_zoned(TimeZone::UTC).start_of_day();
    begun.map_or(now, |begun| begun.timestamp())
}

/// Sends the letter of a job, with what is signed by now.
pub(crate) async fn run(platform: &Platform, job: &Job) -> Result<Value> {
    let asked = mail::open(platform, job)?;
    let address = asked.to().parse::<EmailAddress>();
    let address = address.map_err(|error| PlatformError::invariant(error.to_string()))?;
    let wanted = addresses::read(&mut platform.control().read().await?).await?;
    if !wanted.contains(&address) {
        return Ok(json!({ "left_out": "the address is not named any more" }));
    }
    let daily = gather(platform).await?;
    let size = daily.newest.size;
    let letter = Letter::audit_note(&address, &platform.settings().base_url, &daily).sent_by(job.id);
    mail::send(platform, &letter).await?;
    Ok(json!({ "size": size }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_by_utc() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (now, begun) in [
            ("2026-03-12T14:02:31Z", "2026-03-12T00:00:00Z"),
            ("2026-03-12T00:00:00Z", "2026-03-12T00:00:00Z"),
            ("2026-03-11T23:59:59.999999Z", "2026-03-11T00:00:00Z"),
        ] {
            assert_eq!(today(at(now)), at(begun), "{now}");
        }
    }
}
