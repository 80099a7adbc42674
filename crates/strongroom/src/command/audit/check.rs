//! `strongroom audit check`

use super::super::Common;
use crate::{
    failure::{CommandError, Exit},
    host,
    output::{Format, talk},
};
use platform::{
    Caller, Platform,
    check::{self, AuditFault, AuditReport, LogReport},
    organization,
};
use serde_json::json;
use std::process::ExitCode;

/// Checks one organization's log, or all and the log as a whole.
pub(super) fn run(common: &Common, organization: Option<&str>) -> Result<ExitCode, CommandError> {
    let checked = host::with_platform(common.config.as_deref(), async |platform, _| {
        check_logs(platform, organization).await
    })?;
    show(&checked, common.format())
}

/// What was checked.
struct Checked {
    logs: Vec<AuditReport>,
    /// The signed log as a whole; not looked at for one organization.
    whole: Option<LogReport>,
}

async fn check_logs(platform: &Platform, slug: Option<&str>) -> Result<Checked, CommandError> {
    let host = Caller::host();
    if let Some(slug) = slug {
        return Ok(Checked {
            logs: vec![check::organization(platform, &host, slug).await?],
            whole: None,
        });
    }
    let mut logs = vec![check::appliance(platform, &host).await?];
    for one in organization::list_all(platform, &host).await? {
        logs.push(check::organization(platform, &host, &one.slug).await?);
    }
    let whole = Some(check::tree(platform, &host).await?);
    Ok(Checked { logs, whole })
}

fn row(report: &AuditReport) -> Vec<String> {
    let log = report.organization.as_deref().unwrap_or("(appliance)");
    vec![
        log.to_owned(),
        report.entries.to_string(),
        report.images.to_string(),
        report.records.to_string(),
        report.faults_total.to_string(),
        format!("{} ms", report.took_ms),
    ]
}

/// One line for each fault, with the log and what it is about.
fn tell(fault: &AuditFault) {
    let log = fault.organization.as_deref().unwrap_or("appliance");
    let entry = fault.entry.map(|id| format!(", entry {id}"));
    let record = fault.record.map(|id| format!(", record {id}"));
    let place = format!("{log}{}{}", entry.unwrap_or_default(), record.unwrap_or_default());
    talk(&format!("fault: {place}: {}", fault.detail));
}

fn show(checked: &Checked, format: Format) -> Result<ExitCode, CommandError> {
    let whole = checked.whole.iter();
    let faults = checked.logs.iter().flat_map(|report| &report.faults);
    faults
        .chain(whole.clone().flat_map(|report| &report.faults))
        .for_each(tell);
    for report in whole.clone() {
        let LogReport {
            leaves,
            signed,
            tiles,
            ..
        } = report;
        talk(&format!(
            "the signed log: {leaves} leaves, {signed} of them signed, {tiles} tiles compared"
        ));
    }
    let unchecked: u64 = checked.logs.iter().map(|report| report.unchecked).sum();
    if unchecked > 0 {
        talk(&format!(
            "{unchecked} entries that wait for the log were not compared, being too many; look again when fewer wait"
        ));
    }
    let rows = checked.logs.iter().map(row).collect();
    format.list(
        &["log", "entries", "images", "records", "faults", "took"],
        rows,
        &json!({"reports": checked.logs, "log": checked.whole}),
    )?;
    if checked.logs.iter().all(AuditReport::is_clean) && whole.clone().all(LogReport::is_clean) {
        return Ok(ExitCode::SUCCESS);
    }
    talk(
        "the log and the data do not agree; do not write any more, keep a copy, and look at the entries above",
    );
    Ok(ExitCode::from(Exit::Failed as u8))
}
