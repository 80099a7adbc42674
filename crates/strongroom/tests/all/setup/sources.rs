//! Directories, providers, mail and the audit log's keepers, as the answers name them.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use testkit::certificate::Authority;

use super::{Place, is_root, states};
use crate::all::program::run;

/// A client's certificate for a directory, and its key, as files.
fn client_files(place: &Place) -> (PathBuf, PathBuf) {
    let client = Authority::create("clients")
        .unwrap()
        .issue_client("strongroom")
        .unwrap();
    let (shown, key) = (place.path("client.pem"), place.path("client.key"));
    fs::write(&shown, client.certificate_pem().unwrap()).unwrap();
    testkit::secret::write_private(&key, &client.key_pem().unwrap()).unwrap();
    (shown, key)
}

/// The directory has the key of its certificate, and shows it to nobody.
fn assert_client_key(settings: &Path) {
    let listed = run(Some(settings), &["--json", "directory", "list"]).done();
    assert!(!listed.contains("PRIVATE KEY"), "{listed}");
    let listed = listed.replace(char::is_whitespace, "");
    assert!(listed.contains("\"has_client_key\":true"), "{listed}");
}

#[test]
fn sources_of_people_and_mail_are_set_once_and_left_as_operators_change_them() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    testkit::secret::write_private(&place.path("secret"), "a service account's password").unwrap();
    let secret = place.path("secret");
    let hook = place.path("hook");
    testkit::secret::write_private(&hook, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let authority = place.path("collectors.pem");
    let pem = Authority::create("collectors")
        .unwrap()
        .certificate_pem()
        .unwrap();
    fs::write(&authority, pem).unwrap();
    let (shown, key) = client_files(&place);
    let folder = place.path("witness").display().to_string();
    let witness = run(None, &["witness", "make", &folder, "witness.example.test"]).done();
    let witness = witness.trim().to_owned();
    place.answer_more(&format!(
        "[directory]\nproduct = \"openldap\"\nservers = [\"dc1.example.test\"]\nbase = \"dc=example,dc=test\"\n\
         service_account = \"cn=app,dc=example,dc=test\"\npassword_file = {secret:?}\n\
         client_certificate = {shown:?}\nclient_key_file = {key:?}\n\
         [provider]\nissuer = \"https://login.example.test\"\nclient_id = \"us\"\nsecret_file = {secret:?}\n\
         [forwarding]\nhost = \"logs.example.test\"\nauthorities = {authority:?}\n\
         [mail]\nhost = \"post.example.test\"\naccount = \"us\"\npassword_file = {secret:?}\nfrom = \"us@example.test\"\n\
         [webhook]\nurl = \"https://alerts.example.test/strongroom\"\nsecret_file = {hook:?}\n\
         [audit]\nwitness_key = {witness:?}\nwitness_url = \"https://witness.example.test:8443\"\nnote_to = [\"auditor@example.test\"]\n"
    ));
    let seven = |states: Vec<(String, String)>| {
        let named = |step: &str| states.iter().find(|(name, _)| name == step).unwrap().1.clone();
        [
            "directory",
            "providers",
            "mail",
            "webhook",
            "forwarding",
            "audit-witness",
            "audit-note",
        ]
        .map(named)
    };
    let said = place.setup(&["--until", "audit-note"]);
    // Nothing lets its address out yet.
    assert!(
        said.talk
            .contains("witness.example.test, carried by hand for now"),
        "{}",
        said.talk
    );
    assert_eq!(seven(states(said)), ["done"; 7]);
    let settings = place.settings();
    assert_client_key(&settings);
    let close = ["directory", "alter", "company", "--state", "disabled"];
    run(Some(&settings), &close).done();
    assert_eq!(
        seven(states(place.setup(&["--until", "audit-note"]))),
        ["unchanged"; 7]
    );
    let note = run(Some(&settings), &["--json", "audit", "note", "--addresses"]).done();
    assert!(note.contains("auditor@example.test"), "{note}");
    let listed = run(Some(&settings), &["--json", "directory", "list"]).done();
    assert!(listed.contains("disabled"), "{listed}");
    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    fs::write(
        place.path("answers.toml"),
        text.replace("\"openldap\"", "\"novell\""),
    )
    .unwrap();
    let refused = place.setup(&["--dry-run"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.talk.contains("directory.product"), "{}", refused.talk);
}
