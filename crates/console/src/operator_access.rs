//! Operator grants on an organization's side: who asks for access, approved, refused or ended by an administrator.

use crate::{
    errors::Fault,
    form::Form,
    single_record::name_of,
    view::{Badge, GrantRow, Moment, Nav, OperatorAccessPage, Tone},
    visit::{Answer, Visit, page, see_other},
    words::moment,
};
use actix_web::web::Path;
use platform::{
    operator_grant::{self, Grant, GrantDecision, GrantExtent, GrantState},
    people,
};
use types::{AccountId, GrantId};

pub(crate) fn extent_label(extent: GrantExtent) -> &'static str {
    match extent {
        GrantExtent::Read => "Reading, with sensitive values masked",
        GrantExtent::Repair => "Reading, and mending records and fields",
    }
}

pub(crate) fn state_badge(state: GrantState) -> Badge {
    match state {
        GrantState::Asked => Badge::new("Asked for", Tone::Accent),
        GrantState::Lapsed => Badge::new("Lapsed", Tone::Neutral),
        GrantState::Refused => Badge::new("Refused", Tone::Bad),
        GrantState::Open => Badge::new("Open", Tone::Warn),
        GrantState::Over => Badge::new("Over", Tone::Neutral),
    }
}

/// Its end, or how long it would be.
pub(crate) fn when(grant: &Grant) -> Option<Moment> {
    grant.ends_at.map(moment)
}

/// `GET /o/{organization}/operator-access`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    let grants = operator_grant::list(&room.workspace).await?;
    let accounts: Vec<AccountId> = grants.iter().map(|grant| grant.account).collect();
    let names = people::names(&room.workspace, &accounts).await?;
    let row = |grant: Grant| GrantRow {
        id: grant.id.to_string(),
        who: name_of(&names, grant.account),
        href: None,
        extent: format!("{}, {} hours", extent_label(grant.extent), grant.hours),
        state: state_badge(grant.state),
        asked: moment(grant.asked_at),
        ends: when(&grant),
        may_decide: grant.state == GrantState::Asked,
        may_end: grant.state == GrantState::Open,
        purpose: grant.purpose,
    };
    page(&OperatorAccessPage {
        chrome: room.chrome("Operators' access", Nav::OperatorAccess).await?,
        organization: room.slug().to_owned(),
        grants: grants.into_iter().map(row).collect(),
    })
}

async fn act(visit: Visit, path: &(String, String), notice: &str, decision: Option<GrantDecision>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path
        .1
        .parse::<GrantId>()
        .map_err(|_| Fault::not_found("operator grant"))?;
    match decision {
        Some(decision) => operator_grant::decide(&room.workspace, id, decision).await?,
        None => operator_grant::end(&room.workspace, id).await?,
    }
    see_other(&format!("{}/operator-access?notice={notice}", room.base()))
}

/// `POST .../operator-access/{grant}/approve`
pub(crate) async fn approve(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    act(visit, &path, "grant-approved", Some(GrantDecision::Approved)).await
}

/// `POST .../operator-access/{grant}/refuse`
pub(crate) async fn refuse(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    act(visit, &path, "grant-refused", Some(GrantDecision::Refused)).await
}

/// `POST .../operator-access/{grant}/end`
pub(crate) async fn end(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    act(visit, &path, "grant-ended", None).await
}
