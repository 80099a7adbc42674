//! The nightly look at everything: each entry against its leaf, each record against its versions, each leaf and tile against the root.
//!
//! Invariants: once a day on whatever node, told by what was stored last; what it finds is named in the journal and stays to be seen in
//! the promise register. Start at [`scrub_if_due`].

use crate::{
    Caller, Platform,
    act::vault_failure,
    check::{self, AuditFault},
    error::{PlatformError, Result},
    organization,
};
use jiff::SignedDuration;
use promises::{Observation, Outcome};
use std::time::Instant;
use store::control::promise_observation as rows;
use types::{PageSize, ProblemCode};

/// What its observations are stored as; no promise is called so.
pub(crate) const SCRUB: &str = "audit-scrub";
/// How often.
pub const SCRUB_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Most faults that are stored and told.
const FAULTS_MAX: usize = 50;

/// Looks at everything, if nobody has for a day.
///
/// # Errors
/// `unavailable`.
pub async fn scrub_if_due(platform: &Platform) -> Result<Option<Observation>> {
    let due = match last_scrub(platform).await? {
        None => true,
        Some(last) => {
            let age_us = platform.now().as_microsecond() - last.checked_at_us;
            i128::from(age_us) >= SCRUB_EVERY.as_micros() || age_us < 0
        }
    };
    match due {
        true => scrub(platform).await.map(Some),
        false => Ok(None),
    }
}

/// What the last one found; none before the first.
pub(crate) async fn last_scrub(platform: &Platform) -> Result<Option<Observation>> {
    let mut read = platform.control().read().await?;
    let one = PageSize::new(1).unwrap_or_default();
    let newest = rows::history(&mut read, SCRUB, one).await?.into_iter().next();
    newest
        .map(|row| serde_json::from_value(row.observation).map_err(vault_failure))
        .transpose()
}

async fn scrub(platform: &Platform) -> Result<Observation> {
    let (began, system) = (Instant::now(), Caller::system());
    let mut found = Found::default();
    let appliance = check::appliance(platform, &system).await?;
    found.take(appliance.entries, appliance.records, &appliance.faults);
    for summary in organization::list_all(platform, &system).await? {
        match check::organization(platform, &system, &summary.slug).await {
            Ok(report) => found.take(report.entries, report.records, &report.faults),
            // The database is away, not an entry: the whole is tried again, and says nothing of anybody until then.
            Err(error) if error.code == ProblemCode::Unavailable => return Err(error),
            // The others are looked at all the same.
            Err(error) if is_there(platform, &summary.slug).await? => found.miss(&summary.slug, &error),
            Err(_) => {}
        }
    }
    let whole = check::tree(platform, &system).await?;
    found.take(0, 0, &whole.faults);
    let outcome = found
        .outcome
        .with_fact("entries checked", found.entries)
        .with_fact("records checked", found.records)
        .with_fact("leaves recomputed", whole.leaves)
        .with_fact("faults in all", found.faults);
    let now = platform.now();
    let observation = Observation {
        checked_at_us: now.as_microsecond(),
        took_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
        outcome,
    };
    let json = serde_json::to_value(&observation).map_err(vault_failure)?;
    let mut keep = platform.control().keep().await?;
    rows::insert(&mut keep, SCRUB, now, &json).await?;
    rows::trim(&mut keep, SCRUB).await?;
    Ok(observation)
}

/// Whether an organization was not deleted meanwhile.
async fn is_there(platform: &Platform, slug: &str) -> Result<bool> {
    let all = organization::list_all(platform, &Caller::system()).await?;
    Ok(all.iter().any(|summary| summary.slug == slug))
}

/// What a scrub has found so far.
struct Found {
    outcome: Outcome,
    entries: u64,
    records: u64,
    faults: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            outcome: Outcome::looked(),
            entries: 0,
            records: 0,
            faults: 0,
        }
    }
}

impl Found {
    fn take(&mut self, entries: u64, records: u64, faults: &[AuditFault]) {
        self.entries += entries;
        self.records += records;
        for fault in faults {
            self.faults += 1;
            if self.faults > FAULTS_MAX {
                continue;
            }
            let place = place_of(fault);
            tracing::error!(audit.place = %place, "the nightly check found: {}", fault.detail);
            let outcome = std::mem::replace(&mut self.outcome, Outcome::looked());
            let advice = "run `strongroom audit check`, keep copies, and find out who wrote there";
            self.outcome = outcome.with_fault(fault.detail.clone(), place, advice);
        }
    }
}

impl Found {
    /// An organization that could not be checked.
    fn miss(&mut self, slug: &str, error: &PlatformError) {
        self.faults += 1;
        tracing::error!(audit.place = %slug, "the nightly check could not check it: {error}");
        let outcome = std::mem::replace(&mut self.outcome, Outcome::looked());
        let what = format!("it could not be checked: {}", error.detail);
        let advice = "run `strongroom audit check` for it, and look at the worker's journal";
        self.outcome = outcome.with_fault(what, slug, advice);
    }
}

/// In whose log, at which entry or record.
pub(crate) fn place_of(fault: &AuditFault) -> String {
    let log = fault.organization.as_deref().unwrap_or("appliance");
    let entry = fault.entry.map(|id| format!(", entry {id}"));
    let record = fault.record.map(|id| format!(", record {id}"));
    format!("{log}{}{}", entry.unwrap_or_default(), record.unwrap_or_default())
}
