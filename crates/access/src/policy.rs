//! What the table leaves to each organization.
//!
//! Invariant: a policy only opens a cell that the table marks "by policy"; it cannot open a "no" or close a "yes".

use serde::{Deserialize, Serialize};

/// A question that an organization answers for its administrators and owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// May administrators and owners reveal sensitive fields?
    AdministratorsReveal,
    /// May administrators and owners export records?
    AdministratorsExport,
    /// May administrators and owners close periods?
    AdministratorsClosePeriods,
}

/// The answer to a [`Policy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// They may.
    Allow,
    /// They may not.
    Deny,
}

/// One organization's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    /// Default deny: whoever keeps the members and the settings need not read bank accounts. An administrator who
    /// turns it on does so with an audit entry, and each reveal is logged.
    pub administrators_reveal: Choice,
    /// Default allow: an organization's data is its own, and a small organization may have no accountant. Without
    /// the right to reveal, sensitive fields leave masked.
    pub administrators_export: Choice,
    /// Default deny: closing the books is the accountant's act; duties stay apart unless the organization joins them.
    pub administrators_close_periods: Choice,
}

impl Default for Policies {
    fn default() -> Self {
        Policies {
            administrators_reveal: Choice::Deny,
            administrators_export: Choice::Allow,
            administrators_close_periods: Choice::Deny,
        }
    }
}

impl Policy {
    /// Every policy.
    pub const ALL: [Policy; 3] = [
        Policy::AdministratorsReveal,
        Policy::AdministratorsExport,
        Policy::AdministratorsClosePeriods,
    ];

    /// The stable name, as printed in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Policy::AdministratorsReveal => "administrators-reveal",
            Policy::AdministratorsExport => "administrators-export",
            Policy::AdministratorsClosePeriods => "administrators-close-periods",
        }
    }
}

impl Policies {
    /// The organization's answer to one question.
    pub const fn choice(&self, policy: Policy) -> Choice {
        match policy {
            Policy::AdministratorsReveal => self.administrators_reveal,
            Policy::AdministratorsExport => self.administrators_export,
            Policy::AdministratorsClosePeriods => self.administrators_close_periods,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_administrators_export_but_do_not_reveal() {
        let policies = Policies::default();
        assert_eq!(policies.choice(Policy::AdministratorsReveal), Choice::Deny);
        assert_eq!(policies.choice(Policy::AdministratorsExport), Choice::Allow);
        assert_eq!(policies.choice(Policy::AdministratorsClosePeriods), Choice::Deny);
    }

    #[test]
    fn a_missing_answer_is_the_default_and_an_unknown_question_is_refused() {
        assert_eq!(
            serde_json::from_str::<Policies>("{}").unwrap(),
            Policies::default()
        );
        assert!(serde_json::from_str::<Policies>("{\"everyone_reveals\":\"allow\"}").is_err());
    }
}
