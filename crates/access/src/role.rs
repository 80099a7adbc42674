//! The role of a member in one organization.
//!
//! Invariant: the order of the variants is the order of rank, lowest first; `Ord` follows it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a member is in one organization. Ordered by rank: `Role::Viewer < Role::Owner`.
///
/// Rank is for display and for "not above your own"; what a role may do is only ever read from [`crate::table`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and writes records.
    Editor,
    /// Writes, reveals, exports, closes periods.
    Accountant,
    /// Defines datasets, manages members and policies.
    Administrator,
    /// Everything an administrator may, and the organization's own fate.
    Owner,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no role is called {name:?}; roles are viewer, editor, accountant, administrator, owner")]
pub struct UnknownRole {
    /// The text as it came.
    pub name: String,
}

impl Role {
    /// Every role, lowest rank first.
    pub const ALL: [Role; 5] = [
        Role::Viewer,
        Role::Editor,
        Role::Accountant,
        Role::Administrator,
        Role::Owner,
    ];

    /// The stable name used in the API, the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Accountant => "accountant",
            Role::Administrator => "administrator",
            Role::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        let known = Role::ALL.into_iter().find(|role| role.as_str() == name);
        known.ok_or_else(|| UnknownRole {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_its_role_in_text_and_json() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            let json = serde_json::to_string(&role).unwrap();
            assert_eq!(json, format!("\"{role}\""));
            assert_eq!(serde_json::from_str::<Role>(&json).unwrap(), role);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = "Owner".parse::<Role>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no role is called \"Owner\"; roles are viewer, editor, accountant, administrator, owner"
        );
    }

    #[test]
    fn roles_are_ordered_by_rank() {
        assert!(Role::ALL.is_sorted());
        assert!(Role::Viewer < Role::Owner);
    }
}
