//! The groups of directories that give roles in an organization.

use super::{Chrome, DirectoryAnswer, ErrorSummary, FieldInput};
use askama::Template;

/// `/o/{organization}/groups`: posts to itself (`act` is `preview` or `save`) and to `/remove` below.
#[derive(Debug, Clone, Template)]
#[template(path = "role_groups.html")]
pub struct RoleGroupsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The organization's slug.
    pub organization: String,
    /// What the groups are known by, for the next change.
    pub tag: String,
    /// The groups.
    pub groups: Vec<RoleGroupRow>,
    /// Inputs of another one; none where no directory may give roles here.
    pub fields: Vec<FieldInput>,
    /// Who would gain and lose by what was typed.
    pub answer: Option<DirectoryAnswer>,
    /// Why what was just asked for was not done.
    pub failure: Option<ErrorSummary>,
}

/// A group that gives a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGroupRow {
    /// The directory's name.
    pub directory: String,
    /// The group.
    pub group: String,
    /// The role, for people.
    pub role: &'static str,
}
