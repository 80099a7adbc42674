//! kill -9 of the daemon in the middle of writes: what it acknowledged is there, and every change that is there has its
//! entry, also the ones that were never acknowledged.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value as Json, json};
use testkit::cluster::Durability;
use testkit::process::{poll, send};
use ureq::{Agent, Body, http::Response};

use super::appliance::Appliance;
use super::program::run;

const WRITERS: usize = 8;
/// Every so many writes of a writer change the record that it made before.
const UPDATE_EVERY: usize = 3;

#[test]
fn a_killed_daemon_loses_no_acknowledged_write_and_leaves_none_without_entry() {
    survive(200, 1);
}

#[test]
fn long_five_kills_during_a_thousand_writes_lose_none_that_was_acknowledged() {
    survive(1_000, 5);
}

/// The newest version and text of each record that an answer told of.
type Told = BTreeMap<String, (i64, String)>;

/// What the writers share.
struct Load {
    agent: Agent,
    records: String,
    bearer: String,
    writes_each: usize,
    acknowledged: AtomicUsize,
    interrupted: AtomicUsize,
    told: Mutex<Told>,
}

fn survive(writes: usize, kills: usize) {
    let appliance = Appliance::prepared_on(Durability::Durable);
    appliance.add_settings("[limits]\nrequests_per_minute = 1000000\n");
    let mut daemon = appliance.serve();
    let client = appliance.client();
    let make = ["dataset", "create", "Notes", "--field", "Text=text"];
    run(Some(&client), &make).done();
    let load = Arc::new(Load::on(&appliance, writes / WRITERS));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let load = Arc::clone(&load);
            thread::spawn(move || load.write(writer))
        })
        .collect();
    for kill in 1..=kills {
        // By what was acknowledged, not by the clock: the writers are in the middle at any speed.
        let middle = writes * kill / (kills + 1);
        let reached = poll(Duration::from_secs(120), || {
            load.acknowledged.load(Ordering::SeqCst) >= middle
        });
        assert!(
            reached,
            "{middle} writes were never acknowledged: {}",
            daemon.log()
        );
        send(daemon.pid(), Signal::SIGKILL).unwrap();
        daemon.wait(10);
        daemon = appliance.serve();
    }
    for writer in writers {
        writer.join().unwrap();
    }
    let interrupted = load.interrupted.load(Ordering::SeqCst);
    assert!(
        interrupted >= kills,
        "only {interrupted} writes met {kills} kills"
    );
    check_database(&appliance, &load.told.lock().unwrap());
    appliance.run(&["audit", "check"]).done();
}

impl Load {
    fn on(appliance: &Appliance, writes_each: usize) -> Self {
        let agent = appliance
            .agent()
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        let token = fs::read_to_string(appliance.path("owner.token")).unwrap();
        Self {
            agent,
            records: format!(
                "https://localhost:{}/api/v1/organizations/acme/datasets/notes/records",
                appliance.https
            ),
            bearer: format!("Bearer {}", token.trim()),
            writes_each,
            acknowledged: AtomicUsize::new(0),
            interrupted: AtomicUsize::new(0),
            told: Mutex::default(),
        }
    }

    /// Creates records and changes some of them. A write that the kill met is not sent again: whether it happened is
    /// what nobody knows.
    fn write(&self, writer: usize) {
        let mut last = None;
        for number in 0..self.writes_each {
            let text = format!("{writer}/{number}");
            let target = last.take_if(|_| number % UPDATE_EVERY == 0);
            match self
                .send(target.as_deref(), &text)
                .and_then(|answer| self.note(answer, &text))
            {
                Ok(id) => last = Some(id),
                Err(_) => {
                    self.interrupted.fetch_add(1, Ordering::SeqCst);
                    let back = poll(Duration::from_secs(40), || {
                        self.agent.get(&self.records).call().is_ok()
                    });
                    assert!(back, "the daemon did not come back");
                }
            }
        }
    }

    fn send(&self, record: Option<&str>, text: &str) -> Result<Response<Body>, ureq::Error> {
        let body = json!({"fields": {"text": text}});
        match record {
            None => {
                let request = self.agent.post(&self.records);
                request.header("authorization", &self.bearer).send_json(&body)
            }
            Some(id) => {
                let request = self.agent.patch(format!("{}/{id}", self.records));
                let request = request.header("authorization", &self.bearer);
                request.header("if-match", "*").send_json(&body)
            }
        }
    }

    /// Remembers what an answer promised; gives the record's id. An answer that breaks off promised nothing.
    fn note(&self, mut answer: Response<Body>, text: &str) -> Result<String, ureq::Error> {
        let status = answer.status().as_u16();
        let record: Json = answer.body_mut().read_json()?;
        assert!(status == 200 || status == 201, "{status}: {record}");
        let id = record["id"].as_str().unwrap().to_owned();
        let version = record["version"].as_i64().unwrap();
        let told = (version, text.to_owned());
        self.told.lock().unwrap().insert(id.clone(), told);
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        Ok(id)
    }
}

/// What the database itself says, past the program.
#[tokio::main(flavor = "current_thread")]
async fn check_database(appliance: &Appliance, told: &Told) {
    let superuser = appliance.superuser().connect().await.unwrap();
    let count = async |text: &str| -> i64 { superuser.query_one(text, &[]).await.unwrap().get(0) };
    let row = superuser.query_one("SELECT schema_name FROM strongroom.organization", &[]);
    let schema: String = row.await.unwrap().get(0);
    let text = format!("SELECT id::text, version, f1 FROM {schema}.d1");
    let rows = superuser.query(&text, &[]).await.unwrap();
    let stored: Told = rows
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect();
    for (id, promised) in told {
        let kept = stored.get(id);
        // A later change may have happened without an answer; an earlier state may not be there.
        let fine = kept.is_some_and(|kept| kept == promised || kept.0 > promised.0);
        assert!(fine, "{id} was acknowledged as {promised:?}, and is {kept:?}");
    }
    let changes = count(&format!("SELECT sum(version)::bigint FROM {schema}.d1")).await;
    let images = count(&format!("SELECT count(*) FROM {schema}._image")).await;
    let entries = format!(
        "SELECT count(*) FROM {schema}._entry e JOIN {schema}._image i ON i.entry_id = e.id WHERE e.kind = 1"
    );
    assert_eq!((images, count(&entries).await), (changes, changes));
    let outbox = format!("SELECT count(*) FROM strongroom.audit_pending WHERE schema_name = '{schema}'");
    let logged = count(&format!("SELECT count(*) FROM {schema}._entry")).await;
    assert_eq!(
        count(&outbox).await,
        logged,
        "an entry without its place in the outbox"
    );
}
