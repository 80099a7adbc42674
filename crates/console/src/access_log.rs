//! `GET /account/access-log`: when and from where one's own account was used.

use crate::{
    errors::Fault,
    query::href,
    view::{AccessLogPage, AccessRow, Badge, Nav, Pagination, Tone},
    visit::{Answer, Visit, page},
    words::{device, exact_moment, plural},
};
use platform::access_log::{self, AccessEvent};
use std::collections::BTreeMap;
use types::OrganizationId;

/// Newest first.
pub(crate) async fn show(visit: Visit) -> Answer {
    let before = visit.query.get("before").and_then(|text| text.parse().ok());
    let found = access_log::list_own(visit.platform(), &visit.caller, before).await?;
    let names = organization_names(&visit).await?;
    let shown = i64::try_from(found.events.len()).unwrap_or(0);
    let path = "/account/access-log";
    page(&AccessLogPage {
        chrome: visit.chrome("Access log", Nav::AccessLog).await?,
        rows: found.events.iter().map(|(_, event)| row(event, &names)).collect(),
        pagination: Pagination {
            summary: plural(shown, "event", "events"),
            first_href: before.map(|_: i64| path.to_owned()),
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
        "sign-in" => "Signed in",
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
