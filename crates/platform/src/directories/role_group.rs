//! Which groups of the directories give which roles in one organization, set by whoever manages its members.
//!
//! Invariants: nobody gives by a group what they could not give by hand, so only owners touch groups that make owners, and
//! whoever has less than their role gives nothing. A group that the directory does not have is not taken: every comparison
//! would be refused for it, and with that the leaving of everybody else. A directory may know people of other organizations, so
//! it gives roles here only where the host has mapped a group of it to this organization, or an operator asks. Start at [`list`].

use super::{
    find, mapping,
    sync::{self, Change, What, Wish},
};
use crate::{
    Workspace,
    error::{PlatformError, Result},
    member::check_rank,
    operator, session,
};
use access::{Narrowing, Permission, Role};
use store::control::directory::{self as rows, Directory as Row, DirectoryState, Mapping};
use types::ProblemCode;

/// A group that gives a role here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGroup {
    /// The directory's name.
    pub directory: String,
    /// The group: its normal name, SID or GUID.
    pub group: String,
    /// The role.
    pub role: Role,
}

/// What gives roles here, and what could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGroups {
    /// The names of the directories whose groups can be given roles here.
    pub directories: Vec<String>,
    /// The groups, by directory and name.
    pub groups: Vec<RoleGroup>,
}

/// Something to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alteration {
    /// This group is to give this role.
    Give(RoleGroup),
    /// This group is to give nothing here.
    Take {
        /// The directory's name.
        directory: String,
        /// The group.
        group: String,
    },
}

/// The groups that give roles in this organization.
///
/// # Errors
/// `not-allowed` for who does not manage members.
pub async fn list(workspace: &Workspace) -> Result<RoleGroups> {
    workspace.permit(Permission::MemberManage).await?;
    let organization = workspace.organization().id;
    let mut read = workspace.platform().control().read().await?;
    let mut found = RoleGroups {
        directories: Vec::new(),
        groups: Vec::new(),
    };
    for row in rows::list(&mut read).await? {
        let mappings = rows::mappings(&mut read, row.id).await?;
        let own: Vec<Mapping> = mappings
            .into_iter()
            .filter(|one| one.organization_id == organization)
            .collect();
        if row.state == DirectoryState::Active && may_use(workspace, &own) {
            found.directories.push(row.key.clone());
        }
        found.groups.extend(own.into_iter().map(|one| RoleGroup {
            directory: row.key.clone(),
            group: one.group_key,
            role: one.role,
        }));
    }
    Ok(found)
}

/// Whether a directory may give roles here, by the groups of it that do.
fn may_use(workspace: &Workspace, own: &[Mapping]) -> bool {
    !own.is_empty() || operator::require(workspace.caller()).is_ok()
}

/// Who would gain and who would lose what here by it. Nothing is changed.
///
/// # Errors
/// `not-allowed`; `not-found`; `invalid` for what is no group of the directory; `unavailable` when it cannot be asked.
pub async fn preview(workspace: &Workspace, alteration: &Alteration) -> Result<Vec<Change>> {
    let (row, wish) = wish(workspace, alteration).await?;
    let slug = &workspace.organization().slug;
    let is_here = |change: &Change| match &change.what {
        What::Gains { organization, .. } | What::Loses { organization, .. } => organization == slug,
        What::Vanishes | What::Disabled | What::Returns => false,
    };
    let changes = looked(workspace, &row, wish).await?;
    Ok(changes.into_iter().filter(is_here).collect())
}

/// Does it: from the next sign-in and the next comparison on.
///
/// # Errors
/// As [`preview`]; `proof-required`; `conflict` at the most groups of a directory.
pub async fn alter(workspace: &Workspace, alteration: &Alteration) -> Result<()> {
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let (platform, caller) = (workspace.platform(), workspace.caller());
    match wish(workspace, alteration).await? {
        (row, Wish::Give(mapping)) => {
            looked(workspace, &row, Wish::Give(mapping.clone())).await?;
            // The directory may have taken its time: somebody of a higher rank may have given the group something meanwhile.
            wish(workspace, alteration).await?;
            mapping::write(platform, caller, row.id, &row.key, &mapping).await
        }
        (row, Wish::Take(group, organization)) => {
            mapping::erase(platform, caller, row.id, &row.key, &group, organization).await
        }
        (_, Wish::Nothing | Wish::Settings(_)) => Ok(()),
    }
}

/// What is asked for, when the caller may ask for it.
async fn wish(workspace: &Workspace, alteration: &Alteration) -> Result<(Row, Wish)> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    if *permit.narrowing() != Narrowing::nothing() {
        let why = "a group gives the whole role, which is more than you have here; ask somebody who has all of theirs";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let (directory, group) = match alteration {
        Alteration::Give(wanted) => (&wanted.directory, &wanted.group),
        Alteration::Take { directory, group } => (directory, group),
    };
    let row = find(workspace.platform(), directory).await?;
    let group = mapping::checked(group)?;
    let organization = workspace.organization().id;
    let mut read = workspace.platform().control().read().await?;
    let mut own = rows::mappings(&mut read, row.id).await?;
    own.retain(|one| one.organization_id == organization);
    if !may_use(workspace, &own) {
        return Err(PlatformError::not_found("directory"));
    }
    let before = own.iter().find(|one| one.group_key == group);
    if let Some(before) = before {
        check_rank(permit.role(), before.role)?;
    }
    Ok(match alteration {
        Alteration::Give(wanted) => {
            check_rank(permit.role(), wanted.role)?;
            let mapping = Mapping {
                group_key: group,
                organization_id: organization,
                role: wanted.role,
            };
            (row, Wish::Give(mapping))
        }
        Alteration::Take { .. } if before.is_none() => return Err(PlatformError::not_found("group")),
        Alteration::Take { .. } => (row, Wish::Take(group, organization)),
    })
}

/// Asks the directory what would change; a group that it does not have is refused.
async fn looked(workspace: &Workspace, row: &Row, wish: Wish) -> Result<Vec<Change>> {
    let given = match &wish {
        Wish::Give(mapping) => Some(mapping.group_key.clone()),
        _ => None,
    };
    let plan = sync::look(workspace.platform(), row, wish).await?;
    if given.is_some_and(|group| plan.lacks(&group)) {
        let text = "the directory has no such group below its group bases";
        return Err(PlatformError::invalid_at("/group", "unknown", text));
    }
    Ok(plan.changes)
}
