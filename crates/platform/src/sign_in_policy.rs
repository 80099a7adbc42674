//! What is asked of sign-ins and passwords: by the appliance of everybody, by an organization of its members.
//!
//! Invariants: of several the strictest wins, rule by rule ([`SignInPolicy::joined`]); nobody asks for a second factor
//! who has none, or the first to be locked out would be the only one who can take it back; a change is an entry with what
//! is asked now. Operators always need a second factor, whatever is set.

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    operator, session,
};
use access::Permission;
use serde::{Deserialize, Serialize};
use store::control::{ControlTx, factor, sign_in_policy as rows};
use types::{AccountId, OrganizationId, ProblemCode};
use vault::{hierarchy::APPLIANCE, password::PASSWORD_CHARS_MIN};

/// Most characters that can be asked of a password.
pub const LENGTH_MAX: u16 = 64;
/// Most passwords that are remembered.
pub const HISTORY_MAX: u16 = 24;

/// The shortest and longest life of a password that can be asked for, in days.
pub const DAYS: std::ops::RangeInclusive<u16> = 30..=3_650;

/// Is a second factor asked for?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecondFactor {
    /// Whoever wants one has one.
    #[default]
    Optional,
    /// Nobody gets in without one.
    Required,
}

/// Which kinds of characters a password must have. Length does more; this is for rules that ask for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classes {
    /// Any.
    #[default]
    Any,
    /// Small and capital letters, digits, and something else.
    All,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInPolicy {
    /// A second factor.
    pub second_factor: SecondFactor,
    /// Fewest characters of a password that is not joined by a second factor.
    pub length_min: u16,
    /// Fewest characters of one that is.
    pub length_min_with_factor: u16,
    /// So many earlier passwords cannot be chosen again.
    pub history: u16,
    /// Kinds of characters.
    pub classes: Classes,
    /// After so many days a password must be changed; none for never, which is better where no rule asks for it.
    pub days_max: Option<u16>,
}

impl Default for SignInPolicy {
    /// As shipped: NIST SP 800-63B section 3.1.1.2.
    fn default() -> Self {
        Self {
            second_factor: SecondFactor::Optional,
            length_min: 15,
            length_min_with_factor: 8,
            history: 0,
            classes: Classes::Any,
            days_max: None,
        }
    }
}

impl SignInPolicy {
    /// What both ask for: of each rule the stricter.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            second_factor: self.second_factor.max(other.second_factor),
            length_min: self.length_min.max(other.length_min),
            length_min_with_factor: self.length_min_with_factor.max(other.length_min_with_factor),
            history: self.history.max(other.history),
            classes: self.classes.max(other.classes),
            days_max: self.days_max.into_iter().chain(other.days_max).min(),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let shortest = u16::try_from(PASSWORD_CHARS_MIN).unwrap_or(u16::MAX);
        let wrong =
            |pointer: &str, text: String| Err(PlatformError::invalid_at(pointer, "out-of-range", text));
        if !(shortest..=LENGTH_MAX).contains(&self.length_min_with_factor) {
            return wrong(
                "/length_min_with_factor",
                format!("{shortest} to {LENGTH_MAX} characters"),
            );
        }
        if !(self.length_min_with_factor..=LENGTH_MAX).contains(&self.length_min) {
            let least = self.length_min_with_factor;
            return wrong(
                "/length_min",
                format!("{least} to {LENGTH_MAX} characters; not fewer than with a second factor"),
            );
        }
        if self.history > HISTORY_MAX {
            return wrong("/history", format!("0 to {HISTORY_MAX} passwords"));
        }
        if self.days_max.is_some_and(|days| !DAYS.contains(&days)) {
            let text = format!("{} to {} days, or empty", DAYS.start(), DAYS.end());
            return wrong("/days_max", text);
        }
        Ok(())
    }
}

pub(crate) fn parsed(stored: Option<serde_json::Value>) -> Result<SignInPolicy> {
    let found = stored.map(serde_json::from_value).transpose();
    Ok(found.map_err(vault_failure)?.unwrap_or_default())
}

/// What the appliance asks of everybody.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn of_appliance(platform: &Platform, caller: &Caller) -> Result<SignInPolicy> {
    operator::require(caller)?;
    parsed(rows::find(&mut platform.control().read().await?, APPLIANCE).await?)
}

/// Sets what the appliance asks of everybody.
///
/// # Errors
/// `invalid`, `proof-required`; as [`of_appliance`].
pub async fn set_of_appliance(platform: &Platform, caller: &Caller, policy: &SignInPolicy) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    policy.check()?;
    let mut tx = platform.control().begin().await?;
    check_setter(&mut tx, caller, policy).await?;
    store(platform, tx, caller, None, policy).await
}

/// What an organization asks of its members.
///
/// # Errors
/// `not-allowed`.
pub async fn of_organization(workspace: &Workspace) -> Result<SignInPolicy> {
    workspace.permit(Permission::OrganizationRead).await?;
    let mut read = workspace.platform().control().read().await?;
    parsed(rows::find(&mut read, workspace.organization().id).await?)
}

/// Sets what an organization asks of its members. It holds within five seconds, for sessions and tokens that there are
/// too.
///
/// # Errors
/// `invalid`, `not-allowed`, `proof-required`; `conflict` when it asks for a second factor and the caller has none.
pub async fn set_of_organization(workspace: &Workspace, policy: &SignInPolicy) -> Result<()> {
    workspace.permit(Permission::PolicyManage).await?;
    let (platform, caller) = (workspace.platform(), workspace.caller());
    session::require_fresh(platform, caller)?;
    policy.check()?;
    let mut tx = platform.control().begin().await?;
    check_setter(&mut tx, caller, policy).await?;
    store(platform, tx, caller, Some(workspace.organization().id), policy).await
}

async fn check_setter(tx: &mut ControlTx, caller: &Caller, policy: &SignInPolicy) -> Result<()> {
    let Some(account) = caller.account() else {
        return Ok(());
    };
    if policy.second_factor == SecondFactor::Required && !factor::standing(tx, account.id).await?.suffices() {
        let detail = "set up an authenticator app, a passkey or a security key for yourself before you ask a second factor of others";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    Ok(())
}

async fn store(
    platform: &Platform,
    mut tx: ControlTx,
    caller: &Caller,
    organization: Option<OrganizationId>,
    policy: &SignInPolicy,
) -> Result<()> {
    let id = organization.unwrap_or(APPLIANCE);
    let json = serde_json::to_value(policy).map_err(vault_failure)?;
    rows::set(&mut tx, id, &json, platform.now()).await?;
    let reason = json.to_string();
    let object = match organization {
        Some(id) => Object::new("organization", id),
        None => Object::unknown("appliance"),
    };
    let act = Act::configuration("sign-in-policy.set", object).because(&reason);
    let entry = platform.entry(caller, organization, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}

/// What the appliance asks of everybody, whoever asks: for an account that is about to be made.
pub(crate) async fn appliance_wide(platform: &Platform) -> Result<SignInPolicy> {
    parsed(rows::find(&mut platform.control().read().await?, APPLIANCE).await?)
}

/// What is asked of an account by the appliance and all its organizations together.
pub(crate) async fn in_force(platform: &Platform, account: AccountId) -> Result<SignInPolicy> {
    let mut read = platform.control().read().await?;
    let mut joined = parsed(rows::find(&mut read, APPLIANCE).await?)?;
    for stored in rows::list_of_organizations(&mut read, account).await? {
        joined = joined.joined(&parsed(Some(stored))?);
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_the_stricter_wins_rule_by_rule() {
        let one = SignInPolicy {
            length_min: 20,
            days_max: Some(90),
            ..SignInPolicy::default()
        };
        let two = SignInPolicy {
            second_factor: SecondFactor::Required,
            history: 5,
            classes: Classes::All,
            days_max: Some(60),
            ..SignInPolicy::default()
        };
        let joined = one.joined(&two);
        assert_eq!(joined, two.joined(&one));
        assert_eq!(
            (
                joined.second_factor,
                joined.length_min,
                joined.length_min_with_factor
            ),
            (SecondFactor::Required, 20, 8)
        );
        assert_eq!(
            (joined.history, joined.classes, joined.days_max),
            (5, Classes::All, Some(60))
        );
    }

    #[test]
    fn what_is_out_of_range_is_refused_at_its_place() {
        let shipped = SignInPolicy::default;
        for (policy, pointer) in [
            (
                SignInPolicy {
                    length_min: 7,
                    length_min_with_factor: 7,
                    ..shipped()
                },
                "/length_min_with_factor",
            ),
            (
                SignInPolicy {
                    length_min: 8,
                    length_min_with_factor: 9,
                    ..shipped()
                },
                "/length_min",
            ),
            (
                SignInPolicy {
                    length_min: 65,
                    ..shipped()
                },
                "/length_min",
            ),
            (
                SignInPolicy {
                    history: 25,
                    ..shipped()
                },
                "/history",
            ),
        ] {
            let refused = policy.check().unwrap_err();
            assert_eq!(refused.errors[0].pointer, pointer);
        }
        assert!(shipped().check().is_ok());
    }

    #[test]
    fn rules_that_are_not_stored_are_as_shipped() {
        let stored = serde_json::json!({"second_factor": "required", "of_a_later_version": 1});
        let policy: SignInPolicy = serde_json::from_value(stored).unwrap();
        assert_eq!(
            policy,
            SignInPolicy {
                second_factor: SecondFactor::Required,
                ..SignInPolicy::default()
            }
        );
    }
}
