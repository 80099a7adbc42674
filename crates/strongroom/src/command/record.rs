//! `strongroom record`

mod aggregate;
mod batch;
mod change;
mod list;

pub(super) use list::condition;

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{cell, items, member},
    },
    failure::CommandError,
    output::{self, Format},
};
use clap::{Args, Subcommand};
use serde_json::Value as Json;

#[derive(Debug, Args)]
pub(super) struct Record {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List records
    List(list::List),
    /// Show a record
    #[command(visible_alias = "show")]
    Get(One),
    /// Create a record
    Create(change::Create),
    /// Change fields of a record
    Update(change::Update),
    /// Put a record into the trash
    Trash(change::Move),
    /// Take a record out of the trash
    Restore(change::Move),
    /// Remove a record in the trash for good; its history can never be read again
    Purge(change::Move),
    /// Carry out up to 1,000 changes as one act: all of them, or none
    Batch(batch::Batch),
    /// Count, add up and compare records by group
    Aggregate(aggregate::Aggregate),
    /// Show every version of a record, newest first
    History(One),
    /// Show a sensitive field in the clear; the act is an entry of the audit log
    Reveal {
        #[command(flatten)]
        one: One,
        /// The field's key
        field: String,
    },
}

/// Names a record.
#[derive(Debug, Args)]
struct One {
    /// The dataset's key
    dataset: String,
    /// The record's id
    record: String,
}

impl Record {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let format = common.format();
        match &self.act {
            Act::List(list) => list.run(&client, format),
            Act::Get(one) => show(&one.get(&client)?, format),
            Act::Create(create) => show(&create.run(&client)?, format),
            Act::Update(update) => show(&update.run(&client)?, format),
            Act::Trash(moved) => show(&moved.trash(&client)?, format),
            Act::Restore(moved) => show(&moved.restore(&client)?, format),
            Act::Purge(moved) => moved.purge(&client, format),
            Act::Batch(batch) => batch.run(&client, format),
            Act::Aggregate(aggregate) => aggregate.run(&client, format),
            Act::History(one) => history(&one.history(&client)?, format),
            Act::Reveal { one, field } => reveal(&one.reveal(&client, field)?, format),
        }
    }
}

impl One {
    fn parts(&self) -> [&str; 4] {
        ["datasets", &self.dataset, "records", &self.record]
    }

    fn get(&self, client: &Client) -> Result<Json, CommandError> {
        client.get(&self.parts(), &[])
    }

    fn history(&self, client: &Client) -> Result<Json, CommandError> {
        let [a, b, c, d] = self.parts();
        client.get(&[a, b, c, d, "history"], &[])
    }

    fn reveal(&self, client: &Client, field: &str) -> Result<Json, CommandError> {
        let [a, b, c, d] = self.parts();
        client.post(&[a, b, c, d, "fields", field, "reveal"], None, None)
    }
}

fn show(record: &Json, format: Format) -> Result<(), CommandError> {
    let mut pairs = vec![
        ("id", member(record, "id")),
        ("version", member(record, "version")),
        ("updated", member(record, "updated_at")),
    ];
    if record["deleted_at"].is_string() {
        pairs.push(("in the trash since", member(record, "deleted_at")));
    }
    let fields = record["fields"].as_object().into_iter().flatten();
    pairs.extend(fields.map(|(key, value)| (key.as_str(), cell(value))));
    format.thing(&pairs, record)
}

fn history(history: &Json, format: Format) -> Result<(), CommandError> {
    let change = |change: &Json| {
        format!(
            "{}: {} → {}",
            member(change, "key"),
            member(change, "before"),
            member(change, "after")
        )
    };
    let row = |step: &Json| {
        let changes: Vec<String> = items(step, "changes").iter().map(change).collect();
        vec![
            member(step, "version"),
            member(step, "at"),
            member(step, "action"),
            changes.join("\n"),
        ]
    };
    let rows = items(history, "steps").iter().map(row).collect();
    format.list(&["version", "at", "action", "changes"], rows, history)
}

fn reveal(revealed: &Json, format: Format) -> Result<(), CommandError> {
    match format {
        Format::Json => format.thing(&[], revealed),
        Format::Text => output::data(&member(revealed, "value")),
    }
}
