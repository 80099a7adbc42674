//! Directories as JSON. Whether a secret is stored is told, never the secret.

use jiff::Timestamp;
use platform::directories::{
    DirectoryView, Explained, ExplainedGroup, MappingView, Stage,
    role_group::RoleGroups,
    settings::Settings,
    sync::{Change, Outcome},
};
use serde::Serialize;

/// A directory.
#[derive(Serialize)]
pub(crate) struct DirectoryJson<'a> {
    key: &'a str,
    state: &'static str,
    settings: &'a Settings,
    has_secret: bool,
    has_client_key: bool,
    first_sign_in: &'static str,
    accounts: i64,
    last_sync: Option<SyncView<'a>>,
}

/// What came of the last comparison.
#[derive(Serialize)]
struct SyncView<'a> {
    at: Timestamp,
    result: &'a str,
    text: &'a str,
    changed: usize,
}

impl<'a> From<&'a Outcome> for SyncView<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self {
            at: outcome.at,
            result: &outcome.result,
            text: &outcome.text,
            changed: outcome.changed,
        }
    }
}

impl<'a> From<&'a DirectoryView> for DirectoryJson<'a> {
    fn from(view: &'a DirectoryView) -> Self {
        Self {
            key: &view.key,
            state: view.state.as_str(),
            settings: &view.settings,
            has_secret: view.has_secret,
            has_client_key: view.has_client_key,
            first_sign_in: view.first_sign_in.as_str(),
            accounts: view.people,
            last_sync: view.last_sync.as_ref().map(SyncView::from),
        }
    }
}

/// Every directory.
#[derive(Serialize)]
pub(crate) struct DirectoriesView<'a> {
    pub(crate) directories: Vec<DirectoryJson<'a>>,
}

/// What a test saw.
#[derive(Serialize)]
pub(crate) struct ReportView<'a> {
    good: bool,
    stages: &'a [Stage],
    person: Option<ExplainedView<'a>>,
}

impl<'a> ReportView<'a> {
    pub(crate) fn of(stages: &'a [Stage], person: Option<&'a Explained>) -> Self {
        Self {
            good: stages.iter().all(|stage| stage.good),
            stages,
            person: person.map(ExplainedView::from),
        }
    }
}

/// A role in an organization.
#[derive(Serialize)]
struct RoleView<'a> {
    organization: &'a str,
    role: &'static str,
}

fn roles(given: &[(String, access::Role)]) -> Vec<RoleView<'_>> {
    given
        .iter()
        .map(|(organization, role)| RoleView {
            organization,
            role: role.as_str(),
        })
        .collect()
}

/// A person, and where their roles come from.
#[derive(Serialize)]
pub(crate) struct ExplainedView<'a> {
    dn: &'a str,
    groups: Vec<GroupView<'a>>,
    roles: Vec<RoleView<'a>>,
}

#[derive(Serialize)]
struct GroupView<'a> {
    group: &'a str,
    through: Option<&'a str>,
    gives: Vec<RoleView<'a>>,
}

impl<'a> From<&'a ExplainedGroup> for GroupView<'a> {
    fn from(group: &'a ExplainedGroup) -> Self {
        Self {
            group: &group.group,
            through: group.through.as_deref(),
            gives: roles(&group.gives),
        }
    }
}

impl<'a> From<&'a Explained> for ExplainedView<'a> {
    fn from(explained: &'a Explained) -> Self {
        Self {
            dn: &explained.dn,
            groups: explained.groups.iter().map(GroupView::from).collect(),
            roles: roles(&explained.roles),
        }
    }
}

/// Which groups give which roles.
#[derive(Serialize)]
pub(crate) struct MappingsView<'a> {
    mappings: Vec<MappingJson<'a>>,
}

#[derive(Serialize)]
struct MappingJson<'a> {
    group: &'a str,
    organization: &'a str,
    role: &'static str,
}

impl<'a> MappingsView<'a> {
    pub(crate) fn of(found: &'a [MappingView]) -> Self {
        let mapping = |one: &'a MappingView| MappingJson {
            group: &one.group,
            organization: &one.organization,
            role: one.role.as_str(),
        };
        Self {
            mappings: found.iter().map(mapping).collect(),
        }
    }
}

/// Which groups give which roles in one organization, and the directories whose groups could.
#[derive(Serialize)]
pub(crate) struct RoleGroupsView<'a> {
    directories: &'a [String],
    groups: Vec<RoleGroupJson<'a>>,
}

#[derive(Serialize)]
struct RoleGroupJson<'a> {
    directory: &'a str,
    group: &'a str,
    role: &'static str,
}

impl<'a> From<&'a RoleGroups> for RoleGroupsView<'a> {
    fn from(found: &'a RoleGroups) -> Self {
        let groups = found.groups.iter().map(|one| RoleGroupJson {
            directory: &one.directory,
            group: &one.group,
            role: one.role.as_str(),
        });
        Self {
            directories: &found.directories,
            groups: groups.collect(),
        }
    }
}

/// Who gains and who loses what.
#[derive(Serialize)]
pub(crate) struct ChangesView<'a> {
    pub(crate) changes: &'a [Change],
}
