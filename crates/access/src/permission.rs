//! The permissions: each a thing that a route, a page or a command needs.
//!
//! Invariant: codes are stable; they stand in the OpenAPI document, in tokens and in audit entries. A code is never
//! given a new meaning. Start at the list below; who holds what is in [`crate::table`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a permission is asked for, and so which kind of permit proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Realm {
    /// In one organization, of a member: [`crate::decide`].
    Organization,
    /// On one's own account: [`crate::decide_account`].
    Account,
    /// On the appliance, of an operator: [`crate::decide_appliance`].
    Appliance,
}

/// A text that is no permission's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no permission has the code {code:?}")]
pub struct UnknownPermission {
    /// The text as it came.
    pub code: String,
}

/// One list gives the enum, its codes, its descriptions and `ALL`, so that none can lag behind.
macro_rules! permissions {
    ($( $(#[doc = $doc:literal])+ $name:ident = $code:literal in $realm:ident, )+) => {
        /// One thing that somebody may or may not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Permission {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl Permission {
            /// Every permission, in the order of the table.
            pub const ALL: &'static [Permission] = &[$( Permission::$name, )+];

            /// The stable code: `record.read`.
            pub const fn code(self) -> &'static str {
                match self { $( Permission::$name => $code, )+ }
            }

            /// What it permits, in one sentence.
            pub fn description(self) -> &'static str {
                match self { $( Permission::$name => concat!($($doc),+).trim(), )+ }
            }

            /// Where it is asked for.
            pub const fn realm(self) -> Realm {
                match self { $( Permission::$name => Realm::$realm, )+ }
            }
        }
    };
}

permissions! {
    /// See the organization's name and settings that members need.
    OrganizationRead = "organization.read" in Organization,
    /// See datasets, fields and records, with sensitive fields masked.
    RecordRead = "record.read" in Organization,
    /// Open saved and shared views.
    ViewRead = "view.read" in Organization,
    /// See one's own sign-ins and requests in the access log.
    AccessLogReadOwn = "access-log.read-own" in Organization,
    /// See the promise register with its evidence.
    PromiseRead = "promise.read" in Organization,
    /// Make, list and end one's own API tokens, with no more than one's own rights.
    TokenManageOwn = "token.manage-own" in Organization,
    /// Create, change and delete records, and bring them back from the trash.
    RecordWrite = "record.write" in Organization,
    /// Import records from a file.
    RecordImport = "record.import" in Organization,
    /// See the clear value of sensitive fields; each reveal is logged.
    RecordReveal = "record.reveal" in Organization,
    /// Export records to a file.
    RecordExport = "record.export" in Organization,
    /// Close a period, after which its records no longer change.
    PeriodClose = "period.close" in Organization,
    /// Delete records in the trash for good.
    RecordPurge = "record.purge" in Organization,
    /// Create, change and delete datasets, fields and shared views.
    DatasetDefine = "dataset.define" in Organization,
    /// Set up a dataset from a template.
    TemplateApply = "template.apply" in Organization,
    /// Create, change and delete webhooks.
    WebhookManage = "webhook.manage" in Organization,
    /// See the members and their roles.
    MemberRead = "member.read" in Organization,
    /// Invite, change, disable and remove members.
    MemberManage = "member.manage" in Organization,
    /// List and end the API tokens of every member.
    TokenManageAll = "token.manage-all" in Organization,
    /// Change the organization's policies.
    PolicyManage = "policy.manage" in Organization,
    /// Read, export and check the audit log.
    AuditRead = "audit.read" in Organization,
    /// Read every member's access log.
    AccessLogRead = "access-log.read" in Organization,
    /// Find one person's data, hand it over, and propose or approve its erasure.
    PersonRequest = "person.request" in Organization,
    /// Approve, refuse and end operator grants.
    OperatorGrantManage = "operator-grant.manage" in Organization,
    /// Rename the organization.
    OrganizationRename = "organization.rename" in Organization,
    /// Take the organization's records back to a moment.
    OrganizationRestore = "organization.restore" in Organization,
    /// Rotate the organization's key.
    KeyRotate = "key.rotate" in Organization,
    /// Cancel, delete and reinstate the organization.
    OrganizationDelete = "organization.delete" in Organization,
    /// Place and lift holds.
    HoldManage = "hold.manage" in Organization,
    /// Make another member an owner, or stop being one.
    OwnershipTransfer = "ownership.transfer" in Organization,
    /// See and change one's own account: profile, password, factors, sessions.
    AccountManageSelf = "account.manage-self" in Account,
    /// See the appliance's state, settings and promise register.
    ApplianceRead = "appliance.read" in Appliance,
    /// Change the appliance's settings.
    ApplianceSettings = "appliance.settings" in Appliance,
    /// List and create organizations and name their first owner, without seeing their data.
    ApplianceOrganizations = "appliance.organizations" in Appliance,
    /// List accounts, disable them, and name operators.
    ApplianceAccounts = "appliance.accounts" in Appliance,
    /// Read the appliance's own audit log.
    ApplianceAudit = "appliance.audit" in Appliance,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(code: &str) -> Result<Self, UnknownPermission> {
        let known = Permission::ALL
            .iter()
            .find(|permission| permission.code() == code);
        known.copied().ok_or_else(|| UnknownPermission {
            code: code.to_owned(),
        })
    }
}

impl TryFrom<String> for Permission {
    type Error = UnknownPermission;

    fn try_from(code: String) -> Result<Self, UnknownPermission> {
        code.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> String {
        permission.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        let codes: BTreeSet<_> = Permission::ALL
            .iter()
            .map(|permission| permission.code())
            .collect();
        assert_eq!(codes.len(), Permission::ALL.len());
        for &permission in Permission::ALL {
            assert_eq!(permission.code().parse(), Ok(permission));
            let json = serde_json::to_string(&permission).unwrap();
            assert_eq!(json, format!("\"{permission}\""));
            assert_eq!(serde_json::from_str::<Permission>(&json).unwrap(), permission);
        }
    }

    #[test]
    fn codes_are_a_lower_case_noun_a_dot_and_a_lower_case_verb() {
        let kebab = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        for permission in Permission::ALL {
            let (noun, verb) = permission.code().split_once('.').unwrap();
            assert!(kebab(noun) && kebab(verb), "{permission}");
        }
    }

    #[test]
    fn a_code_of_the_appliance_says_so() {
        for permission in Permission::ALL {
            let named = permission.code().starts_with("appliance.");
            assert_eq!(permission.realm() == Realm::Appliance, named, "{permission}");
        }
    }

    #[test]
    fn each_has_a_description_of_one_sentence() {
        for permission in Permission::ALL {
            let description = permission.description();
            assert!(
                description.ends_with('.') && !description.starts_with(' '),
                "{permission}: {description:?}"
            );
        }
    }

    #[test]
    fn an_unknown_code_is_refused() {
        assert!(serde_json::from_str::<Permission>("\"record.reed\"").is_err());
        assert_eq!(
            "".parse::<Permission>().unwrap_err().to_string(),
            "no permission has the code \"\""
        );
    }
}
