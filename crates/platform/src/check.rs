//! The audit log checked against the data: every entry opens to its commitment, every record's versions continue one
//! another, every live row is what its last image says.
//!
//! Invariants: one snapshot is checked, so that writers do not disturb the result; memory does not grow with the number
//! of records or entries, only with the number of bulk acts. Entries are held against the log of leaves and the outbox, which
//! name what was taken out or exchanged.
//! Start at [`organization`].

mod acts;
mod coverage;
mod entries;
mod images;
mod log;
mod report;
mod rows;
mod tree;

pub use log::appliance;
pub use report::{AuditFault, AuditReport, FAULTS_MAX, FaultCode};
pub(crate) use rows::is_same;
pub use tree::{LogReport, log as tree};

use crate::{
    Caller, Failure, Platform, PlatformError, caller::Identity, error::Result, key, workspace::Home,
};
use access::Permission;
use coverage::Coverage;
use report::Findings;
use std::{sync::Arc, time::Instant};
use store::{
    StoreError,
    tenant::{TenantTx, audit as rows_of, catalogue},
};
use types::{Dataset, ProblemCode};
use vault::OrganizationKeys;

/// How often a check begins again when a dataset was redefined meanwhile.
const ATTEMPTS: usize = 3;

/// What every part of one check looks at.
pub(crate) struct Subject<'a> {
    pub(crate) home: &'a Home,
    pub(crate) tx: TenantTx,
    /// Loaded after the snapshot was taken, so that no value of it is under a key that is not there.
    pub(crate) keys: OrganizationKeys,
    pub(crate) datasets: Vec<Dataset>,
}

/// Checks an organization's log against its data: for members with `audit.read`, for the operator at the host and for
/// the platform itself.
///
/// # Errors
/// `not-found`, `not-allowed`; `unavailable` when the database is away. What is found is in the report, never an error.
pub async fn organization(platform: &Platform, caller: &Caller, slug: &str) -> Result<AuditReport> {
    let home = authorized(platform, caller, slug, Permission::AuditRead).await?;
    for _ in 1..ATTEMPTS {
        match check(platform, &home).await {
            Err(error) if is_redefined(&error) => {}
            other => return other,
        }
    }
    check(platform, &home).await
}

fn is_redefined(error: &PlatformError) -> bool {
    matches!(error.source, Some(Failure::Store(StoreError::Redefined)))
}

async fn check(platform: &Platform, home: &Home) -> Result<AuditReport> {
    let began = Instant::now();
    // Before the snapshot: what is logged or waits now must be in it.
    let coverage = Coverage::begin(platform, home.tenant.schema_name().as_str()).await?;
    let subject = open(platform, home).await?;
    let mut findings = Findings::new(Some(home.summary.slug.clone()));
    tally(&subject, &mut findings).await?;
    let log = entries::check(&subject, coverage, &mut findings).await?;
    images::check(&subject, log, &mut findings).await?;
    subject.tx.close().await?;
    Ok(findings.report(began.elapsed()))
}

/// Holds every entry of an organization against the log of leaves, and opens none.
pub(crate) async fn cover(platform: &Platform, home: &Home) -> Result<AuditReport> {
    let began = Instant::now();
    let coverage = Coverage::begin(platform, home.tenant.schema_name().as_str()).await?;
    let subject = open(platform, home).await?;
    let mut findings = Findings::new(Some(home.summary.slug.clone()));
    entries::cover(&subject, coverage, &mut findings).await?;
    subject.tx.close().await?;
    Ok(findings.report(began.elapsed()))
}

/// Takes the snapshot, then loads keys and definitions.
pub(crate) async fn open<'a>(platform: &Platform, home: &'a Home) -> Result<Subject<'a>> {
    let tx = home.tenant.begin_snapshot().await?;
    let mut datasets = Vec::new();
    // The first statement takes the snapshot; the list itself may be newer, each definition is not.
    for dataset in catalogue::list(&home.tenant).await? {
        match catalogue::find_within(&tx, dataset.id).await {
            Ok(dataset) => datasets.push(dataset),
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if datasets.is_empty() {
        rows_of::entries_after(&tx, i64::MAX - 1, 1).await?;
    }
    let keys = key::load(platform.control(), platform.root(), home.summary.id).await?;
    Ok(Subject {
        home,
        tx,
        keys,
        datasets,
    })
}

/// What the database itself says of who wrote each row last. Reading every table first also keeps a redefinition from
/// rewriting one under the snapshot.
async fn tally(subject: &Subject<'_>, findings: &mut Findings) -> Result<()> {
    for dataset in &subject.datasets {
        let tally = rows_of::tally(&subject.tx, dataset).await?;
        findings.records += u64::try_from(tally.records).unwrap_or(0);
        for record in tally.strangers {
            let detail = format!(
                "a row of {} was last written outside any audited act",
                dataset.key
            );
            findings.record(FaultCode::RowStranger, record, detail);
        }
        for record in tally.mismatched {
            let detail = format!("a row of {} is not the newest version in the log", dataset.key);
            findings.record(FaultCode::RowVersion, record, detail);
        }
    }
    Ok(())
}

/// An organization, for members with a permission, the operator at the host and the platform itself.
pub(crate) async fn authorized(
    platform: &Platform,
    caller: &Caller,
    slug: &str,
    permission: Permission,
) -> Result<Arc<Home>> {
    match caller.identity {
        Identity::Host | Identity::System => {
            let found = platform.home_by_slug(slug).await?;
            found.ok_or_else(|| PlatformError::not_found("organization"))
        }
        Identity::Anonymous | Identity::Held { .. } | Identity::Person { .. } | Identity::Token { .. } => {
            let workspace = platform.enter(caller, slug).await?;
            workspace.require(permission).await?;
            Ok(Arc::clone(&workspace.home))
        }
    }
}

/// Refuses everybody but the operator at the host and the platform itself.
pub(crate) fn require_operator(caller: &Caller) -> Result<()> {
    match caller.identity {
        Identity::Host | Identity::System => Ok(()),
        Identity::Anonymous | Identity::Held { .. } | Identity::Person { .. } | Identity::Token { .. } => {
            Err(PlatformError::new(
                ProblemCode::NotAllowed,
                "only the operator may do this, on the host",
            ))
        }
    }
}
