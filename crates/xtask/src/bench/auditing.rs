//! What auditing costs whoever writes, and how fast entries become leaves of the log.
//!
//! Invariants: the same statement with and without its entry, on equal tables, on PostgreSQL alone; and the same request to our server
//! with and without. The outbox is empty before a round without entries begins, so that the work behind the round before it is
//! not counted there. Nothing of the server is changed for it: in the benchmark's own database the triggers rest and the function
//! that appends does nothing, so that sealing and committing in the server are in both.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio_postgres::Client;

use super::load::Operation;
use super::report::{AUDITED_WRITE_RATIO_MIN, Cost, Line, Sequencing};
use super::{Bench, Script, line, rates};

/// What a person calls it.
pub(super) const LABEL: &str = "auditing";
/// How many write at once.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Who fills the outbox for the sequencer.
const WRITERS: usize = 16;
/// So many entries wait before the sequencer goes on; fewer where writing them takes more rounds than allowed.
const WAITING_WANTED: i64 = 60_000;
const FILLING_ROUNDS_MAX: usize = 10;
/// How long the sequencer may take to work off what waits.
const DRAIN_DEADLINE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const WAITING: &str = "SELECT count(*) FROM strongroom.audit_pending";
const LEAVES: &str = "SELECT count(*) FROM strongroom.audit_leaf";

impl Bench {
    /// Inserts with their entry beside inserts without: of PostgreSQL, then of our server.
    pub(super) async fn compare_auditing(&self) -> Result<Vec<Line>> {
        let superuser = self.site.superuser()?.connect().await?;
        let mut lines = Vec::new();
        for clients in CLIENTS {
            lines.push(self.compare_statements(&superuser, clients).await?);
        }
        for clients in CLIENTS {
            lines.push(self.compare_requests(&superuser, clients).await?);
        }
        Ok(lines)
    }

    async fn compare_statements(&self, superuser: &Client, clients: usize) -> Result<Line> {
        let audited = script("SQL, with entry", None, self.tables.insert_with_entry());
        let bare = script(
            "SQL, no entry",
            Some(AUDITED_WRITE_RATIO_MIN),
            self.tables.insert_bare(),
        );
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..self.extent.rounds {
            with.push(self.their_round(&audited, clients)?);
            self.drain(superuser).await?;
            without.push(self.their_round(&bare, clients)?);
        }
        Ok(labelled(clients, &bare, &with, &without))
    }

    async fn compare_requests(&self, superuser: &Client, clients: usize) -> Result<Line> {
        let unaudited = script("ours, no entry", None, String::new());
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..self.extent.rounds {
            with.push(self.our_round(Operation::Insert, clients).await?);
            self.drain(superuser).await?;
            let kept = Silenced::begin(superuser, &self.tables.schema, &self.tables.invoices).await?;
            let round = self.our_round(Operation::Insert, clients).await;
            kept.end(superuser).await?;
            without.push(round?);
        }
        Ok(labelled(clients, &unaudited, &rates(&with), &rates(&without)))
    }

    /// Lets entries wait while the worker stands still, and measures how long it needs for them.
    pub(super) async fn measure_sequencing(&self) -> Result<Sequencing> {
        let superuser = self.site.superuser()?.connect().await?;
        self.drain(&superuser).await?;
        let script = script("SQL, with entry", None, self.tables.insert_with_entry());
        self.worker.pause()?;
        let filled = self.fill_outbox(&superuser, &script).await;
        let (before, began) = (self.times(), Instant::now());
        self.worker.resume()?;
        let (waited, before) = (filled?, before?);
        self.drain(&superuser).await?;
        self.wait_signed(&superuser).await?;
        let seconds = began.elapsed().as_secs_f64();
        let Cost {
            server_us,
            postgres_us,
            ..
        } = self.times()?.since(&before, waited as f64);
        Ok(Sequencing {
            waited: waited.unsigned_abs(),
            seconds,
            cost: Cost {
                server_us,
                postgres_us,
                client_us: 0.0,
            },
        })
    }

    async fn fill_outbox(&self, superuser: &Client, script: &Script) -> Result<i64> {
        let mut waiting = 0;
        for _ in 0..FILLING_ROUNDS_MAX {
            self.their_round(script, WRITERS)?;
            waiting = count(superuser).await?;
            if waiting >= WAITING_WANTED {
                break;
            }
        }
        ensure!(waiting > 0, "no entry waits: the worker did not stand still");
        // Or PostgreSQL would do it by itself, beside the sequencer.
        superuser.batch_execute("VACUUM ANALYZE").await?;
        Ok(waiting)
    }

    /// Until the published checkpoint covers every leaf; its second line is its size (C2SP tlog-checkpoint).
    async fn wait_signed(&self, superuser: &Client) -> Result<()> {
        let leaves: i64 = superuser.query_one(LEAVES, &[]).await?.get(0);
        let end = Instant::now() + DRAIN_DEADLINE;
        let size = || -> Option<i64> {
            let note = fs::read_to_string(self.site.folder.join("audit/checkpoint")).ok()?;
            note.lines().nth(1)?.parse().ok()
        };
        while size().is_none_or(|size| size < leaves) {
            ensure!(
                Instant::now() < end,
                "the checkpoint does not come to {leaves} leaves: {}",
                self.worker.log_end()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Until no entry waits.
    async fn drain(&self, superuser: &Client) -> Result<()> {
        let end = Instant::now() + DRAIN_DEADLINE;
        while count(superuser).await? > 0 {
            ensure!(
                Instant::now() < end,
                "the sequencer does not come to an end: {}",
                self.worker.log_end()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

/// The database without entries of records, for as long as it is not ended.
struct Silenced {
    invoices: String,
    /// The function that appends, as it was.
    append: String,
}

impl Silenced {
    async fn begin(superuser: &Client, schema: &str, invoices: &str) -> Result<Self> {
        let text = "SELECT pg_get_functiondef(p.oid), pg_get_function_arguments(p.oid) FROM pg_proc p
            JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.proname = '_append_record'";
        let row = superuser.query_one(text, &[&schema]).await?;
        let (append, arguments): (String, String) = (row.get(0), row.get(1));
        let text = format!(
            "ALTER TABLE {invoices} DISABLE TRIGGER USER;
             CREATE OR REPLACE FUNCTION {schema}._append_record({arguments}) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN clock_timestamp(); END'"
        );
        let done = superuser.batch_execute(&text).await;
        done.context("the benchmark's own auditing cannot be silenced")?;
        Ok(Self {
            invoices: invoices.to_owned(),
            append,
        })
    }

    async fn end(self, superuser: &Client) -> Result<()> {
        let Self { invoices, append } = self;
        let text = format!("ALTER TABLE {invoices} ENABLE TRIGGER USER; {append}");
        let done = superuser.batch_execute(&text).await;
        done.context("the benchmark's own auditing cannot be brought back")
    }
}

async fn count(superuser: &Client) -> Result<i64> {
    Ok(superuser.query_one(WAITING, &[]).await?.get(0))
}

fn labelled(clients: usize, script: &Script, with: &[(f64, Cost)], without: &[(f64, Cost)]) -> Line {
    Line {
        operation: LABEL,
        ..line(Operation::Insert, clients, script, with, without)
    }
}

fn script(label: &'static str, expected: Option<f64>, text: String) -> Script {
    Script {
        label,
        expected,
        text,
    }
}
