//! The access log: one's own, and an organization's.

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

/// The caller's own sign-ins and requests.
pub(crate) async fn own(call: Call) -> Result<Answer> {
    let before = call.query.parsed("before", "a number of an earlier answer")?;
    let page = access_log::list_own(call.platform(), &call.caller, before).await?;
    Ok(answer(&call, &page))
}

/// Every member's sign-ins and requests in the organization.
pub(crate) async fn organization(call: Call) -> Result<Answer> {
    let before = call.query.parsed("before", "a number of an earlier answer")?;
    let page = access_log::list_organization(call.workspace()?, &AccessFilter::default(), before).await?;
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
        request_id: &event.request_id,
    }
}
