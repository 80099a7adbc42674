//! `/appliance/endings`: which organizations are cancelled, to be deleted, deleted or held.
//!
//! Invariant: nothing of what an organization holds is here, and no reason that its owners wrote.

use crate::{
    appliance::{below, enter},
    errors::Fault,
    view::{Badge, CertificateRow, EndingRow, EndingsPage, Tone},
    visit::{Answer, Visit, page},
    words::{exact_moment, moment, sentence},
};
use jiff::Timestamp;
use platform::{
    endings::{self, Cancelled, Deleted, Held, Ordered},
    lifecycle::Cause,
};

/// `GET /appliance/endings`
pub(crate) async fn show(visit: Visit) -> Answer {
    enter(&visit)?;
    page(&endings_page(&visit).await?)
}

async fn endings_page(visit: &Visit) -> Result<EndingsPage, Fault> {
    let found = endings::overview(visit.platform(), &visit.caller).await?;
    Ok(EndingsPage {
        chrome: below(visit, "Deletions and holds").await?,
        to_come: found
            .ordered
            .iter()
            .map(ordered)
            .chain(found.cancelled.iter().map(cancelled))
            .collect(),
        holds: found.holds.iter().map(held).collect(),
        deleted: found.deleted.iter().map(deleted).collect(),
    })
}

fn ordered(one: &Ordered) -> EndingRow {
    EndingRow {
        name: one.name.clone(),
        state: state(one.is_held, "To be deleted"),
        why: match one.cause {
            Cause::Order => "An owner ordered it; any owner can call it back until then.",
            Cause::Window => "It was cancelled, and its time for exports is over.",
        }
        .to_owned(),
        at: Some(exact_moment(one.due_at)),
    }
}

fn cancelled(one: &Cancelled) -> EndingRow {
    let since = one
        .since
        .map_or_else(String::new, |at| format!(" since {}", moment(at).text));
    EndingRow {
        name: one.name.clone(),
        state: state(one.is_held, "Cancelled"),
        why: format!("It can be read and exported only{since}."),
        at: one.export_until.map(exact_moment),
    }
}

fn state(is_held: bool, otherwise: &'static str) -> Badge {
    match is_held {
        true => Badge::new("Held", Tone::Warn),
        false => Badge::new(otherwise, Tone::Neutral),
    }
}

fn held(one: &Held) -> EndingRow {
    EndingRow {
        name: one.name.clone(),
        state: Badge::new("In force", Tone::Warn),
        why: match one.is_by_host {
            true => "It was placed on the host, which alone can lift it: `strongroom organization hold`.",
            false => "An owner placed it, and owners lift it.",
        }
        .to_owned(),
        at: Some(exact_moment(one.since)),
    }
}

fn deleted(one: &Deleted) -> CertificateRow {
    let ends = |at: Timestamp| exact_moment(at).text;
    CertificateRow {
        name: one.name.clone(),
        at: exact_moment(one.at),
        copies: one
            .copies
            .last_copy_ends
            .map_or_else(|| "no day is stated".to_owned(), ends),
        note: sentence(&one.copies.note),
        id: one.id.to_string(),
        text: one.certificate.text.clone(),
        signature: one.signature.clone(),
    }
}
