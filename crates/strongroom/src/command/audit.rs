//! `strongroom audit`

use super::{Common, database::Admin};
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::{CommandError, Exit},
    host,
    output::{Format, data, talk},
};
use ::host::write::{self, Access};
use clap::{Args, Subcommand};
use platform::{
    Caller, Platform,
    check::{self, AuditFault, AuditReport, LogReport},
    ledger::{self, Plan, witness},
    organization,
};
use serde_json::{Value as Json, json};
use std::{
    fs::{self, OpenOptions},
    io::{BufWriter, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Requests, cosignatures and policies are shorter.
const SMALL_BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// List entries of an organization's audit log, newest first, through the API
    List(List),
    /// Show one entry with what it changed, through the API
    Show(One),
    /// Give the receipt of one entry: a proof that it is in the signed log, which anybody can check with the policy
    Prove(Prove),
    /// Write an export that an auditor verifies with strongroom-verify and the policy, on the host; it holds sensitive values in the clear
    Export(Export),
    /// Check the log against the data, on the host: one organization, or all, the appliance's own log and the signed log as a whole
    Check {
        /// The organization
        organization: Option<String>,
    },
    /// Print the newest signed checkpoint, on the host, to be kept elsewhere: by mail, on paper, with a witness
    Anchor(Anchor),
    /// Name a witness elsewhere, on the host, by the key that `strongroom witness make` gave
    Witness {
        /// The key: name+id+key
        key: String,
    },
    /// Keep what a witness answered, on the host
    Cosign(Cosign),
    /// Mend the log after a restore of the database or the loss of its folder, on the host: shows what would be done, and does it when that
    /// is confirmed
    Recover(Recover),
    /// Print the policy that an auditor pins, on the host: the log's name and key. Hand it over once, by a way of your own
    Policy,
}

#[derive(Debug, Args)]
pub(super) struct One {
    #[command(flatten)]
    connection: Connection,
    /// The entry's id
    entry: String,
}

#[derive(Debug, Args)]
pub(super) struct Prove {
    #[command(flatten)]
    one: One,
    /// Write it into this file, which must not be there, and not to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    connection: Connection,
    /// Only actions that begin with this, such as record
    #[arg(long)]
    action: Option<String>,
    /// Only this account's acts
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// How many, 1 to 500
    #[arg(long, default_value_t = 50)]
    limit: u16,
    /// Where an earlier answer stopped
    #[arg(long)]
    before: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The organization; everything if not given
    organization: Option<String>,
    /// The file, which must not be there
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The size of a checkpoint that the auditor kept, to be compared with: no part that is left out spans it
    #[arg(long, value_name = "SIZE")]
    cut: Vec<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Anchor {
    /// As a request to a witness, which has signed so many leaves (`strongroom witness show`)
    #[arg(long, value_name = "SIZE")]
    witness_has: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Cosign {
    /// What the witness was asked
    request: PathBuf,
    /// What it answered
    answer: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Recover {
    #[command(flatten)]
    admin: Admin,
    /// What the command shows when it is called without this
    #[arg(long, value_name = "WORDS")]
    confirm: Option<String>,
}

impl Audit {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        match self {
            Self::List(list) => list.run(common).map(|()| ExitCode::SUCCESS),
            Self::Show(one) => one.show(common).map(|()| ExitCode::SUCCESS),
            Self::Prove(prove) => prove.run(common).map(|()| ExitCode::SUCCESS),
            Self::Check { organization } => {
                let checked = host::with_platform(common.config.as_deref(), async |platform, _| {
                    check_logs(platform, organization.as_deref()).await
                })?;
                show(&checked, common.format())
            }
            Self::Export(export) => export.run(common).map(|()| ExitCode::SUCCESS),
            Self::Anchor(wish) => host::with_platform(common.config.as_deref(), async |platform, _| {
                match wish.witness_has {
                    None => anchor(platform, common.format()).await,
                    Some(old) => {
                        let request = witness::request(platform, &Caller::host(), old).await?;
                        give(common.format(), &request, &json!({ "request": request }))
                    }
                }
            })
            .map(|()| ExitCode::SUCCESS),
            Self::Witness { key } => host::with_platform(common.config.as_deref(), async |platform, _| {
                witness::appoint(platform, &Caller::host(), key).await?;
                talk("its cosignatures count from now on; the policy names it, so give the policy to the auditor again");
                Ok(())
            })
            .map(|()| ExitCode::SUCCESS),
            Self::Cosign(cosign) => cosign.run(common).map(|()| ExitCode::SUCCESS),
            Self::Recover(recover) => recover.run(common).map(|()| ExitCode::SUCCESS),
            Self::Policy => host::with_platform(common.config.as_deref(), async |platform, _| {
                let policy = ledger::policy(platform, &Caller::host()).await?;
                give(common.format(), &policy, &json!({ "policy": policy }))
            })
            .map(|()| ExitCode::SUCCESS),
        }
    }
}

impl List {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let mut query = vec![("limit".to_owned(), self.limit.to_string())];
        for (name, value) in [
            ("action", &self.action),
            ("account", &self.account),
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
    fn show(&self, common: &Common) -> Result<(), CommandError> {
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
    fn run(&self, common: &Common) -> Result<(), CommandError> {
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

impl Export {
    /// Nothing is left of a file that was not written whole.
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let failed = || CommandError::io(format!("cannot write {}", self.out.display()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.out);
        let file = file.map_err(failed())?;
        let written = host::with_platform(common.config.as_deref(), async |platform, _| {
            let sink = BufWriter::new(&file);
            let (exported, _) = ledger::export(
                platform,
                &Caller::host(),
                self.organization.as_deref(),
                &self.cut,
                sink,
            )
            .await?;
            Ok(exported)
        });
        let written = written.and_then(|exported| {
            file.sync_all().map_err(failed())?;
            Ok(exported)
        });
        if written.is_err()
            && let Err(error) = fs::remove_file(&self.out)
        {
            talk(&format!(
                "{} was not written whole, holds values in the clear and cannot be removed ({error}): remove it",
                self.out.display()
            ));
        }
        let exported = written?;
        if exported.missing > 0 {
            let missing = exported.missing;
            talk(&format!(
                "{missing} parts cannot be opened, and nothing explains it: run `strongroom audit check`"
            ));
        }
        let pairs = [
            ("leaves", exported.size.to_string()),
            ("shown", exported.shown.to_string()),
            ("images", exported.images.to_string()),
            ("gone, and explained", exported.gone.to_string()),
            ("missing", exported.missing.to_string()),
        ];
        common.format().thing(&pairs, &json!(exported))
    }
}

impl Cosign {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let (request, answer) = (read_small(&self.request)?, read_small(&self.answer)?);
        let size = host::with_platform(common.config.as_deref(), async |platform, _| {
            Ok(witness::keep(platform, &Caller::host(), &request, &answer).await?)
        })?;
        talk(&format!("a witness has seen the log up to {size} leaves"));
        common
            .format()
            .thing(&[("size", size.to_string())], &json!({ "size": size }))
    }
}

/// A file that somebody carried here; none of them is long.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>, CommandError> {
    let failed = || CommandError::io(format!("cannot read {}", path.display()));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed())?;
    file.take(SMALL_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed())?;
    Ok(bytes)
}

impl Recover {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        host::with_platform(common.config.as_deref(), async |platform, config| {
            let caller = Caller::host();
            let Some(confirmation) = &self.confirm else {
                let plan = ledger::plan(platform, &caller).await?;
                return tell_plan(plan, common.format());
            };
            let (admin, name) = (self.admin.access(config)?, &config.database.name);
            let done = ledger::recover(platform, &caller, &admin, name, confirmation).await?;
            talk("done; start strongroom-worker.service, and run `strongroom audit check`");
            give(
                common.format(),
                &described(done),
                &json!({"done": done.confirmation()}),
            )
        })
    }
}

fn tell_plan(plan: Option<Plan>, format: Format) -> Result<(), CommandError> {
    let Some(plan) = plan else {
        talk("nothing is wrong with the log that this would mend");
        return give(format, "", &json!({"plan": null}));
    };
    let confirmation = plan.confirmation();
    talk(&format!(
        "stop strongroom-worker.service, keep a copy of the folder, and run this again with --confirm {confirmation}"
    ));
    give(format, &described(plan), &json!({"plan": confirmation}))
}

fn described(plan: Plan) -> String {
    match plan {
        Plan::Return { database, signed } => format!(
            "leaves {database} to {} were signed and are not in the database, which was set back; they come back out of the tiles, and the \
             check takes their entries as lost by the restore",
            signed.saturating_sub(1)
        ),
        Plan::Remember { size } => {
            format!("what was signed last is taken from the checkpoint of {size} leaves in the folder")
        }
        Plan::BeginAgain { database } => format!(
            "the tiles of all {database} leaves are made anew out of the database, and signed; compare the checkpoint with one that was kept \
             elsewhere"
        ),
    }
}

/// A text that is kept as it is, or the value for programs.
fn give(format: Format, text: &str, json: &Json) -> Result<(), CommandError> {
    match format {
        Format::Json => format.thing(&[], json),
        Format::Text => data(text),
    }
}

async fn anchor(platform: &Platform, format: Format) -> Result<(), CommandError> {
    let found = ledger::checkpoint(platform).await?;
    let found = found.ok_or_else(|| {
        let text = "nothing was signed yet: see that the worker runs, with `strongroom doctor`";
        CommandError::said(Exit::NotFound, text)
    })?;
    give(
        format,
        &found.note,
        &json!({"note": found.note, "size": found.size, "root": found.root, "published_at": found.at}),
    )
}

/// What was checked.
struct Checked {
    logs: Vec<AuditReport>,
    /// The signed log as a whole; not looked at for one organization.
    whole: Option<LogReport>,
}

async fn check_logs(platform: &Platform, slug: Option<&str>) -> Result<Checked, CommandError> {
    let host = Caller::host();
    if let Some(slug) = slug {
        return Ok(Checked {
            logs: vec![check::organization(platform, &host, slug).await?],
            whole: None,
        });
    }
    let mut logs = vec![check::appliance(platform, &host).await?];
    for one in organization::list_all(platform, &host).await? {
        logs.push(check::organization(platform, &host, &one.slug).await?);
    }
    let whole = Some(check::tree(platform, &host).await?);
    Ok(Checked { logs, whole })
}

fn row(report: &AuditReport) -> Vec<String> {
    let log = report.organization.as_deref().unwrap_or("(appliance)");
    vec![
        log.to_owned(),
        report.entries.to_string(),
        report.images.to_string(),
        report.records.to_string(),
        report.faults_total.to_string(),
        format!("{} ms", report.took_ms),
    ]
}

/// One line for each fault, with the log and what it is about.
fn tell(fault: &AuditFault) {
    let log = fault.organization.as_deref().unwrap_or("appliance");
    let entry = fault.entry.map(|id| format!(", entry {id}"));
    let record = fault.record.map(|id| format!(", record {id}"));
    let place = format!("{log}{}{}", entry.unwrap_or_default(), record.unwrap_or_default());
    talk(&format!("fault: {place}: {}", fault.detail));
}

fn show(checked: &Checked, format: Format) -> Result<ExitCode, CommandError> {
    let whole = checked.whole.iter();
    let faults = checked.logs.iter().flat_map(|report| &report.faults);
    faults
        .chain(whole.clone().flat_map(|report| &report.faults))
        .for_each(tell);
    for report in whole.clone() {
        let LogReport {
            leaves,
            signed,
            tiles,
            ..
        } = report;
        talk(&format!(
            "the signed log: {leaves} leaves, {signed} of them signed, {tiles} tiles compared"
        ));
    }
    let unchecked: u64 = checked.logs.iter().map(|report| report.unchecked).sum();
    if unchecked > 0 {
        talk(&format!(
            "{unchecked} entries that wait for the log were not compared, being too many; look again when fewer wait"
        ));
    }
    let rows = checked.logs.iter().map(row).collect();
    format.list(
        &["log", "entries", "images", "records", "faults", "took"],
        rows,
        &json!({"reports": checked.logs, "log": checked.whole}),
    )?;
    if checked.logs.iter().all(AuditReport::is_clean) && whole.clone().all(LogReport::is_clean) {
        return Ok(ExitCode::SUCCESS);
    }
    talk(
        "the log and the data do not agree; do not write any more, keep a copy, and look at the entries above",
    );
    Ok(ExitCode::from(Exit::Failed as u8))
}
