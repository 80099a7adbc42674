//! `cargo xtask bench`: Strongroom beside pgbench, on one cluster, in one run.
//!
//! Invariants: rounds of ours and theirs alternate, so that a busy moment of the machine meets both; a wrong answer
//! ends the run; what was started is stopped. Start at [`run`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, ensure};

use crate::program;
use crate::stage::BenchArguments;

mod access_log;
mod auditing;
mod backup;
mod daemon;
mod http;
mod invoices;
mod load;
mod pgbench;
mod processor;
mod random;
mod report;
mod scripts;
mod site;
mod transfer;
mod verification;

use daemon::Daemon;
use http::Connection;
use load::{Operation, Questions};
use pgbench::Reference;
use report::{Cost, Line, Machine, Report, Spread};
use scripts::Tables;
use site::Site;

const STARTS: usize = 5;
/// How long a quiet machine is waited for.
const QUIET_DEADLINE: Duration = Duration::from_secs(60);
/// How long the work behind imports is waited for.
const SETTLE_DEADLINE: Duration = Duration::from_secs(120);
/// From so many records on a dataset has an index of its words (`platform::upkeep`).
const SEARCHED_ROWS_MIN: u64 = 5_000;
/// So many seconds in a row must be quiet.
const QUIET_SECONDS: u32 = 3;
/// Processor seconds of ours and PostgreSQL's in a quiet second.
const BUSY_MAX: f64 = 0.03;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Extent {
    rows: u64,
    seconds: u64,
    rounds: usize,
}

/// Everything that the rounds need.
struct Bench {
    site: Site,
    server: Daemon,
    worker: Daemon,
    questions: Arc<Questions>,
    tables: Tables,
    reference: Reference,
    extent: Extent,
    /// Of the worker, after imports.
    worked: processor::Memory,
}

/// Builds, measures, prints, writes.
pub(crate) fn run(arguments: &BenchArguments) -> Result<()> {
    if let Some(entries) = arguments.verify {
        return verification::measure(entries);
    }
    if let Some(megabytes) = arguments.backup {
        let program = arguments.program.clone().map_or_else(build, Ok)?;
        return backup::measure(&program, megabytes, if arguments.quick { 1 } else { 5 });
    }
    let extent = Extent {
        rows: arguments
            .rows
            .unwrap_or(if arguments.quick { 10_000 } else { 100_000 }),
        seconds: arguments.seconds.unwrap_or(if arguments.quick { 3 } else { 5 }),
        rounds: if arguments.quick { 1 } else { 3 },
    };
    ensure!(
        extent.rows >= 2_000,
        "at least 2,000 rows, so that pages are full"
    );
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => build()?,
    };
    let load = wait_for_quiet();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let site = Site::make(&program)?;
    let cluster = site.cluster.clone();
    let measured = runtime.block_on(measure(site, extent, arguments.only.as_deref(), load));
    cluster.stop()?;
    let report = measured?;
    println!("{}", report.text());
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    program::run(program::cargo().args(["build", "--release", "--package", "strongroom"]))?;
    Ok(program::target().join("release/strongroom"))
}

/// The load of the last minute, as proc(5) has it, when it is low or the deadline has passed.
fn wait_for_quiet() -> f64 {
    let load = || {
        let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        text.split(' ')
            .next()
            .and_then(|first| first.parse().ok())
            .unwrap_or(0.0)
    };
    let end = Instant::now() + QUIET_DEADLINE;
    while load() > 0.3 * processors() as f64 && Instant::now() < end {
        thread::sleep(Duration::from_secs(1));
    }
    load()
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

async fn measure(site: Site, extent: Extent, only: Option<&str>, load: f64) -> Result<Report> {
    let start_seconds = measure_starts(&site).await?;
    let mut server = site.start("serve")?;
    let worker = site.start("work")?;
    server.ready(&site.target).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (idle, idle_worker) = (processor::memory(server.pid())?, processor::memory(worker.pid())?);
    let mut bench = Bench::prepare(site, server, worker, extent).await?;
    let is_wanted = |operation: Operation| only.is_none_or(|only| operation.label().starts_with(only));
    let mut lines = match only {
        None => told(bench.transfers().await?),
        Some(_) => Vec::new(),
    };
    bench.settle().await?;
    let loaded = bench.loaded().await?;
    for operation in Operation::ALL {
        for clients in operation.clients().iter().filter(|_| is_wanted(operation)) {
            lines.extend(told(bench.compare(operation, *clients).await?));
        }
    }
    if is_wanted(Operation::Read) {
        lines.extend(told(bench.compare_access_log().await?));
    }
    let mut sequencing = None;
    if only.is_none_or(|only| auditing::LABEL.starts_with(only)) {
        lines.extend(told(bench.compare_auditing().await?));
        sequencing = Some(bench.measure_sequencing().await?);
    }
    let lost = bench.server.count_in_log("access-log");
    ensure!(
        lost == 0,
        "the server lost access events: {}",
        bench.server.log_end()
    );
    let machine = Machine {
        processors: processors(),
        load_at_start: load,
        postgresql: bench.site.cluster.binaries().major(),
        rows: extent.rows,
        seconds: extent.seconds,
        rounds: extent.rounds,
    };
    Ok(Report {
        machine,
        start_seconds,
        idle,
        idle_worker,
        loaded,
        worked: bench.worked,
        after: processor::memory(bench.server.pid())?,
        lines,
        sequencing,
    })
}

/// Shows figures as they come: a run takes minutes, and what came later may fail.
fn told(lines: Vec<Line>) -> Vec<Line> {
    for line in &lines {
        eprint!("{}", line.text());
    }
    lines
}

async fn measure_starts(site: &Site) -> Result<Spread> {
    let mut rounds = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let mut server = site.start("serve")?;
        rounds.push(server.ready(&site.target).await?.as_secs_f64());
    }
    Ok(Spread::of(rounds))
}

impl Bench {
    async fn prepare(site: Site, server: Daemon, worker: Daemon, extent: Extent) -> Result<Self> {
        let target = site.target.with_token(&site.token()?);
        let mut connection = Connection::open(&target).await?;
        site::make_dataset(&mut connection, &target, invoices::DATASET).await?;
        let csv = site.folder.join("invoices.csv");
        let bytes = invoices::write_csv(&csv, extent.rows)?;
        eprintln!(
            "importing {} invoices, {:.1} MiB",
            extent.rows,
            bytes as f64 / f64::from(1 << 20)
        );
        transfer::import(&mut connection, &target, invoices::DATASET, &csv).await?;
        let made = site::make_invoice(&mut connection, &target).await?;
        let superuser = site.superuser()?.connect().await?;
        wait_for_search_index(&superuser, extent.rows).await?;
        let login = site.login(scripts::LOGIN)?;
        let tables = Tables::prepare(&superuser, site::SLUG, made, &login).await?;
        let base = format!("/organizations/{}/datasets/{}", site::SLUG, invoices::DATASET);
        let questions = Questions {
            target,
            base,
            ids: tables.ids.clone(),
        };
        Ok(Self {
            reference: Reference::new(&site.cluster, login, &tables.schema, &site.folder)?,
            questions: Arc::new(questions),
            site,
            server,
            worker,
            tables,
            extent,
            worked: processor::Memory::default(),
        })
    }

    /// Waits for what the imports left behind: rows to be vacuumed, pages to be written, jobs and looks at promises.
    /// It would run beside the first rounds, and at one client there is time for it in every pause.
    async fn settle(&self) -> Result<()> {
        eprintln!("waiting for the work behind the imports to end");
        let superuser = self.site.superuser()?.connect().await?;
        superuser.batch_execute("VACUUM ANALYZE").await?;
        superuser.batch_execute("CHECKPOINT").await?;
        let end = Instant::now() + SETTLE_DEADLINE;
        let mut quiet = 0;
        while quiet < QUIET_SECONDS && Instant::now() < end {
            let before = self.times()?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.times()?;
            let busy = now.server + now.postgres - before.server - before.postgres;
            quiet = if busy <= BUSY_MAX { quiet + 1 } else { 0 };
        }
        Ok(())
    }

    /// Memory of the server while 64 clients read; a warm-up besides.
    async fn loaded(&self) -> Result<processor::Memory> {
        let round = load::run(&self.questions, Operation::Read, 64, self.extent.seconds);
        let look = async {
            tokio::time::sleep(Duration::from_millis(self.extent.seconds * 900)).await;
            processor::memory(self.server.pid())
        };
        let (round, memory) = tokio::join!(round, look);
        round?;
        memory
    }

    /// Alternates rounds of ours with rounds of each reference.
    async fn compare(&self, operation: Operation, clients: usize) -> Result<Vec<Line>> {
        let references = self.references(operation);
        let mut ours = Vec::new();
        let mut theirs = vec![Vec::new(); references.len()];
        for _ in 0..self.extent.rounds {
            ours.push(self.our_round(operation, clients).await?);
            for (reference, rounds) in references.iter().zip(&mut theirs) {
                rounds.push(self.their_round(reference, clients)?);
            }
        }
        let middle =
            |value: fn(&load::Round) -> f64| Spread::of(ours.iter().map(|(round, _)| value(round))).median;
        let lines = references.iter().zip(theirs);
        Ok(lines
            .map(|(reference, theirs)| Line {
                p50_ms: Some(middle(|round| round.p50_ms)),
                p99_ms: Some(middle(|round| round.p99_ms)),
                ..line(operation, clients, reference, &rates(&ours), &theirs)
            })
            .collect())
    }

    fn references(&self, operation: Operation) -> Vec<Script> {
        let script = |label, expected, text| Script {
            label,
            expected,
            text,
        };
        let tables = &self.tables;
        match operation {
            Operation::Read => vec![script(
                "the same SQL",
                Some(report::READ_RATIO_MIN),
                tables.read(),
            )],
            Operation::List => vec![script("the same SQL", None, tables.list())],
            Operation::Insert => vec![
                script(
                    "the same SQL, entry",
                    Some(report::INSERT_RATIO_MIN),
                    tables.insert_with_entry(),
                ),
                script("bare row, no entry", None, tables.insert_bare()),
            ],
            Operation::Update => vec![script("the same SQL, entry", None, tables.update_with_entry())],
            Operation::Bulk => vec![script("bare rows, no entry", None, tables.insert_many())],
        }
    }

    async fn our_round(&self, operation: Operation, clients: usize) -> Result<(load::Round, Cost)> {
        let before = self.times()?;
        let round = load::run(&self.questions, operation, clients, self.extent.seconds).await?;
        // The access log is written behind the requests.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok((round, self.times()?.since(&before, round.requests as f64)))
    }

    fn their_round(&self, script: &Script, clients: usize) -> Result<(f64, Cost)> {
        let before = self.times()?;
        let name = script.label.replace([' ', ','], "-");
        let round = self
            .reference
            .run(&name, &script.text, clients, self.extent.seconds)?;
        let transactions = round.per_second * self.extent.seconds as f64;
        Ok((round.per_second, self.times()?.since(&before, transactions)))
    }

    fn times(&self) -> Result<Times> {
        Ok(Times {
            server: processor::seconds(self.server.pid())? + processor::seconds(self.worker.pid())?,
            postgres: self.site.postgres_seconds()?,
            client: processor::seconds(std::process::id().cast_signed())?,
        })
    }
}

/// The worker indexes the words of a large dataset some time after it grew. An equal table needs an equal index, and a round must not meet
/// the work on it.
async fn wait_for_search_index(superuser: &tokio_postgres::Client, rows: u64) -> Result<()> {
    if rows < SEARCHED_ROWS_MIN {
        return Ok(());
    }
    eprintln!("waiting for the index of words");
    let text =
        "SELECT EXISTS (SELECT FROM pg_indexes WHERE schemaname ~ '^o_' AND indexname ~ '^d[0-9]+_search$')";
    let end = Instant::now() + SETTLE_DEADLINE;
    while !superuser.query_one(text, &[]).await?.get::<_, bool>(0) {
        ensure!(
            Instant::now() < end,
            "the worker does not index the words of the invoices"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// What pgbench runs beside an operation.
struct Script {
    label: &'static str,
    expected: Option<f64>,
    text: String,
}

/// Processor seconds so far.
struct Times {
    server: f64,
    postgres: f64,
    client: f64,
}

impl Times {
    fn since(&self, before: &Self, requests: f64) -> Cost {
        let each = |now: f64, before: f64| (now - before) * 1e6 / requests.max(1.0);
        Cost {
            server_us: each(self.server, before.server),
            postgres_us: each(self.postgres, before.postgres),
            client_us: each(self.client, before.client),
        }
    }
}

/// `ours` beside `theirs`, round by round, without latencies.
fn line(
    operation: Operation,
    clients: usize,
    script: &Script,
    ours: &[(f64, Cost)],
    theirs: &[(f64, Cost)],
) -> Line {
    let rate = |(rate, _): &(f64, Cost)| rate * operation.weight() as f64;
    Line {
        operation: operation.label(),
        reference: script.label,
        clients,
        unit: if operation.weight() == 1 {
            "requests/s"
        } else {
            "rows/s"
        },
        ours: Spread::of(ours.iter().map(rate)),
        theirs: Spread::of(theirs.iter().map(rate)),
        ratio: Spread::of(
            ours.iter()
                .zip(theirs)
                .map(|(ours, theirs)| rate(ours) / rate(theirs)),
        ),
        ratio_expected: script.expected,
        ours_cost: median_cost(ours.iter().map(|(_, cost)| *cost)),
        theirs_cost: median_cost(theirs.iter().map(|(_, cost)| *cost)),
        p50_ms: None,
        p99_ms: None,
    }
}

/// The rates of our own rounds.
fn rates(rounds: &[(load::Round, Cost)]) -> Vec<(f64, Cost)> {
    rounds
        .iter()
        .map(|(round, cost)| (round.per_second(), *cost))
        .collect()
}

fn median_cost(costs: impl Iterator<Item = Cost> + Clone) -> Cost {
    let middle = |part: fn(&Cost) -> f64| Spread::of(costs.clone().map(|cost| part(&cost))).median;
    Cost {
        server_us: middle(|cost| cost.server_us),
        postgres_us: middle(|cost| cost.postgres_us),
        client_us: middle(|cost| cost.client_us),
    }
}
