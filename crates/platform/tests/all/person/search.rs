//! What a search finds, and for whom.

use super::{
    NAME,
    scene::{Scene, approve, make},
};
use crate::{fixture::field, lifecycle::code};
use access::{DatasetRight, Role};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use platform::{
    member,
    narrowing::NamedNarrowing,
    person::{self, HitState, NewRequest, RequestKind, Verdict},
    policy,
};
use serde_json::json;
use std::collections::BTreeMap;
use types::{FieldKind, ProblemCode};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_sensitive_fields_the_trash_the_past_and_names_of_files_and_nobody_else() {
    let scene = Scene::start().await;
    let globex = scene.site.second_organization().await;
    scene
        .site
        .dataset(&globex, "People", vec![field("Name", FieldKind::Text)])
        .await;
    let foreign = make(&globex, "people", json!({"name": NAME})).await;
    let id = scene.open(RequestKind::Access).await;
    let searched = person::search(&scene.asker, id).await.unwrap();
    assert_eq!((searched.hits, searched.is_complete), (5, true));
    let found = person::hits(&scene.asker, id).await.unwrap();
    assert!(
        found
            .iter()
            .all(|hit| hit.object != foreign.0 && hit.verdict.is_none())
    );
    let places: BTreeMap<&str, Vec<String>> = found
        .iter()
        .map(|hit| (scene.name_of(hit.object), hit.found_in.clone()))
        .collect();
    let expected = [
        ("pictured", vec!["photo"]),
        ("plain", vec!["iban", "name"]),
        ("renamed", vec!["name, earlier"]),
        ("sensitive", vec!["iban"]),
        ("trashed", vec!["note"]),
    ];
    let expected: Vec<(&str, Vec<String>)> = expected
        .into_iter()
        .map(|(name, keys)| (name, keys.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(places.into_iter().collect::<Vec<_>>(), expected);
    let trashed = found.iter().find(|hit| hit.object == scene.records["trashed"].0);
    assert_eq!(trashed.unwrap().state, HitState::Trashed);
    // What refers to a record that is theirs is found once that is said.
    let plain = [scene.records["plain"].0];
    person::mark(&scene.asker, id, &plain, Verdict::Theirs)
        .await
        .unwrap();
    assert_eq!(person::search(&scene.asker, id).await.unwrap().hits, 6);
    let found = person::hits(&scene.asker, id).await.unwrap();
    let order = found
        .iter()
        .find(|hit| scene.name_of(hit.object) == "order")
        .unwrap();
    assert_eq!(order.found_in, ["customer"]);
    let plain = found
        .iter()
        .find(|hit| scene.name_of(hit.object) == "plain")
        .unwrap();
    assert_eq!(
        plain.verdict,
        Some(Verdict::Theirs),
        "what was said of a hit stays"
    );
    assert_eq!(code(person::hits(&globex, id).await), ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_the_role_or_sees_a_part_only_neither_asks_nor_finds() {
    let scene = Scene::start().await;
    let id = scene.open(RequestKind::Access).await;
    for role in [Role::Viewer, Role::Editor] {
        let member = scene.site.as_role(role).await;
        assert_eq!(
            code(person::list(&member).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
        assert_eq!(
            code(person::search(&member, id).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
        assert_eq!(
            code(person::hand_over(&member, id).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
    }
    assert_eq!(
        code(approve(&scene.asker, id).await),
        ProblemCode::NotAllowed,
        "an accountant does not erase"
    );
    let narrowing = NamedNarrowing {
        datasets: BTreeMap::from([("orders".to_owned(), DatasetRight::None)]),
        ..NamedNarrowing::default()
    };
    let account = scene.site.account(Role::Accountant);
    member::set_narrowing(&scene.owner, account, &narrowing)
        .await
        .unwrap();
    let narrowed = scene.site.as_role(Role::Accountant).await;
    assert_eq!(code(person::search(&narrowed, id).await), ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_is_checked_and_the_policy_gives_owners_the_archive() {
    let scene = Scene::start().await;
    let wrong = |reference: &str, words: &[&str]| NewRequest {
        kind: RequestKind::Access,
        reference: reference.to_owned(),
        received_on: Some(
            Timestamp::now()
                .to_zoned(TimeZone::UTC)
                .date()
                .saturating_add(1.day()),
        ),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    for new in [
        wrong("", &[NAME]),
        wrong("case 9", &["ab"]),
        wrong("case 9", &[NAME]),
    ] {
        assert_eq!(code(person::open(&scene.asker, new).await), ProblemCode::Invalid);
    }
    let id = scene.found(RequestKind::Access).await;
    let administrators = access::Policies {
        administrators_reveal: access::Choice::Allow,
        ..access::Policies::default()
    };
    let policy = policy::OrganizationPolicy {
        administrators,
        ..policy::OrganizationPolicy::default()
    };
    policy::set(&scene.owner, policy).await.unwrap();
    let owner = scene.site.as_role(Role::Owner).await;
    drop(person::hand_over(&owner, id).await.unwrap());
}
