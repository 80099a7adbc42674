//! `strongroom record batch`

use super::change::read_json;
use crate::{
    client::{
        Client,
        show::{items, member},
    },
    failure::CommandError,
    output::{Format, talk},
};
use clap::Args;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "An operation is {\"action\": \"create\", \"fields\": {...}}, or \"update\", \"trash\" or \
    \"restore\" with the record's \"id\", and \"version\" to refuse if it is not at that version."
)]
pub(super) struct Batch {
    /// The dataset's key
    dataset: String,
    /// An array of operations as JSON; - for stdin
    file: PathBuf,
}

impl Batch {
    pub(super) fn run(&self, client: &Client, format: Format) -> Result<(), CommandError> {
        let body = operations(read_json(&self.file)?);
        let done = client.post(
            &["datasets", &self.dataset, "records", "batch"],
            None,
            Some(&body),
        )?;
        let results = items(&done, "results");
        let row = |result: &Json| vec![member(result, "id"), member(result, "version")];
        format.list(&["id", "version"], results.iter().map(row).collect(), &done)?;
        if format == Format::Text {
            talk(&match results.len() {
                1 => "1 record changed".to_owned(),
                count => format!("{count} records changed"),
            });
        }
        Ok(())
    }
}

/// The body that the API takes; a document that has its form already stays as it is.
fn operations(read: Json) -> Json {
    match read {
        Json::Array(operations) => json!({"operations": operations}),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_the_apis_own_form_are_both_read() {
        let list = json!([{"action": "trash", "id": "x"}]);
        let body = json!({"operations": [{"action": "trash", "id": "x"}]});
        assert_eq!(operations(list), body);
        assert_eq!(operations(body.clone()), body);
    }
}
