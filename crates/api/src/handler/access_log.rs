//! The access log: one's own, and an organization's.

use super::file::download;
use crate::{
    answer::Answer,
    call::Call,
    refusal::Result,
    view::{
        organization::{AccessEventView, AccessLogView},
        record::Links,
    },
};
use platform::access_log::{self, AccessEvent, AccessFilter, AccessPage};

/// The media type of what is taken out.
const CSV: &str = "text/csv; charset=utf-8";

/// The caller's own sign-ins and requests.
pub(crate) async fn own(call: Call) -> Result<Answer> {
    let before = call.query.parsed("before", "a number of an earlier answer")?;
    let page = access_log::list_own(call.platform(), &call.caller, &filter_of(&call)?, before).await?;
    Ok(answer(&call, &page))
}

/// The same as CSV, all of it.
pub(crate) async fn export_own(call: Call) -> Result<Answer> {
    let stream = access_log::export_own(call.platform(), &call.caller, &filter_of(&call)?)?;
    Ok(download(CSV, "access-log.csv", stream))
}

/// The organization's as CSV, all of it.
pub(crate) async fn export_organization(call: Call) -> Result<Answer> {
    let stream = access_log::export_organization(call.workspace()?, &filter_of(&call)?).await?;
    Ok(download(CSV, "access-log.csv", stream))
}

fn filter_of(call: &Call) -> Result<AccessFilter> {
    let text = |name: &str| call.query.get(name).map(str::to_owned);
    let outcomes = [("done", "done"), ("refused", "refused"), ("failed", "failed")];
    let outcome = call.query.word("outcome", &outcomes)?;
    Ok(AccessFilter {
        account: call.query.parsed("account", "an account id")?,
        action: text("action"),
        outcome: outcome.map(str::to_owned),
        address: text("address"),
        device: text("device"),
        from: call.query.parsed("from", "a time such as 2026-03-12T00:00:00Z")?,
        until: call
            .query
            .parsed("until", "a time such as 2026-03-12T00:00:00Z")?,
    })
}

/// Every member's sign-ins and requests in the organization.
pub(crate) async fn organization(call: Call) -> Result<Answer> {
    let before = call.query.parsed("before", "a number of an earlier answer")?;
    let page = access_log::list_organization(call.workspace()?, &filter_of(&call)?, before).await?;
    Ok(answer(&call, &page))
}

fn answer(call: &Call, page: &AccessPage) -> Answer {
    let next = page.next.map(|number| number.to_string());
    let link = next.as_deref().map(|next| call.link("before", next));
    Answer::ok(&AccessLogView {
        events: page.events.iter().map(|(_, event)| view(event)).collect(),
        links: Links {
            next: link.as_deref(),
            prev: None,
        },
        next,
        looked_until: page.looked_until,
    })
}

fn view(event: &AccessEvent) -> AccessEventView<'_> {
    AccessEventView {
        at: event.at,
        account: event.account,
        action: &event.action,
        outcome: &event.outcome,
        status: event.status,
        method: &event.method,
        address: &event.address,
        device: &event.device,
        device_type: access_log::device_type(&event.device),
        request_id: &event.request_id,
    }
}
