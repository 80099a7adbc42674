//! What the access log costs readers: the same reads with and without its rows being written.
//!
//! Invariant: nothing of the server is changed for it. A rule in the benchmark's own database drops the rows, so that the making of the
//! events in the server, a few short texts and a queue, is in both.

use anyhow::Result;

use super::load::Operation;
use super::report::{LOGGED_READ_RATIO_MIN, Line};
use super::{Bench, Script, line, rates};

/// How many read at once.
const CLIENTS: [usize; 2] = [16, 64];
const DROP_ROWS: &str = "CREATE RULE bench_drops AS ON INSERT TO strongroom.access_event DO INSTEAD NOTHING";
const KEEP_ROWS: &str = "DROP RULE bench_drops ON strongroom.access_event";

impl Bench {
    /// Alternates rounds with the log and without.
    pub(super) async fn compare_access_log(&self) -> Result<Vec<Line>> {
        let superuser = self.site.superuser()?.connect().await?;
        let script = Script {
            label: "ours, no access log",
            expected: Some(LOGGED_READ_RATIO_MIN),
            text: String::new(),
        };
        let mut lines = Vec::new();
        for clients in CLIENTS {
            let (mut with, mut without) = (Vec::new(), Vec::new());
            for _ in 0..self.extent.rounds {
                with.push(self.our_round(Operation::Read, clients).await?);
                superuser.batch_execute(DROP_ROWS).await?;
                without.push(self.our_round(Operation::Read, clients).await?);
                superuser.batch_execute(KEEP_ROWS).await?;
            }
            lines.push(line(
                Operation::Read,
                clients,
                &script,
                &rates(&with),
                &rates(&without),
            ));
        }
        Ok(lines)
    }
}
