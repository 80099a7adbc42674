//! Members of an organization.

use super::chrome::initials;
use super::{Badge, Choice, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/members`: posts a new member to itself, `role` to `.../members/{id}/role`, and to
/// `.../members/{id}/invitation`, `/disable`, `/enable`, `/factors/reset`
/// or `/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "members.html")]
pub struct MembersPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// The link just made: the only time it is shown.
    pub fresh: Option<FreshInvitation>,
    /// The members.
    pub members: Vec<MemberRow>,
    /// Inputs for a new member.
    pub fields: Vec<FieldInput>,
    /// Whether the form for a new member stands open.
    pub add_open: bool,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Whether to offer changes.
    pub may_administer: bool,
    /// The members after these, when there are more.
    pub next_href: Option<String>,
}

/// A member in the list.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// Membership id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Name to sign in with.
    pub login: String,
    /// Role in words.
    pub role: String,
    /// Roles on offer, the present one selected; empty when the role cannot be changed.
    pub roles: Vec<Choice>,
    /// Who vouches for them, in words.
    pub source: String,
    /// Their second factors, in words.
    pub factors: String,
    /// Active, invited, disabled.
    pub state: Badge,
    /// When the person became a member.
    pub since: Moment,
    /// Whether this is the reader.
    pub is_self: bool,
    /// Whether the membership is disabled.
    pub disabled: bool,
    /// Whether to offer disabling, enabling and removing.
    pub may_change: bool,
    /// Whether to offer a new link: the person has no password yet.
    pub may_invite: bool,
}

/// A link to set a first password. Has no `Debug` that shows it.
#[derive(Clone)]
pub struct FreshInvitation {
    /// Whose.
    pub name: String,
    /// The link.
    pub url: String,
    /// When it stops working.
    pub expires: Moment,
}

impl std::fmt::Debug for FreshInvitation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FreshInvitation")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl MemberRow {
    /// Up to two letters that stand for the person.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}
