//! Bad input: each gets a problem with a stable code and the place at fault, nothing is half-written, and the server
//! lives on.

use crate::{
    http,
    web::{INVOICES, Web},
};
use access::Role;
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// A problem in one line: status, code, and each error's pointer and code.
fn line(answer: &http::Answer) -> String {
    let json = answer.json();
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(json["status"], answer.status);
    assert_eq!(
        json["type"],
        format!("urn:strongroom:problem:{}", json["code"].as_str().unwrap())
    );
    assert_eq!(json["request_id"].as_str(), answer.header("x-request-id"));
    let text = answer.text().to_lowercase();
    for word in [
        "sql",
        "select ",
        "expected value",
        "serde",
        "/rust",
        "panicked",
        "column f",
    ] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let mut line = format!("{} {}", answer.status, answer.code());
    for error in json["errors"].as_array().into_iter().flatten() {
        write!(
            line,
            " {}={}",
            error["pointer"].as_str().unwrap(),
            error["code"].as_str().unwrap()
        )
        .unwrap();
    }
    line
}

async fn count(web: &Web) -> Json {
    web.get(&format!("{INVOICES}/records?count=exact")).await.json()["count"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_break_their_rules_are_named() {
    let web = Web::start().await;
    web.invoice(json!({"number": "A-0", "reference": "taken"})).await;
    let cases = [
        ("a missing required field", json!({"due": "2026-03-31"})),
        ("an unknown field", json!({"number": "A", "nope": 1})),
        ("a reserved field", json!({"number": "A", "id": "x"})),
        ("a hostile field", json!({"number": "A", "\"; drop schema x": 1})),
        ("a long field key", json!({"number": "A", "k".repeat(100): 1})),
        ("an emoji key", json!({"number": "A", "💰": 1})),
        (
            "wrong types",
            json!({"number": 5, "units": "many", "due": 7, "amount": 1.5}),
        ),
        (
            "a fraction where exactness counts",
            json!({"number": "A", "rate": 0.1}),
        ),
        ("a date that is none", json!({"number": "A", "due": "2026-02-30"})),
        (
            "money in no currency",
            json!({"number": "A", "amount": {"amount": "1", "currency": "XXZ"}}),
        ),
        ("a card number", json!({"number": "4111 1111 1111 1111"})),
        (
            "a card number in JSON",
            json!({"number": "A", "extra": {"a": ["4111-1111-1111-1111"]}}),
        ),
        ("a NUL", json!({"number": "A\u{0}B"})),
        ("a long text", json!({"number": "x".repeat(1_001)})),
        (
            "a value that must be unique",
            json!({"number": "A", "reference": "taken"}),
        ),
    ];
    let mut table = String::new();
    for (name, fields) in cases {
        let answer = web
            .post(&format!("{INVOICES}/records"), &json!({"fields": fields}))
            .await;
        writeln!(table, "{name}: {}", line(&answer)).unwrap();
    }
    insta::assert_snapshot!(table);
    assert_eq!(count(&web).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_cannot_be_read_are_refused_before_anything_happens() {
    let web = Web::start().await;
    let mut deep = b"{\"fields\":".to_vec();
    deep.extend("[".repeat(100_000).into_bytes());
    let huge = format!("{{\"fields\":{{\"number\":\"{}\"}}}}", "x".repeat(1 << 20));
    let json = "application/json";
    let cases: [(&str, &str, &[u8]); 14] = [
        ("no JSON", json, b"{\"fields\":"),
        ("nothing", json, b""),
        ("two documents", json, b"{} {}"),
        ("invalid UTF-8", json, b"{\"fields\":{\"number\":\"\xff\"}}"),
        ("a byte order mark", json, b"\xef\xbb\xbf{}"),
        (
            "a member twice",
            json,
            b"{\"fields\":{\"number\":\"a\",\"number\":\"b\"}}",
        ),
        ("too deep", json, &deep),
        ("too large", json, huge.as_bytes()),
        ("no object", json, b"[]"),
        (
            "an unknown member",
            json,
            b"{\"fields\":{\"number\":\"a\"},\"version\":3}",
        ),
        ("no fields", json, b"{}"),
        ("fields of another type", json, b"{\"fields\":[]}"),
        (
            "another media type",
            "text/plain",
            b"{\"fields\":{\"number\":\"a\"}}",
        ),
        (
            "another charset",
            "application/json; charset=utf-16",
            b"{\"fields\":{\"number\":\"a\"}}",
        ),
    ];
    let bearer = format!("Bearer {}", web.token(Role::Owner));
    let mut table = String::new();
    for (name, media_type, body) in cases {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", media_type)];
        let line_ = format!("POST {INVOICES}/records");
        let answer = http::send(web.address, &line_, &headers, Some(body)).await;
        writeln!(table, "{name}: {}", line(&answer)).unwrap();
    }
    insta::assert_snapshot!(table);
    assert_eq!(count(&web).await, 0);
}

/// Addresses with what is wrong with them, and the method.
fn senseless_addresses() -> Vec<(&'static str, &'static str, String)> {
    let records = format!("{INVOICES}/records");
    vec![
        ("an unknown address", "GET", "/api/v1/nothing".to_owned()),
        ("a method that is not there", "PUT", records.clone()),
        ("a body where none is", "DELETE", format!("{records}/x")),
        (
            "an unknown dataset",
            "GET",
            "/api/v1/organizations/acme/datasets/nope/records".to_owned(),
        ),
        (
            "a hostile dataset",
            "GET",
            "/api/v1/organizations/acme/datasets/%22;drop%20schema/records".to_owned(),
        ),
        (
            "dots in the path",
            "GET",
            "/api/v1/organizations/..%2f..%2fetc/datasets".to_owned(),
        ),
        (
            "NUL in the path",
            "GET",
            "/api/v1/organizations/acme%00/datasets".to_owned(),
        ),
        (
            "invalid UTF-8 in the path",
            "GET",
            "/api/v1/organizations/%ff/datasets".to_owned(),
        ),
        ("an unknown parameter", "GET", format!("{records}?offset=5")),
        ("a limit of zero", "GET", format!("{records}?limit=0")),
        ("a limit of words", "GET", format!("{records}?limit=all")),
        ("an unknown field", "GET", format!("{records}?filter[nope]=1")),
        (
            "an operator that the field has not",
            "GET",
            format!("{records}?filter[iban][contains]=D"),
        ),
        (
            "a value of another type",
            "GET",
            format!("{records}?filter[units][gte]=many"),
        ),
        (
            "a sort by a sensitive field",
            "GET",
            format!("{records}?sort=iban"),
        ),
        (
            "a sort by too many fields",
            "GET",
            format!("{records}?sort=number,units,due,rate"),
        ),
        ("a bad escape", "GET", format!("{records}?search=%zz")),
        ("NUL in the query", "GET", format!("{records}?search=%00")),
        (
            "a long search",
            "GET",
            format!("{records}?search={}", "x".repeat(300)),
        ),
        (
            "a long query",
            "GET",
            format!("{records}?search={}", "x".repeat(20_000)),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_make_no_sense_are_refused() {
    let web = Web::start().await;
    let mut table = String::new();
    for (name, method, path) in senseless_addresses() {
        let body = (method == "DELETE").then(|| json!({}));
        let answer = web
            .send(Role::Owner, &format!("{method} {path}"), &[], body.as_ref())
            .await;
        writeln!(table, "{name}: {}", line(&answer)).unwrap();
        if answer.status == 405 {
            assert_eq!(answer.header("Allow"), Some("GET, POST"));
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_with_reserved_or_hostile_names_are_refused() {
    let web = Web::start().await;
    let cases = [
        (
            "a reserved key",
            json!({"label": "X", "fields": [{"key": "id", "label": "Id", "kind": "text"}]}),
        ),
        (
            "a hostile key",
            json!({"key": "\"; drop schema public; --", "label": "X"}),
        ),
        ("a long key", json!({"key": "k".repeat(64), "label": "X"})),
        ("an emoji key", json!({"key": "💰", "label": "X"})),
        ("no label", json!({"fields": []})),
        (
            "an unknown kind",
            json!({"label": "X", "fields": [{"label": "A", "kind": "blob"}]}),
        ),
        (
            "a field twice",
            json!({"label": "X", "fields": [{"label": "A", "kind": "text"}, {"label": "A", "kind": "text"}]}),
        ),
        (
            "a choice without choices",
            json!({"label": "X", "fields": [{"label": "A", "kind": "choice"}]}),
        ),
        (
            "a pattern that is none",
            json!({"label": "X", "fields": [{"label": "A", "kind": "text", "rules": {"pattern": "("}}]}),
        ),
        (
            "an unknown rule",
            json!({"label": "X", "fields": [{"label": "A", "kind": "text", "rules": {"nope": 1}}]}),
        ),
        (
            "a reference to nothing",
            json!({"label": "X", "fields": [{"label": "A", "kind": "reference", "references": "nope"}]}),
        ),
        ("a dataset that exists", json!({"key": "invoices", "label": "X"})),
    ];
    let mut table = String::new();
    for (name, draft) in cases {
        let answer = web.post("/api/v1/organizations/acme/datasets", &draft).await;
        writeln!(table, "{name}: {}", line(&answer)).unwrap();
    }
    insta::assert_snapshot!(table);
    let datasets = web.get("/api/v1/organizations/acme/datasets").await.json();
    assert_eq!(datasets["datasets"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_do_not_hold_are_refused_alike() {
    let web = Web::start().await;
    let good = web.token(Role::Owner).to_owned();
    let mut forged = good.clone().into_bytes();
    forged[12] ^= 1;
    let forged = String::from_utf8(forged).unwrap();
    let long = "x".repeat(5_000);
    for value in [
        format!("Bearer {forged}"),
        "Bearer".into(),
        "Bearer x".into(),
        format!("Basic {good}"),
        format!("Bearer {long}"),
    ] {
        let answer = http::send(web.address, "GET /api/v1/me", &[("Authorization", &value)], None).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "not-signed-in"),
            "{value}"
        );
        assert!(answer.header("WWW-Authenticate").unwrap().starts_with("Bearer"));
    }
    let claimed = [("X-Request-Id", "mine")];
    let answer = web.send(Role::Owner, "GET /api/v1/me", &claimed, None).await;
    let id = answer.header("X-Request-Id").unwrap();
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_is_no_choice_where_one_is_required() {
    let web = Web::start().await;
    let acme = "/api/v1/organizations/acme";
    let cases = [
        (
            format!("{acme}/members"),
            json!({"email": "nora@example.com", "name": "Nora", "role": null}),
            "/role",
        ),
        (
            format!("{INVOICES}/fields"),
            json!({"label": "X", "kind": null}),
            "/kind",
        ),
        (
            format!("{INVOICES}/records/batch"),
            json!({"operations": [{"action": null, "fields": {"number": "A"}}]}),
            "/operations/0/action",
        ),
        (
            format!("{INVOICES}/records/batch"),
            json!({"operations": null}),
            "/operations",
        ),
        (
            format!("{INVOICES}/aggregate"),
            json!({"measures": [{"measure": null}]}),
            "/measures/0/measure",
        ),
        (
            format!("{acme}/person-requests"),
            json!({"kind": null, "reference": "a letter", "words": ["Nora"]}),
            "/kind",
        ),
    ];
    for (path, body, pointer) in cases {
        let answer = web.post(&path, &body).await;
        assert_eq!(line(&answer), format!("422 invalid {pointer}=required"), "{path}");
    }
    let members = web.get(&format!("{acme}/members")).await.text();
    assert!(!members.contains("nora@example.com"), "nobody became a member");
    assert_eq!(count(&web).await, json!(0));
}
