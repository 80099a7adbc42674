//! Rotating an organization's key: what is under the old version and under the new, in the middle and afterwards.

use crate::{
    check::{create, ledger},
    fixture::{self, Site, caller_of, person},
    import::Worker,
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, Platform, Workspace,
    caller::AccountSummary,
    check,
    list::{self, Counting, PlaceOrLive, Query},
    organization,
    record::{self, Expected},
    rotation,
};
use serde_json::json;
use std::time::Duration;
use types::{AccountId, ProblemCode, Value};
use vault::RootKey;

fn iban(number: usize) -> String {
    format!("DE{number:020}")
}

/// How many live records an equality search for the value finds.
async fn found(workspace: &Workspace, iban: &str) -> i64 {
    let query = Query {
        conditions: vec![("iban".into(), "eq".into(), iban.into())],
        place: PlaceOrLive::Live,
        count: Counting::Exact,
        ..Query::default()
    };
    list::list(workspace, "ledger", &query)
        .await
        .unwrap()
        .count
        .and_then(list::Count::exact)
        .unwrap()
}

/// How many sealed values, blind indexes and record keys are under a key version.
async fn under(site: &Site, version: u8) -> [i64; 3] {
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
    let schema: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    let text = format!(
        "SELECT count(*) FILTER (WHERE substr(f3, 2, 4) = $1), count(*) FILTER (WHERE substr(f3_blind, 1, 4) = $1),
            count(*) FILTER (WHERE substr(record_key, 18, 4) = $1) FROM {schema}.d1"
    );
    let row = superuser
        .query_one(&text, &[&[0, 0, 0, version].as_slice()])
        .await
        .unwrap();
    [row.get(0), row.get(1), row.get(2)]
}

pub(crate) async fn wait_until_done(site: &Site) -> rotation::RotationStatus {
    for _ in 0..400 {
        let status = rotation::status(&site.platform, &Caller::host(), "acme")
            .await
            .unwrap();
        if status.finished_at.is_some() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the job does not end");
}

pub(crate) async fn is_clean(site: &Site) -> bool {
    let report = check::organization(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    assert!(report.is_clean(), "{report:?}");
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rotation_everything_reads_and_nothing_is_under_the_old_version() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let mut old = Vec::new();
    for number in 0..5 {
        old.push(create(&owner, number).await);
    }
    record::trash(&owner, "ledger", old[4].record.id, Expected::Any)
        .await
        .unwrap();
    assert_eq!(
        rotation::rotate(&site.platform, &site.caller(Role::Owner), "acme")
            .await
            .unwrap(),
        2
    );
    let owner = site.as_role(Role::Owner).await;
    let new = create(&owner, 7).await;
    assert_eq!((under(&site, 1).await, under(&site, 2).await), ([5; 3], [1; 3]));
    for number in [0, 7] {
        assert_eq!(found(&owner, &iban(number)).await, 1, "found under both versions");
    }
    assert!(is_clean(&site).await);

    let worker = Worker::start(&site.platform);
    let status = wait_until_done(&site).await;
    drop(worker);
    assert_eq!(
        (status.version, status.state.as_deref()),
        (2, Some("done")),
        "{status:?}"
    );
    let result = status.result.unwrap();
    assert_eq!(
        (&result["resealed"], &result["left"]),
        (&json!(5), &json!(0)),
        "{result}"
    );
    assert_eq!((under(&site, 1).await, under(&site, 2).await), ([0; 3], [6; 3]));
    let accountant = site.as_role(Role::Accountant).await;
    for (number, made) in [(0, &old[0]), (7, &new)] {
        assert_eq!(found(&owner, &iban(number)).await, 1);
        let value = record::reveal(&accountant, "ledger", made.record.id, "iban")
            .await
            .unwrap();
        assert_eq!(value, Value::Sensitive(iban(number)));
        let history = record::history(&owner, "ledger", made.record.id, None)
            .await
            .unwrap();
        assert_eq!(history.steps.len(), 1);
    }
    record::restore(&owner, "ledger", old[4].record.id, Expected::Any)
        .await
        .unwrap();
    assert!(is_clean(&site).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unique_sensitive_values_stay_unique_across_versions() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    let second = create(&owner, 2).await;
    rotation::rotate(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    let owner = site.as_role(Role::Owner).await;
    let taken = json!({ "iban": iban(1) });
    let taken = taken.as_object().unwrap();
    let refused = record::create(&owner, "ledger", taken).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.errors[0].pointer.as_str()),
        (ProblemCode::Invalid, "/fields/iban")
    );
    let refused = record::update(&owner, "ledger", second.record.id, Expected::Any, taken).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::Invalid);
    let own = json!({ "iban": iban(2), "name": "the same account" });
    record::update(
        &owner,
        "ledger",
        second.record.id,
        Expected::Any,
        own.as_object().unwrap(),
    )
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_came_twice_during_a_rotation_is_left_and_told() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let first = create(&owner, 1).await;
    for number in 2..4 {
        create(&owner, number).await;
    }
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
    let schema: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    let id = first.record.id.0;
    let text = format!("SELECT f3, f3_blind FROM {schema}.d1 WHERE id = $1");
    let before = superuser.query_one(&text, &[&id]).await.unwrap();
    let (sealed, blind): (Vec<u8>, Vec<u8>) = (before.get(0), before.get(1));
    rotation::rotate(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    let owner = site.as_role(Role::Owner).await;
    let other = json!({ "iban": iban(9) });
    record::update(
        &owner,
        "ledger",
        first.record.id,
        Expected::Any,
        other.as_object().unwrap(),
    )
    .await
    .unwrap();
    create(&owner, 1).await;
    // As if the first record had kept its value, and the new one had gone past the look for duplicates.
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let text = format!("UPDATE {schema}.d1 SET f3 = $2, f3_blind = $3 WHERE id = $1");
    superuser.execute(&text, &[&id, &sealed, &blind]).await.unwrap();
    let worker = Worker::start(&site.platform);
    let result = wait_until_done(&site).await.result.unwrap();
    drop(worker);
    assert_eq!(
        (&result["resealed"], &result["left"]),
        (&json!(3), &json!(1)),
        "{result}"
    );
    assert_eq!(
        under(&site, 1).await,
        [1, 1, 0],
        "its key is wrapped anew all the same"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_owners_and_the_operator_rotate() {
    let site = Site::start().await;
    for role in [Role::Viewer, Role::Editor, Role::Accountant] {
        let refused = rotation::rotate(&site.platform, &site.caller(role), "acme").await;
        assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    }
    let caller = site.caller(Role::Administrator);
    assert_eq!(
        rotation::rotate(&site.platform, &caller, "acme").await.unwrap(),
        2
    );
    assert_eq!(
        rotation::rotate(&site.platform, &Caller::host(), "acme")
            .await
            .unwrap(),
        3
    );
    let status = rotation::status(&site.platform, &caller, "acme").await.unwrap();
    assert_eq!((status.version, status.state.as_deref()), (3, Some("waiting")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_reads_what_is_under_the_new_version() {
    let database = fixture::database().await;
    let path = std::env::temp_dir().join(format!("strongroom-rotation-{}", std::process::id()));
    RootKey::create(&path).unwrap();
    let root = || RootKey::load(&path).unwrap();
    let one: Platform = fixture::open(&database, root(), Timestamp::now).await;
    let other: Platform = fixture::open(&database, root(), Timestamp::now).await;
    std::fs::remove_file(&path).unwrap();
    organization::create(&one, &Caller::host(), "acme", "Acme", person(Role::Owner))
        .await
        .unwrap();
    let superuser = database.superuser().unwrap().connect().await.unwrap();
    let id = superuser
        .query_one("SELECT id FROM strongroom.account", &[])
        .await
        .unwrap()
        .get(0);
    let caller = caller_of(AccountSummary {
        id: AccountId(id),
        email: "owner@example.com".into(),
        name: "x".into(),
        operator: false,
    });
    let draft = platform::dataset::DatasetDraft {
        key: String::new(),
        label: "Ledger".into(),
        description: String::new(),
        fields: vec![fixture::field("Iban", types::FieldKind::SensitiveText)],
    };
    let here = one.enter(&caller, "acme").await.unwrap();
    platform::dataset::create(&here, draft).await.unwrap();
    let there = other.enter(&caller, "acme").await.unwrap();
    rotation::rotate(&one, &caller, "acme").await.unwrap();
    let here = one.enter(&caller, "acme").await.unwrap();
    let fields = json!({ "iban": iban(1) });
    let made = record::create(&here, "ledger", fields.as_object().unwrap())
        .await
        .unwrap();
    let change = json!({ "iban": iban(2) });
    let change = change.as_object().unwrap();
    let early = record::update(&there, "ledger", made.record.id, Expected::Any, change).await;
    assert_eq!(early.unwrap_err().code, ProblemCode::Unavailable, "try again");
    let there = other.enter(&caller, "acme").await.unwrap();
    let changed = record::update(&there, "ledger", made.record.id, Expected::Any, change)
        .await
        .unwrap();
    assert_eq!(changed.record.version, 2);
}
