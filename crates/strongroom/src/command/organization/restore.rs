//! `strongroom organization restore`: through the API, for administrators.

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    command::restore::Moment,
    failure::{CommandError, Exit},
    output,
};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

const COUNTS: [(&str, &str); 5] = [
    ("changed", "values of then"),
    ("back", "out of the trash"),
    ("trashed", "into the trash"),
    ("unfit", "fit no more"),
    ("slipped", "changed meanwhile"),
];

#[derive(Debug, Args)]
pub(in crate::command) struct Restore {
    #[command(flatten)]
    moment: Moment,
    /// Take the last restore back, for every record that nobody has changed since
    #[arg(long, conflicts_with_all = ["to", "ago"])]
    undo: bool,
    /// Carry it out: the organization's name in addresses, typed again. Without this it is only shown
    #[arg(long, value_name = "SLUG")]
    confirm: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Restore {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let mut order = match (self.moment.of(Timestamp::now())?, self.undo) {
            (Some(moment), _) => json!({"to": moment}),
            (None, true) => json!({"undo": true}),
            (None, false) => {
                let text = "say where to: --to TIME, --ago DURATION, or --undo";
                return Err(CommandError::said(Exit::Usage, text));
            }
        };
        if let Some(name) = &self.confirm {
            order["name"] = json!(name);
        }
        let client = Client::open(common, &self.connection)?;
        let answer = client.post(&["restore"], None, Some(&order))?;
        show(common, &answer, self.confirm.is_some())
    }
}

fn show(common: &Common, answer: &Json, is_confirmed: bool) -> Result<(), CommandError> {
    let erased = answer["erasures_since"].as_i64().unwrap_or_default();
    if erased > 0 {
        output::talk(&format!(
            "{erased} acts have erased something since; what they erased does not come back"
        ));
    }
    for one in items(answer, "redefinitions_since") {
        let (dataset, action) = (member(one, "dataset"), member(one, "action"));
        output::talk(&format!(
            "{dataset} was defined anew since ({action}); its definition stays as it is now"
        ));
    }
    let datasets = items(answer, "datasets");
    for unfit in datasets.iter().flat_map(|dataset| items(dataset, "told")) {
        output::talk(&format!(
            "{} stays as it is: {}",
            member(unfit, "record"),
            member(unfit, "why")
        ));
    }
    let row = |dataset: &Json| {
        let counts = COUNTS.iter().map(|(name, _)| member(dataset, name));
        std::iter::once(member(dataset, "dataset"))
            .chain(counts)
            .collect()
    };
    let headers: Vec<&str> = std::iter::once("dataset")
        .chain(COUNTS.map(|(_, header)| header))
        .collect();
    common
        .format()
        .list(&headers, datasets.iter().map(row).collect(), answer)?;
    output::talk(match answer["carried_out"].as_bool() {
        Some(true) => "done; the same with `--undo` and `--confirm` takes it back",
        _ if is_confirmed => "nothing differed, and nothing was changed",
        _ => "nothing was changed; the same with `--confirm` and the organization's name carries it out",
    });
    Ok(())
}
