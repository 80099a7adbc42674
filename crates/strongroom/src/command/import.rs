//! `strongroom import`

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{cell, items, member},
    },
    failure::{CommandError, Exit},
    output::{Format, talk},
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value as Json, json};
use std::{
    fs::File,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// So many refused rows are told; the first ones mostly say what is wrong with the others.
const REFUSED_SHOWN: usize = 20;
/// Without any progress for this long nobody seems to work; the import itself goes on when a worker comes.
const SILENCE_MAX: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    connection: Connection,
    /// A CSV or JSON file, or an archive
    file: PathBuf,
    /// The file is an archive that `export --archive` made; it comes back as a whole into an organization without datasets
    #[arg(long, conflicts_with_all = ["dataset", "new", "key", "dry_run", "plan", "skip_refused"])]
    archive: bool,
    /// Import into this dataset
    #[arg(long, value_name = "KEY", conflicts_with = "new")]
    dataset: Option<String>,
    /// Import into a new dataset of this name; the file's name if neither is given
    #[arg(long, value_name = "LABEL")]
    new: Option<String>,
    /// The new dataset's key; made from its name if not given
    #[arg(long, conflicts_with = "dataset")]
    key: Option<String>,
    /// Read everything and say what would be refused, but import nothing
    #[arg(long)]
    dry_run: bool,
    /// Show what would become of each column, with the evidence, and stop
    #[arg(long)]
    plan: bool,
    /// Import the good rows although others are refused; otherwise it is all or nothing
    #[arg(long)]
    skip_refused: bool,
}

impl Import {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        if self.archive {
            return show_restored(&self.restore(&client)?, common.format());
        }
        let uploaded = self.upload(&client)?;
        let id = member(&uploaded, "id");
        let planned = self.replan(&client, &id, uploaded)?;
        if self.plan {
            return show_plan(&planned, common.format());
        }
        let mode = if self.dry_run { "dry_run" } else { "import" };
        client.post(&["imports", &id, "start"], None, Some(&json!({"mode": mode})))?;
        let ended = wait(&client, &id)?;
        show_end(&ended, common.format())
    }

    fn upload(&self, client: &Client) -> Result<Json, CommandError> {
        let name = self.file.file_name().unwrap_or_default();
        let mut query = vec![("file_name".to_owned(), name.to_string_lossy().into_owned())];
        query.extend(self.dataset.iter().map(|key| ("dataset".to_owned(), key.clone())));
        self.send(client, &["imports"], &query)
    }

    fn restore(&self, client: &Client) -> Result<Json, CommandError> {
        self.send(client, &["archive"], &[])
    }

    fn send(&self, client: &Client, to: &[&str], query: &[(String, String)]) -> Result<Json, CommandError> {
        let cannot = || CommandError::io(format!("cannot read {}", self.file.display()));
        let file = File::open(&self.file).map_err(cannot())?;
        let length = file.metadata().map_err(cannot())?.len();
        let bar = bar(length);
        bar.set_message("sending");
        let mut content = bar.wrap_read(file);
        let answer = client.upload(to, query, length, &mut content);
        bar.finish_and_clear();
        answer
    }

    /// Changes the proposed plan where the arguments say so.
    fn replan(&self, client: &Client, id: &str, uploaded: Json) -> Result<Json, CommandError> {
        let mut plan = uploaded["plan"].clone();
        if let Some(label) = &self.new {
            plan["dataset"]["new"]["label"] = json!(label);
        }
        if let Some(key) = &self.key {
            plan["dataset"]["new"]["key"] = json!(key);
        }
        if self.skip_refused {
            plan["on_refusal"] = json!("skip_rows");
        }
        if plan == uploaded["plan"] {
            return Ok(uploaded);
        }
        client.put(&["imports", id, "plan"], &plan)
    }
}

fn bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:10} {bar:40} {percent:>3} %  {bytes} of {total_bytes}");
    let bar = ProgressBar::new(length);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn wait(client: &Client, id: &str) -> Result<Json, CommandError> {
    let bar = bar(0);
    let (mut seen, mut since) = (Json::Null, Instant::now());
    loop {
        let import = client.get(&["imports", id], &[])?;
        if has_ended(&import) {
            bar.finish_and_clear();
            return Ok(import);
        }
        let progress = &import["progress"];
        bar.set_length(progress["bytes_total"].as_u64().unwrap_or(0));
        bar.set_position(progress["bytes"].as_u64().unwrap_or(0));
        bar.set_message(format!("{} rows", member(progress, "rows")));
        if *progress != seen {
            (seen, since) = (progress.clone(), Instant::now());
        }
        if since.elapsed() > SILENCE_MAX {
            let text = format!(
                "the import {id} is {} and nothing happens; does `strongroom work` run? It goes on when one does",
                member(&import, "state")
            );
            return Err(CommandError::said(Exit::Failed, text));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// After a dry run an import is a draft again, with the outcome beside it.
fn has_ended(import: &Json) -> bool {
    match import["state"].as_str() {
        Some("done" | "failed" | "cancelled") => true,
        Some("draft") => !import["outcome"].is_null(),
        _ => false,
    }
}

fn show_plan(import: &Json, format: Format) -> Result<(), CommandError> {
    for evidence in items(import, "evidence") {
        talk(&cell(evidence));
    }
    let row = |column: &Json| {
        vec![
            member(column, "header"),
            target(&column["target"]),
            member(column, "note"),
        ]
    };
    let rows = items(&import["plan"], "columns").iter().map(row).collect();
    format.list(&["column", "becomes", "because"], rows, import)
}

fn show_restored(restored: &Json, format: Format) -> Result<(), CommandError> {
    let line = |name: &'static str| (name, member(restored, name));
    let pairs = [line("datasets"), line("records"), line("attachments")];
    format.thing(&pairs, restored)
}

/// Where a column goes, in a few words.
fn target(target: &Json) -> String {
    let field = &target["field"];
    match target["to"].as_str() {
        Some("new") => format!("new {} ({})", member(field, "key"), member(field, "kind")),
        Some("existing") => member(target, "key"),
        Some("skip") => "nothing".to_owned(),
        _ => cell(target),
    }
}

fn show_end(import: &Json, format: Format) -> Result<(), CommandError> {
    let outcome = &import["outcome"];
    let refused = items(outcome, "refused");
    for refusal in refused.iter().take(REFUSED_SHOWN) {
        talk(&format!("refused: {}", refusal_line(refusal)));
    }
    if refused.len() > REFUSED_SHOWN {
        talk("and more; --json lists up to 1,000");
    }
    let pairs = [
        ("import", member(import, "id")),
        ("state", member(import, "state")),
        ("dataset", member(outcome, "dataset")),
        ("rows read", member(outcome, "rows_read")),
        ("rows imported", member(outcome, "rows_imported")),
        ("rows refused", member(outcome, "refused_count")),
    ];
    format.thing(&pairs, import)?;
    let failed =
        matches!(import["state"].as_str(), Some("failed" | "cancelled")) || outcome["error"].is_string();
    let all_refused = outcome["refused_count"].as_u64().unwrap_or(0) > 0 && outcome["rows_imported"] == 0;
    if failed || all_refused {
        let why = outcome["error"]
            .as_str()
            .unwrap_or("rows were refused, so nothing was imported; --skip-refused imports the others");
        return Err(CommandError::said(Exit::Failed, why));
    }
    Ok(())
}

/// `line 7, amount: expected a number ("12,,5")`
fn refusal_line(refusal: &Json) -> String {
    let mut line = format!("line {}", member(refusal, "line"));
    let (column, excerpt) = (member(refusal, "column"), member(refusal, "excerpt"));
    if !column.is_empty() {
        line.push_str(&format!(", {column}"));
    }
    line.push_str(&format!(": {}", member(refusal, "message")));
    if !excerpt.is_empty() {
        line.push_str(&format!(" ({excerpt:?})"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_told_in_a_few_words() {
        let new = json!({"to": "new", "field": {"key": "amount", "kind": "money"}, "formats": {}});
        assert_eq!(target(&new), "new amount (money)");
        assert_eq!(
            target(&json!({"to": "existing", "key": "amount", "formats": {}})),
            "amount"
        );
        assert_eq!(target(&json!({"to": "skip"})), "nothing");
    }
}
