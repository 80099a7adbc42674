//! What set-up refuses, before it has written anything.

use std::fs;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::process::Command;

use super::{Place, is_root};

#[test]
fn an_answers_file_with_an_unknown_key_is_refused_with_its_line() {
    let place = Place::new();
    place.answer("nmae = \"x\"");
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.talk.contains("nmae") && said.talk.contains("line 4"),
        "{}",
        said.talk
    );
    assert!(!place.path("etc").exists());
}

#[test]
fn a_taken_port_and_a_dead_name_are_refused_before_anything_is_written() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, place.https)).unwrap();
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("another program listens on"), "{}", said.talk);
    drop(other);
    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    fs::write(
        place.path("answers.toml"),
        text.replace("localhost", "strongroom.invalid"),
    )
    .unwrap();
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.talk.contains("strongroom.invalid does not resolve"),
        "{}",
        said.talk
    );
    assert!(
        !place.path("etc").exists() && !place.path("data").exists(),
        "something was written"
    );
}

#[test]
fn a_secret_of_the_webhook_that_is_none_is_refused_before_anything_is_written() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let secret = place.path("webhook-secret");
    testkit::secret::write_private(&secret, "correct horse battery staple").unwrap();
    place.answer_more(&format!(
        "[webhook]\nurl = \"https://alerts.example.org/strongroom\"\nsecret_file = {secret:?}\n"
    ));
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("correct webhook.secret_file"), "{}", said.talk);
    assert!(
        !place.path("etc").exists() && !place.path("data").exists(),
        "something was written"
    );
}

#[test]
fn a_cluster_of_that_name_that_somebody_else_made_is_left_alone() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let mut create = Command::new("pg_createcluster");
    let version = testkit::cluster::Binaries::newest().unwrap().major().to_string();
    create
        .arg("--datadir")
        .arg(place.path("data"))
        .args([&version, &place.cluster]);
    assert!(create.output().unwrap().status.success());
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("that set-up has not made"), "{}", said.talk);
    assert!(!place.path("etc").exists());
}
