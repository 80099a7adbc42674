//! Records over HTTP: the whole life of one, conditional requests, concurrent changes.

use crate::web::{INVOICES, Web};
use access::Role;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_lives_through_its_whole_life_over_http() {
    let web = Web::start().await;
    let fields = json!({
        "number": "A-1",
        "amount": {"amount": "12345678901234567890.12", "currency": "EUR"},
        "iban": "DE89 3704 0044 0532 0130 00",
        "due": "2026-03-31",
        "units": "9007199254740993",
        "rate": "0.10",
    });
    let made = web
        .post(&format!("{INVOICES}/records"), &json!({"fields": fields}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(made.header("ETag").unwrap().starts_with("\"1-"));
    let location = made.header("Location").unwrap().to_owned();
    let read = web.get(&location).await;
    assert_eq!(read.json(), made.json());
    assert_eq!(read.header("ETag"), made.header("ETag"));
    let shown = &read.json()["fields"];
    assert_eq!(shown["amount"]["amount"], "12345678901234567890.12");
    assert_eq!(shown["units"], "9007199254740993");
    assert_eq!(shown["iban"], json!({"masked": true}));
    assert!(!read.text().contains("DE89"));

    let version = [("If-Match", "\"1\"")];
    let change = json!({"fields": {"number": "A-2"}});
    let changed = web
        .send(
            Role::Editor,
            &format!("PATCH {location}"),
            &version,
            Some(&change),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.header("ETag"), web.get(&location).await.header("ETag"));
    let revealed = web
        .send(
            Role::Accountant,
            &format!("POST {location}/fields/iban/reveal"),
            &[],
            None,
        )
        .await;
    assert_eq!(revealed.json(), json!({"value": "DE89 3704 0044 0532 0130 00"}));

    throw_away_and_bring_back(&web, &location).await;
}

async fn throw_away_and_bring_back(web: &Web, location: &str) {
    let history = web.get(&format!("{location}/history")).await;
    assert_eq!(history.json()["steps"][0]["changes"][0]["after"], "A-2");
    assert!(!history.text().contains("DE89"));

    let any = [("If-Match", "*")];
    let trashed = web
        .send(Role::Editor, &format!("DELETE {location}"), &any, None)
        .await;
    assert_eq!(trashed.status, 200, "{}", trashed.text());
    assert!(trashed.json()["deleted_at"].is_string());
    let listed = web.get(&format!("{INVOICES}/records")).await;
    assert_eq!(listed.json()["records"], json!([]));
    let listed = web
        .get(&format!("{INVOICES}/records?trash=true&count=exact"))
        .await;
    assert_eq!(listed.json()["count"], 1);
    let restored = web
        .send(Role::Editor, &format!("POST {location}/restore"), &any, None)
        .await;
    assert_eq!(restored.status, 200, "{}", restored.text());
    web.send(Role::Owner, &format!("DELETE {location}"), &any, None)
        .await;
    let purged = web
        .send(Role::Owner, &format!("POST {location}/purge"), &any, None)
        .await;
    assert_eq!(purged.status, 204, "{}", purged.text());
    assert_eq!(web.get(location).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditional_requests_are_honoured() {
    let web = Web::start().await;
    let location = web.invoice(json!({"number": "A-1"})).await;
    let tag = tag_of(&web, &location).await;
    let known = [("If-None-Match", tag.as_str())];
    let same = web
        .send(Role::Viewer, &format!("GET {location}"), &known, None)
        .await;
    assert_eq!(
        (same.status, same.body.len(), same.header("ETag")),
        (304, 0, Some(tag.as_str()))
    );

    let line = format!("PATCH {location}");
    let change = json!({"fields": {"number": "A-2"}});
    let missing = web.send(Role::Owner, &line, &[], Some(&change)).await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (428, "precondition-required")
    );
    for stale in ["\"2\"", "W/\"1\"", "bogus", "\"bogus\""] {
        let refused = web
            .send(Role::Owner, &line, &[("If-Match", stale)], Some(&change))
            .await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (412, "stale-version"),
            "{stale}"
        );
        assert_eq!(
            refused.json()["current"],
            web.get(&location).await.json(),
            "{stale}"
        );
    }
    assert_eq!(web.get(&location).await.json()["version"], 1);
}

async fn tag_of(web: &Web, location: &str) -> String {
    web.get(location).await.header("ETag").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_304_does_not_hide_a_changed_definition_and_a_write_looks_at_the_version_only() {
    let web = Web::start().await;
    let location = web.invoice(json!({"number": "A-1"})).await;
    let first = tag_of(&web, &location).await;
    let read_if_changed = async |tag: &str| {
        let headers = [("If-None-Match", tag)];
        web.send(Role::Owner, &format!("GET {location}"), &headers, None)
            .await
    };
    assert_eq!(read_if_changed(&first).await.status, 304);
    assert_eq!(
        read_if_changed("\"1\"").await.status,
        200,
        "a version says nothing of the definition"
    );
    let field = json!({"label": "Note", "kind": "text"});
    assert_eq!(web.post(&format!("{INVOICES}/fields"), &field).await.status, 201);
    let wider = read_if_changed(&first).await;
    assert_eq!(
        (wider.status, &wider.json()["version"]),
        (200, &json!(1)),
        "{}",
        wider.text()
    );
    let wider = wider.header("ETag").unwrap().to_owned();
    let sealed = web
        .send(
            Role::Owner,
            &format!("POST {INVOICES}/fields/number/sensitive"),
            &[],
            None,
        )
        .await;
    assert_eq!(sealed.status, 200, "{}", sealed.text());
    let masked = read_if_changed(&wider).await;
    assert_eq!(
        masked.status, 200,
        "the value in the clear was said to be current"
    );
    assert_eq!(masked.json()["fields"]["number"], json!({"masked": true}));
    // The tag of long ago names the version that is still there.
    let change = json!({"fields": {"note": "n"}});
    let headers = [("If-Match", first.as_str())];
    let changed = web
        .send(Role::Owner, &format!("PATCH {location}"), &headers, Some(&change))
        .await;
    assert_eq!(
        (changed.status, &changed.json()["version"]),
        (200, &json!(2)),
        "{}",
        changed.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_to_the_same_version_exactly_one_wins() {
    let web = Web::start().await;
    let location = web.invoice(json!({"number": "A-1"})).await;
    for round in 1..=5 {
        let version = format!("\"{round}\"");
        let line = format!("PATCH {location}");
        let headers = [("If-Match", version.as_str())];
        let (one, two) = (
            json!({"fields": {"number": format!("one-{round}")}}),
            json!({"fields": {"number": format!("two-{round}")}}),
        );
        let (first, second) = tokio::join!(
            web.send(Role::Owner, &line, &headers, Some(&one)),
            web.send(Role::Editor, &line, &headers, Some(&two)),
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{} {}", first.text(), second.text());
        let winner = if first.status == 200 { "one" } else { "two" };
        let now = web.get(&location).await.json();
        assert_eq!(now["fields"]["number"], format!("{winner}-{round}"));
        assert_eq!(now["version"], round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dataset_is_defined_over_http() {
    let web = Web::start().await;
    let draft = json!({
        "label": "Places",
        "fields": [
            {"label": "Name", "kind": "text", "presence": "required", "rules": {"length_max": 40}},
            {"label": "Kind", "kind": "choice", "rules": {"choices": ["shop", "office"]}},
            {"label": "Invoice", "kind": "reference", "references": "invoices"},
        ],
    });
    let base = "/api/v1/organizations/acme/datasets";
    let made = web.post(base, &draft).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let location = made.header("Location").unwrap().to_owned();
    assert_eq!(location, format!("{base}/places"));
    assert_eq!(made.json()["fields"][2]["references"], "invoices");
    assert_eq!(web.get(&location).await.json(), made.json());

    let added = web
        .post(
            &format!("{location}/fields"),
            &json!({"label": "Note", "kind": "long_text"}),
        )
        .await;
    assert_eq!(
        added.header("Location"),
        Some(format!("{location}/fields/note").as_str()),
        "{}",
        added.text()
    );
    let line = format!("PATCH {location}/fields/note");
    let changed = web
        .send(
            Role::Administrator,
            &line,
            &[],
            Some(&json!({"label": "Remark", "help": "Any."})),
        )
        .await;
    assert_eq!(
        changed.json()["fields"][3]["label"],
        "Remark",
        "{}",
        changed.text()
    );
    let line = format!("POST {location}/fields/note/sensitive");
    let sealed = web.send(Role::Owner, &line, &[], None).await;
    assert_eq!(
        sealed.json()["fields"][3]["kind"],
        "sensitive_text",
        "{}",
        sealed.text()
    );
    let gone = web
        .send(Role::Owner, &format!("DELETE {location}/fields/note"), &[], None)
        .await;
    assert_eq!(gone.json()["fields"].as_array().unwrap().len(), 3);
    let renamed = web
        .send(
            Role::Owner,
            &format!("PATCH {location}"),
            &[],
            Some(&json!({"label": "Sites"})),
        )
        .await;
    assert_eq!(renamed.json()["label"], "Sites");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_are_computed_over_what_is_there() {
    let web = Web::start().await;
    let sum = json!({"groups": [], "measures": [{"measure": "count"}, {"measure": "sum", "field": "units"}]});
    web.invoice(json!({"number": "A-1", "units": 2})).await;
    web.invoice(json!({"number": "A-2", "units": 3})).await;
    let bins = web.post(&format!("{INVOICES}/aggregate"), &sum).await;
    assert_eq!(
        bins.json(),
        json!({"bins": [{"groups": [], "measures": ["2", "5"]}]})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_carried_out_whole_or_not_at_all() {
    let web = Web::start().await;
    let location = web.invoice(json!({"number": "A-1"})).await;
    let id = location.rsplit('/').next().unwrap();
    let path = format!("{INVOICES}/records/batch");
    let bad = json!({"operations": [
        {"action": "create", "fields": {"number": "A-2"}},
        {"action": "update", "id": id, "version": 1, "fields": {"units": "many"}},
    ]});
    let refused = web.post(&path, &bad).await;
    assert_eq!(
        refused.json()["errors"][0]["pointer"],
        "/operations/1/fields/units",
        "{}",
        refused.text()
    );
    let unreadable =
        json!({"operations": [{"action": "update", "id": "x", "fields": []}, {"action": "burn"}, {}]});
    let refused = web.post(&path, &unreadable).await.json();
    let pointers: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers[..3],
        ["/operations/0/id", "/operations/0/fields", "/operations/1/action"]
    );
    let stale = json!({"operations": [
        {"action": "create", "fields": {"number": "A-2"}},
        {"action": "trash", "id": id, "version": 9},
    ]});
    let refused = web.post(&path, &stale).await;
    assert!([409, 412, 422].contains(&refused.status), "{}", refused.text());
    let count =
        || async { web.get(&format!("{INVOICES}/records?count=exact")).await.json()["count"].clone() };
    assert_eq!(count().await, 1);
    let good = json!({"operations": [
        {"action": "create", "fields": {"number": "A-2"}},
        {"action": "update", "id": id, "version": 1, "fields": {"units": 4}},
    ]});
    let done = web.post(&path, &good).await;
    assert_eq!(
        done.json()["results"][1],
        json!({"id": id, "version": 2}),
        "{}",
        done.text()
    );
    assert_eq!(count().await, 2);
    let many = json!({"operations": vec![json!({"action": "create", "fields": {"number": "x"}}); 1_001]});
    assert_eq!(web.post(&path, &many).await.code(), "invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_holds_what_the_query_selects_and_masks_what_is_sensitive() {
    let web = Web::start().await;
    web.invoice(json!({"number": "=A-1", "units": 1, "iban": "DE89"}))
        .await;
    web.invoice(json!({"number": "A-2", "units": 5, "iban": "DE90"}))
        .await;
    let path = format!("{INVOICES}/export?filter[units][gte]=1");
    let csv = web
        .send(Role::Accountant, &format!("GET {path}"), &[], None)
        .await;
    assert_eq!(csv.status, 200, "{}", csv.text());
    assert_eq!(csv.header("Content-Type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text().contains("'=A-1") && csv.text().contains("A-2") && !csv.text().contains("DE89"));
    let clear = web
        .send(
            Role::Accountant,
            &format!("GET {path}&reveal=true&format=jsonl"),
            &[],
            None,
        )
        .await;
    assert!(clear.text().contains("DE89"), "{}", clear.text());
    let some = web
        .send(
            Role::Accountant,
            &format!("GET {INVOICES}/export?filter[units]=5&format=json"),
            &[],
            None,
        )
        .await;
    assert!(
        some.text().contains("A-2") && !some.text().contains("A-1"),
        "{}",
        some.text()
    );
    let refused = web.send(Role::Editor, &format!("GET {path}"), &[], None).await;
    assert_eq!(refused.status, 403);
}
