//! The access log: one's own, and an organization's.

use super::{Badge, Choice, Chrome, Moment, Pagination};
use askama::Template;

/// `/account/access-log`.
#[derive(Debug, Clone, Template)]
#[template(path = "access_log.html")]
pub struct AccessLogPage {
    /// The frame.
    pub chrome: Chrome,
    /// The filter in use; without people.
    pub filter: AccessBar,
    /// Where the same is to be had as CSV.
    pub csv_href: String,
    /// Sign-ins and requests, newest first.
    pub rows: Vec<AccessRow>,
    /// Where it goes on.
    pub pagination: Pagination,
}

/// A line of the access log.
#[derive(Debug, Clone)]
pub struct AccessRow {
    /// When.
    pub at: Moment,
    /// What was done: signed in, refused, signed out.
    pub act: Badge,
    /// The route, for what is no sign-in or sign-out.
    pub detail: String,
    /// How: password, token.
    pub method: String,
    /// Device in words.
    pub device: String,
    /// From which address.
    pub address: String,
    /// In which organization; empty for none.
    pub organization: String,
}

/// `/o/{org}/access-log`: filters by GET with `person`, `outcome`, `from` and `until`.
#[derive(Debug, Clone, Template)]
#[template(path = "organization_access_log.html")]
pub struct OrganizationAccessPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// The filter in use.
    pub filter: AccessBar,
    /// Where the same is to be had as CSV.
    pub csv_href: String,
    /// Requests, newest first.
    pub rows: Vec<VisitorRow>,
    /// Where it goes on.
    pub pagination: Pagination,
}

/// The filter of an organization's access log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessBar {
    /// Members on offer.
    pub people: Vec<Choice>,
    /// Beginnings of actions on offer.
    pub actions: Vec<Choice>,
    /// Outcomes on offer.
    pub outcomes: Vec<Choice>,
    /// How addresses begin; empty for any.
    pub address: String,
    /// What is part of the device's name; empty for any.
    pub device: String,
    /// The first day; empty for no bound.
    pub from: String,
    /// The last day; empty for no bound.
    pub until: String,
}

/// A line of an organization's access log.
#[derive(Debug, Clone)]
pub struct VisitorRow {
    /// Who, by name.
    pub person: String,
    /// What they did, and from where.
    pub access: AccessRow,
}
