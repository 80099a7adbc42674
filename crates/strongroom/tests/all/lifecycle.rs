//! An organization ended on the command line: by a token that was made for it, held up on the host, with nothing done by any other.

use std::fs;

use super::appliance::{Appliance, OWNER};
use super::program::run;

#[test]
fn an_organization_is_cancelled_held_and_its_deletion_called_back() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let client = appliance.client();
    let with = |token: &str, words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["--token-file", token]).collect();
        run(Some(&client), &words)
    };
    let all = appliance.path("owner.token");
    let refused = with(&all, &["organization", "cancel"]);
    assert_eq!(
        refused.code,
        Some(5),
        "a token that may do everything: {}",
        refused.talk
    );
    let (password, ending) = (appliance.path("owner"), appliance.path("ending.token"));
    make_token(&appliance, &password, &ending);
    let cancelled = with(&ending, &["organization", "cancel"]).done();
    assert!(
        cancelled.contains("cancelled") && cancelled.contains("export until"),
        "{cancelled}"
    );
    let refused = with(&all, &["dataset", "create", "Late"]);
    assert_eq!(refused.code, Some(5), "{}", refused.talk);
    let wrong = with(&ending, &["organization", "delete", "another"]);
    assert!(wrong.talk.contains("type acme"), "{}", wrong.talk);
    with(&ending, &["organization", "delete", "acme", "--hours", "2"]).done();
    with(&ending, &["organization", "keep"]).done();
    let place = [
        "organization",
        "hold",
        "--on-host",
        "acme",
        "place",
        "--reason",
        "file 17 O 4/26",
        "--person",
        "the district court",
    ];
    assert!(appliance.run(&place).done().contains("the district court"));
    let held = with(&ending, &["organization", "delete", "acme"]);
    assert!(held.talk.contains("legal hold is in force"), "{}", held.talk);
    with(&ending, &["organization", "reinstate"]).done();
    assert!(with(&all, &["organization", "life"]).done().contains("active"));
    assert!(
        appliance
            .run(&["organization", "certificate"])
            .done()
            .contains("deletion")
    );
    assert!(fs::exists(&ending).unwrap());
    assert!(
        appliance
            .run(&["organization", "window", "--days", "45"])
            .done()
            .contains("45")
    );
}

/// A token for the end of the organization and nothing else.
fn make_token(appliance: &Appliance, password: &str, file: &str) {
    let create = [
        "token",
        "create",
        "--organization",
        "acme",
        "--email",
        OWNER,
        "--name",
        "ending",
        "--permission",
        "organization.read",
        "--permission",
        "organization.delete",
        "--password-file",
        password,
        "--output",
        file,
    ];
    appliance.run(&create).done();
}
