//! `strongroom person-request`: one person's data found, handed over and erased, through the API.
//!
//! Invariant: the words that a person is found by are no arguments, which everybody on the machine could read.

use super::{Common, export::deliver};
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::{CommandError, Exit},
    output,
};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::{
    io::{self, Read},
    path::PathBuf,
};
use types::PersonRequestId;

/// Most bytes of a file of words.
const WORDS_BYTES_MAX: u64 = 64 << 10;

#[derive(Debug, Args)]
pub(super) struct PersonRequest {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List requests, the open ones first, in the order in which they are due
    List,
    /// Write a request down; it is due a month after it was received
    Open(Open),
    /// Look for the person, to the end
    Search {
        /// The request's id
        request: PersonRequestId,
    },
    /// List what was found: where, never what stands there
    Hits {
        /// The request's id
        request: PersonRequestId,
    },
    /// Say of hits whether they are this person's
    Mark(Mark),
    /// Have the request be due later, once, with a reason
    Extend {
        /// The request's id
        request: PersonRequestId,
        /// The day, at most three months after it was received, such as 2026-03-12
        #[arg(long, value_name = "DAY")]
        due_on: String,
        /// Why; the person is told
        #[arg(long, value_name = "TEXT")]
        because: String,
    },
    /// Write what is theirs into a tar file, with sensitive values in the clear
    HandOver {
        /// The request's id
        request: PersonRequestId,
        /// The file, which must not be there yet
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Propose the erasure of what is theirs; somebody else approves it
    Propose {
        /// The request's id
        request: PersonRequestId,
        /// The legal ground, which stays in the audit log
        #[arg(long, value_name = "TEXT")]
        ground: String,
    },
    /// Take a proposal back
    Withdraw {
        /// The request's id
        request: PersonRequestId,
    },
    /// Approve an erasure that somebody else asked for and proposed, and carry it out
    Approve {
        /// The request's id
        request: PersonRequestId,
        /// The proposal's `proposed_at`, as `list` gives it: one that was made since is not approved
        #[arg(long, value_name = "TIME")]
        proposed_at: Timestamp,
    },
    /// Go on with an approved erasure of which something was left
    CarryOn {
        /// The request's id
        request: PersonRequestId,
    },
    /// Close a request that ended without an erasure
    Close {
        /// The request's id
        request: PersonRequestId,
        /// How it ended
        #[arg(long)]
        outcome: End,
        /// What was answered, or why not; it stays, so it has no name in it
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
}

#[derive(Debug, Args)]
struct Open {
    /// What they ask for
    #[arg(long)]
    kind: Kind,
    /// The organization's own number for it; it stays, so it is no name
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// When it was received; today when nothing is said
    #[arg(long, value_name = "DAY")]
    received_on: Option<String>,
    /// A file with names, addresses and numbers to look for, one a line; - for standard input
    #[arg(long, value_name = "FILE")]
    words: PathBuf,
}

#[derive(Debug, Args)]
struct Mark {
    /// The request's id
    request: PersonRequestId,
    /// Ids of hits
    #[arg(required = true, value_name = "HIT")]
    hits: Vec<String>,
    /// Whose they are
    #[arg(long)]
    verdict: Whose,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Their data
    Access,
    /// That it goes
    Erasure,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Whose {
    /// This person's
    Theirs,
    /// Somebody else's
    Other,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum End {
    /// What was theirs was handed over
    HandedOver,
    /// Nothing of theirs was found
    NothingFound,
    /// It was refused
    Refused,
}

/// The word of the API, which is that of the command line.
fn word(value: impl ValueEnum) -> String {
    let named = value.to_possible_value();
    named.map_or_else(String::new, |named| named.get_name().to_owned())
}

impl PersonRequest {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        match &self.act {
            Act::List => list(common, &client),
            Act::Open(open) => open.run(common, &client),
            Act::Search { request } => search(&client, *request),
            Act::Hits { request } => hits(common, &client, *request),
            Act::Mark(mark) => {
                let body = json!({"hits": mark.hits, "verdict": word(mark.verdict)});
                tell(&client, mark.request, "marks", Some(&body), "saved")
            }
            Act::Extend {
                request,
                due_on,
                because,
            } => {
                let body = json!({"due_on": due_on, "because": because});
                tell(&client, *request, "extension", Some(&body), "it is due later")
            }
            Act::HandOver { request, output } => {
                let id = request.to_string();
                let mut content = client.fetch(&["person-requests", &id, "archive"])?;
                deliver(&mut content, Some(output))
            }
            Act::Propose { request, ground } => {
                let body = json!({ "ground": ground });
                let said = "proposed; another administrator approves it";
                tell(&client, *request, "proposal", Some(&body), said)
            }
            Act::Withdraw { request } => tell(&client, *request, "withdraw", None, "taken back"),
            Act::Approve { request, proposed_at } => {
                let body = json!({ "proposed_at": proposed_at });
                erase(common, &client, *request, "approve", Some(&body))
            }
            Act::CarryOn { request } => erase(common, &client, *request, "carry-on", None),
            Act::Close {
                request,
                outcome,
                note,
            } => {
                let body = json!({"outcome": word(*outcome), "note": note});
                tell(&client, *request, "close", Some(&body), "closed")
            }
        }
    }
}

fn tell(
    client: &Client,
    request: PersonRequestId,
    act: &str,
    body: Option<&Json>,
    said: &str,
) -> Result<(), CommandError> {
    client.post(&["person-requests", &request.to_string(), act], None, body)?;
    output::talk(said);
    Ok(())
}

fn list(common: &Common, client: &Client) -> Result<(), CommandError> {
    const COLUMNS: [&str; 7] = [
        "id",
        "reference",
        "kind",
        "due_on",
        "days_left",
        "proposed_at",
        "outcome",
    ];
    let listed = client.get(&["person-requests"], &[])?;
    let row = |one: &Json| COLUMNS.iter().map(|name| member(one, name)).collect();
    let rows: Vec<Vec<String>> = items(&listed, "requests").iter().map(row).collect();
    common.format().list(&COLUMNS, rows, &listed)
}

fn hits(common: &Common, client: &Client, request: PersonRequestId) -> Result<(), CommandError> {
    const COLUMNS: [&str; 6] = ["id", "kind", "dataset", "found_in", "verdict", "state"];
    let listed = client.get(&["person-requests", &request.to_string(), "hits"], &[])?;
    let row = |one: &Json| COLUMNS.iter().map(|name| member(one, name)).collect();
    let rows: Vec<Vec<String>> = items(&listed, "hits").iter().map(row).collect();
    common.format().list(&COLUMNS, rows, &listed)
}

/// Until it has come to its end.
fn search(client: &Client, request: PersonRequestId) -> Result<(), CommandError> {
    loop {
        let found = client.post(&["person-requests", &request.to_string(), "search"], None, None)?;
        let hits = member(&found, "hits");
        if found.get("complete") == Some(&Json::Bool(true)) {
            output::talk(&format!("{hits} hits"));
            return Ok(());
        }
        output::talk(&format!("{hits} hits so far; it goes on"));
    }
}

fn erase(
    common: &Common,
    client: &Client,
    request: PersonRequestId,
    act: &str,
    body: Option<&Json>,
) -> Result<(), CommandError> {
    let erased = client.post(&["person-requests", &request.to_string(), act], None, body)?;
    for left in items(&erased, "left") {
        output::talk(&format!("left: {}", left.as_str().unwrap_or_default()));
    }
    let facts = ["records", "files"].map(|name| (name, member(&erased, name)));
    common.format().thing(&facts, &erased)
}

impl Open {
    fn run(&self, common: &Common, client: &Client) -> Result<(), CommandError> {
        let words = self.words()?;
        let body = json!({
            "kind": word(self.kind), "reference": self.reference, "received_on": self.received_on,
            "words": words.lines().collect::<Vec<_>>(),
        });
        let made = client.post(&["person-requests"], None, Some(&body))?;
        let facts = ["id", "due_on"].map(|name| (name, member(&made, name)));
        common.format().thing(&facts, &made)
    }

    fn words(&self) -> Result<String, CommandError> {
        let cannot = CommandError::io(format!("cannot read {}", self.words.display()));
        let mut text = String::new();
        let read = match self.words.to_str() {
            Some("-") => io::stdin().take(WORDS_BYTES_MAX + 1).read_to_string(&mut text),
            _ => std::fs::File::open(&self.words)
                .and_then(|file| file.take(WORDS_BYTES_MAX + 1).read_to_string(&mut text)),
        };
        read.map_err(cannot)?;
        if text.len() as u64 > WORDS_BYTES_MAX {
            let said = format!("{} is no list of words: it is too large", self.words.display());
            return Err(CommandError::said(Exit::Usage, said));
        }
        Ok(text)
    }
}
