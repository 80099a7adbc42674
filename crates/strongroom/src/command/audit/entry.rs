//! `strongroom audit list`, `show` and `prove`: entries of an organization, through the API.

use super::{super::Common, give};
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::{CommandError, Exit},
    output::{Format, talk},
};
use ::host::write::{self, Access};
use clap::Args;
use serde_json::Value as Json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::command) struct One {
    #[command(flatten)]
    connection: Connection,
    /// The entry's id
    entry: String,
}

#[derive(Debug, Args)]
pub(in crate::command) struct Prove {
    #[command(flatten)]
    one: One,
    /// Write it into this file, which must not be there, and not to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::command) struct List {
    #[command(flatten)]
    connection: Connection,
    /// Only actions that begin with this, such as record
    #[arg(long)]
    action: Option<String>,
    /// Only this account's acts
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Only acts on the thing of this id, such as a record's
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Not earlier than this time, such as 2026-03-12T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Earlier than this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many, 1 to 500
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Where an earlier answer stopped
    #[arg(long)]
    before: Option<String>,
}

impl List {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let mut query = vec![("limit".to_owned(), self.limit.to_string())];
        for (name, value) in [
            ("action", &self.action),
            ("account", &self.account),
            ("object", &self.object),
            ("from", &self.from),
            ("until", &self.until),
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

impl One {
    pub(super) fn show(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let entry = client.get(&["audit", "entries", &self.entry], &[])?;
        let names = [
            "id",
            "at",
            "action",
            "object_kind",
            "object_id",
            "actor_name",
            "reason",
            "dataset",
        ];
        let mut pairs: Vec<(&str, String)> = names.iter().map(|name| (*name, member(&entry, name))).collect();
        for name in ["header", "before", "after"] {
            pairs.push((name, member(&entry["commitments"], name)));
        }
        common.format().thing(&pairs, &entry)
    }
}

impl Prove {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.one.connection)?;
        let found = client.get(&["audit", "entries", &self.one.entry, "receipt"], &[])?;
        let Some(receipt) = found["receipt"].as_str() else {
            let text = format!(
                "entry {} is {} yet; it is proven within seconds of being written, so try again",
                self.one.entry,
                match found["state"].as_str() {
                    Some("unsigned") => "not covered by a checkpoint",
                    _ => "not in the log",
                }
            );
            return Err(CommandError::said(Exit::Conflict, text));
        };
        let Some(out) = &self.out else {
            return give(common.format(), receipt, &found);
        };
        write::new_file(out, receipt.as_bytes(), Access::own(0o644))?;
        talk(&format!("the receipt is in {}", out.display()));
        Ok(())
    }
}
