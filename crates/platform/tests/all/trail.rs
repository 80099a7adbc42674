//! The list of entries narrowed: by the thing that was acted on, and by time, over both logs.

use crate::{
    check::tamper,
    fixture::{Site, unique},
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Workspace,
    bulk::{self, Operation},
    record::{self, Expected},
    trail::{self, TrailQuery},
};
use serde_json::json;
use std::time::Duration;
use types::{FieldKind, PageSize, RecordId};

async fn actions(workspace: &Workspace, query: TrailQuery) -> Vec<String> {
    let page = trail::list(workspace, &query).await.unwrap();
    page.entries.into_iter().map(|entry| entry.action).collect()
}

fn of(object: RecordId) -> TrailQuery {
    TrailQuery {
        object: Some(object.to_string()),
        ..TrailQuery::default()
    }
}

fn new(reference: &str) -> Operation {
    Operation::Create {
        fields: record::read_input(&json!({ "reference": reference })).unwrap(),
    }
}

/// Two records of one bulk act, the first changed by itself; the moment between.
async fn two_records(site: &Site) -> (Workspace, RecordId, RecordId, Timestamp) {
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Payments", vec![unique("Reference", FieldKind::Text)])
        .await;
    let made = bulk::apply(&owner, "payments", vec![new("a"), new("b")])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let between = Timestamp::now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let fields = json!({"reference": "c"});
    let fields = fields.as_object().unwrap();
    record::update(&owner, "payments", made[0].id, Expected::Any, fields)
        .await
        .unwrap();
    (owner, made[0].id, made[1].id, between)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_found_with_the_bulk_act_that_made_it() {
    let site = Site::start().await;
    let (owner, first, second, _) = two_records(&site).await;
    assert_eq!(actions(&owner, of(first)).await, ["record.update", "record.bulk"]);
    assert_eq!(actions(&owner, of(second)).await, ["record.bulk"]);
    let account = TrailQuery {
        object: Some(site.account(Role::Viewer).to_string()),
        ..TrailQuery::default()
    };
    assert!(
        actions(&owner, account)
            .await
            .iter()
            .any(|action| action == "member.add"),
        "other things are found by their ids"
    );
    let nothing = TrailQuery {
        object: Some("no id at all".to_owned()),
        ..TrailQuery::default()
    };
    assert!(actions(&owner, nothing).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_has_a_beginning_within_and_an_end_without_and_pages_stay_within_it() {
    let site = Site::start().await;
    let (owner, ..) = two_records(&site).await;
    let all = trail::list(&owner, &TrailQuery::default()).await.unwrap().entries;
    let middle = all[all.len() / 2].at;
    let between = |from: Option<Timestamp>, until: Option<Timestamp>| TrailQuery {
        from,
        until,
        ..TrailQuery::default()
    };
    let later = actions(&owner, between(Some(middle), None)).await.len();
    let earlier = actions(&owner, between(None, Some(middle))).await.len();
    let wanted = all.iter().filter(|entry| entry.at >= middle).count();
    assert_eq!((later, later + earlier), (wanted, all.len()));
    assert!(later > 0 && earlier > 0);
    let mut query = TrailQuery {
        limit: PageSize::new(1).unwrap(),
        ..between(Some(middle), None)
    };
    let mut paged = 0;
    for _ in 0..=all.len() {
        let page = trail::list(&owner, &query).await.unwrap();
        paged += page.entries.len();
        let Some(next) = page.next else { break };
        query.before = Some(next);
    }
    assert_eq!(paged, later);
    let long_ago = between(None, "2001-01-01T00:00:00Z".parse().ok());
    assert!(actions(&owner, long_ago).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_after_a_moment_is_told_from_what_came_before() {
    let site = Site::start().await;
    let (owner, first, _, between) = two_records(&site).await;
    let before = TrailQuery {
        until: Some(between),
        ..of(first)
    };
    assert_eq!(actions(&owner, before).await, ["record.bulk"]);
    let after = TrailQuery {
        from: Some(between),
        ..of(first)
    };
    assert_eq!(actions(&owner, after).await, ["record.update"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_versions_of_a_record_are_found_behind_more_than_a_thousand_others() {
    let site = Site::start().await;
    let (owner, first, ..) = two_records(&site).await;
    // As though it had been changed so often: the newest image again and again, by the entry that made it.
    let text = "INSERT INTO {o}._image SELECT record_id, version + n, dataset_id, entry_id, ordinal, key_version, commitment, sealed, transaction_id
        FROM {o}._image i, generate_series(1, 1100) n WHERE record_id = '$record' AND version = 2";
    tamper(&site, &text.replace("$record", &first.to_string())).await;
    let found = trail::list(&owner, &of(first)).await.unwrap();
    let actions: Vec<&str> = found.entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["record.update", "record.bulk"]);
}
