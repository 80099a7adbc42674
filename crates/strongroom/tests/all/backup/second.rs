//! The second location: only added to, drilled from, and all that a lost machine needs.

use std::fs;
use std::path::Path;

use nix::unistd::Uid;
use serde_json::Value as Json;
use testkit::SftpServer;

use super::{Backed, KNOWN, files, flip, holds};
use crate::all::program::run;

#[test]
fn a_second_location_is_only_added_to_and_drilled_from() {
    let Some(backed) = Backed::with_folder() else {
        return;
    };
    backed.json(&["run"]);
    let said = backed.backup(&["copy"]);
    assert_eq!(said.code, Some(1), "a place without our mark was taken: {said:?}");
    assert!(said.talk.contains("has no mark"), "{said:?}");
    assert!(files(&backed.second()).is_empty(), "something was written there");

    let first = backed.json(&["copy", "--begin"]);
    assert!(first["files"].as_u64().unwrap() > 5, "{first}");
    assert_eq!(
        backed.json(&["copy"])["files"],
        0,
        "what was there was sent again"
    );
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);
    assert_eq!(backed.json(&["drill", "--second"])["drill"]["outcome"], "done");

    // What goes away here stays there.
    let bundles = files(&backed.repository().join("repository/backup"));
    let largest = bundles
        .iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let there = backed
        .second()
        .join(largest.strip_prefix(backed.repository()).unwrap());
    fs::remove_file(largest).unwrap();
    backed.json(&["copy"]);
    assert!(there.exists(), "the second location was emptied from here");
    assert_eq!(backed.backup(&["verify"]).code, Some(1));
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);

    flip(&there);
    let said = backed.backup(&["verify", "--second"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(!backed.repository().join("drill/fetched").exists());
}

#[test]
fn the_platform_comes_back_from_the_second_location_and_the_kit_alone() {
    let Some(backed) = Backed::with_folder() else {
        return;
    };
    backed.json(&["run"]);
    backed.kit("make", "--to").done();
    backed.kit("verify", "--kit").done();
    // After the backup: only the archived changes have it.
    let password = backed.place.path("owner");
    let owner = [
        "--owner-email",
        "bo@example.org",
        "--password-file",
        password.to_str().unwrap(),
    ];
    let create = ["--json", "organization", "create", "later"];
    run(
        Some(&backed.place.settings()),
        &[create.as_slice(), &owner].concat(),
    )
    .done();
    let entries = "SELECT count(*) FROM strongroom.entry";
    let before: u32 = backed.sql(entries).parse().unwrap();
    backed.archive();
    backed.json(&["copy", "--begin"]);
    the_kit_alone_opens_a_drill(&backed);

    let refused = backed.rebuild("correct horse battery staple");
    assert_eq!(refused.code, Some(6), "an appliance was overwritten: {refused:?}");
    backed.place.destroy();
    for folder in ["etc", "etc-backup", "backup", "record"] {
        fs::remove_dir_all(backed.place.path(folder)).unwrap();
    }
    let refused = backed.rebuild("correct horse battery stable");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.talk.contains("does not open") && !backed.place.path("etc").exists(),
        "{refused:?}"
    );

    let rebuilt: Json = serde_json::from_str(&backed.rebuild("correct horse battery staple").done()).unwrap();
    assert!(rebuilt["newest_change"].is_string(), "{rebuilt}");
    assert!(
        backed.sql(entries).parse::<u32>().unwrap() > before,
        "entries are gone"
    );
    let organizations = run(
        Some(&backed.place.settings()),
        &["--json", "organization", "list"],
    )
    .done();
    assert!(
        organizations.contains("\"later\""),
        "a change after the backup is gone: {organizations}"
    );
    assert_eq!(
        backed.sql("SELECT count(*) FROM strongroom.session WHERE ended_at IS NULL"),
        "0"
    );
    assert_eq!(backed.json(&["verify"])["whole"], true);
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
    backed.kit("verify", "--kit").done();
}

fn the_kit_alone_opens_a_drill(backed: &Backed) {
    let (kit, passphrase) = (backed.place.path("kit"), backed.place.path("passphrase"));
    let with_kit = |passphrase: &Path| {
        let arguments = ["drill", "--second", "--kit", kit.to_str().unwrap()];
        backed.backup(
            &[
                arguments.as_slice(),
                &["--passphrase-file", passphrase.to_str().unwrap()],
            ]
            .concat(),
        )
    };
    let drill: Json = serde_json::from_str(&with_kit(&passphrase).done()).unwrap();
    assert_eq!(
        (&drill["drill"]["with_kit"], &drill["drill"]["outcome"]),
        (&true.into(), &"done".into()),
        "{drill}"
    );
    let wrong = backed.place.path("wrong");
    testkit::secret::write_private(&wrong, "correct horse battery stable").unwrap();
    assert_eq!(
        with_kit(&wrong).code,
        Some(1),
        "a kit opened with another passphrase"
    );
}

#[test]
fn a_copy_goes_over_sftp_to_the_host_of_the_settings_and_to_no_other() {
    if !Uid::effective().is_root() {
        return;
    }
    let server = SftpServer::start_at("127.0.0.1").unwrap();
    let host_key = server.host_key().unwrap();
    let section = format!("second = {:?}\nsecond_host_key = {host_key:?}", server.location());
    let Some(backed) = Backed::with(|_| section) else {
        return;
    };
    backed.json(&["run"]);
    assert_eq!(
        backed.backup(&["copy", "--begin"]).code,
        Some(1),
        "without a key to sign in with"
    );
    let key = backed.backup(&["copy", "--key"]).done();
    server.admit(&key).unwrap();
    let sent = backed.json(&["copy", "--begin"]);
    assert!(sent["files"].as_u64().unwrap() > 5, "{sent}");
    assert!(sent["newest_change"].is_string(), "{sent}");
    assert_eq!(
        backed.json(&["copy"])["files"],
        0,
        "what was there was sent again"
    );
    assert_eq!(backed.json(&["drill", "--second"])["drill"]["outcome"], "done");
    for path in files(&server.copy()) {
        assert!(!holds(&path, KNOWN), "{} is not encrypted", path.display());
    }

    // Somebody else answers in its place.
    let settings = fs::read_to_string(backed.place.settings()).unwrap();
    let last = host_key.chars().last().unwrap();
    let other = host_key[..host_key.len() - 1].to_owned() + if last == 'A' { "B" } else { "A" };
    fs::write(backed.place.settings(), settings.replace(&host_key, &other)).unwrap();
    let said = backed.backup(&["copy"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("refused"), "{said:?}");
}
