//! The policies of an organization: what its administrators may do besides the table, and what it requires of whoever
//! comes in.
//!
//! Invariants: a bound of an organization is never wider than the appliance's; a session keeps to the tightest bounds of
//! all the organizations of its person ([`crate::session`]), since one session reaches them all.

use crate::{
    Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    session,
};
use access::{Permission, Policies, Policy};
use serde::{Deserialize, Serialize};
use store::control::organization as rows;
use types::FieldProblem;

/// Shortest bounds, in seconds: people must be able to read a page, and to work.
pub const IDLE_SECONDS_MIN: u32 = 60;
/// See [`IDLE_SECONDS_MIN`].
pub const ABSOLUTE_SECONDS_MIN: u32 = 300;

/// What an organization requires of whoever comes in. Members that a newer program wrote are left as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requirements {
    /// A session ends after so many seconds without use; the appliance's bound if nothing is said.
    pub session_idle_seconds_max: Option<u32>,
    /// A session ends after so many seconds in any case; the appliance's bound if nothing is said.
    pub session_absolute_seconds_max: Option<u32>,
}

/// Everything that an organization decides for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrganizationPolicy {
    /// What administrators and owners may do.
    pub administrators: Policies,
    /// What is required of everybody.
    pub requirements: Requirements,
}

/// The policies in force.
///
/// # Errors
/// `not-allowed`.
pub async fn show(workspace: &Workspace) -> Result<OrganizationPolicy> {
    workspace.permit(Permission::OrganizationRead).await?;
    Ok(workspace.home.policy())
}

/// Sets the policies; they hold on every node within five seconds. Answers whether anything changed.
///
/// # Errors
/// `not-allowed`; `proof-required`; `invalid` for bounds that are wider than the appliance's or too short to work with.
pub async fn set(workspace: &Workspace, policy: OrganizationPolicy) -> Result<bool> {
    workspace.permit(Permission::PolicyManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    check_bounds(workspace, policy.requirements)?;
    let id = workspace.organization().id;
    let platform = workspace.platform();
    let mut tx = platform.control().begin().await?;
    let row = rows::find_by_id(&mut tx, id).await?;
    let row = row.ok_or_else(|| PlatformError::not_found("organization"))?;
    let before = of_row(&row)?;
    let reason = changes(&before, &policy).join("; ");
    if reason.is_empty() {
        tx.close().await?;
        return Ok(false);
    }
    let administrators = serde_json::to_value(policy.administrators).map_err(vault_failure)?;
    rows::set_policies(&mut tx, id, &administrators).await?;
    let requirements = merged(row.requirements, policy.requirements)?;
    rows::set_requirements(&mut tx, id, &requirements).await?;
    let act =
        Act::configuration("organization.set-policies", Object::new("organization", id)).because(&reason);
    let entry = platform.entry(workspace.caller(), Some(id), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.homes().clear();
    platform.known().clear();
    Ok(true)
}

/// What a row says.
pub(crate) fn of_row(row: &rows::Organization) -> Result<OrganizationPolicy> {
    Ok(OrganizationPolicy {
        administrators: serde_json::from_value(row.policies.clone()).map_err(vault_failure)?,
        requirements: serde_json::from_value(row.requirements.clone()).map_err(vault_failure)?,
    })
}

/// The new requirements over what stands there.
fn merged(old: serde_json::Value, new: Requirements) -> Result<serde_json::Value> {
    let mut members = match old {
        serde_json::Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    if let serde_json::Value::Object(new) = serde_json::to_value(new).map_err(vault_failure)? {
        members.extend(new);
    }
    members.retain(|_, value| !value.is_null());
    Ok(members.into())
}

fn check_bounds(workspace: &Workspace, requirements: Requirements) -> Result<()> {
    let settings = workspace.platform().settings();
    let Requirements {
        session_idle_seconds_max,
        session_absolute_seconds_max,
    } = requirements;
    let problems: Vec<FieldProblem> = [
        (
            "/session_idle_seconds_max",
            session_idle_seconds_max,
            IDLE_SECONDS_MIN..=settings.session_idle_seconds_max,
        ),
        (
            "/session_absolute_seconds_max",
            session_absolute_seconds_max,
            ABSOLUTE_SECONDS_MIN..=settings.session_absolute_seconds_max,
        ),
    ]
    .into_iter()
    .filter(|(_, asked, bounds)| asked.is_some_and(|asked| !bounds.contains(&asked)))
    .map(|(pointer, _, bounds)| {
        let message = format!(
            "{} to {} seconds; the appliance allows no longer",
            bounds.start(),
            bounds.end()
        );
        FieldProblem::new(pointer, "out-of-range", message)
    })
    .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(PlatformError::invalid(problems))
}

/// What differs, each as "name: before -> after".
fn changes(before: &OrganizationPolicy, after: &OrganizationPolicy) -> Vec<String> {
    let choice = |policy: &OrganizationPolicy, name: Policy| match policy.administrators.choice(name) {
        access::Choice::Allow => "allow".to_owned(),
        access::Choice::Deny => "deny".to_owned(),
    };
    let bound = |seconds: Option<u32>| seconds.map_or_else(|| "appliance".to_owned(), |s| format!("{s} s"));
    let of = |policy: &OrganizationPolicy| {
        let choices = Policy::ALL.map(|name| (name.as_str(), choice(policy, name)));
        let Requirements {
            session_idle_seconds_max,
            session_absolute_seconds_max,
        } = policy.requirements;
        let bounds = [
            ("session-idle", bound(session_idle_seconds_max)),
            ("session-absolute", bound(session_absolute_seconds_max)),
        ];
        choices.into_iter().chain(bounds).collect::<Vec<_>>()
    };
    let pairs = of(before).into_iter().zip(of(after));
    let differ = pairs.filter(|((_, before), (_, after))| before != after);
    differ
        .map(|((name, before), (_, after))| format!("{name}: {before} -> {after}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::Choice;
    use serde_json::json;

    #[test]
    fn a_change_is_said_with_before_and_after_and_no_change_says_nothing() {
        let before = OrganizationPolicy::default();
        let mut after = before;
        assert!(changes(&before, &after).is_empty());
        after.administrators.administrators_reveal = Choice::Allow;
        after.requirements.session_idle_seconds_max = Some(300);
        assert_eq!(
            changes(&before, &after),
            [
                "administrators-reveal: deny -> allow",
                "session-idle: appliance -> 300 s"
            ]
        );
    }

    #[test]
    fn what_a_newer_program_requires_stays_and_a_bound_taken_back_goes() {
        let old = json!({"second_factor": "everyone", "session_idle_seconds_max": 300});
        let new = Requirements::default();
        assert_eq!(merged(old, new).unwrap(), json!({"second_factor": "everyone"}));
    }
}
