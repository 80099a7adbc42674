//! `strongroom record create | update | trash | restore | purge`
//!
//! Invariant: a change names the version that it was made for. Without `--version` it is the one that is there now, so
//! that the person's last look counts and not chance.

use super::One;
use crate::{
    client::{Client, show::member, value},
    failure::{CommandError, Exit},
    output::{Format, talk},
};
use clap::Args;
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The dataset's key
    dataset: String,
    #[command(flatten)]
    values: Values,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    values: Values,
    /// Refuse if the record is not at this version
    #[arg(long)]
    version: Option<i64>,
}

#[derive(Debug, Args)]
pub(super) struct Move {
    #[command(flatten)]
    one: One,
    /// Refuse if the record is not at this version
    #[arg(long)]
    version: Option<i64>,
}

/// Values of fields.
#[derive(Debug, Args)]
struct Values {
    /// A value as people write it, such as `amount="12.50 EUR"`; nothing empties the field; FIELD:=JSON for JSON
    #[arg(value_name = "FIELD=VALUE")]
    assignments: Vec<String>,
    /// An object of fields as JSON; - for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "assignments")]
    file: Option<PathBuf>,
}

impl Values {
    fn read(&self, client: &Client, dataset: &str) -> Result<Json, CommandError> {
        let fields = match &self.file {
            Some(file) => read_json(file)?,
            None if self.assignments.is_empty() => {
                return Err(CommandError::said(
                    Exit::Usage,
                    "say what is in it: FIELD=VALUE or --file",
                ));
            }
            None => {
                let dataset = client.get(&["datasets", dataset], &[])?;
                Json::Object(value::fields(&dataset, &self.assignments)?)
            }
        };
        Ok(json!({"fields": fields}))
    }
}

/// A document out of a file; - is stdin.
pub(super) fn read_json(file: &Path) -> Result<Json, CommandError> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(CommandError::io(format!("cannot read {}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| CommandError::said(Exit::Failed, format!("{} is not JSON: {error}", file.display())))
}

fn version(client: &Client, one: &One, given: Option<i64>) -> Result<String, CommandError> {
    match given {
        Some(version) => Ok(version.to_string()),
        None => Ok(member(&one.get(client)?, "version")),
    }
}

impl Create {
    pub(super) fn run(&self, client: &Client) -> Result<Json, CommandError> {
        let body = self.values.read(client, &self.dataset)?;
        client.post(&["datasets", &self.dataset, "records"], None, Some(&body))
    }
}

impl Update {
    pub(super) fn run(&self, client: &Client) -> Result<Json, CommandError> {
        let body = self.values.read(client, &self.one.dataset)?;
        let version = version(client, &self.one, self.version)?;
        client.patch(&self.one.parts(), Some(&version), &body)
    }
}

impl Move {
    pub(super) fn trash(&self, client: &Client) -> Result<Json, CommandError> {
        let version = version(client, &self.one, self.version)?;
        client.delete(&self.one.parts(), Some(&version))
    }

    pub(super) fn restore(&self, client: &Client) -> Result<Json, CommandError> {
        let version = version(client, &self.one, self.version)?;
        let [a, b, c, d] = self.one.parts();
        client.post(&[a, b, c, d, "restore"], Some(&version), None)
    }

    pub(super) fn purge(&self, client: &Client, format: Format) -> Result<(), CommandError> {
        let version = version(client, &self.one, self.version)?;
        let [a, b, c, d] = self.one.parts();
        client.post(&[a, b, c, d, "purge"], Some(&version), None)?;
        talk(&format!("{d} is gone for good"));
        match format {
            Format::Json => format.thing(&[], &json!({"id": d})),
            Format::Text => Ok(()),
        }
    }
}
