//! Two nodes on one database, and a worker: what ends at one of them has ended at all of them within five seconds, whatever is
//! running.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use testkit::process::poll;
use ureq::{Agent, Body, http::Response};

use super::appliance::{Appliance, Daemon, OWNER, PASSWORD, free_port, start};
use super::program::strongroom;

/// By the promise it is five seconds; a busy machine may add some of its own, and what runs goes on for much longer.
const PATIENCE: Duration = Duration::from_secs(10);
const ACME: &str = "/api/v1/organizations/acme";
/// Rows of an import that takes longer than all of the test.
const ROWS: usize = 60_000;

/// A second node with the settings of the first, but for where it listens.
fn second_node(appliance: &Appliance) -> (u16, Daemon) {
    let (https, http) = (free_port(), free_port());
    let text = fs::read_to_string(appliance.settings()).unwrap();
    let listening = |port: u16| format!("= \"127.0.0.1:{port}\"");
    let text = text
        .replace(&listening(appliance.https), &listening(https))
        .replace(&listening(appliance.http), &listening(http));
    let settings = appliance.path("second.toml");
    fs::write(&settings, text).unwrap();
    let mut program = strongroom();
    program.arg("--config").arg(settings).arg("serve");
    let daemon = start(program, Path::new(&appliance.path("second.log")).to_owned());
    daemon.wait_for_log("serving https://");
    (https, daemon)
}

/// Somebody's browser at one of the nodes.
struct Visitor {
    agent: Agent,
    /// Where the node is.
    node: String,
    /// What the nodes are called, whichever is asked.
    origin: String,
    cookie: String,
}

impl Visitor {
    fn new(appliance: &Appliance, port: u16) -> Self {
        Self {
            agent: appliance.agent().max_redirects(0).build().new_agent(),
            node: format!("https://localhost:{port}"),
            origin: format!("https://localhost:{}", appliance.https),
            cookie: String::new(),
        }
    }

    fn signed_in(appliance: &Appliance, port: u16, email: &str) -> Self {
        let mut visitor = Self::new(appliance, port);
        let mut page = visitor.get("/sign-in");
        visitor.keep_cookies(&page);
        let page = page.body_mut().read_to_string().unwrap();
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        let pairs = [("login", email), ("password", PASSWORD), ("csrf", token)];
        let form =
            pairs.map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('@', "%40")));
        let request = visitor.agent.post(format!("{}/sign-in", visitor.node));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &visitor.origin)
            .header("cookie", &visitor.cookie);
        let answer = request.send(form.join("&")).unwrap();
        assert_eq!(answer.status(), 303);
        visitor.keep_cookies(&answer);
        assert!(visitor.cookie.contains("__Host-session="), "{}", visitor.cookie);
        visitor
    }

    fn keep_cookies(&mut self, answer: &Response<Body>) {
        for line in answer.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            self.cookie = format!("{pair}; {}", self.cookie);
        }
    }

    /// The same browser led to another node.
    fn at(&self, port: u16) -> Self {
        Self {
            agent: self.agent.clone(),
            node: format!("https://localhost:{port}"),
            origin: self.origin.clone(),
            cookie: self.cookie.clone(),
        }
    }

    fn get(&self, path: &str) -> Response<Body> {
        let request = self.agent.get(format!("{}{path}", self.node));
        let request = request.header("cookie", &self.cookie);
        request.header("sec-fetch-site", "same-origin").call().unwrap()
    }

    fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Json {
        let request = self.agent.post(format!("{}{path}", self.node));
        let request = request
            .header("cookie", &self.cookie)
            .header("origin", &self.origin)
            .header("sec-fetch-site", "same-origin");
        let request = match body {
            [] => request,
            _ => request.header("content-type", media_type),
        };
        let mut answer = request.send(body).unwrap();
        let status = answer.status();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Json::Null)
    }

    fn post_json(&self, path: &str, body: &Json) -> Json {
        self.post(path, "application/json", body.to_string().as_bytes())
    }

    fn get_json(&self, path: &str) -> Json {
        self.get(path).body_mut().read_json().unwrap()
    }

    fn is_in(&self) -> bool {
        self.get(&format!("{ACME}/datasets")).status() == 200
    }

    /// Puts up an import of so many rows with texts of such a length, which begins once a worker takes it.
    fn import(&self, dataset: &str, rows: usize, length: usize) -> String {
        let text = "x".repeat(length);
        let rows: String = (0..rows).map(|row| format!("{row} {text}\n")).collect();
        let path = format!("{ACME}/imports?file_name=notes.csv&dataset={dataset}");
        let made = self.post(
            &path,
            "application/octet-stream",
            format!("text\n{rows}").as_bytes(),
        );
        let id = made["id"].as_str().unwrap().to_owned();
        self.post_json(&format!("{ACME}/imports/{id}/start"), &json!({"mode": "import"}));
        id
    }
}

/// What the database says of a job.
#[tokio::main(flavor = "current_thread")]
async fn job(appliance: &Appliance, id: &str) -> (String, i64) {
    let superuser = appliance.superuser().connect().await.unwrap();
    let text = "SELECT state, coalesce((progress->>'rows')::bigint, 0) FROM strongroom.job WHERE payload->>'subject' = $1
        ORDER BY created_at DESC LIMIT 1";
    let row = superuser.query_one(text, &[&id]).await.unwrap();
    (row.get(0), row.get(1))
}

fn wait_until(what: &str, patience: Duration, condition: impl FnMut() -> bool) {
    assert!(poll(patience, condition), "{what}");
}

#[test]
#[allow(clippy::print_stdout, reason = "how soon is what a reader wants to see")]
fn what_an_administrator_ends_at_one_node_ends_at_every_node_with_what_runs() {
    let appliance = Appliance::prepared();
    let _first = appliance.serve();
    let (port, _second) = second_node(&appliance);
    let _worker = appliance.spawn("work");
    appliance.add_member("accountant");
    let owner = Visitor::signed_in(&appliance, port, OWNER);
    for label in ["Notes", "Journal"] {
        let field = json!({"label": "Text", "key": "text", "kind": "long_text"});
        let draft = json!({"label": label, "key": label.to_lowercase(), "fields": [field]});
        owner.post_json(&format!("{ACME}/datasets"), &draft);
    }
    // So much that it is not all on its way to a reader who stops.
    let prepared = owner.import("notes", 500, 30_000);
    let long = Duration::from_secs(120);
    wait_until("the notes are there", long, || {
        job(&appliance, &prepared).0 == "done"
    });

    let accountant = Visitor::signed_in(&appliance, appliance.https, "accountant@example.org");
    let elsewhere = accountant.at(port);
    assert!(accountant.is_in() && elsewhere.is_in());
    let running = accountant.import("journal", ROWS, 20);
    wait_until("the import runs", long, || job(&appliance, &running).1 > 0);
    let download = accountant.get(&format!("{ACME}/datasets/notes/export?format=csv"));
    assert_eq!(download.status(), 200);
    let mut download = download.into_body().into_reader();
    download.read_exact(&mut [0; 1024]).unwrap();

    let members = owner.get_json(&format!("{ACME}/members"));
    let mut members = members["members"].as_array().unwrap().iter();
    let member = members
        .find(|one| one["email"] == "accountant@example.org")
        .unwrap();
    let member = member["account"].as_str().unwrap();
    let ended = owner.post(&format!("{ACME}/members/{member}/end-sessions"), "", &[]);
    let began = Instant::now();
    assert_eq!(ended["ended"], 1);
    wait_until("both nodes refuse the session", PATIENCE, || {
        !accountant.is_in() && !elsewhere.is_in()
    });
    let refused = began.elapsed();
    wait_until("the import ends", PATIENCE, || {
        job(&appliance, &running).0 == "failed"
    });
    let stopped = began.elapsed();
    std::thread::sleep(PATIENCE.saturating_sub(began.elapsed()));
    let rest = download.read_to_end(&mut Vec::new());
    assert!(rest.is_err(), "the download went on to its end: {rest:?}");
    println!("refused at both nodes after {refused:?}, the import ended after {stopped:?}");
    assert!(job(&appliance, &running).1 < ROWS as i64, "it was not at its end");
    assert!(owner.is_in(), "nobody else's session is touched");
}
