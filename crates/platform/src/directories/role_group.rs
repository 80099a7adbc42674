//! Which groups of the directories give which roles in one organization, set by whoever manages its members.
//!
//! Invariants: nobody gives by a group what they could not give by hand, so only owners touch groups that make owners, and
//! whoever has less than their role gives nothing. A group that the directory does not have is not taken: every comparison
//! would be refused for it, and with that the leaving of everybody else. A directory may know people of other organizations, so
//! it gives roles here only where the host has mapped a group of it to this organization, or an operator asks. The directory is
//! asked before a change and may take its time, so rights, ranks and what was expected are looked at again where it is written.
//! Start at [`list`].

use super::{
    find, mapping,
    sync::{self, Change, What, Wish},
};
use crate::{
    Workspace,
    error::{PlatformError, Result},
    member::{check_rank, require_transfer},
    operator, session, withdrawal,
};
use access::{MemberState, Narrowing, Permission, Permit, Role};
use openssl::sha::Sha256;
use store::control::{
    ControlTx, Reads,
    directory::{self as rows, Directory as Row, DirectoryState, Mapping},
    membership,
};
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

impl RoleGroups {
    /// A digest of all of it, in hexadecimal digits, to expect at a change.
    #[must_use]
    pub fn tag(&self) -> String {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update(&(text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        };
        for directory in &self.directories {
            add(directory);
        }
        for RoleGroup {
            directory,
            group,
            role,
        } in &self.groups
        {
            add(directory);
            add(group);
            add(role.as_str());
        }
        hex::encode(&digest.finish()[..8])
    }
}

/// What the groups must be for a change to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever they are.
    Any,
    /// Those with this [`RoleGroups::tag`].
    Tag(String),
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
    collect(workspace, &mut workspace.platform().control().read().await?).await
}

async fn collect(workspace: &Workspace, on: &mut impl Reads) -> Result<RoleGroups> {
    let organization = workspace.organization().id;
    let mut found = RoleGroups {
        directories: Vec::new(),
        groups: Vec::new(),
    };
    for row in rows::list(on).await? {
        let mappings = rows::mappings(on, row.id).await?;
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
    let (row, wish) = allowed(workspace, alteration).await?;
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
/// As [`preview`]; `proof-required`; `stale-version` when the groups are not the expected ones; `conflict` at the most groups of
/// a directory, and when the directory was set anew meanwhile.
pub async fn alter(workspace: &Workspace, alteration: &Alteration, expected: &Expected) -> Result<()> {
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let (row, wish) = allowed(workspace, alteration).await?;
    if let Wish::Give(_) = wish {
        looked(workspace, &row, wish).await?;
    }
    let workspace = &withdrawal::renewed(workspace).await?;
    let (platform, caller) = (workspace.platform(), workspace.caller());
    let permit = permit(workspace).await?;
    let mut tx = mapping::begin(platform).await?;
    let checked = check(workspace, &mut tx, &permit, &row, alteration, expected).await;
    let named = (row.id, row.key.as_str());
    match checked {
        Err(error) => {
            tx.close().await?;
            Err(error)
        }
        Ok(Wish::Give(mapping)) => mapping::write(platform, caller, tx, named, &mapping).await,
        Ok(Wish::Take(group, organization)) => {
            mapping::erase(platform, caller, tx, named, &group, organization).await
        }
        Ok(Wish::Nothing | Wish::Settings(_)) => Ok(tx.close().await?),
    }
}

/// The wish within the transaction that carries it out, if the groups are still those that were expected.
async fn check(
    workspace: &Workspace,
    tx: &mut ControlTx,
    permit: &Permit,
    row: &Row,
    alteration: &Alteration,
    expected: &Expected,
) -> Result<Wish> {
    if let Expected::Tag(tag) = expected
        && collect(workspace, tx).await?.tag() != *tag
    {
        let why = "the groups are others now; read them again and repeat your change";
        return Err(PlatformError::new(ProblemCode::Stale, why));
    }
    check_directory(tx, row).await?;
    check_standing(workspace, tx, permit).await?;
    wish(workspace, tx, permit, row, alteration).await
}

/// Another way to ask, and what the directory answered says nothing.
async fn check_directory(tx: &mut ControlTx, row: &Row) -> Result<()> {
    let now = rows::find(tx, &row.key).await?;
    let is_same = |now: Row| now.id == row.id && now.settings == row.settings && now.state == row.state;
    if now.is_some_and(is_same) {
        return Ok(());
    }
    let why = "the directory was set anew while it was asked; try again";
    Err(PlatformError::new(ProblemCode::Conflict, why))
}

/// The rank as the transaction sees it: what the permit was made of may be two seconds old.
async fn check_standing(workspace: &Workspace, tx: &mut ControlTx, permit: &Permit) -> Result<()> {
    let caller = workspace.caller();
    let Some(account) = caller.account().filter(|_| caller.grant.is_none()) else {
        return Ok(());
    };
    let found = membership::find(tx, workspace.organization().id, account.id).await?;
    let is_same =
        |now: membership::Membership| now.state == MemberState::Active && Some(now.role) == permit.role();
    if found.is_some_and(is_same) {
        return Ok(());
    }
    Err(withdrawal::lost())
}

/// What is asked for, when the caller may ask for it.
async fn allowed(workspace: &Workspace, alteration: &Alteration) -> Result<(Row, Wish)> {
    let permit = permit(workspace).await?;
    let (Alteration::Give(RoleGroup { directory, .. }) | Alteration::Take { directory, .. }) = alteration;
    let row = find(workspace.platform(), directory).await?;
    let mut read = workspace.platform().control().read().await?;
    let wish = wish(workspace, &mut read, &permit, &row, alteration).await?;
    Ok((row, wish))
}

async fn permit(workspace: &Workspace) -> Result<Permit> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    if *permit.narrowing() != Narrowing::nothing() {
        let why = "a group gives the whole role, which is more than you have here; ask somebody who has all of theirs";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    Ok(permit)
}

async fn wish(
    workspace: &Workspace,
    on: &mut impl Reads,
    permit: &Permit,
    row: &Row,
    alteration: &Alteration,
) -> Result<Wish> {
    let (Alteration::Give(RoleGroup { group, .. }) | Alteration::Take { group, .. }) = alteration;
    let group = mapping::checked(group)?;
    let organization = workspace.organization().id;
    let mut own = rows::mappings(on, row.id).await?;
    own.retain(|one| one.organization_id == organization);
    if !may_use(workspace, &own) {
        return Err(PlatformError::not_found("directory"));
    }
    let before = own.iter().find(|one| one.group_key == group);
    if let Some(before) = before {
        check_rank(permit.role(), before.role)?;
        require_transfer(workspace, &[before.role]).await?;
    }
    Ok(match alteration {
        Alteration::Give(wanted) => {
            check_rank(permit.role(), wanted.role)?;
            require_transfer(workspace, &[wanted.role]).await?;
            Wish::Give(Mapping {
                group_key: group,
                organization_id: organization,
                role: wanted.role,
            })
        }
        Alteration::Take { .. } if before.is_none() => return Err(PlatformError::not_found("group")),
        Alteration::Take { .. } => Wish::Take(group, organization),
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
