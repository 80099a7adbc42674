//! Imports over HTTP: upload, look, try, take in; refused rows; files.

use crate::{
    http::{self, Answer},
    web::{INVOICES, Web},
};
use access::Role;
use serde_json::{Value as Json, json};
use std::time::Duration;
use tokio::sync::watch;

const IMPORTS: &str = "/api/v1/organizations/acme/imports";

/// A worker for as long as the value lives.
struct Worker {
    stop: watch::Sender<bool>,
}

impl Worker {
    fn start(web: &Web) -> Self {
        let (stop, stopped) = watch::channel(false);
        let platform = web.site.platform.clone();
        tokio::spawn(async move { platform::work::run(platform, stopped, 1).await });
        Self { stop }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

async fn upload(web: &Web, query: &str, media_type: &str, bytes: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", web.token(Role::Editor));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", media_type)];
    Box::pin(http::send(
        web.address,
        &format!("POST {query}"),
        &headers,
        Some(bytes),
    ))
    .await
}

async fn settled(web: &Web, location: &str) -> Json {
    for _ in 0..300 {
        let import = web
            .send(Role::Editor, &format!("GET {location}"), &[], None)
            .await
            .json();
        let state = import["state"].as_str().unwrap();
        if state != "waiting" && state != "running" {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the import does not end");
}

async fn start(web: &Web, location: &str, mode: &str) -> Json {
    let line = format!("POST {location}/start");
    let started = web
        .send(Role::Editor, &line, &[], Some(&json!({"mode": mode})))
        .await;
    assert_eq!(started.status, 202, "{}", started.text());
    settled(web, location).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_tried_and_then_taken_in() {
    let web = Web::start().await;
    let _worker = Worker::start(&web);
    let csv = "Number,Units,Due\nA-1,3,2026-03-31\nA-2,x,2026-04-30\n";
    let made = upload(
        &web,
        &format!("{IMPORTS}?file_name=a.csv&dataset=invoices"),
        "text/csv",
        csv.as_bytes(),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let location = made.header("Location").unwrap().to_owned();
    assert_eq!(made.json()["headers"], json!(["Number", "Units", "Due"]));

    let tried = start(&web, &location, "dry_run").await;
    assert_eq!(tried["state"], "draft");
    assert_eq!(tried["outcome"]["refused_count"], 1, "{tried}");
    let records = format!("{INVOICES}/records?sort=number");
    assert_eq!(web.get(&records).await.json()["records"], json!([]));
    let report = web
        .send(Role::Editor, &format!("GET {location}/report"), &[], None)
        .await;
    assert!(report.text().contains("Units"), "{}", report.text());
    assert!(
        report
            .header("Content-Disposition")
            .unwrap()
            .starts_with("attachment;")
    );

    let mut plan = tried["plan"].clone();
    plan["nope"] = json!(1);
    let line = format!("PUT {location}/plan");
    let refused = web.send(Role::Editor, &line, &[], Some(&plan)).await;
    assert_eq!(
        refused.json()["errors"][0]["pointer"],
        "/nope",
        "{}",
        refused.text()
    );
    plan.as_object_mut().unwrap().remove("nope");
    plan["on_refusal"] = json!("skip_rows");
    let planned = web.send(Role::Editor, &line, &[], Some(&plan)).await;
    assert_eq!(planned.status, 200, "{}", planned.text());
    let done = start(&web, &location, "import").await;
    assert_eq!(
        (&done["state"], &done["outcome"]["rows_imported"]),
        (&json!("done"), &json!(1)),
        "{done}"
    );
    let listed = web.get(&records).await.json();
    assert_eq!(listed["records"][0]["fields"]["units"], 3);

    // An import belongs to its maker.
    let other = web.send(Role::Owner, &format!("GET {location}"), &[], None).await;
    assert_eq!(other.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_back_byte_for_byte_and_only_as_a_download() {
    let web = Web::start().await;
    let files = "/api/v1/organizations/acme/files";
    let bytes: Vec<u8> = (0..=255u8).cycle().take(700_000).collect();
    let made = upload(
        &web,
        &format!("{files}?name=b%20%C3%BC.html"),
        "text/html",
        &bytes,
    )
    .await;
    assert_eq!(
        (made.status, &made.json()["size"]),
        (201, &json!(700_000)),
        "{}",
        made.text()
    );
    let location = made.header("Location").unwrap().to_owned();
    let back = web.get(&location).await;
    assert!(back.body == bytes);
    assert_eq!(back.header("Content-Type"), Some("application/octet-stream"));
    assert_eq!(back.header("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(
        back.header("Content-Disposition"),
        Some("attachment; filename*=UTF-8''b%20%C3%BC.html")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_without_a_name_or_beyond_the_bound_is_refused() {
    let web = Web::start().await;
    let unnamed = upload(&web, IMPORTS, "text/csv", b"a\n1\n").await;
    assert_eq!(
        unnamed.json()["errors"][0]["pointer"],
        "file_name",
        "{}",
        unnamed.text()
    );
    let bearer = format!("Bearer {}", web.token(Role::Editor));
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Length", "99999999999"),
    ];
    let line = format!("POST {IMPORTS}?file_name=a.csv");
    let large = http::send(web.address, &line, &headers, None).await;
    assert_eq!((large.status, large.code().as_str()), (413, "too-large"));
}
