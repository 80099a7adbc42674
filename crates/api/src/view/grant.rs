//! Operator grants as JSON.

use jiff::Timestamp;
use platform::operator_grant::Grant;
use serde::Serialize;
use types::{AccountId, GrantId, OrganizationId};

/// A grant.
#[derive(Serialize)]
pub(crate) struct GrantJson<'a> {
    id: GrantId,
    organization: OrganizationId,
    account: AccountId,
    extent: &'static str,
    purpose: &'a str,
    hours: u8,
    state: &'static str,
    asked_at: Timestamp,
    decided_by: Option<AccountId>,
    ends_at: Option<Timestamp>,
}

impl<'a> From<&'a Grant> for GrantJson<'a> {
    fn from(grant: &'a Grant) -> Self {
        Self {
            id: grant.id,
            organization: grant.organization,
            account: grant.account,
            extent: grant.extent.as_str(),
            purpose: &grant.purpose,
            hours: grant.hours,
            state: grant.state.as_str(),
            asked_at: grant.asked_at,
            decided_by: grant.decided_by,
            ends_at: grant.ends_at,
        }
    }
}

/// Grants, newest first.
#[derive(Serialize)]
pub(crate) struct GrantsView<'a> {
    pub(crate) grants: Vec<GrantJson<'a>>,
}

/// What was asked for.
#[derive(Serialize)]
pub(crate) struct GrantAskedView {
    pub(crate) id: GrantId,
}

/// An organization that can be asked.
#[derive(Serialize)]
pub(crate) struct NamedOrganization<'a> {
    pub(crate) slug: &'a str,
    pub(crate) name: &'a str,
}

/// Those that can be asked.
#[derive(Serialize)]
pub(crate) struct NamedOrganizations<'a> {
    pub(crate) organizations: Vec<NamedOrganization<'a>>,
}
