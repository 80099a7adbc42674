//! The access log: when and from where one's own account was used, and who came into an organization.

use crate::{
    errors::Fault,
    query::{Pairs, href},
    single_record::name_of,
    view::{
        AccessBar, AccessLogPage, AccessRow, Badge, Choice, Nav, OrganizationAccessPage, Pagination, Tone,
        VisitorRow,
    },
    visit::{Answer, Room, Visit, page},
    words::{device, exact_moment, plural},
};
use actix_web::{HttpResponse, http::header, web::Path};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use platform::{
    access_log::{self, AccessEvent, AccessFilter, AccessPage},
    member, people,
};
use std::collections::BTreeMap;
use types::{AccountId, OrganizationId};

fn before(visit: &Visit) -> Option<i64> {
    visit.query.get("before").and_then(|text| text.parse().ok())
}

/// `GET /account/access-log`
pub(crate) async fn show(visit: Visit) -> Answer {
    let before = before(&visit);
    let filter = filter_of(&visit.query)?;
    let found = access_log::list_own(visit.platform(), &visit.caller, &filter, before).await?;
    let names = organization_names(&visit).await?;
    let shown = i64::try_from(found.events.len()).unwrap_or(0);
    let path = "/account/access-log";
    page(&AccessLogPage {
        chrome: visit.chrome("My access log", Nav::AccessLog).await?,
        csv_href: href("/account/access-log.csv", kept(&visit.query)),
        filter: bar_of(&visit.query, Vec::new()),
        rows: found.events.iter().map(|(_, event)| row(event, &names)).collect(),
        pagination: Pagination {
            summary: summary_of(shown, found.looked_until),
            first_href: before.map(|_| href(path, kept(&visit.query))),
            next_href: found.next.map(|next| {
                href(
                    path,
                    kept(&visit.query).chain([("before", next.to_string().as_str())]),
                )
            }),
            ..Pagination::default()
        },
    })
}

async fn organization_names(visit: &Visit) -> Result<BTreeMap<OrganizationId, String>, Fault> {
    let mine = platform::organization::list_mine(visit.platform(), &visit.caller).await?;
    Ok(mine
        .into_iter()
        .map(|mine| (mine.summary.id, mine.summary.name))
        .collect())
}

/// `GET /o/{organization}/access-log`
pub(crate) async fn show_organization(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    let filter = filter_of(&visit.query)?;
    let found = access_log::list_organization(&room.workspace, &filter, before(&visit)).await?;
    let accounts: Vec<AccountId> = found
        .events
        .iter()
        .filter_map(|(_, event)| event.account)
        .collect();
    let names = people::names(&room.workspace, &accounts).await?;
    let next = found.next.map(|next| next.to_string());
    let rows = found.events.iter().map(|(_, event)| VisitorRow {
        person: match event.account {
            Some(account) => name_of(&names, account),
            None => "Not signed in".to_owned(),
        },
        access: row(event, &BTreeMap::new()),
    });
    page(&OrganizationAccessPage {
        chrome: room.chrome("Access log", Nav::OrganizationAccess).await?,
        organization: room.slug().to_owned(),
        csv_href: href(
            &format!("{}/access-log.csv", room.base()),
            kept(&room.visit.query),
        ),
        filter: filter_bar(&room).await?,
        rows: rows.collect(),
        pagination: pagination(&room, &found, next.as_deref()),
    })
}

/// What of the address narrows the list.
const KEPT: [&str; 7] = [
    "person", "action", "outcome", "address", "device", "from", "until",
];

fn kept(query: &Pairs) -> impl Iterator<Item = (&str, &str)> {
    let kept = KEPT.iter().map(|name| (*name, query.text(name)));
    kept.filter(|(_, value)| !value.is_empty())
}

/// How many are shown, and how far was looked where that was not to the end.
fn summary_of(shown: i64, looked_until: Option<Timestamp>) -> String {
    let count = plural(shown, "event", "events");
    match looked_until {
        Some(until) => format!(
            "{count}, back to {}",
            until.strftime("%e %b %Y, %H:%M UTC").to_string().trim()
        ),
        None => count,
    }
}

/// `GET /account/access-log.csv`
pub(crate) async fn export_own(visit: Visit) -> Answer {
    visit.account()?;
    let filter = filter_of(&visit.query)?;
    let stream = access_log::export_own(visit.platform(), &visit.caller, &filter)?;
    Ok(download("access-log.csv", stream))
}

/// `GET /o/{organization}/access-log.csv`
pub(crate) async fn export_organization(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    let filter = filter_of(&visit.query)?;
    let stream = access_log::export_organization(&room.workspace, &filter).await?;
    Ok(download(&format!("{}-access-log.csv", room.slug()), stream))
}

fn download(name: &str, stream: platform::ByteStream) -> HttpResponse {
    // Names are made of our own words and of slugs: letters, digits and hyphens.
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(stream)
}

/// Beginnings of actions on offer, and words for them: doors, pages of the console, routes of the API.
const ACTIONS: [(&str, &str); 9] = [
    ("sign-in", "Signing in"),
    ("openid", "Signing in by a provider"),
    ("sign-out", "Signing out"),
    ("break-glass", "Break-glass"),
    ("GET ", "Reading pages"),
    ("POST ", "Changing by pages"),
    ("record.", "API: records"),
    ("member.", "API: members"),
    ("token.", "API: tokens"),
];

/// Outcomes on offer, and words for them.
const OUTCOMES: [(&str, &str); 3] = [("done", "Done"), ("refused", "Refused"), ("failed", "Failed")];

fn filter_of(query: &Pairs) -> Result<AccessFilter, Fault> {
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty());
    let day = |name: &str| text(name).map(day_of).transpose();
    let account = text("person").map(|text| text.parse().map_err(|_| Fault::not_found("member")));
    Ok(AccessFilter {
        account: account.transpose()?,
        action: text("action").map(str::to_owned),
        outcome: text("outcome").map(str::to_owned),
        address: text("address").map(str::to_owned),
        device: text("device").map(str::to_owned),
        from: day("from")?.and_then(start_of),
        // The day itself is within.
        until: day("until")?.and_then(|day| start_of(day.tomorrow().ok()?)),
    })
}

fn day_of(text: &str) -> Result<Date, Fault> {
    text.parse()
        .map_err(|_| Fault::malformed(format!("{text} is no day such as 2026-03-12")))
}

fn start_of(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

async fn filter_bar(room: &Room) -> Result<AccessBar, Fault> {
    let query = &room.visit.query;
    let members = member::list(&room.workspace, None).await?.members;
    let person = |member: member::Member| Choice::new(member.account.to_string(), member.name);
    let people = members.into_iter().map(person);
    let people = people.map(|choice| choice.selected_if(query.text("person")));
    Ok(bar_of(query, people.collect()))
}

fn bar_of(query: &Pairs, people: Vec<Choice>) -> AccessBar {
    let outcomes = OUTCOMES.iter().map(|(code, label)| Choice::new(*code, *label));
    let actions = ACTIONS.iter().map(|(code, label)| Choice::new(*code, *label));
    let text = |name: &str| query.text(name).to_owned();
    AccessBar {
        people,
        actions: actions
            .map(|choice| choice.selected_if(query.text("action")))
            .collect(),
        outcomes: outcomes
            .map(|choice| choice.selected_if(query.text("outcome")))
            .collect(),
        address: text("address"),
        device: text("device"),
        from: text("from"),
        until: text("until"),
    }
}

fn pagination(room: &Room, found: &AccessPage, next: Option<&str>) -> Pagination {
    let query = &room.visit.query;
    let path = format!("{}/access-log", room.base());
    let shown = i64::try_from(found.events.len()).unwrap_or(0);
    Pagination {
        summary: summary_of(shown, found.looked_until),
        first_href: before(&room.visit).map(|_| href(&path, kept(query))),
        next_href: next.map(|next| href(&path, kept(query).chain([("before", next)]))),
        ..Pagination::default()
    }
}

fn row(event: &AccessEvent, names: &BTreeMap<OrganizationId, String>) -> AccessRow {
    let (act, detail) = in_words(event);
    let organization = event.organization.and_then(|id| names.get(&id).cloned());
    AccessRow {
        at: exact_moment(event.at),
        act,
        detail,
        method: event.method.clone(),
        device: device(&event.device),
        address: event.address.clone(),
        organization: organization.unwrap_or_default(),
    }
}

/// What was done, and to which address.
fn in_words(event: &AccessEvent) -> (Badge, String) {
    let (verb, route) = event
        .action
        .split_once(' ')
        .unwrap_or((event.action.as_str(), ""));
    let text = match verb {
        "sign-in" | "sign-in-code" | "sign-in-key" => "Signed in",
        "openid" => "Came back from a provider",
        "sign-in-begun" => "Asked for a code",
        "break-glass" => "Came in by break-glass",
        "sign-out" => "Signed out",
        "GET" => "Read",
        "POST" | "PUT" | "PATCH" => "Changed",
        "DELETE" => "Deleted",
        other => other,
    };
    let badge = match (event.outcome.as_str(), text) {
        ("done", "Read") => Badge::new(text, Tone::Neutral),
        ("done", _) => Badge::new(text, Tone::Good),
        ("refused", text) => Badge::new(format!("{text}: refused"), Tone::Bad),
        (_, text) => Badge::new(format!("{text}: failed"), Tone::Warn),
    };
    (badge, route.to_owned())
}
