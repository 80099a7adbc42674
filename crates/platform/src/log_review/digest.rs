//! What there is to look at: who came in from where, what was refused, and acts that decide about access, by what they concern.
//!
//! Invariant: it holds ids, addresses, names of acts and counts, and no value of a record; counted twice for one time it is the same.

use crate::{Platform, Workspace, act::read_header, error::Result, trail};
use audit::Header;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    control::{entry_log, log_review as rows},
    tenant::audit as log,
};
use types::{AccountId, EntryId};

/// Most lines of who came in and what was refused.
const ACCESS_MAX: i64 = 500;
/// Most entries that are opened, the newest of them.
const ENTRIES_MAX: i64 = 200_000;
/// Accounts that are named at an act.
const ACCOUNTS_MAX: usize = 20;
/// Kinds of entries that can be of interest: erasures, restores, keys, gaps, configuration, access. Changes of records are not.
const KINDS: [i16; 6] = [2, 4, 5, 6, 7, 8];

/// What an act concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concern {
    /// What somebody tried and was refused.
    Refused,
    /// Links that let somebody in when nothing else does.
    BreakGlass,
    /// Operators let into an organization.
    OperatorAccess,
    /// Who is in, with which role and which tokens.
    RolesAndMembers,
    /// Passwords, factors, directories, providers.
    SignIn,
    /// Exports, reveals, archives.
    DataLeft,
    /// Erasures, restores, gaps.
    DataGone,
    /// Keys of whatever kind.
    Keys,
    /// Policies, settings, holds, maintenance, what root was asked for.
    Settings,
}

impl Concern {
    /// In words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Refused => "Refused attempts",
            Self::BreakGlass => "Break-glass",
            Self::OperatorAccess => "Operators' access",
            Self::RolesAndMembers => "Roles, members, tokens",
            Self::SignIn => "Ways to sign in",
            Self::DataLeft => "Data that left",
            Self::DataGone => "Data that went or went back",
            Self::Keys => "Keys",
            Self::Settings => "Policies and settings",
        }
    }

    /// Of an act by its name; none for the daily work, such as an upload.
    fn of(action: &str, kind: i16) -> Option<Self> {
        let (object, verb) = action.split_once('.').unwrap_or((action, ""));
        Some(match (object, verb) {
            (_, "refuse") => Self::Refused,
            ("break-glass", _) => Self::BreakGlass,
            ("operator-grant", _) => Self::OperatorAccess,
            ("person-request", "erase") | ("field", "delete") => Self::DataGone,
            ("export" | "archive" | "person-request", _) | (_, "export" | "reveal") => Self::DataLeft,
            ("member" | "operator" | "account" | "identity" | "invitation" | "token" | "api-token", _) => {
                Self::RolesAndMembers
            }
            ("session" | "factor" | "password-reset" | "directory" | "provider" | "sign-in-policy", _) => {
                Self::SignIn
            }
            ("key" | "audit-key" | "certificate-key" | "audit-witness", _) => Self::Keys,
            ("file" | "import" | "dataset" | "field" | "view", _) if kind != 2 => return None,
            _ if matches!(kind, 2 | 4 | 7) => Self::DataGone,
            _ => Self::Settings,
        })
    }
}

/// So many things by one account from one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLine {
    /// By whom, if known.
    pub account: Option<AccountId>,
    /// From where.
    pub address: String,
    /// A way of signing in, or method and route of what was refused.
    pub action: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// How often.
    pub count: i64,
    /// The last time.
    pub last: Timestamp,
}

/// Entries of one act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActLine {
    /// What it concerns.
    pub concern: Concern,
    /// The act.
    pub action: String,
    /// How often.
    pub count: u64,
    /// By whom, the first twenty by id.
    pub accounts: BTreeSet<AccountId>,
    /// The last time.
    pub last: Timestamp,
    /// The entry of the last one.
    pub entry: EntryId,
}

/// What there is to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Of which organization, by its name in addresses; none: the appliance's.
    pub organization: Option<String>,
    /// From when on.
    pub begins_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who came in, and what was refused; refused ones first, most first.
    pub access: Vec<AccessLine>,
    /// There is more than is shown.
    pub access_is_cut: bool,
    /// Acts, by what they concern.
    pub acts: Vec<ActLine>,
    /// There are more entries than were opened; those before [`Self::acts_since`] were not.
    pub acts_are_cut: bool,
    /// The time of the oldest entry that was counted, where not all were.
    #[serde(default)]
    pub acts_since: Option<Timestamp>,
}

/// Whose logs.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Organization(&'a Workspace),
    Appliance,
}

pub(super) async fn count(
    platform: &Platform,
    source: Source<'_>,
    begins_at: Timestamp,
    ends_at: Timestamp,
) -> Result<Digest> {
    let summary = match source {
        Source::Organization(workspace) => Some(workspace.organization()),
        Source::Appliance => None,
    };
    let organization = summary.map(|summary| summary.id);
    let mut read = platform.control().read().await?;
    let counted = rows::count_access(&mut read, organization, begins_at, ends_at, ACCESS_MAX + 1).await?;
    drop(read);
    let access_is_cut = counted.len() > usize::try_from(ACCESS_MAX).unwrap_or(usize::MAX);
    let access = counted
        .into_iter()
        .take(usize::try_from(ACCESS_MAX).unwrap_or(usize::MAX));
    let (acts, acts_since) = acts(platform, source, begins_at, ends_at).await?;
    Ok(Digest {
        organization: summary.map(|summary| summary.slug.clone()),
        begins_at,
        ends_at,
        access: access.map(line_of).collect(),
        access_is_cut,
        acts,
        acts_are_cut: acts_since.is_some(),
        acts_since,
    })
}

fn line_of(counted: rows::Counted) -> AccessLine {
    AccessLine {
        account: counted.account.map(AccountId),
        address: counted.address,
        action: counted.action,
        outcome: counted.outcome,
        count: counted.count,
        last: counted.last,
    }
}

/// The acts, and from when on they were counted where that is not the whole time.
async fn acts(
    platform: &Platform,
    source: Source<'_>,
    begins_at: Timestamp,
    ends_at: Timestamp,
) -> Result<(Vec<ActLine>, Option<Timestamp>)> {
    let mut tally = BTreeMap::new();
    let organization = match source {
        Source::Organization(workspace) => Some(workspace.organization().id),
        Source::Appliance => None,
    };
    let mut read = platform.control().read().await?;
    let own = entry_log::list_newest_between(
        &mut read,
        organization,
        &KINDS,
        begins_at,
        ends_at,
        ENTRIES_MAX + 1,
    )
    .await?;
    drop(read);
    let mut own: Vec<log::StoredEntry> = own.into_iter().map(trail::as_tenants).collect();
    let mut since = cut(&mut own, ENTRIES_MAX);
    for entry in own {
        add(
            &mut tally,
            &read_header(platform.appliance_keys(), &entry)?,
            &entry,
        );
    }
    if let Source::Organization(workspace) = source {
        let mut entries =
            log::newest_entries_between(workspace.tenant(), &KINDS, begins_at, ends_at, ENTRIES_MAX + 1)
                .await?;
        since = since.max(cut(&mut entries, ENTRIES_MAX));
        for entry in &entries {
            add(&mut tally, &read_header(workspace.keys(), entry)?, entry);
        }
    }
    Ok((tally.into_values().collect(), since))
}

/// Leaves off what is beyond the bound, and says from when on the rest reaches; none where nothing was left off.
fn cut(newest_first: &mut Vec<log::StoredEntry>, most: i64) -> Option<Timestamp> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let is_cut = newest_first.len() > most;
    newest_first.truncate(most);
    newest_first
        .last()
        .filter(|_| is_cut)
        .map(|entry| entry.appended_at)
}

fn add(tally: &mut BTreeMap<(Concern, String), ActLine>, header: &Header, entry: &log::StoredEntry) {
    let Some(concern) = Concern::of(&header.action, entry.kind) else {
        return;
    };
    let line = tally
        .entry((concern, header.action.clone()))
        .or_insert_with(|| ActLine {
            concern,
            action: header.action.clone(),
            count: 0,
            accounts: BTreeSet::new(),
            last: entry.appended_at,
            entry: entry.id,
        });
    line.count += 1;
    if let Some(account) = crate::act::ActorView::of(header).account
        && line.accounts.len() < ACCOUNTS_MAX
    {
        line.accounts.insert(account);
    }
    if entry.appended_at >= line.last {
        line.last = entry.appended_at;
        line.entry = entry.id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_that_decides_about_access_is_shown_and_daily_work_is_not() {
        for (action, kind, concern) in [
            ("access.refuse", 8, Concern::Refused),
            ("session.refuse", 8, Concern::Refused),
            ("break-glass.use", 8, Concern::BreakGlass),
            ("operator-grant.approve", 6, Concern::OperatorAccess),
            ("member.set-role", 6, Concern::RolesAndMembers),
            ("operator.appoint", 6, Concern::RolesAndMembers),
            ("directory.map", 6, Concern::SignIn),
            ("export.archive", 8, Concern::DataLeft),
            ("record.reveal", 8, Concern::DataLeft),
            ("audit.export", 8, Concern::DataLeft),
            ("record.purge", 2, Concern::DataGone),
            ("file.erase", 2, Concern::DataGone),
            ("person-request.erase", 2, Concern::DataGone),
            ("field.delete", 6, Concern::DataGone),
            ("organization.restore", 4, Concern::DataGone),
            ("key.rotate", 6, Concern::Keys),
            ("organization.set-policies", 6, Concern::Settings),
            ("an.unknown-act", 6, Concern::Settings),
        ] {
            assert_eq!(Concern::of(action, kind), Some(concern), "{action}");
        }
        for daily in ["file.create", "import.upload", "dataset.create"] {
            assert_eq!(Concern::of(daily, 8), None, "{daily}");
        }
    }
}
