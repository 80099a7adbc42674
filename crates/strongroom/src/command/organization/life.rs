//! `strongroom organization life`, `cancel`, `reinstate`, `delete`, `keep`: through the API, for owners.

use super::Common;
use crate::{
    client::{Client, Connection, show::member},
    failure::CommandError,
    output,
};
use clap::Args;
use serde_json::{Value as Json, json};

/// Where to ask, and nothing else.
#[derive(Debug, Args)]
pub(in crate::command) struct Life {
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
pub(in crate::command) struct Delete {
    /// Its name in addresses, typed again
    name: String,
    /// The delay in hours, 1 to 24, within which any owner can call it back
    #[arg(long, value_name = "HOURS", default_value_t = platform::deletion::HOURS_DEFAULT)]
    hours: u8,
    #[command(flatten)]
    connection: Connection,
}

impl Life {
    pub(super) fn show(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        show(common, &client.get(&["lifecycle"], &[])?)
    }

    /// Cancels, or takes that back.
    pub(super) fn act(&self, common: &Common, act: &str) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        show(common, &client.post(&[act], None, None)?)
    }

    pub(super) fn keep(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        show(common, &client.delete(&["deletion"], None)?)
    }
}

impl Delete {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let order = json!({"name": self.name, "hours": self.hours});
        let answer = client.post(&["deletion"], None, Some(&order))?;
        output::talk(
            "everybody in the organization sees it until then; `strongroom organization keep` calls it back",
        );
        show(common, &answer)
    }
}

fn show(common: &Common, life: &Json) -> Result<(), CommandError> {
    let deletion = &life["deletion"];
    let pairs = [
        ("state", member(life, "state")),
        ("cancelled at", member(life, "cancelled_at")),
        ("export until", member(life, "export_until")),
        ("deletion ordered at", member(deletion, "ordered_at")),
        ("deleted at", member(deletion, "due_at")),
        ("held", member(life, "held")),
    ];
    common.format().thing(&pairs, life)
}
