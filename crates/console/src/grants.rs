//! Operator grants on an operator's side: asked for, given back.

use crate::{
    appliance,
    errors::Fault,
    fields::with_problems,
    form::Form,
    operator_access::{extent_label, state_badge, when},
    view::{Choice, ErrorSummary, FieldInput, GrantRow, InputKind, OwnGrantsPage},
    visit::{Answer, Visit, page, page_with, see_other},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use platform::operator_grant::{self, GrantExtent, GrantState, HOURS_MAX, NewGrant};
use std::collections::BTreeMap;
use types::{GrantId, OrganizationId};

async fn inputs(visit: &Visit, form: Option<&Form>) -> Result<Vec<FieldInput>, Fault> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let organizations = operator_grant::list_organizations(visit.platform(), &visit.caller).await?;
    let organizations = organizations
        .into_iter()
        .map(|one| Choice::new(one.slug, one.name).selected_if(&value("organization")));
    let extents = [GrantExtent::Read, GrantExtent::Repair]
        .map(|extent| Choice::new(extent.as_str(), extent_label(extent)).selected_if(&value("extent")));
    let hours = Some(value("hours")).filter(|hours| !hours.is_empty());
    Ok(vec![
        FieldInput::new(
            "organization",
            "Organization",
            InputKind::Choice(organizations.collect()),
        )
        .required(),
        FieldInput::new("extent", "What you need", InputKind::Choice(extents.to_vec())).required(),
        FieldInput::new("hours", "For how many hours", InputKind::Integer)
            .with_value(hours.unwrap_or_else(|| "4".to_owned()))
            .with_help(format!("1 to {HOURS_MAX}, from the approval on."))
            .required(),
        FieldInput::new("purpose", "What for", InputKind::Text)
            .with_value(value("purpose"))
            .with_help(
                "One sentence that the organization's administrators read; it stays in their audit log.",
            )
            .required(),
    ])
}

async fn grants_page(
    visit: &Visit,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<OwnGrantsPage, Fault> {
    let organizations = operator_grant::list_organizations(visit.platform(), &visit.caller).await?;
    let names: BTreeMap<OrganizationId, (String, String)> = organizations
        .into_iter()
        .map(|one| (one.id, (one.slug, one.name)))
        .collect();
    let row = |grant: operator_grant::Grant| {
        let (slug, name) = names.get(&grant.organization).cloned().unwrap_or_default();
        GrantRow {
            id: grant.id.to_string(),
            who: name,
            href: (grant.state == GrantState::Open).then(|| format!("/o/{slug}/datasets")),
            extent: extent_label(grant.extent).to_owned(),
            state: state_badge(grant.state),
            asked: moment(grant.asked_at),
            ends: when(&grant),
            may_decide: false,
            may_end: matches!(grant.state, GrantState::Open | GrantState::Asked),
            purpose: grant.purpose,
        }
    };
    let grants = operator_grant::list_own(visit.platform(), &visit.caller).await?;
    let chrome = appliance::below(visit, "Access to organizations").await?;
    Ok(OwnGrantsPage {
        chrome,
        grants: grants.into_iter().map(row).collect(),
        fields,
        failure,
    })
}

/// `GET /appliance/grants`
pub(crate) async fn show(visit: Visit) -> Answer {
    appliance::enter(&visit)?;
    page(&grants_page(&visit, inputs(&visit, None).await?, None).await?)
}

/// `POST /appliance/grants`
pub(crate) async fn ask(visit: Visit, form: Form) -> Answer {
    appliance::enter(&visit)?;
    let new = NewGrant {
        organization: form.text("organization").to_owned(),
        extent: match form.text("extent") {
            "repair" => GrantExtent::Repair,
            _ => GrantExtent::Read,
        },
        purpose: form.text("purpose").to_owned(),
        hours: form.text("hours").trim().parse().unwrap_or(0),
    };
    match operator_grant::ask(visit.platform(), &visit.caller, new).await {
        Ok(_) => see_other("/appliance/grants?notice=grant-asked"),
        Err(error) => {
            let sent = inputs(&visit, Some(&form)).await?;
            let (fields, failure) = with_problems("Nothing was asked for", error, sent)?;
            let template = grants_page(&visit, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /appliance/grants/{grant}/end`
pub(crate) async fn end(visit: Visit, id: Path<String>, _form: Form) -> Answer {
    appliance::enter(&visit)?;
    let id = id
        .parse::<GrantId>()
        .map_err(|_| Fault::not_found("operator grant"))?;
    operator_grant::end_own(visit.platform(), &visit.caller, id).await?;
    see_other("/appliance/grants?notice=grant-ended")
}
