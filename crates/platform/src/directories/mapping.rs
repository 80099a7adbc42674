//! Which group of a directory gives which role where: set at the host for any organization, explained to operators. For one
//! organization its own people set it ([`super::role_group`]).

use super::{Explained, ExplainedGroup, find};
use crate::{
    Caller, Platform,
    act::{Act, Object},
    caller::Identity,
    error::{PlatformError, Result},
    operator,
};
use access::Role;
use directory::group::{self, Group};
use std::collections::BTreeMap;
use store::control::{
    ControlTx,
    directory::{self as rows, Mapping},
    organization,
};
use types::{OrganizationId, OrganizationSlug, ProblemCode, SourceId};

/// A mapping, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingView {
    /// The group: its normal name, SID or GUID.
    pub group: String,
    /// The organization's slug.
    pub organization: String,
    /// The role.
    pub role: Role,
}

/// A directory's mappings.
///
/// # Errors
/// `not-signed-in`, `not-allowed`, `not-found`.
pub async fn mappings(platform: &Platform, caller: &Caller, key: &str) -> Result<Vec<MappingView>> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let mut read = platform.control().read().await?;
    let found = rows::mappings(&mut read, row.id).await?;
    drop(read);
    let slugs = slugs(platform, found.iter().map(|mapping| mapping.organization_id)).await?;
    let view = |mapping: Mapping| MappingView {
        organization: slugs.get(&mapping.organization_id).cloned().unwrap_or_default(),
        group: mapping.group_key,
        role: mapping.role,
    };
    Ok(found.into_iter().map(view).collect())
}

/// Lets a group give a role in an organization, from the next sign-in or sync on.
///
/// # Errors
/// `not-allowed` but for the host; `not-found`; `invalid` for what is no whole name, SID or GUID.
pub async fn map(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    group: &str,
    slug: &str,
    role: Role,
) -> Result<()> {
    let (id, group, organization) = named(platform, caller, key, group, slug).await?;
    let mapping = Mapping {
        group_key: group,
        organization_id: organization,
        role,
    };
    let tx = begin(platform).await?;
    write(platform, caller, tx, (id, key), &mapping).await
}

/// A transaction that alone changes what groups give, until it ends.
pub(super) async fn begin(platform: &Platform) -> Result<ControlTx> {
    let mut tx = platform.control().begin().await?;
    rows::hold_all(&mut tx).await?;
    Ok(tx)
}

/// Writes a mapping of the directory with this id and name.
pub(super) async fn write(
    platform: &Platform,
    caller: &Caller,
    mut tx: ControlTx,
    (id, key): (SourceId, &str),
    mapping: &Mapping,
) -> Result<()> {
    if rows::mappings(&mut tx, id).await?.len() >= usize::try_from(rows::MAPPINGS_MAX).unwrap_or(usize::MAX) {
        tx.close().await?;
        let text = format!("at most {} groups can be mapped", rows::MAPPINGS_MAX);
        return Err(PlatformError::new(ProblemCode::Conflict, text));
    }
    rows::set_mapping(&mut tx, id, mapping).await?;
    let why = format!("{} gives {}", mapping.group_key, mapping.role);
    let act = Act::configuration("directory.map", Object::new("directory", key)).because(&why);
    tx.commit(&platform.entry(caller, Some(mapping.organization_id), &act)?, &[])
        .await?;
    Ok(())
}

/// Lets a group give nothing there any more.
///
/// # Errors
/// As [`map`].
pub async fn unmap(platform: &Platform, caller: &Caller, key: &str, group: &str, slug: &str) -> Result<()> {
    let (id, group, organization) = named(platform, caller, key, group, slug).await?;
    let tx = begin(platform).await?;
    erase(platform, caller, tx, (id, key), &group, organization).await
}

/// Takes a mapping of the directory with this id and name away.
pub(super) async fn erase(
    platform: &Platform,
    caller: &Caller,
    mut tx: ControlTx,
    (id, key): (SourceId, &str),
    group: &str,
    organization: OrganizationId,
) -> Result<()> {
    rows::delete_mapping(&mut tx, id, group, organization).await?;
    let act = Act::configuration("directory.unmap", Object::new("directory", key)).because(group);
    tx.commit(&platform.entry(caller, Some(organization), &act)?, &[])
        .await?;
    Ok(())
}

async fn named(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    group: &str,
    slug: &str,
) -> Result<(SourceId, String, OrganizationId)> {
    if !matches!(caller.identity, Identity::Host) {
        let why = "which group gives a role in any organization is set at the host only; in their own its administrators set it";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let id = find(platform, key).await?.id;
    let group = checked(group)?;
    let slug: OrganizationSlug = slug
        .parse()
        .map_err(|_| PlatformError::not_found("organization"))?;
    let found = organization::find_by_slug(&mut platform.control().read().await?, &slug).await?;
    let organization = found.ok_or_else(|| PlatformError::not_found("organization"))?.id;
    Ok((id, group, organization))
}

/// A group by the name that it is kept under.
pub(super) fn checked(group: &str) -> Result<String> {
    let text =
        "the whole distinguished name of the group, or its SID or GUID; its short name alone is not enough";
    group::key(group).ok_or_else(|| PlatformError::invalid_at("/group", "malformed", text))
}

/// The roles that groups give: in each organization the highest one.
pub(super) fn wanted(groups: &[Group], mappings: &[Mapping]) -> BTreeMap<OrganizationId, Role> {
    let mut roles = BTreeMap::new();
    for mapping in mappings {
        if groups.iter().any(|group| group.keys.contains(&mapping.group_key)) {
            let role = roles.entry(mapping.organization_id).or_insert(mapping.role);
            *role = (*role).max(mapping.role);
        }
    }
    roles
}

/// Which group gave which role.
pub(super) async fn explain(
    platform: &Platform,
    mappings: &[Mapping],
    dn: &str,
    groups: &[Group],
) -> Result<Explained> {
    let slugs = slugs(platform, mappings.iter().map(|mapping| mapping.organization_id)).await?;
    let named = |organization: &OrganizationId| slugs.get(organization).cloned().unwrap_or_default();
    let gives = |group: &Group| {
        let matching = mappings
            .iter()
            .filter(|mapping| group.keys.contains(&mapping.group_key));
        matching
            .map(|mapping| (named(&mapping.organization_id), mapping.role))
            .collect()
    };
    let roles = wanted(groups, mappings);
    Ok(Explained {
        dn: dn.to_owned(),
        groups: groups
            .iter()
            .map(|group| ExplainedGroup {
                group: group.dn.clone(),
                through: group.through.clone(),
                gives: gives(group),
            })
            .collect(),
        roles: roles
            .iter()
            .map(|(organization, role)| (named(organization), *role))
            .collect(),
    })
}

/// The slugs of organizations.
pub(super) async fn slugs(
    platform: &Platform,
    ids: impl Iterator<Item = OrganizationId>,
) -> Result<BTreeMap<OrganizationId, String>> {
    let mut slugs = BTreeMap::new();
    let mut read = platform.control().read().await?;
    for id in ids {
        if !slugs.contains_key(&id)
            && let Some(found) = organization::find_by_id(&mut read, id).await?
        {
            slugs.insert(id, found.slug.to_string());
        }
    }
    Ok(slugs)
}
