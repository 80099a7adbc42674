//! The organizations of an account.

use super::Chrome;
use super::chrome::initials;
use askama::Template;

/// `/o`: where to go after sign-in.
#[derive(Debug, Clone, Template)]
#[template(path = "organizations.html")]
pub struct OrganizationsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The organizations the account is a member of.
    pub organizations: Vec<OrganizationCard>,
}

/// An organization in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationCard {
    /// Slug.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// The account's role in it.
    pub role: String,
}

impl OrganizationCard {
    /// Up to two letters that stand for the organization.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}
