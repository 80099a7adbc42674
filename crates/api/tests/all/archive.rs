//! Archives over HTTP: a whole organization leaves and comes back, streamed both ways.

use crate::{
    http::{self, Answer},
    web::{Web, make_token},
};
use access::Role;
use serde_json::json;

const ARCHIVE: &str = "/api/v1/organizations/acme/archive";
const GLOBEX: &str = "/api/v1/organizations/globex/archive";

async fn restore(web: &Web, token: &str, to: &str, bytes: &[u8]) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/x-tar"),
    ];
    Box::pin(http::send(
        web.address,
        &format!("POST {to}"),
        &headers,
        Some(bytes),
    ))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_goes_out_and_into_an_empty_one() {
    let web = Web::start().await;
    let location = web
        .invoice(json!({"number": "A-1", "iban": "DE89 3704 0044 0532 0130 00"}))
        .await;
    let archive = web
        .send(Role::Accountant, &format!("GET {ARCHIVE}"), &[], None)
        .await;
    assert_eq!(archive.header("Content-Type"), Some("application/x-tar"));
    let globex = Box::pin(web.site.second_organization()).await;
    let token = Box::pin(make_token(&globex)).await;

    let cut = restore(&web, &token, GLOBEX, &archive.body[..archive.body.len() / 2]).await;
    assert_eq!(
        (cut.status, cut.code().as_str()),
        (422, "invalid"),
        "{}",
        cut.text()
    );
    let restored = restore(&web, &token, GLOBEX, &archive.body).await;
    assert_eq!(restored.status, 200, "{}", restored.text());
    assert_eq!(
        restored.json(),
        json!({"datasets": 1, "records": 1, "attachments": 0})
    );
    let there = location.replace("acme", "globex");
    let there = web
        .send_as(Some(&token), &format!("GET {there}"), &[], None)
        .await;
    assert_eq!(there.json()["fields"], web.get(&location).await.json()["fields"]);

    let again = restore(&web, &token, GLOBEX, &archive.body).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "conflict"),
        "{}",
        again.text()
    );
    // Whoever may restore at home may not restore elsewhere.
    let elsewhere = restore(&web, &token, ARCHIVE, &archive.body).await;
    assert_eq!(elsewhere.status, 404);
    let editor = restore(&web, web.token(Role::Editor), ARCHIVE, &archive.body).await;
    assert_eq!(editor.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_beyond_the_bound_is_refused_before_it_is_read() {
    let web = Web::start().await;
    let bearer = format!("Bearer {}", web.token(Role::Owner));
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Length", "99999999999"),
    ];
    let large = http::send(web.address, &format!("POST {ARCHIVE}"), &headers, None).await;
    assert_eq!((large.status, large.code().as_str()), (413, "too-large"));
}
