//! What is handed over.

use super::{IBAN, NAME, scene::Scene};
use crate::{export::whole, lifecycle::code, promise::assert_kept};
use platform::person::{self, Outcome, RequestKind};
use std::{collections::BTreeMap, io::Read};
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_handed_over_holds_exactly_what_is_theirs() {
    let scene = Scene::start().await;
    let id = scene.open(RequestKind::Access).await;
    assert_eq!(
        code(person::hand_over(&scene.asker, id).await),
        ProblemCode::Conflict
    );
    scene.decide_all_but_the_trashed(id).await;
    scene.remove_notes().await;
    let tar = whole(person::hand_over(&scene.asker, id).await.unwrap()).await;
    let members = members(&tar);
    let paths: Vec<&str> = members.keys().map(String::as_str).collect();
    let photo = format!("attachments/{}", scene.photo);
    assert_eq!(
        paths,
        [
            photo.as_str(),
            "datasets/people.csv",
            "datasets/people.jsonl",
            "datasets/people.trash.jsonl",
            "history.jsonl",
            "manifest.json"
        ]
    );
    let people = &members["datasets/people.jsonl"];
    assert!(people.contains(IBAN) && people.contains(NAME) && !people.contains("Musterfrau"));
    assert!(
        members["history.jsonl"].contains("left in May"),
        "of a field that is removed"
    );
    assert!(members["history.jsonl"].contains(NAME) && !members["history.jsonl"].contains("called by"));
    assert!(!members["datasets/people.trash.jsonl"].contains("called by"));
    assert!(members["manifest.json"].contains("strongroom-person"));
    person::close(&scene.asker, id, Outcome::HandedOver, "by registered mail")
        .await
        .unwrap();
    let closed = person::find(&scene.asker, id).await.unwrap();
    assert_eq!(closed.request.outcome, Some(Outcome::HandedOver));
    assert!(closed.words.is_empty());
    assert_eq!(
        code(person::hand_over(&scene.asker, id).await),
        ProblemCode::Conflict
    );
    assert_kept(&scene.site, "data-subject-rights").await;
}

fn members(tar: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(tar);
    let mut members = BTreeMap::new();
    for member in archive.entries().unwrap() {
        let mut member = member.unwrap();
        let path = member.path().unwrap().to_string_lossy().into_owned();
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        members.insert(path, text);
    }
    members
}
