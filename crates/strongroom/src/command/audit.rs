//! `strongroom audit`

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::{CommandError, Exit},
    host,
    output::{Format, talk},
};
use clap::{Args, Subcommand};
use platform::{
    Caller, Platform,
    check::{self, AuditReport},
    organization,
};
use serde_json::{Value as Json, json};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one per process")]
pub(super) enum Audit {
    /// List entries of an organization's audit log, newest first, through the API
    List(List),
    /// Check the log against the data, on the host: one organization, or all and the appliance's own log
    Check {
        /// The organization
        organization: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    connection: Connection,
    /// Only actions that begin with this, such as record
    #[arg(long)]
    action: Option<String>,
    /// Only this account's acts
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// How many, 1 to 500
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Where an earlier answer stopped
    #[arg(long)]
    before: Option<String>,
}

impl Audit {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        match self {
            Self::List(list) => list.run(common).map(|()| ExitCode::SUCCESS),
            Self::Check { organization } => {
                let reports = host::with_platform(common.config.as_deref(), async |platform, _| {
                    check_logs(platform, organization.as_deref()).await
                })?;
                show(&reports, common.format())
            }
        }
    }
}

impl List {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let mut query = vec![("limit".to_owned(), self.limit.to_string())];
        for (name, value) in [
            ("action", &self.action),
            ("account", &self.account),
            ("before", &self.before),
        ] {
            query.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
        }
        let page = client.get(&["audit", "entries"], &query)?;
        let row = |entry: &Json| {
            let names = [
                "at",
                "action",
                "object_kind",
                "object_id",
                "actor_name",
                "reason",
                "id",
            ];
            names.iter().map(|name| member(entry, name)).collect()
        };
        let rows = items(&page, "entries").iter().map(row).collect();
        common.format().list(
            &["at", "action", "object", "its id", "by", "reason", "entry"],
            rows,
            &page,
        )?;
        if let (Format::Text, Some(next)) = (common.format(), page["next"].as_str()) {
            talk(&format!("there are more: --before {next}"));
        }
        Ok(())
    }
}

async fn check_logs(platform: &Platform, slug: Option<&str>) -> Result<Vec<AuditReport>, CommandError> {
    let host = Caller::host();
    if let Some(slug) = slug {
        return Ok(vec![check::organization(platform, &host, slug).await?]);
    }
    let mut reports = vec![check::appliance(platform, &host).await?];
    for one in organization::list_all(platform, &host).await? {
        reports.push(check::organization(platform, &host, &one.slug).await?);
    }
    Ok(reports)
}

fn show(reports: &[AuditReport], format: Format) -> Result<ExitCode, CommandError> {
    let row = |report: &AuditReport| {
        vec![
            report
                .organization
                .clone()
                .unwrap_or_else(|| "(appliance)".to_owned()),
            report.entries.to_string(),
            report.images.to_string(),
            report.records.to_string(),
            report.faults_total.to_string(),
            format!("{} ms", report.took_ms),
        ]
    };
    for fault in reports.iter().flat_map(|report| &report.faults) {
        talk(&format!("fault: {}", fault.detail));
    }
    let rows = reports.iter().map(row).collect();
    format.list(
        &["log", "entries", "images", "records", "faults", "took"],
        rows,
        &json!({"reports": reports}),
    )?;
    if reports.iter().all(AuditReport::is_clean) {
        return Ok(ExitCode::SUCCESS);
    }
    talk(
        "the log and the data do not agree; do not write any more, keep a copy, and look at the entries above",
    );
    Ok(ExitCode::from(Exit::Failed as u8))
}
