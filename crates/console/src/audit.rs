//! Entries of the audit log: the list and one entry.

use crate::{
    chrome::crumb,
    errors::Fault,
    history::{action_badge, changes},
    query::{Pairs, href},
    view::{
        AuditEntryPage, AuditFilter, AuditPage, AuditRow, Badge, CellKind, Choice, Commitment, Fact, Nav,
        Pagination, Receipt, TableCell, Tone,
    },
    visit::{Answer, Room, Visit, page},
    words::{device, exact_moment, grouped, plural},
};
use actix_web::{HttpResponse, http::header, web::Path};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use platform::{
    ledger::{self, Proof},
    member,
    trail::{self, EntryDetail, EntryView, TrailQuery},
};
use types::{EntryId, PageSize, ProblemCode};

/// What can be filtered by: the beginning of an action, and words for it.
const ACTIONS: [(&str, &str); 9] = [
    ("record.", "Records"),
    ("record.reveal", "Revealed values"),
    ("import.", "Imports"),
    ("export.", "Exports"),
    ("dataset.", "Datasets"),
    ("field.", "Fields"),
    ("member.", "Members"),
    ("token.", "API tokens"),
    ("access.refuse", "Refused access"),
];

/// What narrows the list, and is kept from page to page.
const FILTERS: [&str; 5] = ["action", "actor", "object", "from", "until"];

/// A day of the filter, by UTC; one that cannot be narrows nothing, and stands in the form as it was written.
fn day(query: &Pairs, name: &str) -> Option<Date> {
    query.get(name)?.parse().ok()
}

fn start_of(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// `GET /o/{organization}/audit`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    let query = &visit.query;
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let wanted = TrailQuery {
        before: text("before"),
        action: text("action"),
        account: query.get("actor").and_then(|text| text.parse().ok()),
        object: text("object").map(|object| object.trim().to_owned()),
        from: day(query, "from").and_then(start_of),
        until: day(query, "until").and_then(|day| start_of(day.tomorrow().ok()?)),
        limit: PageSize::default(),
    };
    let found = trail::list(&room.workspace, &wanted).await?;
    page(&AuditPage {
        chrome: room.chrome("Audit", Nav::Audit).await?,
        organization: room.slug().to_owned(),
        filter: filter(&room).await?,
        entries: found.entries.iter().map(row).collect(),
        pagination: pagination(&room, found.entries.len(), found.next.as_deref()),
        signed: signed(&room).await?,
    })
}

/// How far the log is signed, after its signature was checked.
async fn signed(room: &Room) -> Result<Badge, Fault> {
    let found = match ledger::checkpoint_for(&room.workspace).await {
        Ok(found) => found,
        Err(error) if error.code == ProblemCode::NotFound => {
            return Ok(Badge::new("Nothing is signed yet", Tone::Neutral));
        }
        Err(error) if error.code == ProblemCode::Conflict => {
            return Ok(Badge::new(
                "The log is not signed any further: tell your operator",
                Tone::Bad,
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let size = grouped(i64::try_from(found.size).unwrap_or(i64::MAX));
    let age = found.age.map(|age| age.as_secs().max(0));
    let age = age.map(|age| format!(", {}", plural(age, "second ago", "seconds ago")));
    let seen = plural(
        i64::try_from(found.witnesses).unwrap_or(0),
        "witness",
        "witnesses",
    );
    let text = format!(
        "Verified up to #{size}, seen by {seen}{}",
        age.unwrap_or_default()
    );
    Ok(Badge::new(text, Tone::Good))
}

async fn filter(room: &Room) -> Result<AuditFilter, Fault> {
    let chosen = |name: &str| room.visit.query.text(name).to_owned();
    let (action, actor) = (chosen("action"), chosen("actor"));
    let members = member::list(&room.workspace, None).await?.members;
    Ok(AuditFilter {
        actions: ACTIONS
            .iter()
            .map(|(code, label)| Choice::new(*code, *label).selected_if(&action))
            .collect(),
        actors: members
            .into_iter()
            .map(|member| Choice::new(member.account.to_string(), member.name).selected_if(&actor))
            .collect(),
        object: chosen("object"),
        from: chosen("from"),
        until: chosen("until"),
    })
}

fn pagination(room: &Room, shown: usize, next: Option<&str>) -> Pagination {
    let query = &room.visit.query;
    let path = format!("{}/audit", room.base());
    let kept = || FILTERS.map(|name| (name, query.text(name)));
    let kept = move || kept().into_iter().filter(|(_, value)| !value.is_empty());
    Pagination {
        summary: plural(i64::try_from(shown).unwrap_or(0), "entry", "entries"),
        first_href: query.get("before").map(|_| href(&path, kept())),
        next_href: next.map(|next| href(&path, kept().chain([("before", next)]))),
        ..Pagination::default()
    }
}

fn actor(view: &EntryView) -> String {
    let name = view.actor_name.clone();
    name.unwrap_or_else(|| format!("Strongroom ({})", view.actor.kind))
}

fn object(view: &EntryView) -> String {
    match &view.object_id {
        Some(id) => format!("{} {id}", view.object_kind),
        None => view.object_kind.clone(),
    }
}

fn row(view: &EntryView) -> AuditRow {
    AuditRow {
        id: view.id.to_string(),
        at: exact_moment(view.at),
        actor: actor(view),
        action: action_badge(&view.action),
        object: object(view),
        address: view.actor.address.clone().unwrap_or_default(),
        request_id: view.request_id.clone().unwrap_or_default(),
    }
}

/// `GET /o/{organization}/audit/{entry}`
pub(crate) async fn entry(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path.1.parse::<EntryId>();
    let id = id.map_err(|_| Fault::not_found("entry"))?;
    let found = trail::find(&room.workspace, id).await?;
    let dataset = match &found.dataset {
        Some(key) => platform::dataset::find(&room.workspace, key).await.ok(),
        None => None,
    };
    let mut chrome = room.chrome("Entry", Nav::Audit).await?;
    chrome
        .crumbs
        .push(crumb("Audit", format!("{}/audit", room.base())));
    page(&AuditEntryPage {
        chrome,
        action: action_badge(&found.view.action),
        summary: format!("{}, {}", actor(&found.view), object(&found.view)),
        at: exact_moment(found.view.at),
        header: header_facts(&found),
        commitments: commitments(&found),
        changes: changes(dataset.as_deref(), &found.changes),
        is_erased: found.is_erased,
        receipt: receipt(&room, id).await?,
    })
}

async fn receipt(room: &Room, id: EntryId) -> Result<Receipt, Fault> {
    let of = |state: Badge, text: String| Receipt {
        state,
        text,
        href: String::new(),
    };
    let number = |index: u64| grouped(i64::try_from(index).unwrap_or(i64::MAX));
    let found = match ledger::receipt(&room.workspace, id).await {
        Ok(found) => found,
        Err(error) if error.code == ProblemCode::Conflict => {
            let text = "The log does not bear this entry out: tell your operator.";
            return Ok(of(Badge::new("not proven", Tone::Bad), text.to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(match found {
        Proof::Waiting => of(
            Badge::new("waits", Tone::Neutral),
            "It is appended to the log within seconds.".to_owned(),
        ),
        Proof::Unsigned { index } => of(
            Badge::new("not signed yet", Tone::Neutral),
            format!(
                "It is leaf {} of the log, which no checkpoint covers yet.",
                number(index)
            ),
        ),
        Proof::Proven { index, size, .. } => Receipt {
            href: format!("{}/audit/{id}/receipt", room.base()),
            ..of(
                Badge::new("proven", Tone::Good),
                format!(
                    "It is leaf {} of the log, proven under the checkpoint of {}.",
                    number(index),
                    number(size)
                ),
            )
        },
    })
}

/// `GET /o/{organization}/audit/{entry}/receipt`
pub(crate) async fn save_receipt(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path.1.parse::<EntryId>();
    let id = id.map_err(|_| Fault::not_found("entry"))?;
    let Proof::Proven { receipt, .. } = ledger::receipt(&room.workspace, id).await? else {
        return Err(Fault::not_found("receipt"));
    };
    let disposition = format!("attachment; filename=\"entry-{id}.tlog-proof\"");
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .body(receipt))
}

fn header_facts(found: &EntryDetail) -> Vec<Fact> {
    let view = &found.view;
    let fact = |label: &str, text: Option<String>, kind: CellKind| {
        let cell = text
            .filter(|text| !text.is_empty())
            .map_or_else(TableCell::empty, |text| TableCell::new(text, kind));
        Fact {
            label: label.to_owned(),
            cell,
        }
    };
    let device = view.actor.device.as_deref().map(device);
    vec![
        fact("Action", Some(view.action.clone()), CellKind::Code),
        fact("Kind", Some(view.kind.to_string()), CellKind::Text),
        fact("Actor", Some(actor(view)), CellKind::Text),
        fact("Object", Some(object(view)), CellKind::Code),
        fact("Dataset", found.dataset.clone(), CellKind::Code),
        fact("Reason", view.reason.clone(), CellKind::Text),
        fact("Address", view.actor.address.clone(), CellKind::Code),
        fact("Device", device, CellKind::Text),
        fact("Request", view.request_id.clone(), CellKind::Code),
        fact("Log", Some(view.place.to_owned()), CellKind::Text),
        fact("Id", Some(view.id.to_string()), CellKind::Code),
    ]
}

fn commitments(found: &EntryDetail) -> Vec<Commitment> {
    let commitment = |label: &str, hex: &str, opens| Commitment {
        label: label.to_owned(),
        hex: hex.to_owned(),
        opens,
    };
    // The header was opened to show this page, and opening it checks the commitment.
    let all = [
        commitment("Header", &found.c_header, Some(true)),
        commitment("Before", &found.c_before, None),
        commitment("After", &found.c_after, None),
    ];
    // Zeros stand for no image: nothing was there before, or nothing of a record changed.
    let is_there = |commitment: &Commitment| commitment.hex.bytes().any(|byte| byte != b'0');
    all.into_iter().filter(is_there).collect()
}
