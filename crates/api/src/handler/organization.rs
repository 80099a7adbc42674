//! The caller's organizations.

use crate::{
    answer::Answer,
    call::Call,
    refusal::Result,
    view::organization::{OrganizationView, OrganizationsView},
};
use access::Role;
use platform::organization;

/// The caller's organizations.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let mine = organization::list_mine(call.platform(), &call.caller).await?;
    let organizations = mine.iter().map(|mine| OrganizationView {
        slug: &mine.summary.slug,
        name: &mine.summary.name,
        role: mine.role.as_str(),
    });
    Ok(Answer::ok(&OrganizationsView {
        organizations: organizations.collect(),
    }))
}

/// One of them.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let workspace = call.workspace()?;
    let organization = workspace.organization();
    Ok(Answer::ok(&OrganizationView {
        slug: &organization.slug,
        name: &organization.name,
        role: workspace.role().map_or("", Role::as_str),
    }))
}
