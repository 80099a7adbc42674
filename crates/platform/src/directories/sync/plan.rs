//! What a sync would change, made of what the directory says and what is known here; pure.

use super::super::mapping::wanted;
use access::Role;
use directory::{State, listing::Listing};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::control::{
    account::{Account, AccountState},
    directory::Mapping,
};
use types::{AccountId, OrganizationId};

/// People who may be lost at once without being asked about, and the share beyond.
const LOST_MAX: usize = 5;
const LOST_PERCENT_MAX: usize = 20;

/// Somebody who is known by the directory.
pub(super) struct Known {
    account: AccountId,
    email: String,
    barred: bool,
    roles: BTreeMap<OrganizationId, Role>,
}

/// What changes for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// Gone from the directory.
    Vanishes,
    /// Disabled or expired there.
    Disabled,
    /// Let in again.
    Returns,
    /// Gets a role.
    Gains {
        /// Where, by slug.
        organization: String,
        /// Which.
        role: String,
    },
    /// Has a role no more.
    Loses {
        /// Where, by slug.
        organization: String,
        /// Which.
        role: String,
    },
}

/// What changes for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whose account.
    pub account: AccountId,
    /// Their e-mail address.
    pub email: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What is to become of somebody.
pub(super) enum Target {
    /// Barred.
    Barred,
    /// In, with these roles.
    In(BTreeMap<OrganizationId, Role>),
}

/// A plan.
pub(in crate::directories) struct Plan {
    /// What changes, in words.
    pub(in crate::directories) changes: Vec<Change>,
    /// Whom it touches, and what becomes of them.
    pub(super) targets: BTreeMap<AccountId, Target>,
    /// How many are known.
    pub(super) known: usize,
    lost: usize,
    in_before: usize,
    empty: bool,
    missing_groups: BTreeSet<String>,
    steps: Vec<(AccountId, String, Step)>,
}

enum Step {
    Whole(What),
    Gains(OrganizationId, Role),
    Loses(OrganizationId, Role),
}

/// Who is known, by the identifier that stays.
pub(super) fn known(
    people: Vec<(String, Account)>,
    memberships: &[(AccountId, OrganizationId, Role)],
) -> BTreeMap<String, Known> {
    let mut roles: BTreeMap<AccountId, BTreeMap<OrganizationId, Role>> = BTreeMap::new();
    for (account, organization, role) in memberships {
        roles.entry(*account).or_default().insert(*organization, *role);
    }
    let one = |(subject, account): (String, Account)| {
        let known = Known {
            account: account.id,
            email: account.email,
            barred: account.state == AccountState::Barred,
            roles: roles.remove(&account.id).unwrap_or_default(),
        };
        (subject, known)
    };
    people.into_iter().map(one).collect()
}

/// Compares.
pub(super) fn make(listed: &Listing, known: &BTreeMap<String, Known>, mappings: &[Mapping]) -> Plan {
    let missing = mappings
        .iter()
        .filter(|mapping| !listed.groups.has(&mapping.group_key));
    let mut plan = Plan {
        changes: Vec::new(),
        targets: BTreeMap::new(),
        known: known.len(),
        lost: 0,
        in_before: known.values().filter(|one| !one.barred).count(),
        empty: listed.people.is_empty(),
        missing_groups: missing.map(|mapping| mapping.group_key.clone()).collect(),
        steps: Vec::new(),
    };
    for (subject, one) in known {
        match listed.people.get(subject) {
            None => plan.bar(one, What::Vanishes),
            Some(person) if person.state != State::Active => plan.bar(one, What::Disabled),
            Some(person) => plan.keep(one, wanted(&listed.groups_of(person), mappings)),
        }
    }
    plan
}

impl Plan {
    fn bar(&mut self, one: &Known, what: What) {
        if !one.barred {
            self.lost += 1;
            self.steps
                .push((one.account, one.email.clone(), Step::Whole(what)));
            self.targets.insert(one.account, Target::Barred);
        }
    }

    fn keep(&mut self, one: &Known, roles: BTreeMap<OrganizationId, Role>) {
        let mut steps = Vec::new();
        if one.barred {
            steps.push(Step::Whole(What::Returns));
        }
        for (organization, role) in &roles {
            if one.roles.get(organization) != Some(role) {
                steps.push(Step::Gains(*organization, *role));
            }
        }
        for (organization, role) in &one.roles {
            if roles.get(organization) != Some(role) {
                steps.push(Step::Loses(*organization, *role));
            }
        }
        if roles.is_empty() && !one.roles.is_empty() && !one.barred {
            self.lost += 1;
        }
        if !steps.is_empty() {
            self.steps.extend(
                steps
                    .into_iter()
                    .map(|step| (one.account, one.email.clone(), step)),
            );
            self.targets.insert(one.account, Target::In(roles));
        }
    }

    /// The organizations that it speaks of.
    pub(super) fn organizations(&self) -> BTreeSet<OrganizationId> {
        let of = |step: &Step| match step {
            Step::Gains(organization, _) | Step::Loses(organization, _) => Some(*organization),
            Step::Whole(_) => None,
        };
        self.steps.iter().filter_map(|(_, _, step)| of(step)).collect()
    }

    /// Puts the steps into words.
    pub(super) fn name(&mut self, slugs: &BTreeMap<OrganizationId, String>) {
        let slug = |organization: &OrganizationId| slugs.get(organization).cloned().unwrap_or_default();
        let words = |step: Step| match step {
            Step::Whole(what) => what,
            Step::Gains(organization, role) => What::Gains {
                organization: slug(&organization),
                role: role.to_string(),
            },
            Step::Loses(organization, role) => What::Loses {
                organization: slug(&organization),
                role: role.to_string(),
            },
        };
        let steps = std::mem::take(&mut self.steps).into_iter();
        self.changes = steps
            .map(|(account, email, step)| Change {
                account,
                email,
                what: words(step),
            })
            .collect();
    }

    /// Whether a mapped group is not in the directory's answer.
    pub(in crate::directories) fn lacks(&self, group: &str) -> bool {
        self.missing_groups.contains(group)
    }

    /// Why this is more likely a fault than the truth.
    pub(super) fn implausible(&self) -> Option<String> {
        if self.known == 0 {
            return None;
        }
        if self.empty {
            return Some(
                "the directory's answer holds nobody; look at the bases, the filter and the service account"
                    .into(),
            );
        }
        if let Some(group) = self.missing_groups.first() {
            return Some(format!(
                "the group {group} is not in the directory's answer; look at the group bases, or unmap it"
            ));
        }
        let many = self.lost > LOST_MAX && self.lost * 100 > self.in_before * LOST_PERCENT_MAX;
        many.then(|| {
            format!(
                "{} of {} people would lose their access at once; look at the dry run, and confirm it at the host if it is right",
                self.lost, self.in_before
            )
        })
    }
}
