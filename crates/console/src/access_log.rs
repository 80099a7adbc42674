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
use actix_web::web::Path;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use platform::{
    access_log::{self, AccessEvent, AccessFilter},
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
    let found = access_log::list_own(visit.platform(), &visit.caller, before).await?;
    let names = organization_names(&visit).await?;
    let shown = i64::try_from(found.events.len()).unwrap_or(0);
    let path = "/account/access-log";
    page(&AccessLogPage {
        chrome: visit.chrome("My access log", Nav::AccessLog).await?,
        rows: found.events.iter().map(|(_, event)| row(event, &names)).collect(),
        pagination: Pagination {
            summary: plural(shown, "event", "events"),
            first_href: before.map(|_| path.to_owned()),
            next_href: found
                .next
                .map(|next| href(path, [("before", next.to_string().as_str())])),
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
        filter: filter_bar(&room).await?,
        rows: rows.collect(),
        pagination: pagination(&room, found.events.len(), next.as_deref()),
    })
}

/// What of the address narrows the list.
const KEPT: [&str; 4] = ["person", "outcome", "from", "until"];

/// Outcomes on offer, and words for them.
const OUTCOMES: [(&str, &str); 3] = [("done", "Done"), ("refused", "Refused"), ("failed", "Failed")];

fn filter_of(query: &Pairs) -> Result<AccessFilter, Fault> {
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty());
    let day = |name: &str| text(name).map(day_of).transpose();
    let account = text("person").map(|text| text.parse().map_err(|_| Fault::not_found("member")));
    Ok(AccessFilter {
        account: account.transpose()?,
        outcome: text("outcome").map(str::to_owned),
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
    let outcomes = OUTCOMES.iter().map(|(code, label)| Choice::new(*code, *label));
    Ok(AccessBar {
        people: people
            .map(|choice| choice.selected_if(query.text("person")))
            .collect(),
        outcomes: outcomes
            .map(|choice| choice.selected_if(query.text("outcome")))
            .collect(),
        from: query.text("from").to_owned(),
        until: query.text("until").to_owned(),
    })
}

fn pagination(room: &Room, shown: usize, next: Option<&str>) -> Pagination {
    let query = &room.visit.query;
    let path = format!("{}/access-log", room.base());
    let kept = || KEPT.into_iter().map(|name| (name, query.text(name)));
    let kept = || kept().filter(|(_, value)| !value.is_empty());
    Pagination {
        summary: plural(i64::try_from(shown).unwrap_or(0), "event", "events"),
        first_href: before(&room.visit).map(|_| href(&path, kept())),
        next_href: next.map(|next| href(&path, kept().chain([("before", next)]))),
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
        "sign-in" | "sign-in-code" => "Signed in",
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
