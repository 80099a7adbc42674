//! `strongroom member narrow`

use super::{Common, account_of, part};
use crate::{
    client::{Client, Connection},
    failure::CommandError,
};
use clap::Args;
use serde_json::{Map, Value as Json, json};

#[derive(Debug, Args)]
pub(in crate::command) struct Narrow {
    /// The person's e-mail address
    email: String,
    /// What is left on every dataset that is not named: none, read or write
    #[arg(long, value_name = "RIGHT", default_value = "write", value_parser = ["none", "read", "write"])]
    others: String,
    /// What is left on a dataset: none, read or write; repeat for more
    #[arg(long = "dataset", value_name = "KEY=RIGHT", value_parser = assignment)]
    datasets: Vec<(String, String)>,
    /// What is left on a field: hidden, masked, read or write; repeat for more
    #[arg(long = "field", value_name = "DATASET.FIELD=RIGHT", value_parser = assignment)]
    fields: Vec<(String, String)>,
    #[command(flatten)]
    connection: Connection,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=');
    let (name, right) =
        parts.ok_or_else(|| format!("{text:?} has no =; write for example customers=read"))?;
    Ok((name.to_owned(), right.to_owned()))
}

impl Narrow {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let account = account_of(&client, &self.email)?;
        let answer = client.put(&["members", &account, "narrowing"], &self.body())?;
        let pairs = [
            ("member", part(&answer, "email")),
            ("role", part(&answer, "role")),
            ("left", answer["narrowing"].to_string()),
        ];
        common.format().thing(&pairs, &answer)
    }

    /// As the API takes it, which says what of it is wrong.
    fn body(&self) -> Json {
        let mut fields: Map<String, Json> = Map::new();
        for (name, right) in &self.fields {
            let (dataset, field) = name.split_once('.').unwrap_or((name, ""));
            let of_dataset = fields.entry(dataset).or_insert_with(|| json!({}));
            of_dataset[field] = json!(right);
        }
        let datasets: Map<String, Json> = self
            .datasets
            .iter()
            .map(|(key, right)| (key.clone(), json!(right)))
            .collect();
        json!({"others": self.others, "datasets": datasets, "fields": fields})
    }
}
