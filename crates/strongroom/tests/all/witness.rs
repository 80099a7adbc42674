//! A witness that answers over https, asked by the appliance and by whoever else comes along.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use super::appliance::{Appliance, Daemon, free_port, start};
use super::program::{run, strongroom};

/// SHA-256 of nothing and the like: a root that no log here has.
const ANOTHER_ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

const FIRST: &str = "witness.example";
const SECOND: &str = "second.example";

/// A witness of an appliance's log.
struct Witness {
    folder: String,
    port: u16,
    key: String,
    daemon: Option<Daemon>,
}

impl Witness {
    fn of(appliance: &Appliance, name: &str) -> Self {
        let folder = appliance.path(name);
        let key = run(None, &["witness", "make", &folder, name]).done();
        Self {
            folder,
            port: free_port(),
            key: key.trim().to_owned(),
            daemon: None,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn appoint(&self, appliance: &Appliance) {
        let authority = appliance.certificates.authority.to_str().unwrap();
        let appoint = [
            "audit",
            "witness",
            &self.key,
            "--url",
            &self.url(),
            "--ca",
            authority,
        ];
        appliance.run(&appoint).done();
    }

    fn serve(&mut self, appliance: &Appliance) {
        let policy = appliance.path("policy");
        fs::write(&policy, appliance.run(&["audit", "policy"]).done()).unwrap();
        let mut program = strongroom();
        program.args(["witness", "serve", &self.folder, "--policy", &policy]);
        program.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        program
            .arg("--certificate")
            .arg(&appliance.certificates.certificate);
        program.arg("--key").arg(&appliance.certificates.key);
        let daemon = start(program, PathBuf::from(format!("{}.log", self.folder)));
        daemon.wait_for_log("the witness answers");
        self.daemon = Some(daemon);
    }

    /// What it has signed last is another root at a size.
    fn note(&self, size: u64) {
        let text = format!("strongroom-signed-1\n{size}\n{ANOTHER_ROOT}\n");
        fs::write(format!("{}/signed", self.folder), text).unwrap();
    }

    /// Status, media type and body of an answer to whoever asks.
    fn post(&self, appliance: &Appliance, body: &str) -> (String, String) {
        let (file, answer) = (appliance.path("asked"), appliance.path("answered"));
        fs::write(&file, body).unwrap();
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--cacert"])
            .arg(&appliance.certificates.authority)
            .args(["--write-out", "%{http_code} %{content_type}", "--output", &answer])
            .args(["--data-binary", &format!("@{file}")])
            .arg(format!("{}/add-checkpoint", self.url()))
            .output()
            .unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        (status, fs::read_to_string(answer).unwrap_or_default())
    }
}

/// What the one witness said, and the exit code.
fn ask(appliance: &Appliance) -> (Json, Option<i32>) {
    let said = appliance.run(&["--json", "audit", "anchor", "--ask"]);
    let json: Json = serde_json::from_str(&said.data).unwrap_or_else(|_| panic!("{}", said.talk));
    (json["witnesses"][FIRST]["answer"].clone(), said.code)
}

fn promise(appliance: &Appliance) -> Json {
    let said = appliance.run(&["--json", "promises", "--check"]);
    let said: Json = serde_json::from_str(&said.data).unwrap();
    let lines = said["promises"].as_array().unwrap();
    lines
        .iter()
        .find(|line| line["id"] == "audit-immutable")
        .unwrap()
        .clone()
}

#[test]
fn a_witness_is_asked_over_https_and_what_it_refuses_is_not_forgotten() {
    let appliance = Appliance::prepared();
    let worker = appliance.spawn("work");
    worker.wait_for_log("working");
    let mut witness = Witness::of(&appliance, FIRST);
    for wrong in [
        "http://localhost:1",
        "https://localhost:1/?a=b",
        "https://witness.example.org",
    ] {
        let refused = appliance.run(&["audit", "witness", &witness.key, "--url", wrong]);
        assert_ne!(refused.code, Some(0), "{wrong} was taken");
    }
    let none = appliance.run(&["audit", "anchor", "--ask"]);
    assert_eq!(none.code, Some(4), "{}", none.talk);
    witness.appoint(&appliance);
    testkit::process::poll(Duration::from_secs(20), || {
        appliance.run(&["audit", "anchor"]).code == Some(0)
    });

    let (away, code) = ask(&appliance);
    assert!(
        away["away"]["why"].as_str().unwrap().contains("no answer"),
        "{away}"
    );
    assert_eq!(code, Some(1));
    witness.serve(&appliance);
    let (signed, code) = ask(&appliance);
    let size = signed["signed"]["size"].as_u64().unwrap();
    assert!(size > 0 && code == Some(0), "{signed}");
    let (again, _) = ask(&appliance);
    assert!(again["signed"]["size"].as_u64().unwrap() >= size, "{again}");
    let shown = appliance.run(&["audit", "anchor"]).done();
    assert!(shown.contains("\n"), "{shown}");

    // A stranger learns where it stands, and gets nothing signed.
    strangers_are_refused(&appliance, &witness);

    // It has signed another log of this size, then a longer one: whoever rewrote this log is found.
    let stands: u64 = run(None, &["witness", "show", &witness.folder, "--json"])
        .done()
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap();
    let noted = fs::read(format!("{}/signed", witness.folder)).unwrap();
    witness.note(stands);
    let (refused, code) = ask(&appliance);
    assert!(refused["refused"]["why"].is_string(), "{refused}");
    assert_eq!(code, Some(1));
    let broken = promise(&appliance);
    assert_eq!(broken["state"], "broken", "{broken}");
    assert!(broken.to_string().contains("does not sign this log"), "{broken}");
    witness.daemon = None;
    let (cut_off, _) = ask(&appliance);
    assert_eq!(cut_off, refused, "a line that was cut makes it forgotten");
    witness.serve(&appliance);
    witness.note(stands + 1_000_000);
    let (refused, _) = ask(&appliance);
    assert!(
        refused["refused"]["why"]
            .as_str()
            .unwrap()
            .contains("was set back"),
        "{refused}"
    );
    fs::write(format!("{}/signed", witness.folder), noted).unwrap();
    let (signed, code) = ask(&appliance);
    assert!(signed["signed"].is_object() && code == Some(0), "{signed}");
}

#[test]
fn the_words_of_two_witnesses_stand_together_although_the_log_grows_between_them() {
    let appliance = Appliance::prepared();
    let worker = appliance.spawn("work");
    worker.wait_for_log("working");
    let mut pair = [FIRST, SECOND].map(|name| Witness::of(&appliance, name));
    pair.iter().for_each(|witness| witness.appoint(&appliance));
    pair.iter_mut().for_each(|witness| witness.serve(&appliance));
    let said = testkit::process::poll(Duration::from_secs(20), || {
        let (_, code) = ask(&appliance);
        code == Some(0)
    });
    assert!(said, "{:?}", appliance.run(&["audit", "anchor", "--ask"]));
    let kept = fs::read_to_string(appliance.path("audit/witnessed")).unwrap();
    for name in [FIRST, SECOND] {
        assert!(kept.contains(&format!("\u{2014} {name} ")), "{kept}");
    }
}

fn strangers_are_refused(appliance: &Appliance, witness: &Witness) {
    let signed = fs::read(format!("{}/signed", witness.folder)).unwrap();
    let good = appliance.run(&["audit", "anchor", "--witness-has", "0"]).done();
    let (status, size) = witness.post(appliance, &good);
    assert_eq!(status, "409 text/x.tlog.size");
    assert!(size.trim().parse::<u64>().unwrap() > 0, "{size}");
    let unsigned = good.replace("\n\u{2014} ", "\n\u{2014} another-");
    let other_log = good.replacen("\n\n", "\n\nanother.", 1);
    let backwards = good.replacen("old 0", "old 99999999", 1);
    let long = "old 0\n".to_owned() + &"A".repeat(70 * 1024);
    for (body, status) in [
        ("nothing", "400"),
        ("old 0\n\nnot a note\n", "400"),
        (backwards.as_str(), "400"),
        (unsigned.as_str(), "403"),
        (other_log.as_str(), "404"),
        (long.as_str(), "413"),
    ] {
        let (said, _) = witness.post(appliance, body);
        assert!(
            said.starts_with(status),
            "{said} to {}",
            &body[..body.len().min(200)]
        );
    }
    assert_eq!(
        fs::read(format!("{}/signed", witness.folder)).unwrap(),
        signed,
        "it was moved"
    );
}
