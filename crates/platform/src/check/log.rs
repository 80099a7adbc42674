//! The appliance's own log, and the number of entries in all logs against the outbox.

use super::{
    AuditReport, FaultCode,
    entries::{Sealed, check_header},
    report::Findings,
    require_operator,
};
use crate::{Caller, Platform, error::Result, organization};
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;
use store::{
    control::{entry_log, evidence},
    tenant::audit,
};
use types::PageSize;

/// As with an organization's entries.
const DISORDER_MAX: SignedDuration = SignedDuration::from_secs(2);

/// Checks the log of acts on the appliance and on accounts, and that no log has lost an entry: for the operator at the
/// host and for the platform itself.
///
/// # Errors
/// `not-allowed`; `unavailable` when the database is away.
pub async fn appliance(platform: &Platform, caller: &Caller) -> Result<AuditReport> {
    require_operator(caller)?;
    let began = Instant::now();
    let mut findings = Findings::new(None);
    check_entries(platform, &mut findings).await?;
    count_entries(platform, &mut findings).await?;
    Ok(findings.report(began.elapsed()))
}

/// Newest first, as the log is listed; entries that come meanwhile are left to the next check.
async fn check_entries(platform: &Platform, findings: &mut Findings) -> Result<()> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let mut before = None;
    let mut oldest: Option<Timestamp> = None;
    loop {
        let page = entry_log::list(&mut platform.control().read().await?, size, before).await?;
        for entry in &page {
            findings.entries += 1;
            let sealed = Sealed {
                id: entry.id,
                organization: entry.organization_id,
                key_version: entry.key_version,
                header: &entry.header,
                c_header: entry.c_header,
                appended_at: entry.appended_at,
            };
            check_header(platform.appliance_keys(), &sealed, findings);
            let earliest = *oldest.get_or_insert(entry.appended_at);
            if entry.appended_at.duration_since(earliest) > DISORDER_MAX {
                let detail = "the entry stands before one that came earlier";
                findings.entry(FaultCode::EntryOrder, entry.id, detail);
            }
            oldest = Some(earliest.min(entry.appended_at));
        }
        before = page.last().map(|entry| entry.sequence);
        if page.len() < usize::from(PageSize::MAX) {
            return Ok(());
        }
    }
}

/// Every append also writes to the outbox, so the logs hold as many entries as it has seen. Both only grow: the logs
/// are counted between two looks at it.
async fn count_entries(platform: &Platform, findings: &mut Findings) -> Result<()> {
    let pending = async || -> Result<i64> {
        Ok(evidence::counts(&mut platform.control().read().await?)
            .await?
            .pending)
    };
    let before = pending().await?;
    let mut total = entry_log::count(&mut platform.control().read().await?).await?;
    for summary in organization::list_all(platform, &Caller::system()).await? {
        // The entries of an organization that is not active cannot be counted here.
        let Some(home) = platform.home_by_slug(&summary.slug).await? else {
            return Ok(());
        };
        total += audit::count_entries(&home.tenant).await?.0;
    }
    let after = pending().await?;
    if total < before || total > after {
        let detail = format!("the logs hold {total} entries, and the outbox saw {before} to {after}");
        findings.push(FaultCode::EntryCount, None, None, detail);
    }
    Ok(())
}
