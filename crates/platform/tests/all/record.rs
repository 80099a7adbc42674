//! Records: created, read, changed, thrown away, brought back, removed for good; their history; sensitive values.

use crate::fixture::{Site, field, required, unique};
use access::Role;
use platform::{
    Workspace, dataset, list,
    list::{Count, Counting, Query},
    record::{self, Expected, Input},
};
use serde_json::{Value as Json, json};
use types::{FieldKind, ProblemCode, RecordId, Value};

fn input(json: Json) -> Input {
    json.as_object().cloned().unwrap()
}

async fn invoices(site: &Site) -> Workspace {
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        required("Number", FieldKind::Text),
        field("Amount", FieldKind::Money),
        unique("Reference", FieldKind::Text),
        field("Iban", FieldKind::SensitiveText),
        field("Count", FieldKind::AutoNumber),
        field("Due", FieldKind::Date),
    ];
    site.dataset(&owner, "Invoices", fields).await;
    owner
}

async fn create(workspace: &Workspace, json: Json) -> record::Found {
    record::create(workspace, "invoices", &input(json)).await.unwrap()
}

fn code<T: std::fmt::Debug>(result: platform::error::Result<T>) -> ProblemCode {
    result.unwrap_err().code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_one_after_the_other_needs_one_connection_and_who_writes_at_once_several() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let writers = async || -> i64 {
        let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND query LIKE 'WITH changed AS (INSERT%'";
        site.superuser().await.query_one(text, &[]).await.unwrap().get(0)
    };
    for number in 0..10 {
        create(&owner, json!({"number": format!("A-{number}")})).await;
    }
    assert_eq!(writers().await, 1);
    let all = (0..64).map(|number| {
        let owner = owner.clone();
        tokio::spawn(async move { create(&owner, json!({"number": format!("B-{number}")})).await })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    assert!(writers().await > 2, "{}", writers().await);
}

#[expect(clippy::too_many_lines, reason = "one story")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_lives_through_its_whole_life() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let made = create(
        &owner,
        json!({"number": "A-1", "amount": {"amount": "12.50", "currency": "EUR"}, "due": "2026-03-31"}),
    )
    .await;
    let id = made.record.id;
    assert_eq!(made.record.values[4], Value::Integer(1));
    let read = record::read(&owner, "invoices", id).await.unwrap();
    assert_eq!(read.record, made.record);
    let changed = record::update(
        &owner,
        "invoices",
        id,
        Expected::Version(1),
        &input(json!({"number": "A-2"})),
    )
    .await
    .unwrap();
    assert_eq!(
        (changed.record.version, &changed.record.values[0]),
        (2, &Value::Text("A-2".into()))
    );
    assert_eq!(
        code(record::purge(&owner, "invoices", id, Expected::Any).await),
        ProblemCode::Conflict
    );
    record::trash(&owner, "invoices", id, Expected::Version(2))
        .await
        .unwrap();
    assert_eq!(
        list::list(&owner, "invoices", &Query::default())
            .await
            .unwrap()
            .records
            .len(),
        0
    );
    record::restore(&owner, "invoices", id, Expected::Version(3))
        .await
        .unwrap();
    record::trash(&owner, "invoices", id, Expected::Version(4))
        .await
        .unwrap();
    let history = record::history(&owner, "invoices", id, None).await.unwrap();
    let actions: Vec<&str> = history.steps.iter().map(|step| step.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "record.trash",
            "record.restore",
            "record.trash",
            "record.update",
            "record.create"
        ]
    );
    let change = &history.steps[3].changes;
    assert_eq!(
        (change.len(), &change[0].before, &change[0].after),
        (1, &Value::Text("A-1".into()), &Value::Text("A-2".into()))
    );
    assert_eq!(history.steps[3].actor.account, Some(site.account(Role::Owner)));
    assert_eq!(history.steps[3].actor.address.as_deref(), Some("192.0.2.7"));
    record::purge(&owner, "invoices", id, Expected::Version(5))
        .await
        .unwrap();
    assert_eq!(
        code(record::read(&owner, "invoices", id).await),
        ProblemCode::NotFound
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_version_is_refused_with_the_record_as_it_is() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let id = create(&owner, json!({"number": "A"})).await.record.id;
    let (first, second) = (input(json!({"number": "B"})), input(json!({"number": "C"})));
    let (one, two) = tokio::join!(
        record::update(&owner, "invoices", id, Expected::Version(1), &first),
        record::update(&owner, "invoices", id, Expected::Version(1), &second),
    );
    let loser = match (one, two) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        other => panic!("one of two must win: {other:?}"),
    };
    assert_eq!(loser.code, ProblemCode::Stale);
    assert_eq!(loser.current.unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_value_at_fault_is_named() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let bad = json!({"amount": {"amount": 1.5, "currency": "EUR"}, "due": "31.3.2026", "nope": 1, "count": 7,
        "iban": "4111 1111 1111 1111"});
    let error = record::create(&owner, "invoices", &input(bad)).await.unwrap_err();
    let mut codes: Vec<(&str, &str)> = error
        .errors
        .iter()
        .map(|e| (e.pointer.as_str(), e.code.as_str()))
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("/fields/amount", "wrong-type"),
            ("/fields/count", "read-only"),
            ("/fields/due", "malformed"),
            ("/fields/nope", "unknown-field"),
        ]
    );
    let card = json!({"number": "A", "iban": "4111 1111 1111 1111"});
    let error = record::create(&owner, "invoices", &input(card))
        .await
        .unwrap_err();
    assert_eq!(
        (error.errors[0].pointer.as_str(), error.errors[0].code.as_str()),
        ("/fields/iban", "card-number")
    );
    assert_eq!(
        code(record::create(&owner, "invoices", &input(json!({}))).await),
        ProblemCode::Invalid
    );
    create(&owner, json!({"number": "A", "reference": "R"})).await;
    let again = record::create(
        &owner,
        "invoices",
        &input(json!({"number": "B", "reference": "R"})),
    )
    .await
    .unwrap_err();
    assert_eq!(
        (again.errors[0].pointer.as_str(), again.errors[0].code.as_str()),
        ("/fields/reference", "not-unique")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensitive_value_is_masked_found_by_equality_and_revealed_only_to_who_may() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let made = create(&owner, json!({"number": "A", "iban": "DE89 3704"})).await;
    create(&owner, json!({"number": "B", "iban": "FR14"})).await;
    let id = made.record.id;
    assert_eq!(made.record.values[3], Value::Masked);
    let find = |value: &str| Query {
        conditions: vec![("iban".into(), "eq".into(), value.to_owned())],
        ..Query::default()
    };
    let found = list::list(&owner, "invoices", &find("DE89 3704")).await.unwrap();
    assert_eq!(
        found.records.iter().map(|record| record.id).collect::<Vec<_>>(),
        [id]
    );
    assert!(
        list::list(&owner, "invoices", &find("DE89"))
            .await
            .unwrap()
            .records
            .is_empty()
    );
    for bad in ["-iban", "iban"] {
        let query = Query {
            sort: bad.into(),
            ..Query::default()
        };
        assert_eq!(
            code(list::list(&owner, "invoices", &query).await),
            ProblemCode::Invalid
        );
    }
    let accountant = site.as_role(Role::Accountant).await;
    let clear = record::reveal(&accountant, "invoices", id, "iban").await.unwrap();
    assert_eq!(clear, Value::Sensitive("DE89 3704".into()));
    for role in [Role::Viewer, Role::Editor, Role::Owner] {
        let workspace = site.as_role(role).await;
        assert_eq!(
            code(record::reveal(&workspace, "invoices", id, "iban").await),
            ProblemCode::NotAllowed,
            "{role}"
        );
    }
    let unchanged = input(json!({"iban": {"masked": true}, "number": "A2"}));
    record::update(&owner, "invoices", id, Expected::Version(1), &unchanged)
        .await
        .unwrap();
    assert_eq!(
        record::reveal(&accountant, "invoices", id, "iban").await.unwrap(),
        clear
    );
    assert!(!lies_in_the_clear(&site, "DE89 3704").await);
}

/// Does a text lie in the clear in any row of any table, as text or within bytes?
async fn lies_in_the_clear(site: &Site, needle: &str) -> bool {
    let superuser = site.superuser().await;
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname = 'strongroom' OR schemaname LIKE 'o\\_%'";
    let hexadecimal: String = needle.bytes().map(|byte| format!("{byte:02x}")).collect();
    for table in superuser.query(tables, &[]).await.unwrap() {
        let text = format!("SELECT t::text FROM {} t", table.get::<_, &str>(0));
        let rows = superuser.query(&text, &[]).await.unwrap();
        let texts = rows.iter().map(|row| row.get::<_, &str>(0));
        if texts
            .into_iter()
            .any(|row| row.contains(needle) || row.contains(&hexadecimal))
        {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_field_becomes_sensitive_and_nothing_clear_is_left() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let id = create(&owner, json!({"number": "tax-4711-secret"}))
        .await
        .record
        .id;
    let default = json!({"label": "Number", "kind": "text", "default": "tax-4711-secret"});
    let default = serde_json::from_value(default).unwrap();
    dataset::alter_field(&owner, "invoices", "number", &default)
        .await
        .unwrap();
    assert!(lies_in_the_clear(&site, "tax-4711-secret").await);
    dataset::make_sensitive(&owner, "invoices", "number")
        .await
        .unwrap();
    assert!(!lies_in_the_clear(&site, "tax-4711-secret").await);
    let read = record::read(&owner, "invoices", id).await.unwrap();
    assert_eq!((read.record.version, &read.record.values[0]), (1, &Value::Masked));
    let accountant = site.as_role(Role::Accountant).await;
    let clear = record::reveal(&accountant, "invoices", id, "number")
        .await
        .unwrap();
    assert_eq!(clear, Value::Sensitive("tax-4711-secret".into()));
    record::update(
        &owner,
        "invoices",
        id,
        Expected::Version(1),
        &input(json!({"due": "2026-01-01"})),
    )
    .await
    .unwrap();
    assert_eq!(
        record::reveal(&accountant, "invoices", id, "number")
            .await
            .unwrap(),
        clear
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_stay_stable_while_records_come_and_go() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    for n in 0..25 {
        let amount = format!("{}.00 EUR", n % 5);
        let fields = if n % 6 == 0 {
            json!({"number": n.to_string()})
        } else {
            json!({"number": n.to_string(), "amount": amount})
        };
        create(&owner, fields).await;
    }
    for sort in ["", "amount", "-amount,number", "-created_at"] {
        let mut query = Query {
            sort: sort.into(),
            limit: types::PageSize::new(4).unwrap(),
            ..Query::default()
        };
        let whole = Query {
            sort: sort.into(),
            ..Query::default()
        };
        let expected: Vec<RecordId> = list::list(&owner, "invoices", &whole)
            .await
            .unwrap()
            .records
            .iter()
            .map(|r| r.id)
            .collect();
        let mut walked = Vec::new();
        let mut back = None;
        loop {
            let page = list::list(&owner, "invoices", &query).await.unwrap();
            walked.extend(page.records.iter().map(|record| record.id));
            back = page.previous.or(back);
            let Some(next) = page.next else { break };
            query.cursor = Some(next);
        }
        assert_eq!(walked, expected, "sorted by {sort:?}");
        query.cursor = back;
        let before = list::list(&owner, "invoices", &query).await.unwrap();
        let end = expected.len() - 1 - (expected.len() - 1) % 4;
        let ids: Vec<RecordId> = before.records.iter().map(|record| record.id).collect();
        assert_eq!(ids, expected[end - 4..end], "back, sorted by {sort:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organization_cannot_be_read_by_any_reference() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let id = create(&owner, json!({"number": "ours"})).await.record.id;
    let query = Query {
        limit: types::PageSize::new(1).unwrap(),
        ..Query::default()
    };
    create(&owner, json!({"number": "two"})).await;
    let cursor = list::list(&owner, "invoices", &query)
        .await
        .unwrap()
        .next
        .unwrap();
    let other = site.second_organization().await;
    assert_eq!(
        code(record::read(&other, "invoices", id).await),
        ProblemCode::NotFound
    );
    site.dataset(&other, "Invoices", vec![field("Number", FieldKind::Text)])
        .await;
    assert_eq!(
        code(record::read(&other, "invoices", id).await),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(record::history(&other, "invoices", id, None).await),
        ProblemCode::NotFound
    );
    let stolen = Query {
        cursor: Some(cursor),
        ..query
    };
    assert_eq!(
        code(list::list(&other, "invoices", &stolen).await),
        ProblemCode::BadCursor
    );
    let reference = json!({"label": "Other", "kind": "reference", "references": "invoices"});
    dataset::add_field(&other, "invoices", &serde_json::from_value(reference).unwrap())
        .await
        .unwrap();
    let dangling = record::create(
        &other,
        "invoices",
        &input(json!({"number": "x", "other": id.to_string()})),
    )
    .await
    .unwrap_err();
    assert_eq!(dangling.errors[0].code, "dangling-reference");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_roles_do_what_the_table_says_and_a_refusal_is_an_entry() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    let viewer = site.as_role(Role::Viewer).await;
    assert_eq!(
        code(record::create(&viewer, "invoices", &input(json!({"number": "x"}))).await),
        ProblemCode::NotAllowed
    );
    let trail = platform::trail::list(&owner, &platform::trail::TrailQuery::default())
        .await
        .unwrap();
    let refusal = trail
        .entries
        .iter()
        .find(|entry| entry.action == "access.refuse")
        .unwrap();
    assert_eq!(refusal.actor.account, Some(site.account(Role::Viewer)));
    assert!(refusal.reason.as_deref().unwrap().starts_with("record.write"));
    assert!(
        trail
            .entries
            .iter()
            .any(|entry| entry.action == "member.add" && entry.place == "appliance")
    );
    assert!(trail.entries.iter().any(|entry| entry.action == "dataset.create"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_are_exact_and_grouped() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    for (due, amount) in [
        ("2026-01-05", "0.10 EUR"),
        ("2026-01-20", "0.20 EUR"),
        ("2026-02-01", "5 USD"),
    ] {
        create(&owner, json!({"number": due, "due": due, "amount": amount})).await;
    }
    let dataset = dataset::find(&owner, "invoices").await.unwrap();
    let id = |key: &str| dataset.field(key).unwrap().1.id;
    let groups = [list::AggregateGroup {
        field: id("due"),
        bucket: Some(list::Bucket::Month),
    }];
    let measures = [
        list::AggregateMeasure::Count,
        list::AggregateMeasure::Sum(id("amount")),
    ];
    let (_, bins) = list::summarize(&owner, "invoices", &Query::default(), &groups, &measures)
        .await
        .unwrap();
    let text = |bin: &list::AggregateBin| {
        bin.groups
            .iter()
            .chain(&bin.measures)
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        bins.iter().map(text).collect::<Vec<_>>(),
        ["2026-01-01 EUR 2 0.30", "2026-02-01 USD 1 5"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_finds_beginnings_of_words_in_any_text_field() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    create(
        &owner,
        json!({"number": "Harbour crane repair", "reference": "north"}),
    )
    .await;
    create(&owner, json!({"number": "Office chairs"})).await;
    let search = async |words: &str| {
        let query = Query {
            search: Some(words.into()),
            ..Query::default()
        };
        list::list(&owner, "invoices", &query)
            .await
            .unwrap()
            .records
            .len()
    };
    assert_eq!(search("crane nor").await, 1);
    assert_eq!(search("HARB").await, 1);
    assert_eq!(search("arbour").await, 0);
    assert_eq!(search("'); DROP TABLE x; --").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_stops_where_it_is_told_and_says_so() {
    let site = Site::start().await;
    let owner = invoices(&site).await;
    for number in ["A-1", "A-2", "A-3"] {
        create(&owner, json!({ "number": number })).await;
    }
    let count = async |count: Counting, limit: u16| {
        let query = Query {
            count,
            limit: types::PageSize::new(limit).unwrap(),
            ..Query::default()
        };
        list::list(&owner, "invoices", &query).await.unwrap().count
    };
    assert_eq!(count(Counting::None, 1).await, None);
    assert_eq!(count(Counting::UpTo(2), 1).await, Some(Count::MoreThan(2)));
    assert_eq!(count(Counting::UpTo(3), 1).await, Some(Count::Exactly(3)));
    assert_eq!(count(Counting::Exact, 1).await, Some(Count::Exactly(3)));
    assert_eq!(
        count(Counting::UpTo(2), 5).await,
        Some(Count::Exactly(3)),
        "the page holds all"
    );
}
