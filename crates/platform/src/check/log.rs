//! The appliance's own log: its entries open and are plausible, and each is in the log of leaves or waits for it.

use super::{
    AuditReport,
    coverage::{Coverage, Shown},
    entries::{Order, Sealed, check_header},
    report::Findings,
    require_operator,
};
use crate::{Caller, Platform, error::Result};
use std::time::Instant;
use store::control::entry_log::{self, StoredEntry};
use types::PageSize;

/// The appliance's home in the log of leaves.
const HOME: &str = "strongroom";

/// Checks the log of acts on the appliance and on accounts: for the operator at the host and for the platform itself.
///
/// # Errors
/// `not-allowed`; `unavailable` when the database is away.
pub async fn appliance(platform: &Platform, caller: &Caller) -> Result<AuditReport> {
    require_operator(caller)?;
    let began = Instant::now();
    let mut findings = Findings::new(None);
    let mut coverage = Coverage::begin(platform, HOME).await?;
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let mut order = Order::default();
    let mut after = i64::MIN;
    loop {
        let page = entry_log::list_after(&mut platform.control().read().await?, size, after).await?;
        for entry in &page {
            findings.entries += 1;
            order.check(entry.id, entry.appended_at, &mut findings);
            check_header(platform.appliance_keys(), &sealed(entry), &mut findings);
        }
        let shown: Vec<Shown> = page.iter().map(shown).collect();
        coverage.add(&shown, &mut findings).await?;
        after = page.last().map_or(after, |entry| entry.sequence);
        if page.len() < usize::from(PageSize::MAX) {
            break;
        }
    }
    coverage.finish(&mut findings).await?;
    Ok(findings.report(began.elapsed()))
}

fn sealed(entry: &StoredEntry) -> Sealed<'_> {
    Sealed {
        id: entry.id,
        organization: entry.organization_id,
        key_version: entry.key_version,
        header: &entry.header,
        c_header: entry.c_header,
        appended_at: entry.appended_at,
    }
}

fn shown(entry: &StoredEntry) -> Shown {
    Shown {
        id: entry.id,
        kind: entry.kind,
        commitments: [entry.c_header, entry.c_before, entry.c_after],
    }
}
