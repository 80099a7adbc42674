//! Organizations kept apart by the database: schemas, owners, grants and roles out of the catalogue, and a probe that
//! attacks from each organization's own connection.

use super::{homes, look::Look};
use crate::{Platform, error::Result};
use promises::Outcome;
use store::{control::evidence, tenant::probe as attack};
use types::SchemaName;

/// Who owns and migrates everything.
const OWNER: &str = "strongroom_owner";
/// Most organizations that one run attacks from.
const PAIRS_MAX: usize = 25;

/// The catalogue against the list of organizations.
pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let mut read = platform.control().read().await?;
    let schemas = evidence::list_schemas(&mut read).await?;
    for schema in &schemas {
        if schema.owner != OWNER {
            let what = format!("the schema belongs to {}", schema.owner);
            look.fault(what, schema.schema.clone(), "give it back to strongroom_owner");
        }
        if !schema.known {
            look.fault(
                "a schema without an organization",
                schema.schema.clone(),
                "find out whose it is, then drop it",
            );
        }
    }
    for name in evidence::list_organizations_without_schema(&mut read).await? {
        look.fault(
            "an organization without its schema",
            name,
            "restore it from a backup",
        );
    }
    for grant in evidence::list_foreign_grants(&mut read).await? {
        let what = format!("{} has {} across", grant.grantee, grant.privilege);
        let place = grant.object.map_or(grant.schema.clone(), |object| {
            format!("{}.{object}", grant.schema)
        });
        look.fault(what, place, "revoke it, and find out who granted it");
    }
    for grant in evidence::list_public_grants(&mut read).await? {
        let place = grant.object.map_or(grant.schema.clone(), |object| {
            format!("{}.{object}", grant.schema)
        });
        look.fault(
            format!("everyone has {}", grant.privilege),
            place,
            "revoke it from PUBLIC",
        );
    }
    check_memberships(&evidence::list_role_memberships(&mut read).await?, &mut look);
    let organizations = evidence::counts(&mut read).await?.organizations;
    Ok(look
        .fact("organizations", organizations)
        .fact("schemas", schemas.len())
        .fact(
            "rights that reach across",
            "looked for in schemas, tables, columns, functions",
        )
        .done())
}

fn check_memberships(memberships: &[evidence::RoleMembership], look: &mut Look) {
    for membership in memberships {
        let what = format!("{} is a member of {}", membership.member, membership.role);
        look.fault(what, membership.member.clone(), "revoke the membership");
    }
}

/// Arbitrary SQL as each organization, against another one and the control schema.
pub(super) async fn probe(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let mut read = platform.control().read().await?;
    let roles = evidence::list_login_roles(&mut read).await?;
    for role in &roles {
        if role.powerful {
            look.fault(
                "the role has rights beyond its grants",
                role.role.clone(),
                "ALTER ROLE it back to NOSUPERUSER and so on",
            );
        }
        if role.owned > 0 {
            let what = format!("the role owns {} objects", role.owned);
            look.fault(what, role.role.clone(), "give them to strongroom_owner");
        }
    }
    check_memberships(&evidence::list_role_memberships(&mut read).await?, &mut look);
    drop(read);
    let homes = homes(platform).await?;
    // Of very many organizations, others come into the sample with every run.
    let start = usize::try_from(platform.now().as_second()).unwrap_or(0) % homes.len().max(1);
    let mut attacked = 0;
    for number in 0..homes.len().min(PAIRS_MAX) {
        let home = &homes[(start + number) % homes.len()];
        let other = &homes[(start + number + 1) % homes.len()];
        // Alone, it is turned against a schema that is not there, and against the control schema.
        let target = match other.summary.id == home.summary.id {
            true => SchemaName::new([0; 16]),
            false => other.tenant.schema_name().clone(),
        };
        for breach in attack::reach_across(&home.tenant, &target).await? {
            let place = format!("{} against {}", home.summary.slug, other.summary.slug);
            look.fault(
                format!("this succeeded: {}", breach.attempt),
                place,
                "revoke the right that made it possible",
            );
        }
        attacked += 1;
    }
    Ok(look
        .fact("login roles", roles.len())
        .fact(
            "organizations attacked from",
            format!("{attacked} of {}", homes.len()),
        )
        .done())
}
