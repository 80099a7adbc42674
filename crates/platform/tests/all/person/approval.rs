//! Two people, and what the second one saw.

use super::{
    GROUND, NAME,
    scene::{Scene, approve},
};
use crate::{fixture::SLUG, lifecycle::code};
use access::Role;
use platform::{
    person::{self, NewRequest, RequestKind, Verdict},
    trail::{self, TrailQuery},
};
use types::ProblemCode;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_what_they_asked_for_or_proposed_in_whatever_session() {
    let scene = Scene::start().await;
    // The owner asks, an administrator proposes: neither approves.
    let admin = scene.site.as_role(Role::Administrator).await;
    let new = NewRequest {
        kind: RequestKind::Erasure,
        reference: "case 8".to_owned(),
        received_on: None,
        words: vec![NAME.to_owned()],
    };
    let id = person::open(&scene.owner, new).await.unwrap();
    assert_eq!(
        code(person::propose(&admin, id, GROUND).await),
        ProblemCode::Conflict,
        "nothing was looked for"
    );
    person::search(&admin, id).await.unwrap();
    assert_eq!(
        code(person::propose(&admin, id, GROUND).await),
        ProblemCode::Conflict,
        "undecided hits"
    );
    let found = person::hits(&admin, id).await.unwrap();
    let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
    person::mark(&admin, id, &found, Verdict::Theirs).await.unwrap();
    assert_eq!(
        code(person::propose(&admin, id, GROUND).await),
        ProblemCode::Conflict,
        "an order refers to what is theirs, and nobody has looked at it"
    );
    let found = person::hits(&admin, id).await.unwrap();
    let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
    person::mark(&admin, id, &found, Verdict::Theirs).await.unwrap();
    person::propose(&admin, id, GROUND).await.unwrap();
    let (_, elsewhere) = scene.site.sign_in(Role::Owner).await;
    let elsewhere = scene.site.platform.enter(&elsewhere, SLUG).await.unwrap();
    for own in [&scene.owner, &elsewhere, &admin] {
        assert_eq!(code(approve(own, id).await), ProblemCode::NotAllowed);
    }
    // The database refuses it whoever is asked.
    let refused = scene
        .site
        .superuser()
        .await
        .batch_execute(&format!(
            "DO $$ BEGIN EXECUTE (SELECT format('UPDATE %I._person_request SET approved_by = asked_by, approved_at = now()', schema_name)
                FROM strongroom.organization WHERE slug = '{SLUG}'); END $$"
        ))
        .await;
    let error = refused.unwrap_err();
    assert_eq!(
        error.as_db_error().unwrap().constraint(),
        Some("person_request_own")
    );
    // What is proposed stays as it is.
    let late = person::mark(&admin, id, &found[..1], Verdict::Other).await;
    assert_eq!(code(late), ProblemCode::Conflict);
    assert_eq!(code(person::search(&admin, id).await), ProblemCode::Conflict);
    assert_eq!(scene.state("plain").await, None, "nothing was erased");
    person::withdraw(&scene.owner, id).await.unwrap();
    person::mark(&admin, id, &found[..1], Verdict::Other)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_approvals_at_once_one_counts() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    let admin = scene.site.as_role(Role::Administrator).await;
    let (one, two) = tokio::join!(approve(&scene.owner, id), approve(&admin, id));
    let (done, refused) = match (one, two) {
        (Ok(done), Err(error)) | (Err(error), Ok(done)) => (done, error),
        both => panic!("{both:?}"),
    };
    assert_eq!((done.records, refused.code), (6, ProblemCode::Conflict));
    let entries = trail::list(&scene.owner, &TrailQuery::default())
        .await
        .unwrap()
        .entries;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!(of("person-request.approve-erasure"), 1);
    assert_eq!(of("record.purge"), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_that_was_exchanged_after_it_was_seen_is_not_approved() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    let seen = person::find(&scene.owner, id).await.unwrap().request.proposed;
    let (_, seen_at) = seen.unwrap();
    person::withdraw(&scene.asker, id).await.unwrap();
    person::propose(&scene.asker, id, "another ground than before")
        .await
        .unwrap();
    assert_eq!(
        code(person::approve(&scene.owner, id, seen_at).await),
        ProblemCode::Conflict
    );
    for name in ["plain", "trashed"] {
        assert_eq!(scene.state(name).await, None, "{name}");
    }
    approve(&scene.owner, id).await.unwrap();
}
