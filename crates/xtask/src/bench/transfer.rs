//! Whole files: CSV import and export beside `\copy`.
//!
//! An import is timed from the first byte of the upload to the moment when the job is seen done; the upload, the look
//! at the file, the wait for a worker and the polling are in it. Of `\copy` the time is psql's own run.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value as Json, json};

use super::http::{Connection, Target};
use super::invoices::{self, CURRENCY, DATASET};
use super::report::{self, Cost, Line, Spread};
use super::{Bench, Times, median_cost, processor, site};

const IMPORT_DEADLINE: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One timed transfer.
struct Timed {
    seconds: f64,
    cost: Cost,
}

impl Bench {
    /// Import and export, each round ours and then theirs.
    pub(super) async fn transfers(&mut self) -> Result<Vec<Line>> {
        let csv = self.site.folder.join("invoices.csv");
        let (mut imports, mut copies_in) = (Vec::new(), Vec::new());
        let (mut exports, mut copies_out) = (Vec::new(), Vec::new());
        for round in 0..self.extent.rounds {
            eprintln!("CSV import and export, round {}", round + 1);
            let mut connection = Connection::open(&self.questions.target).await?;
            let key = format!("invoices_{round}");
            site::make_dataset(&mut connection, &self.questions.target, &key).await?;
            let before = (self.times()?, Instant::now());
            import(&mut connection, &self.questions.target, &key, &csv).await?;
            imports.push(self.timed(before)?);

            let (empty, copy) = self.tables.copy_in(&csv);
            self.reference.psql(&empty)?;
            let before = (self.times()?, Instant::now());
            self.reference.psql(&copy)?;
            copies_in.push(self.timed(before)?);

            let before = (self.times()?, Instant::now());
            self.export(&mut connection).await?;
            exports.push(self.timed(before)?);

            let before = (self.times()?, Instant::now());
            self.reference
                .psql(&self.tables.copy_out(&self.site.folder.join("out.csv")))?;
            copies_out.push(self.timed(before)?);
        }
        self.worked = processor::memory(self.worker.pid())?;
        Ok(vec![
            self.line(
                "CSV import",
                "\\copy, no entries",
                Some(report::IMPORT_RATIO_MIN),
                &imports,
                &copies_in,
            ),
            self.line("CSV export", "\\copy to", None, &exports, &copies_out),
        ])
    }

    fn timed(&self, (times, start): (Times, Instant)) -> Result<Timed> {
        let seconds = start.elapsed().as_secs_f64();
        Ok(Timed {
            seconds,
            cost: self.times()?.since(&times, self.extent.rows as f64),
        })
    }

    /// Streams the whole dataset as CSV and looks at its size.
    async fn export(&self, connection: &mut Connection) -> Result<()> {
        let target = &self.questions.target;
        let path = format!("{}/export?format=csv", self.questions.base);
        let answer = connection.drain(&target.request("GET", &path, "", &[])).await?;
        ensure!(answer.status == 200, "the export was answered {}", answer.status);
        let least = self.extent.rows * 100;
        ensure!(
            answer.length > least,
            "the export has only {} bytes",
            answer.length
        );
        Ok(())
    }

    fn line(
        &self,
        operation: &'static str,
        reference: &'static str,
        expected: Option<f64>,
        ours: &[Timed],
        theirs: &[Timed],
    ) -> Line {
        let rate = |timed: &Timed| self.extent.rows as f64 / timed.seconds;
        Line {
            operation,
            reference,
            clients: 1,
            unit: "rows/s",
            ours: Spread::of(ours.iter().map(rate)),
            theirs: Spread::of(theirs.iter().map(rate)),
            ratio: Spread::of(
                ours.iter()
                    .zip(theirs)
                    .map(|(ours, theirs)| rate(ours) / rate(theirs)),
            ),
            ratio_expected: expected,
            ours_cost: median_cost(ours.iter().map(|timed| timed.cost)),
            theirs_cost: median_cost(theirs.iter().map(|timed| timed.cost)),
            p50_ms: None,
            p99_ms: None,
        }
    }
}

/// Imports a CSV file into a dataset that is there and waits for the end.
pub(super) async fn import(
    connection: &mut Connection,
    target: &Target,
    dataset: &str,
    csv: &Path,
) -> Result<()> {
    let base = format!("/organizations/{}/imports", site::SLUG);
    let path = format!("{base}?file_name=invoices.csv&dataset={dataset}");
    let file = fs::read(csv)?;
    let request = target.request("POST", &path, "content-type: text/csv\r\n", &file);
    let answer = connection.ask(&request).await?;
    ensure!(
        answer.status == 201,
        "the upload was answered {}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    let made: Json = serde_json::from_slice(&answer.body)?;
    let id = made["id"].as_str().context("the import has no id")?;
    let mut plan = made["plan"].clone();
    name_currency(&mut plan)?;
    site::ask(connection, target, "PUT", &format!("{base}/{id}/plan"), &plan).await?;
    site::ask(
        connection,
        target,
        "POST",
        &format!("{base}/{id}/start"),
        &json!({"mode": "import"}),
    )
    .await?;
    let end = Instant::now() + IMPORT_DEADLINE;
    while Instant::now() < end {
        tokio::time::sleep(LOOK_EVERY).await;
        let import = site::ask(connection, target, "GET", &format!("{base}/{id}"), &Json::Null).await?;
        match import["state"].as_str() {
            Some("done") => return check(&import, csv),
            Some("waiting" | "running") => {}
            other => bail!("the import is {other:?}: {}", import["outcome"]),
        }
    }
    bail!("the import takes more than {} s", IMPORT_DEADLINE.as_secs())
}

fn check(import: &Json, csv: &Path) -> Result<()> {
    let lines = fs::read_to_string(csv)?.lines().count() as u64 - 1;
    let imported = import["outcome"]["rows_imported"].as_u64();
    ensure!(
        imported == Some(lines),
        "{imported:?} of {lines} rows were imported"
    );
    Ok(())
}

/// The file names no currency, so the plan does.
fn name_currency(plan: &mut Json) -> Result<()> {
    let columns = plan["columns"]
        .as_array_mut()
        .context("the plan has no columns")?;
    ensure!(
        columns.len() == invoices::KEYS.len(),
        "the plan has {} columns",
        columns.len()
    );
    let amount = columns.iter_mut().find(|column| column["header"] == "amount");
    let amount = amount.context("the plan has no column amount")?;
    ensure!(
        amount["target"]["to"] == "existing",
        "the plan of {DATASET} makes fields: {amount}"
    );
    amount["target"]["formats"]["currency"] = CURRENCY.into();
    Ok(())
}
