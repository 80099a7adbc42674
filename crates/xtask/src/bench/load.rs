//! The load generator: so many connections, each asking again as soon as it is answered, for so long.
//!
//! Invariant: every answer is looked at; the first wrong one ends the benchmark, so that errors never count as speed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::http::{Answer, Connection, Target};
use super::invoices::{self, DAYS, Invoice};
use super::random::Random;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// One record by its id.
    Read,
    /// Fifty records, filtered and sorted.
    List,
    /// One new record.
    Insert,
    /// One field of one record.
    Update,
    /// A thousand new records in one request.
    Bulk,
}

impl Operation {
    /// In the order of the table.
    pub(super) const ALL: [Self; 5] = [Self::Read, Self::List, Self::Insert, Self::Update, Self::Bulk];

    /// How many ask at once, round after round.
    pub(super) fn clients(self) -> &'static [usize] {
        match self {
            Self::Read | Self::List | Self::Insert | Self::Update => &[1, 16, 64],
            Self::Bulk => &[1],
        }
    }

    /// What a person calls it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Read => "read one",
            Self::List => "list 50",
            Self::Insert => "insert one",
            Self::Update => "update one",
            Self::Bulk => "bulk insert",
        }
    }

    /// What one request counts for.
    pub(super) fn weight(self) -> u64 {
        match self {
            Self::Read | Self::List | Self::Insert | Self::Update => 1,
            Self::Bulk => BATCH,
        }
    }
}

/// Records of a bulk request.
pub(super) const BATCH: u64 = 1_000;
const PAGE: usize = 50;

/// What the clients ask with.
pub(super) struct Questions {
    pub(super) target: Target,
    /// `/organizations/.../datasets/...`
    pub(super) base: String,
    /// Ids of records that are read and changed.
    pub(super) ids: Vec<String>,
}

/// How one round went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Round {
    pub(super) fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

/// Runs one round. Connections are opened before the clock starts, as pgbench counts.
pub(super) async fn run(
    questions: &Arc<Questions>,
    operation: Operation,
    clients: usize,
    seconds: u64,
) -> Result<Round> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(Connection::open(&questions.target).await?);
    }
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut tasks = JoinSet::new();
    for (place, connection) in connections.into_iter().enumerate() {
        let client = Client {
            questions: Arc::clone(questions),
            operation,
            place,
            clients,
            random: Random::new(seed(start, place)),
        };
        tasks.spawn(client.ask_until(connection, end));
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    Ok(round(times, start.elapsed()))
}

/// Numbers of invoices must differ between rounds and clients.
fn seed(start: Instant, place: usize) -> u64 {
    static STARTED: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let started = STARTED.get_or_init(|| start);
    let since = start.duration_since(*started).as_micros();
    u64::try_from(since).unwrap_or_default() << 8 | place as u64
}

fn round(mut times: Vec<Duration>, elapsed: Duration) -> Round {
    times.sort_unstable();
    let at = |share: f64| {
        let place = (times.len() as f64 * share) as usize;
        times
            .get(place.min(times.len().saturating_sub(1)))
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    Round {
        requests: times.len() as u64,
        seconds: elapsed.as_secs_f64(),
        p50_ms: at(0.5),
        p99_ms: at(0.99),
    }
}

/// One of the clients.
struct Client {
    questions: Arc<Questions>,
    operation: Operation,
    place: usize,
    clients: usize,
    random: Random,
}

impl Client {
    async fn ask_until(mut self, mut connection: Connection, end: Instant) -> Result<Vec<Duration>> {
        let series = series(self.random.next());
        let mut times = Vec::with_capacity(4096);
        loop {
            let number = times.len() as u64;
            let (request, sign) = self.request(&series, number);
            let asked = Instant::now();
            let answer = connection.ask(&request).await;
            let answer = answer.with_context(|| format!("{} was not answered", self.operation.label()))?;
            times.push(asked.elapsed());
            check(self.operation, &answer, sign.as_bytes())?;
            if Instant::now() >= end {
                return Ok(times);
            }
        }
    }

    /// A request, and what its answer must hold.
    fn request(&mut self, series: &str, number: u64) -> (Vec<u8>, String) {
        let Questions { target, base, .. } = &*self.questions;
        let json = "content-type: application/json\r\n";
        match self.operation {
            Operation::Read => {
                let id = pick(&self.questions.ids, self.place, self.clients, &mut self.random);
                (
                    target.request("GET", &format!("{base}/records/{id}"), "", &[]),
                    id.to_owned(),
                )
            }
            Operation::List => {
                // The last month is left out, so that every page is full.
                let path = invoices::list_path(base, self.random.below(DAYS - 60));
                (
                    target.request("GET", &path, "", &[]),
                    "\"status\":\"open\"".to_owned(),
                )
            }
            Operation::Insert => {
                let invoice = Invoice::new(series, number, &mut self.random);
                let body = json!({"fields": invoice.fields()}).to_string();
                let sign = format!("{series}-{number:08}");
                (
                    target.request("POST", &format!("{base}/records"), json, body.as_bytes()),
                    sign,
                )
            }
            Operation::Update => {
                let id = pick(&self.questions.ids, self.place, self.clients, &mut self.random);
                let items = self.random.below(1 << 40);
                let body = json!({"fields": {"items": items}}).to_string();
                let headers = format!("{json}if-match: *\r\n");
                let path = format!("{base}/records/{id}");
                (
                    target.request("PATCH", &path, &headers, body.as_bytes()),
                    items.to_string(),
                )
            }
            Operation::Bulk => {
                let first = number * BATCH;
                let invoices =
                    (first..first + BATCH).map(|place| Invoice::new(series, place, &mut self.random));
                let body = bulk_body(invoices);
                (
                    target.request("POST", &format!("{base}/records/batch"), json, body.as_bytes()),
                    "\"version\":1".to_owned(),
                )
            }
        }
    }
}

/// In letters alone: now and then digits would look like a card number, which Strongroom refuses.
fn series(number: u64) -> String {
    let letters = (0..16).map(|place| char::from(b'a' + (number >> (4 * place) & 15) as u8));
    letters.collect()
}

fn bulk_body(invoices: impl Iterator<Item = Invoice>) -> String {
    let operations = invoices.map(|invoice| json!({"action": "create", "fields": invoice.fields()}));
    json!({"operations": operations.collect::<Vec<_>>()}).to_string()
}

/// One of the ids that belong to this client alone, so that no two change one record at once.
fn pick<'a>(ids: &'a [String], place: usize, clients: usize, random: &mut Random) -> &'a str {
    let own = ids.len() / clients;
    let at = place + clients * usize::try_from(random.below(own as u64)).unwrap_or_default();
    &ids[at]
}

fn check(operation: Operation, answer: &Answer, sign: &[u8]) -> Result<()> {
    let expected: &[u16] = match operation {
        Operation::Insert => &[201],
        Operation::Read | Operation::List | Operation::Update | Operation::Bulk => &[200],
    };
    if !expected.contains(&answer.status) {
        let text = String::from_utf8_lossy(&answer.body);
        bail!(
            "{} was answered {}: {text:.400}",
            operation.label(),
            answer.status
        );
    }
    let wanted = match operation {
        Operation::List => PAGE,
        Operation::Bulk => usize::try_from(BATCH).unwrap_or(usize::MAX),
        Operation::Read | Operation::Insert | Operation::Update => 1,
    };
    let found = answer
        .body
        .windows(sign.len())
        .filter(|window| *window == sign)
        .count();
    let text = || {
        String::from_utf8_lossy(&answer.body)
            .chars()
            .take(400)
            .collect::<String>()
    };
    ensure!(
        found >= wanted,
        "{} was answered without {:?} ({found} of {wanted}): {}",
        operation.label(),
        String::from_utf8_lossy(sign),
        text()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_tells_the_median_and_the_slow_ones() {
        let times = (1..=100).map(Duration::from_millis).collect();
        let round = round(times, Duration::from_secs(2));
        assert_eq!(round.per_second(), 50.0);
        assert_eq!((round.p50_ms, round.p99_ms), (51.0, 100.0));
    }

    #[test]
    fn a_series_is_made_of_letters() {
        assert_eq!(series(0x0123_4567_89ab_cdef), "ponmlkjihgfedcba");
    }

    #[test]
    fn no_two_clients_share_a_record() {
        let ids: Vec<String> = (0..100).map(|id| id.to_string()).collect();
        let mut random = Random::new(1);
        for place in 0..16 {
            for _ in 0..200 {
                let id: usize = pick(&ids, place, 16, &mut random).parse().unwrap();
                assert_eq!(id % 16, place);
            }
        }
    }

    #[test]
    fn an_answer_without_what_was_asked_for_is_an_error() {
        let answer = |status, body: &str| Answer {
            status,
            body: body.as_bytes().to_vec(),
            length: body.len() as u64,
        };
        assert!(check(Operation::Read, &answer(200, "{\"id\":\"x7\"}"), b"x7").is_ok());
        assert!(check(Operation::Read, &answer(200, "{\"id\":\"x8\"}"), b"x7").is_err());
        assert!(check(Operation::Read, &answer(429, "x7"), b"x7").is_err());
        assert!(check(Operation::List, &answer(200, &"x".repeat(49)), b"x").is_err());
    }
}
