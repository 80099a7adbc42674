//! The members' commands against a running appliance, and the operator's on the host.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::appliance::{Appliance, OWNER, PASSWORD};
use super::program::{Said, run, strongroom};

/// Somebody's command line.
struct Member<'a>(&'a Path);

impl Member<'_> {
    /// The command's words, then what may hold blanks.
    fn run(&self, command: &str, more: &[&str]) -> Said {
        let words: Vec<&str> = command.split(' ').chain(more.iter().copied()).collect();
        run(Some(self.0), &words)
    }

    fn json(&self, command: &str, more: &[&str]) -> Value {
        serde_json::from_str(&self.run(&format!("--json {command}"), more).done()).unwrap()
    }

    fn count(&self, command: &str, list: &str) -> usize {
        self.json(command, &[])[list].as_array().unwrap().len()
    }
}

const CREATE: &str =
    "dataset create Invoices --key invoices --field Number=text --field Amount=money --field Code=text";

#[test]
fn a_record_lives_its_life_on_the_command_line() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let client = appliance.client();
    let member = Member(&client);
    member.run(CREATE, &[]).done();
    let values = ["number=INV-1", "amount=12.50 EUR", "code=DE123"];
    let made = member.json("record create invoices", &values);
    let id = made["id"].as_str().unwrap();
    member
        .run("record update invoices", &[id, "amount=13.00 EUR"])
        .done();
    let stale = member.run("record update --version 1 invoices", &[id, "amount=14.00 EUR"]);
    assert_eq!(
        stale.code,
        Some(6),
        "a stale version is a conflict: {}",
        stale.talk
    );
    let table = member
        .run("record list invoices --filter number=INV-1", &[])
        .done();
    assert!(table.contains("INV-1") && table.contains("13.00 EUR"), "{table}");
    let history = member.run("record history invoices", &[id]).done();
    assert!(history.contains("amount: 12.50 EUR → 13.00 EUR"), "{history}");
    member.run("record trash invoices", &[id]).done();
    assert_eq!(member.count("record list invoices", "records"), 0);
    member.run("record restore invoices", &[id]).done();
    assert_eq!(member.count("record list invoices", "records"), 1);
    let entries = member.run("audit list --action record", &[]).done();
    for action in ["record.create", "record.update", "record.trash", "record.restore"] {
        assert!(entries.contains(action), "{action} has no entry: {entries}");
    }
    let report = appliance.run(&["audit", "check"]).done();
    assert!(report.contains("acme"), "{report}");
}

#[test]
fn a_sensitive_field_is_masked_until_an_accountant_reveals_it() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let (owner, accountant) = (appliance.client(), appliance.add_member("accountant"));
    let (owner, accountant) = (Member(&owner), Member(&accountant));
    owner.run(CREATE, &[]).done();
    let made = owner.json("record create invoices code=DE123", &[]);
    let id = made["id"].as_str().unwrap();
    owner.run("dataset make-sensitive invoices code", &[]).done();
    let masked = owner.run("record get invoices", &[id]).done();
    assert!(masked.contains("••••") && !masked.contains("DE123"), "{masked}");
    let refused = owner.run("record reveal invoices", &[id, "code"]);
    assert_eq!(refused.code, Some(5), "an owner reveals by policy only");
    let revealed = accountant.run("record reveal invoices", &[id, "code"]).done();
    assert_eq!(revealed.trim(), "DE123");
    let entries = owner.run("audit list --action record.reveal", &[]).done();
    assert!(entries.contains(id), "the reveal has no entry: {entries}");
}

#[test]
fn a_file_is_imported_and_exported_again() {
    let appliance = Appliance::prepared();
    let _server = appliance.serve();
    let _worker = appliance.spawn("work");
    let client = appliance.add_member("accountant");
    let administrator = appliance.client();
    let (member, administrator) = (Member(&client), Member(&administrator));
    let file = appliance.path("harbours.csv");
    fs::write(&file, "name,berths\nHamburg,290\nBilbao,60\n").unwrap();
    let plan = administrator.run("import --new Harbours --plan", &[&file]).done();
    assert!(plan.contains("new berths (integer)"), "{plan}");
    administrator
        .run("import --new Harbours --dry-run", &[&file])
        .done();
    assert_eq!(
        member.count("dataset list", "datasets"),
        0,
        "a dry run made something"
    );
    let done = administrator
        .run("import --new Harbours --key harbours", &[&file])
        .done();
    assert!(done.contains("rows imported  2"), "{done}");
    let csv = member.run("export harbours --format csv", &[]).done();
    assert!(csv.contains("Hamburg,290"), "{csv}");
    let target = appliance.path("out.json");
    member
        .run("export harbours --format json --output", &[&target])
        .done();
    assert!(fs::read_to_string(&target).unwrap().contains("Bilbao"));
    let again = member.run("export harbours --output", &[&target]);
    assert_eq!(again.code, Some(1), "an existing file was overwritten");
    assert!(
        again.talk.contains("is there already; name another file"),
        "{}",
        again.talk
    );
    fs::write(&file, "name,berths\nOslo,many\n").unwrap();
    let refused = member.run("import --dataset harbours", &[&file]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.talk.contains("refused: line 2, berths:"),
        "{}",
        refused.talk
    );
}

#[test]
fn records_change_in_batches_are_added_up_and_go_for_good() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let client = appliance.client();
    let member = Member(&client);
    member.run(CREATE, &[]).done();
    let file = appliance.path("batch.json");
    let create = |number: &str, amount: &str| json!({"action": "create", "fields": {"number": number, "amount": {"amount": amount, "currency": "EUR"}}});
    let operations = json!([create("A", "10.00"), create("A", "32.50"), create("B", "7.00")]);
    fs::write(&file, operations.to_string()).unwrap();
    let made = member.json("record batch invoices", &[&file]);
    let id = made["results"][2]["id"].as_str().unwrap().to_owned();
    let table = member
        .run(
            "record aggregate invoices --group number --measure count --measure sum:amount",
            &[],
        )
        .done();
    assert!(table.contains("currency") && table.contains("42.50"), "{table}");
    let large = member.json(
        "record aggregate invoices --filter amount[gte]=10 --filter number[in]=A,B",
        &[],
    );
    assert_eq!(large["bins"][0]["measures"], json!(["2"]));

    let mut broken = operations;
    broken
        .as_array_mut()
        .unwrap()
        .push(json!({"action": "trash", "id": id, "version": 9}));
    fs::write(&file, broken.to_string()).unwrap();
    let refused = member.run("record batch invoices", &[&file]);
    assert_eq!(refused.code, Some(6), "{}", refused.talk);
    assert_eq!(
        member.count("record list invoices", "records"),
        3,
        "a part of a batch was kept"
    );

    let live = member.run("record purge invoices", &[&id]);
    assert_eq!(
        live.code,
        Some(6),
        "only what lies in the trash can be purged: {}",
        live.talk
    );
    member.run("record trash invoices", &[&id]).done();
    member.run("record purge invoices", &[&id]).done();
    assert_eq!(member.run("record show invoices", &[&id]).code, Some(4));
    let report = appliance.run(&["audit", "check"]).done();
    assert!(report.contains("acme"), "{report}");
}

#[test]
fn an_organization_leaves_as_an_archive_and_comes_back_into_an_empty_one() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let (acme, globex) = (appliance.client(), appliance.add_organization("globex"));
    let (acme, globex) = (Member(&acme), Member(&globex));
    acme.run(CREATE, &[]).done();
    let made = acme.json("record create invoices", &["number=INV-1", "amount=12.50 EUR"]);
    let archive = appliance.path("acme.tar");
    acme.run("export --archive --output", &[&archive]).done();
    let restored = globex.json("import --archive", &[&archive]);
    assert_eq!(restored, json!({"datasets": 1, "records": 1, "attachments": 0}));
    let there = globex.json("record get invoices", &[made["id"].as_str().unwrap()]);
    assert_eq!(there["fields"], made["fields"]);
    let again = globex.run("import --archive", &[&archive]);
    assert_eq!(again.code, Some(6), "{}", again.talk);
    fs::write(&archive, "no archive").unwrap();
    let third = appliance.add_organization("initech");
    let refused = Member(&third).run("import --archive", &[&archive]);
    assert_eq!(refused.code, Some(1), "{}", refused.talk);
    assert!(refused.talk.contains("archive"), "{}", refused.talk);
}

#[test]
fn refusals_have_their_exit_codes() {
    let appliance = Appliance::prepared();
    let client = appliance.client();
    let member = Member(&client);
    let away = member.run("dataset list", &[]);
    assert_eq!(away.code, Some(3), "{}", away.talk);
    let _daemon = appliance.serve();
    member.run(CREATE, &[]).done();
    assert_eq!(member.run(CREATE, &[]).code, Some(6));
    assert_eq!(member.run("dataset show nothing", &[]).code, Some(4));
    assert_eq!(
        member.run("record create invoices amount=much", &[]).code,
        Some(2)
    );
    assert_eq!(member.run("dataset list --organization other", &[]).code, Some(4));
    appliance.secret("bad-token", "srt_0000");
    let unknown = member.run("dataset list --token-file", &[&appliance.path("bad-token")]);
    assert_eq!(unknown.code, Some(5), "{}", unknown.talk);
    let stranger = testkit::Authority::create("stranger").unwrap();
    fs::write(
        appliance.path("stranger.pem"),
        stranger.certificate_pem().unwrap(),
    )
    .unwrap();
    let untrusted = member.run("dataset list --ca", &[&appliance.path("stranger.pem")]);
    assert_eq!(
        untrusted.code,
        Some(3),
        "an unknown authority was believed: {}",
        untrusted.data
    );
}

#[test]
fn the_host_prepares_twice_lists_and_adds_members() {
    let appliance = Appliance::prepared();
    let again = appliance.prepare_database().done();
    assert!(again.contains("\"created\": false"), "{again}");
    assert!(appliance.run(&["organization", "list"]).done().contains("acme"));
    assert!(appliance.run(&["status"]).done().contains("answers"));
    assert_eq!(appliance.run(&["config", "check"]).code, Some(0));
    appliance.secret("vera", "a long enough sentence");
    let (vera, owner) = (appliance.path("vera"), appliance.path("owner"));
    let add = [
        "member",
        "add",
        "vera@example.org",
        "--organization",
        "acme",
        "--role",
        "viewer",
        "--password-file",
        &vera,
        "--by",
        OWNER,
        "--by-password-file",
        &owner,
    ];
    appliance.run(&add).done();
    let twice = appliance.run(&add);
    assert_eq!(twice.code, Some(6), "{}", twice.talk);
    appliance.secret("wrong", "not the owner's password");
    let wrong = appliance.path("wrong");
    let token = [
        "token",
        "create",
        "--organization",
        "acme",
        "--email",
        OWNER,
        "--name",
        "x",
        "--password-file",
        &wrong,
    ];
    let refused = appliance.run(&token);
    assert_eq!(refused.code, Some(5), "{}", refused.talk);
    assert!(!refused.talk.contains(PASSWORD));
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let mut child = strongroom()
        .arg("openapi")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert_eq!(first, "{\n");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
