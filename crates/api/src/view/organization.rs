//! The caller and their organizations as JSON.

use jiff::Timestamp;
use serde::Serialize;
use types::AccountId;

/// An organization with the caller's role.
#[derive(Serialize)]
pub(crate) struct OrganizationView<'a> {
    pub(crate) slug: &'a str,
    pub(crate) name: &'a str,
    pub(crate) role: &'static str,
}

/// The caller's organizations.
#[derive(Serialize)]
pub(crate) struct OrganizationsView<'a> {
    pub(crate) organizations: Vec<OrganizationView<'a>>,
}

/// The caller.
#[derive(Serialize)]
pub(crate) struct MeView<'a> {
    pub(crate) account: AccountId,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    /// `session` or `token`.
    pub(crate) signed_in_by: &'static str,
}

/// That the server answers.
#[derive(Serialize)]
pub(crate) struct HealthView {
    pub(crate) status: &'static str,
}

/// One request or sign-in.
#[derive(Serialize)]
pub(crate) struct AccessEventView<'a> {
    pub(crate) at: Timestamp,
    pub(crate) account: Option<AccountId>,
    pub(crate) action: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) status: Option<u16>,
    pub(crate) method: &'a str,
    pub(crate) address: &'a str,
    pub(crate) device: &'a str,
    pub(crate) device_type: String,
    pub(crate) request_id: &'a str,
}

/// A page of the access log.
#[derive(Serialize)]
pub(crate) struct AccessLogView<'a> {
    pub(crate) events: Vec<AccessEventView<'a>>,
    /// The number to go on before; a page may hold few events, or none, and yet go on.
    pub(crate) next: Option<String>,
    /// Until when was looked, where that was not the end.
    pub(crate) looked_until: Option<Timestamp>,
    pub(crate) links: super::record::Links<'a>,
}
