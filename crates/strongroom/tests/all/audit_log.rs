//! The signed log by the real programs: the worker killed over and over in the middle of it, and what an auditor and a witness get.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value as Json;
use testkit::process::{poll, send};

use super::appliance::Appliance;
use super::program::run;

/// kill -9 of the worker, so often.
const KILLS: u64 = 6;

#[test]
fn a_worker_that_is_killed_over_and_over_leaves_one_log_that_verifies() {
    let appliance = Appliance::prepared();
    let daemon = appliance.serve();
    let client = appliance.client();
    let client = Some(client.as_path());
    run(client, &["dataset", "create", "Notes", "--field", "Text=text"]).done();
    for kill in 0..KILLS {
        let mut worker = appliance.spawn("work");
        worker.wait_for_log("working");
        for number in 0..4 {
            let field = format!("text={kill}/{number}");
            run(client, &["record", "create", "notes", &field]).done();
        }
        thread::sleep(Duration::from_millis(kill * 170));
        send(worker.pid(), Signal::SIGKILL).unwrap();
        worker.wait(10);
        // Whatever it was at: what is published verifies, or nothing was yet.
        let anchor = appliance.run(&["audit", "anchor"]);
        assert!(matches!(anchor.code, Some(0 | 4)), "{}", anchor.talk);
    }
    let worker = appliance.spawn("work");
    worker.wait_for_log("working");
    let settled = poll(Duration::from_secs(20), || {
        appliance.run(&["audit", "check"]).code == Some(0)
    });
    assert!(settled, "{}", appliance.run(&["audit", "check"]).talk);
    prove_one(&appliance, client);
    witness_it(&appliance);
    drop(daemon);
}

fn prove_one(appliance: &Appliance, client: Option<&std::path::Path>) {
    let listed = run(
        client,
        &["audit", "list", "--action", "record", "--limit", "1", "--json"],
    )
    .done();
    let listed: Json = serde_json::from_str(&listed).unwrap();
    let id = listed["entries"][0]["id"].as_str().unwrap().to_owned();
    let file = appliance.path("entry.tlog-proof");
    let proven = poll(Duration::from_secs(10), || {
        run(client, &["audit", "prove", &id, "--out", &file]).code == Some(0)
    });
    assert!(proven, "{}", run(client, &["audit", "prove", &id]).talk);
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("c2sp.org/tlog-proof@v1\n")
    );
    let shown = run(client, &["audit", "show", &id, "--json"]).done();
    let shown: Json = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["action"], "record.create");
}

/// All of it as files that somebody carries.
fn witness_it(appliance: &Appliance) {
    let folder = appliance.path("witness");
    let key = run(None, &["witness", "make", &folder, "witness.example"]).done();
    appliance.run(&["audit", "witness", key.trim()]).done();
    let file = |name: &str, text: &str| {
        let path = appliance.path(name);
        fs::write(&path, text).unwrap();
        path
    };
    let policy = file("policy", &appliance.run(&["audit", "policy"]).done());
    assert!(run(None, &["witness", "show", &folder]).done().contains('0'));
    let request = appliance.run(&["audit", "anchor", "--witness-has", "0"]).done();
    let request = file("request", &request);
    let answer = run(None, &["witness", "sign", &folder, "--policy", &policy, &request]).done();
    let answer = file("answer", &answer);
    appliance.run(&["audit", "cosign", &request, &answer]).done();
    let again = run(None, &["witness", "sign", &folder, "--policy", &policy, &request]);
    assert!(again.talk.contains("ask for one from there"), "{}", again.talk);
    let export = appliance.path("log.srexport");
    let exported = appliance
        .run(&["audit", "export", "--out", &export, "--json"])
        .done();
    let exported: Json = serde_json::from_str(&exported).unwrap();
    assert_eq!(exported["missing"], 0, "{exported}");
    let twice = appliance.run(&["audit", "export", "--out", &export]);
    assert_ne!(twice.code, Some(0), "a file that is there is not written over");
}
