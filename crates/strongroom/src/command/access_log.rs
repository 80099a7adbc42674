//! `strongroom access-log`

use super::{Common, export::deliver};
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::CommandError,
    host, output,
};
use clap::{Args, Subcommand};
use platform::{
    Caller,
    access_log::{self, MONTHS_MAX, MONTHS_MIN},
};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum AccessLog {
    /// List who came into an organization, newest first, through the API
    List {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        connection: Connection,
    },
    /// Write the same as CSV, all of it, through the API
    Export {
        #[command(flatten)]
        filter: Filter,
        /// Write into this file instead of to stdout; it must not be there yet
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Show how many whole months the log is kept, or set it, on the host
    Keep {
        /// 3 to 120 months
        #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(u16).range(i64::from(MONTHS_MIN)..=i64::from(MONTHS_MAX)))]
        months: Option<u16>,
    },
}

/// Which events.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only this account's, by its id
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Only actions that begin with this, such as sign-in or record.
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
    /// done, refused or failed
    #[arg(long, value_parser = ["done", "refused", "failed"])]
    outcome: Option<String>,
    /// Only from addresses that begin with this
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
    /// Only clients that call themselves something with this in it
    #[arg(long, value_name = "TEXT")]
    device: Option<String>,
    /// Not earlier than this, such as 2026-03-12T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Earlier than this
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Filter {
    fn query(&self) -> Vec<(String, String)> {
        let pairs = [
            ("account", &self.account),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("address", &self.address),
            ("device", &self.device),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let given = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        given
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

impl AccessLog {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::List { filter, connection } => list(common, &Client::open(common, connection)?, filter),
            Self::Export {
                filter,
                output,
                connection,
            } => {
                let client = Client::open(common, connection)?;
                let mut content = client.download(&["access-log.csv"], &filter.query())?;
                deliver(&mut content, output.as_deref())
            }
            Self::Keep { months } => keep(common, *months),
        }
    }
}

fn list(common: &Common, client: &Client, filter: &Filter) -> Result<(), CommandError> {
    let page = client.get(&["access-log"], &filter.query())?;
    let names = [
        "at",
        "account",
        "action",
        "outcome",
        "method",
        "address",
        "device_type",
    ];
    let row = |event: &Json| names.iter().map(|name| member(event, name)).collect();
    let rows = items(&page, "events").iter().map(row).collect();
    common.format().list(&names, rows, &page)?;
    if let Some(until) = page["looked_until"].as_str() {
        output::talk(&format!(
            "looked back to {until}; use --until to go on from there, or export all of it"
        ));
    }
    Ok(())
}

fn keep(common: &Common, months: Option<u16>) -> Result<(), CommandError> {
    let kept = host::with_platform(common.config.as_deref(), async |platform, _| {
        if let Some(months) = months {
            access_log::keep_months(platform, &Caller::host(), months).await?;
        }
        Ok(access_log::months_kept(platform).await?)
    })?;
    let json = json!({"months": kept});
    common.format().thing(&[("months", kept.to_string())], &json)
}
