//! A second location in a bucket of real storage (OpenStack Swift): filled, read back, rebuilt from; and each way in which
//! storage can refuse.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use nix::unistd::Uid;
use serde_json::Value as Json;
use testkit::BucketServer;
use testkit::bucket::{ADDER, BUCKET_SECRET, WRITER};

use super::{Backed, KNOWN, files, holds};
use crate::all::program::{Said, run};

/// What of a second is sent: a few times less than is there to be sent.
const RATE: u64 = 600_000;

impl Backed {
    /// Names another second location, with the server's authority.
    fn name(&self, server: &BucketServer, location: &str, key: &str) {
        let settings = fs::read_to_string(self.place.settings()).unwrap();
        let (before, _) = settings.split_once("second = ").unwrap();
        let section = section(server, location, key);
        fs::write(self.place.settings(), format!("{before}{section}\n")).unwrap();
    }

    fn keep_secret(&self, secret: &str) {
        let file = self.place.path("secret");
        fs::remove_file(&file).ok();
        testkit::secret::write_private(&file, secret).unwrap();
        self.backup(&["copy", "--secret", "--secret-file", file.to_str().unwrap()])
            .done();
    }

    /// A copy that must fail; gives what it said.
    fn refused(&self, arguments: &[&str]) -> String {
        let said = self.backup(arguments);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(
            !said.talk.contains(BUCKET_SECRET),
            "the secret was said: {said:?}"
        );
        said.talk
    }

    /// Rebuilt from the second location, as it was then.
    fn rebuild_from_second(&self, more: &[&str]) -> Said {
        let (kit, passphrase) = (self.place.path("kit"), self.place.path("passphrase"));
        let arguments = [
            "--json",
            "rebuild",
            "--from",
            "second",
            "--kit",
            kit.to_str().unwrap(),
        ];
        let passphrase = ["--passphrase-file", passphrase.to_str().unwrap()];
        run(
            Some(&self.place.settings()),
            &[arguments.as_slice(), &passphrase, more].concat(),
        )
    }

    /// Everything that this machine keeps is lost.
    fn lose_all(&self) {
        self.place.destroy();
        for folder in ["etc", "etc-backup", "backup", "record"] {
            fs::remove_dir_all(self.place.path(folder)).unwrap();
        }
    }
}

fn section(server: &BucketServer, location: &str, key: &str) -> String {
    format!(
        "second = {location:?}\nsecond_access_key = {key:?}\nsecond_authority_file = {:?}",
        server.authority_file()
    )
}

#[test]
fn the_platform_comes_back_from_a_bucket_that_is_only_added_to() {
    if !Uid::effective().is_root() {
        return;
    }
    let server = BucketServer::start().unwrap();
    let wanted = section(&server, &server.location("copies"), WRITER);
    let Some(backed) = Backed::with(|_| wanted) else {
        return;
    };
    backed.json(&["run"]);
    let said = backed.refused(&["copy", "--begin"]);
    assert!(said.contains("copy --secret"), "{said}");
    backed.keep_secret(BUCKET_SECRET);
    let said = backed.refused(&["copy"]);
    assert!(said.contains("has no mark"), "{said}");

    let sent = backed.json(&["copy", "--begin"]);
    assert!(sent["files"].as_u64().unwrap() > 5, "{sent}");
    assert!(sent["newest_change"].is_string(), "{sent}");
    assert_eq!(sent["keeps"], "nothing", "this key may delete: {sent}");
    assert_eq!(
        backed.json(&["copy"])["files"],
        0,
        "what was there was sent again"
    );
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);
    assert_eq!(backed.json(&["drill", "--second"])["drill"]["outcome"], "done");

    // What goes away here stays there, and the lists are replaced as they grow.
    let bundles = files(&backed.repository().join("repository/backup"));
    let largest = bundles
        .iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let kept = fs::read(largest).unwrap();
    fs::remove_file(largest).unwrap();
    backed.json(&["copy"]);
    assert_eq!(backed.backup(&["verify"]).code, Some(1));
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);
    fs::write(largest, kept).unwrap();
    assert!(!holds(&backed.place.settings(), BUCKET_SECRET.as_bytes()));

    backed.kit("make", "--to").done();
    backed.create("later");
    backed.archive();
    backed.json(&["copy"]);
    backed.lose_all();
    let rebuilt: Json = serde_json::from_str(&backed.rebuild_from_second(&[]).done()).unwrap();
    assert!(rebuilt["newest_change"].is_string(), "{rebuilt}");
    let log = rebuilt["log"].as_str().unwrap();
    assert!(!log.contains("not signed"), "{log}");
    assert!(backed.has("later"), "a change after the backup is gone");
    assert!(files(&backed.repository()).iter().all(|path| !holds(path, KNOWN)));
}

#[test]
fn what_was_replaced_and_deleted_in_a_bucket_with_versions_is_rebuilt_from_as_it_was() {
    if !Uid::effective().is_root() {
        return;
    }
    let server = BucketServer::start().unwrap();
    let wanted = section(&server, &server.location("versions"), WRITER);
    let Some(backed) = Backed::with(|_| wanted) else {
        return;
    };
    backed.json(&["run"]);
    backed.keep_secret(BUCKET_SECRET);
    backed.json(&["copy", "--begin"]);
    backed.kit("make", "--to").done();
    std::thread::sleep(Duration::from_secs(2));
    let good = backed.now();
    std::thread::sleep(Duration::from_secs(2));
    // Whoever took the machine over: what was copied is replaced by nothing, and the lists are deleted.
    for path in files(&backed.repository().join("repository/backup")) {
        let below = path.strip_prefix(backed.repository()).unwrap();
        server.replace("versions", below.to_str().unwrap()).unwrap();
    }
    backed.lose_all();
    let said = backed.rebuild_from_second(&[]);
    assert_eq!(said.code, Some(1), "nothing was replaced: {said:?}");
    for folder in ["etc", "etc-backup", "backup"] {
        fs::remove_dir_all(backed.place.path(folder)).ok();
    }
    let rebuilt = backed.rebuild_from_second(&["--as-of", &good]).done();
    assert!(rebuilt.contains("newest_change"), "{rebuilt}");
    assert!(backed.has("acme"));
    let elsewhere = backed.rebuild_from_second(&["--as-of", "yesterday"]);
    assert_eq!(elsewhere.code, Some(2), "{elsewhere:?}");
}

#[test]
fn a_bucket_that_refuses_says_why_and_one_that_keeps_all_is_known() {
    if !Uid::effective().is_root() {
        return;
    }
    let mut server = BucketServer::start().unwrap();
    let wanted = section(&server, &server.location("small"), WRITER);
    let Some(backed) = Backed::with(|_| wanted) else {
        return;
    };
    backed.json(&["run"]);
    backed.keep_secret("another-secret");
    let said = backed.refused(&["copy", "--begin"]);
    assert!(said.contains("SignatureDoesNotMatch"), "{said}");
    backed.keep_secret(BUCKET_SECRET);
    let said = backed.refused(&["copy", "--begin"]);
    assert!(said.contains("exceeds quota"), "a full place: {said}");

    backed.name(&server, &server.location("nowhere"), WRITER);
    let said = backed.refused(&["copy", "--begin"]);
    assert!(said.contains("no bucket nowhere"), "{said}");
    backed.name(&server, &server.location("copies"), "test:stranger");
    let said = backed.refused(&["copy", "--begin"]);
    // Swift says the same of a key that it does not know.
    assert!(said.contains("SignatureDoesNotMatch"), "{said}");
    let other = BucketServer::start().unwrap();
    backed.name(&other, &server.location("copies"), WRITER);
    let said = backed.refused(&["copy", "--begin"]);
    assert!(
        said.contains("certificate"),
        "another's certificate was taken: {said}"
    );
    backed.name(&other, "s3://nobody.invalid:1/copies/x", WRITER);
    let said = backed.refused(&["copy", "--begin"]);
    assert!(said.contains("nobody.invalid"), "{said}");

    backed.name(&server, &server.location("versions"), WRITER);
    assert_eq!(backed.json(&["copy", "--begin"])["keeps"], "versions");
    backed.name(&server, &server.location("copies"), ADDER);
    assert_eq!(
        backed.json(&["copy", "--begin"])["keeps"],
        "replaceable",
        "what it may not delete it overwrites"
    );
    backed.name(&server, &server.location("versions"), ADDER);
    let said = backed.json(&["copy"]);
    assert_eq!(said["keeps"], "all", "{said}");
    let status = backed.json(&["status"]);
    assert_eq!(status["last_copy"]["keeps"], "all", "{status}");

    slowly(&backed, &server);
    server.stop();
    let said = backed.refused(&["copy"]);
    assert!(said.contains("refused"), "{said}");
    hanging(&backed, &server);
}

/// To a place of its own, at a rate that takes a few seconds for what there is.
fn slowly(backed: &Backed, server: &BucketServer) {
    backed.name(
        server,
        &server.location("copies").replace("strongroom", "slow"),
        ADDER,
    );
    let settings = fs::read_to_string(backed.place.settings()).unwrap();
    let paced = format!("{settings}second_bytes_per_second = {RATE}\n");
    fs::write(backed.place.settings(), paced).unwrap();
    let began = Instant::now();
    let sent = backed.json(&["copy", "--begin"]);
    let bytes = sent["bytes"].as_u64().unwrap();
    assert!(bytes > 3 * RATE, "too little to see a rate: {sent}");
    // A busy machine makes it longer, never shorter.
    let least = Duration::from_secs(bytes / RATE / 2);
    assert!(
        began.elapsed() > least,
        "{bytes} bytes within {:?}",
        began.elapsed()
    );
}

/// Somebody who takes the connection and says nothing.
fn hanging(backed: &Backed, server: &BucketServer) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    backed.name(server, &format!("s3://localhost:{port}/copies/x"), WRITER);
    let began = Instant::now();
    let said = backed.refused(&["copy", "--begin"]);
    assert!(said.contains("timeout") || said.contains("within"), "{said}");
    assert!(
        began.elapsed() < Duration::from_secs(300),
        "{:?}",
        began.elapsed()
    );
}
