//! The access log, and a database that goes away.

use crate::web::{INVOICES, Web};
use access::Role;
use std::time::Duration;
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_stands_in_the_access_log() {
    let web = Web::start().await;
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(platform::access_log::write_events(
        web.site.platform.clone(),
        stopped,
    ));
    let read = web
        .send(
            Role::Viewer,
            &format!("GET {INVOICES}/records"),
            &[("User-Agent", "walker/1")],
            None,
        )
        .await;
    let id = read.header("X-Request-Id").unwrap().to_owned();
    for _ in 0..100 {
        let own = web
            .send(Role::Viewer, "GET /api/v1/me/access-log", &[], None)
            .await
            .json();
        let events = own["events"].as_array().unwrap().clone();
        if let Some(event) = events.iter().find(|event| event["request_id"] == id.as_str()) {
            assert_eq!(
                (&event["action"], &event["outcome"]),
                (&"record.list".into(), &"done".into())
            );
            assert_eq!(
                (&event["address"], &event["device"]),
                (&"127.0.0.1".into(), &"walker/1".into())
            );
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the call is not in the access log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_a_clear_problem_and_then_over() {
    let web = Web::start().await;
    let path = format!("{INVOICES}/records");
    assert_eq!(web.get(&path).await.status, 200);
    let superuser = Box::pin(web.site.superuser()).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    superuser.execute(cut, &[]).await.unwrap();
    let mut answers = Vec::new();
    for _ in 0..100 {
        let answer = web.get(&path).await;
        answers.push(answer.status);
        if answer.status == 200 {
            return;
        }
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "unavailable"),
            "{}",
            answer.text()
        );
        assert!(answer.header("Retry-After").is_some());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not recover: {answers:?}");
}
