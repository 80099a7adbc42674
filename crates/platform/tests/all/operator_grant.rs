//! Operator grants: an organization lets an operator in for a purpose and a time, and nothing else does.

use crate::{
    check::tamper,
    fixture::{Site, field},
};
use access::{Permission, Role};
use jiff::Timestamp;
use platform::{
    Caller, Workspace,
    account::NewPerson,
    caller::Identity,
    export, member, operator,
    operator_grant::{self, GrantDecision, GrantExtent, GrantState, NewGrant},
    record,
    trail::{self, TrailQuery},
};
use serde_json::json;
use std::sync::atomic::{AtomicI64, Ordering};
use types::{FieldKind, GrantId, ProblemCode};

/// `globex` is the organization that is asked; the operator is `acme`'s viewer, and no member of it.
struct Scene {
    site: Site,
    owner: Workspace,
    operator: Caller,
}

async fn scene(clock: fn() -> Timestamp) -> Scene {
    let site = Site::start_with_clock(clock).await;
    let owner = site.second_organization().await;
    site.dataset(&owner, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    let fields = json!({"text": "ours"});
    record::create(&owner, "notes", fields.as_object().unwrap())
        .await
        .unwrap();
    operator::appoint(&site.platform, &Caller::host(), "viewer@example.com")
        .await
        .unwrap();
    let operator = as_operator(site.caller(Role::Viewer));
    Scene {
        site,
        owner,
        operator,
    }
}

/// The same person as a session of theirs knows them now.
fn as_operator(mut caller: Caller) -> Caller {
    if let Identity::Person { account, .. } = &mut caller.identity {
        account.operator = true;
    }
    caller
}

fn wish(extent: GrantExtent) -> NewGrant {
    NewGrant {
        organization: "globex".to_owned(),
        extent,
        purpose: "the import of May stopped half way".to_owned(),
        hours: 2,
    }
}

impl Scene {
    async fn ask(&self, extent: GrantExtent) -> GrantId {
        operator_grant::ask(&self.site.platform, &self.operator, wish(extent))
            .await
            .unwrap()
    }

    async fn enter(&self) -> Result<Workspace, ProblemCode> {
        let entered = self.site.platform.enter(&self.operator, "globex").await;
        entered.map_err(|error| error.code)
    }

    async fn state(&self, id: GrantId) -> GrantState {
        let grants = operator_grant::list(&self.owner).await.unwrap();
        grants.iter().find(|grant| grant.id == id).unwrap().state
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_gets_in_by_an_approved_grant_and_the_log_names_them() {
    let scene = scene(Timestamp::now).await;
    assert_eq!(scene.enter().await.err(), Some(ProblemCode::NotFound));
    let id = scene.ask(GrantExtent::Repair).await;
    assert_eq!(
        scene.enter().await.err(),
        Some(ProblemCode::NotFound),
        "asking grants nothing"
    );
    operator_grant::decide(&scene.owner, id, GrantDecision::Approved)
        .await
        .unwrap();
    let inside = scene.enter().await.unwrap();
    assert_eq!((inside.role(), inside.caller().grant), (None, Some(id)));
    for forbidden in [
        Permission::RecordReveal,
        Permission::RecordExport,
        Permission::MemberManage,
        Permission::TokenManageOwn,
        Permission::OperatorGrantManage,
    ] {
        assert!(!inside.may(forbidden), "{forbidden}");
    }
    let refused = export::archive(&inside).await.err().map(|error| error.code);
    assert_eq!(refused, Some(ProblemCode::NotAllowed));
    let fields = json!({"text": "mended"});
    record::create(&inside, "notes", fields.as_object().unwrap())
        .await
        .unwrap();
    let entries = trail::list(&scene.owner, &TrailQuery::default())
        .await
        .unwrap()
        .entries;
    let by_operator: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.actor.kind == "operator")
        .map(|entry| entry.action.as_str())
        .collect();
    assert!(by_operator.contains(&"record.create"), "{by_operator:?}");
    assert!(by_operator.contains(&"access.refuse"), "{by_operator:?}");
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert!(actions.contains(&"operator-grant.ask") && actions.contains(&"operator-grant.approve"));
    operator_grant::end(&scene.owner, id).await.unwrap();
    assert_eq!(scene.enter().await.err(), Some(ProblemCode::NotFound), "at once");
    assert_eq!(scene.state(id).await, GrantState::Over);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_to_look_changes_nothing_and_is_not_widened() {
    let scene = scene(Timestamp::now).await;
    let id = scene.ask(GrantExtent::Read).await;
    operator_grant::decide(&scene.owner, id, GrantDecision::Approved)
        .await
        .unwrap();
    let inside = scene.enter().await.unwrap();
    let fields = json!({"text": "mine"});
    let refused = record::create(&inside, "notes", fields.as_object().unwrap()).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    // Once more, for a second answer to the same question.
    let again = operator_grant::decide(&scene.owner, id, GrantDecision::Approved).await;
    assert_eq!(again.unwrap_err().code, ProblemCode::NotFound);
    // By SQL as the program could run it.
    let superuser = scene.site.superuser().await;
    for widened in [
        "UPDATE strongroom.operator_grant SET expires_at = expires_at + interval '1 minute'",
        "UPDATE strongroom.operator_grant SET extent = 'repair'",
        "UPDATE strongroom.operator_grant SET hours = 24",
    ] {
        let refused = superuser.batch_execute(widened).await.unwrap_err();
        assert!(
            format!("{refused:?}").contains("keep_operator_grant"),
            "{widened}: {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_ends_by_itself_and_what_nobody_decided_lapses() {
    static SECONDS: AtomicI64 = AtomicI64::new(1_800_000_000);
    fn clock() -> Timestamp {
        Timestamp::from_second(SECONDS.load(Ordering::Relaxed)).unwrap()
    }
    let scene = scene(clock).await;
    let id = scene.ask(GrantExtent::Read).await;
    operator_grant::decide(&scene.owner, id, GrantDecision::Approved)
        .await
        .unwrap();
    SECONDS.fetch_add(2 * 3_600 - 1, Ordering::Relaxed);
    assert!(scene.enter().await.is_ok());
    SECONDS.fetch_add(2, Ordering::Relaxed);
    assert_eq!(scene.enter().await.err(), Some(ProblemCode::NotFound));
    assert_eq!(scene.state(id).await, GrantState::Over);
    let late = scene.ask(GrantExtent::Read).await;
    SECONDS.fetch_add(8 * 86_400, Ordering::Relaxed);
    assert_eq!(scene.state(late).await, GrantState::Lapsed);
    let refused = operator_grant::decide(&scene.owner, late, GrantDecision::Approved).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_what_they_asked_for_and_only_operators_ask() {
    let scene = scene(Timestamp::now).await;
    let id = scene.ask(GrantExtent::Read).await;
    // The operator becomes an administrator of the organization, and answers themselves.
    let person = NewPerson {
        email: "viewer@example.com".to_owned(),
        name: "Test viewer".to_owned(),
        password: None,
    };
    member::add(&scene.owner, person, Role::Administrator)
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let as_administrator = scene.enter().await.unwrap();
    assert_eq!(as_administrator.caller().grant, None, "a member acts as one");
    let own = operator_grant::decide(&as_administrator, id, GrantDecision::Approved).await;
    assert_eq!(own.unwrap_err().code, ProblemCode::NotAllowed);
    assert_eq!(scene.state(id).await, GrantState::Asked);
    for caller in [scene.site.caller(Role::Owner), Caller::host(), Caller::system()] {
        let refused = operator_grant::ask(&scene.site.platform, &caller, wish(GrantExtent::Read)).await;
        assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    }
    for wrong in [
        NewGrant {
            hours: 0,
            ..wish(GrantExtent::Read)
        },
        NewGrant {
            hours: 25,
            ..wish(GrantExtent::Read)
        },
        NewGrant {
            purpose: "look".to_owned(),
            ..wish(GrantExtent::Read)
        },
    ] {
        let refused = operator_grant::ask(&scene.site.platform, &scene.operator, wrong).await;
        assert_eq!(refused.unwrap_err().code, ProblemCode::Invalid);
    }
    let viewer = scene.site.as_role(Role::Editor).await;
    let refused = operator_grant::list(&viewer).await.map(|_| ());
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dismissed_operators_grant_is_worth_nothing_and_the_operator_gives_one_back() {
    let scene = scene(Timestamp::now).await;
    let id = scene.ask(GrantExtent::Read).await;
    operator_grant::decide(&scene.owner, id, GrantDecision::Approved)
        .await
        .unwrap();
    assert!(scene.enter().await.is_ok());
    operator_grant::end_own(&scene.site.platform, &scene.operator, id)
        .await
        .unwrap();
    assert!(scene.enter().await.is_err());
    let second = scene.ask(GrantExtent::Read).await;
    operator_grant::decide(&scene.owner, second, GrantDecision::Approved)
        .await
        .unwrap();
    operator::dismiss(&scene.site.platform, &Caller::host(), "viewer@example.com")
        .await
        .unwrap();
    let dismissed = scene.site.caller(Role::Viewer);
    let entered = scene.site.platform.enter(&dismissed, "globex").await;
    assert_eq!(entered.map(|_| ()).unwrap_err().code, ProblemCode::NotFound);
    // Not even a row that says so makes an operator of somebody else.
    tamper(
        &scene.site,
        "UPDATE strongroom.operator_grant SET account_id = (SELECT id FROM strongroom.account WHERE email = 'editor@example.com')",
    )
    .await;
    let editor = scene.site.caller(Role::Editor);
    assert!(scene.site.platform.enter(&editor, "globex").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_grant_opens_nothing_and_its_refusal_is_in_the_log() {
    let scene = scene(Timestamp::now).await;
    let id = scene.ask(GrantExtent::Repair).await;
    operator_grant::decide(&scene.owner, id, GrantDecision::Refused)
        .await
        .unwrap();
    assert_eq!(scene.state(id).await, GrantState::Refused);
    assert_eq!(scene.enter().await.err(), Some(ProblemCode::NotFound));
    let later = operator_grant::decide(&scene.owner, id, GrantDecision::Approved).await;
    assert_eq!(later.unwrap_err().code, ProblemCode::NotFound);
    let page = trail::list(&scene.owner, &TrailQuery::default()).await.unwrap();
    let refusal = |entry: &trail::EntryView| entry.action == "operator-grant.refuse";
    assert!(page.entries.iter().any(refusal));
}
