//! What comes out: a table for people, JSON for programs, and what the issue expects beside each figure.

use serde::Serialize;

use super::processor::Memory;

/// What is expected on two shared cores, as ratios to the reference.
pub(super) const READ_RATIO_MIN: f64 = 0.45;
pub(super) const INSERT_RATIO_MIN: f64 = 0.35;
pub(super) const IMPORT_RATIO_MIN: f64 = 0.4;
/// Of reads without the access log.
pub(super) const LOGGED_READ_RATIO_MIN: f64 = 0.9;
/// Of the same write without its entry, on PostgreSQL alone.
pub(super) const AUDITED_WRITE_RATIO_MIN: f64 = 0.6;
const IDLE_BYTES_MAX: u64 = 80 << 20;
const START_SECONDS_MAX: f64 = 1.0;

/// Several rounds of one figure.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl Spread {
    pub(super) fn of(rounds: impl IntoIterator<Item = f64>) -> Self {
        let mut rounds: Vec<f64> = rounds.into_iter().collect();
        rounds.sort_by(f64::total_cmp);
        let at = |place: usize| rounds.get(place).copied().unwrap_or_default();
        let last = rounds.len().saturating_sub(1);
        Self {
            median: f64::midpoint(at(last / 2), at(rounds.len() / 2)),
            least: at(0),
            greatest: at(last),
        }
    }
}

/// Processor time of one request, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Cost {
    pub(super) server_us: f64,
    pub(super) postgres_us: f64,
    pub(super) client_us: f64,
}

/// One operation at one concurrency, beside its reference.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) operation: &'static str,
    pub(super) reference: &'static str,
    pub(super) clients: usize,
    /// What is counted: `requests/s` or `rows/s`.
    pub(super) unit: &'static str,
    pub(super) ours: Spread,
    pub(super) theirs: Spread,
    /// Ours by theirs, round by round.
    pub(super) ratio: Spread,
    pub(super) ratio_expected: Option<f64>,
    pub(super) ours_cost: Cost,
    pub(super) theirs_cost: Cost,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
}

impl Line {
    /// The line of the table.
    pub(super) fn text(&self) -> String {
        let Self {
            ours, theirs, ratio, ..
        } = self;
        let latency = match (self.p50_ms, self.p99_ms) {
            (Some(p50), Some(p99)) => format!("{p50:.1} / {p99:.1}"),
            _ => String::new(),
        };
        format!(
            "{:<12} {:<22} {:>3} {:>9.0} {:>9.0} {:<10} {:.2} ({:.2}-{:.2}) {:>6.0} + {:<5.0} {:>6.0} {:>13}  {}\n",
            self.operation,
            self.reference,
            self.clients,
            ours.median,
            theirs.median,
            self.unit,
            ratio.median,
            ratio.least,
            ratio.greatest,
            self.ours_cost.server_us,
            self.ours_cost.postgres_us,
            self.theirs_cost.postgres_us,
            latency,
            self.verdict()
        )
    }

    fn verdict(&self) -> String {
        match self.ratio_expected {
            None => String::new(),
            Some(expected) if self.ratio.median >= expected => format!(">= {expected}: met"),
            Some(expected) => format!(">= {expected}: NOT met"),
        }
    }
}

/// The machine and its state.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    pub(super) processors: usize,
    pub(super) load_at_start: f64,
    pub(super) postgresql: u32,
    pub(super) rows: u64,
    pub(super) seconds: u64,
    pub(super) rounds: usize,
}

impl Machine {
    /// More than a fifth of a processor was at work for others.
    pub(super) fn is_shared(&self) -> bool {
        self.load_at_start > 0.3 * self.processors as f64
    }
}

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) start_seconds: Spread,
    pub(super) idle: Memory,
    pub(super) idle_worker: Memory,
    pub(super) loaded: Memory,
    /// Of the worker, after the imports.
    pub(super) worked: Memory,
    pub(super) after: Memory,
    pub(super) lines: Vec<Line>,
    /// None when it was not asked for.
    pub(super) sequencing: Option<Sequencing>,
}

/// How fast entries become leaves of the audit log.
#[derive(Debug, Serialize)]
pub(super) struct Sequencing {
    /// Entries that waited when the worker went on.
    pub(super) waited: u64,
    /// Until none waited and the signed checkpoint covered all.
    pub(super) seconds: f64,
    /// Of one entry: the worker's, and PostgreSQL's for it.
    pub(super) cost: Cost,
}

impl Sequencing {
    fn text(&self) -> String {
        format!(
            "entries sequenced and signed: {:.0}/s, {} that waited in {:.2} s; us of each: {:.0} of the worker, {:.0} of PostgreSQL\n",
            self.waited as f64 / self.seconds,
            self.waited,
            self.seconds,
            self.cost.server_us,
            self.cost.postgres_us,
        )
    }
}

impl Report {
    /// The table.
    pub(super) fn text(&self) -> String {
        let mut text = self.head();
        for line in &self.lines {
            text += &line.text();
        }
        if let Some(sequencing) = &self.sequencing {
            text += "\n";
            text += &sequencing.text();
        }
        text + &self.foot()
    }

    fn head(&self) -> String {
        let Machine {
            processors,
            load_at_start,
            postgresql,
            rows,
            seconds,
            rounds,
        } = &self.machine;
        let mut text = format!(
            "\n{rows} invoices, PostgreSQL {postgresql}, {processors} processors, {rounds} rounds of {seconds} s, load \
             {load_at_start:.2} at the start\n"
        );
        if self.machine.is_shared() {
            text += "The machine was shared: rates and ratios are noisy, processor times less so.\n";
        }
        text + "\noperation    beside                   c      ours    theirs unit       ratio (range)    us: server + \
                postgres, theirs   p50 / p99 ms  expected\n"
    }

    fn foot(&self) -> String {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let show = |memory: Memory| {
            format!(
                "{:.0} MiB resident, {:.0} MiB by share",
                mebibytes(memory.resident),
                mebibytes(memory.proportional)
            )
        };
        let met = |met: bool| if met { "met" } else { "NOT met" };
        let idle = met(self.idle.resident < IDLE_BYTES_MAX);
        let start = met(self.start_seconds.median < START_SECONDS_MAX);
        format!(
            "\nmemory of serve: idle {} (< 80 MiB: {idle}); under load {}; afterwards {}\nmemory of work: idle {}; after imports {}\n\
             start to first answer: {:.3} s ({:.3}-{:.3}) (< 1 s: {start})\n",
            show(self.idle),
            show(self.loaded),
            show(self.after),
            show(self.idle_worker),
            show(self.worked),
            self.start_seconds.median,
            self.start_seconds.least,
            self.start_seconds.greatest,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_with_its_range() {
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((spread.median, spread.least, spread.greatest), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of([4.0, 2.0]).median, 3.0);
        assert_eq!(Spread::of([]).median, 0.0);
    }

    #[test]
    fn a_line_below_what_is_expected_says_so() {
        let line = |ratio: f64| Line {
            operation: "read one",
            reference: "the same SQL",
            clients: 1,
            unit: "requests/s",
            ours: Spread::of([1.0]),
            theirs: Spread::of([1.0]),
            ratio: Spread::of([ratio]),
            ratio_expected: Some(0.45),
            ours_cost: Cost::default(),
            theirs_cost: Cost::default(),
            p50_ms: None,
            p99_ms: None,
        };
        assert_eq!(line(0.44).verdict(), ">= 0.45: NOT met");
        assert_eq!(line(0.45).verdict(), ">= 0.45: met");
    }
}
