//! Idempotency keys, and rate limits.

use crate::web::{INVOICES, Web, make_token};
use access::Role;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_with_the_same_key_is_carried_out_once() {
    let web = Web::start().await;
    let line = format!("POST {INVOICES}/records");
    let key = [("Idempotency-Key", "order-17")];
    let body = json!({"fields": {"number": "A-1"}});
    let first = web.send(Role::Editor, &line, &key, Some(&body)).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = web.send(Role::Editor, &line, &key, Some(&body)).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    assert_eq!(again.header("Location"), first.header("Location"));
    assert_eq!(again.header("ETag"), first.header("ETag"));
    assert_eq!(first.header("Idempotency-Replayed"), None);
    let listed = web.get(&format!("{INVOICES}/records")).await.json();
    assert_eq!(listed["records"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_belongs_to_one_request_of_one_account() {
    let web = Web::start().await;
    let line = format!("POST {INVOICES}/records");
    let key = [("Idempotency-Key", "order-17")];
    let one = json!({"fields": {"number": "A-1"}});
    let other = json!({"fields": {"number": "A-2"}});
    web.send(Role::Editor, &line, &key, Some(&one)).await;
    let reused = web.send(Role::Editor, &line, &key, Some(&other)).await;
    assert_eq!(
        (reused.status, reused.code().as_str()),
        (409, "idempotency-key-reused")
    );
    let owner = web.send(Role::Owner, &line, &key, Some(&other)).await;
    assert_eq!((owner.status, owner.header("Idempotency-Replayed")), (201, None));
    let bad = web
        .send(Role::Editor, &line, &[("Idempotency-Key", "a b")], Some(&one))
        .await;
    assert_eq!((bad.status, bad.code().as_str()), (422, "invalid"));
}

/// What one token was told is nobody else's, not even the same person's by another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_for_the_token_that_asked_and_a_value_in_the_clear_for_nobody() {
    let web = Web::start().await;
    let line = format!("POST {INVOICES}/records");
    let key = [("Idempotency-Key", "order-17")];
    let body = json!({"fields": {"number": "A-1", "iban": "DE89"}});
    let first = web.send(Role::Accountant, &line, &key, Some(&body)).await;
    let workspace = web.site.as_role(Role::Accountant).await;
    let other = make_token(&workspace).await;
    let again = web.send_as(Some(&other), &line, &key, Some(&body)).await;
    assert_eq!((again.status, again.header("Idempotency-Replayed")), (201, None));
    let reveal = format!("POST {}/fields/iban/reveal", first.header("Location").unwrap());
    for _ in 0..2 {
        let shown = web.send(Role::Accountant, &reveal, &key, None).await;
        assert_eq!((shown.status, shown.header("Idempotency-Replayed")), (200, None));
    }
    let page = platform::trail::list(&web.site.as_role(Role::Owner).await, &Default::default()).await;
    let entries = page.unwrap().entries;
    let reveals = entries.iter().filter(|entry| entry.action == "record.reveal");
    assert_eq!(reveals.count(), 2, "each look is entered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_kept_too() {
    let web = Web::start().await;
    let line = format!("POST {INVOICES}/records");
    let key = [("Idempotency-Key", "order-18")];
    let body = json!({"fields": {"due": "2026-03-31"}});
    let first = web.send(Role::Editor, &line, &key, Some(&body)).await;
    assert_eq!(first.status, 422);
    let again = web.send(Role::Editor, &line, &key, Some(&body)).await;
    assert_eq!((again.status, &again.body), (422, &first.body));
    assert_eq!(again.header("Content-Type"), Some("application/problem+json"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_with_the_same_key_one_is_carried_out() {
    let web = Web::start().await;
    let line = format!("POST {INVOICES}/records");
    let body = json!({"fields": {"number": "A-1"}});
    let send = || web.send(Role::Editor, &line, &[("Idempotency-Key", "burst")], Some(&body));
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    for answer in [&a, &b, &c, &d] {
        let fine = answer.status == 201 || answer.code() == "idempotency-key-in-use";
        assert!(fine, "{}", answer.text());
    }
    let listed = web.get(&format!("{INVOICES}/records")).await.json();
    assert_eq!(listed["records"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_are_told_to_wait() {
    let web = Box::pin(Web::start_with(5)).await;
    let line = "GET /api/v1/me";
    for left in (0..5).rev() {
        let answer = web.send(Role::Viewer, line, &[], None).await;
        let limit = format!("\"default\";r={left};t=60");
        assert_eq!(
            (answer.status, answer.header("RateLimit")),
            (200, Some(limit.as_str()))
        );
    }
    let refused = web.send(Role::Viewer, line, &[], None).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "too-many-requests")
    );
    let wait: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(web.send(Role::Editor, line, &[], None).await.status, 200);
    for _ in 0..5 {
        assert_eq!(web.send_as(None, line, &[], None).await.status, 401);
    }
    assert_eq!(web.send_as(None, line, &[], None).await.status, 429);
    assert_eq!(
        web.send_as(None, "GET /api/v1/nothing", &[], None).await.status,
        429
    );
}
