//! Operator grants: asked for by operators, decided by the organization.

use crate::{
    answer::Answer,
    call::Call,
    refusal::Result,
    view::grant::{GrantAskedView, GrantJson, GrantsView, NamedOrganization, NamedOrganizations},
};
use actix_web::http::StatusCode;
use platform::operator_grant::{self, Grant, GrantDecision, GrantExtent, NewGrant};

const EXTENTS: &[(&str, GrantExtent)] = &[("read", GrantExtent::Read), ("repair", GrantExtent::Repair)];

fn listed(grants: &[Grant]) -> Answer {
    Answer::ok(&GrantsView {
        grants: grants.iter().map(GrantJson::from).collect(),
    })
}

/// The organizations that can be asked.
pub(crate) async fn organizations(call: Call) -> Result<Answer> {
    let found = operator_grant::list_organizations(call.platform(), &call.caller).await?;
    let organizations = found.iter().map(|one| NamedOrganization {
        slug: &one.slug,
        name: &one.name,
    });
    Ok(Answer::ok(&NamedOrganizations {
        organizations: organizations.collect(),
    }))
}

/// The caller's own grants.
pub(crate) async fn list_own(call: Call) -> Result<Answer> {
    Ok(listed(
        &operator_grant::list_own(call.platform(), &call.caller).await?,
    ))
}

/// Asks for one.
pub(crate) async fn ask(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let organization = members.required_text("organization");
    let extent = members.word("extent", EXTENTS).unwrap_or(GrantExtent::Read);
    let purpose = members.required_text("purpose");
    // What is no such number is out of every bound, and refused as such.
    let hours = members
        .integer("hours")
        .map_or(0, |hours| u8::try_from(hours).unwrap_or(u8::MAX));
    members.finish()?;
    let new = NewGrant {
        organization,
        extent,
        purpose,
        hours,
    };
    let id = operator_grant::ask(call.platform(), &call.caller, new).await?;
    let location = format!("{}/{id}", call.request.path());
    Ok(Answer::created(&location, &GrantAskedView { id }))
}

/// Gives an own one back.
pub(crate) async fn end_own(call: Call) -> Result<Answer> {
    operator_grant::end_own(call.platform(), &call.caller, call.id("grant")?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The organization's grants.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    Ok(listed(&operator_grant::list(call.workspace()?).await?))
}

/// Approves one.
pub(crate) async fn approve(call: Call) -> Result<Answer> {
    decide(call, GrantDecision::Approved).await
}

/// Refuses one.
pub(crate) async fn refuse(call: Call) -> Result<Answer> {
    decide(call, GrantDecision::Refused).await
}

async fn decide(call: Call, decision: GrantDecision) -> Result<Answer> {
    operator_grant::decide(call.workspace()?, call.id("grant")?, decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Ends one.
pub(crate) async fn end(call: Call) -> Result<Answer> {
    operator_grant::end(call.workspace()?, call.id("grant")?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
