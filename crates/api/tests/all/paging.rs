//! Paging: stable while records come in, and only with cursors that were issued for the same query.

use crate::web::{INVOICES, Web};
use access::Role;
use serde_json::{Value as Json, json};

fn numbers(page: &Json) -> Vec<String> {
    let records = page["records"].as_array().unwrap().iter();
    records
        .map(|record| record["fields"]["number"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_neither_skip_nor_repeat_while_records_come_in() {
    let web = Web::start().await;
    for number in 0..7 {
        web.invoice(json!({"number": format!("B-{number}")})).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{INVOICES}/records?sort=number&limit=3");
    let mut round = 0;
    loop {
        let page = web.get(&path).await;
        let json = page.json();
        seen.extend(numbers(&json));
        // One that sorts before everything seen, and one of the trash that sorts in the middle.
        web.invoice(json!({"number": format!("A-{round}")})).await;
        round += 1;
        let Some(next) = json["links"]["next"].as_str() else {
            break;
        };
        assert!(
            page.header("Link")
                .unwrap()
                .contains(&format!("<{next}>; rel=\"next\""))
        );
        path = next.to_owned();
    }
    let expected: Vec<String> = (0..7).map(|number| format!("B-{number}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_before_is_the_page_that_was() {
    let web = Web::start().await;
    for number in 0..6 {
        web.invoice(json!({"number": format!("B-{number}"), "units": number}))
            .await;
    }
    let path = format!("{INVOICES}/records?filter[units][gte]=1&sort=-units&limit=2");
    let first = web.get(&path).await.json();
    assert_eq!(numbers(&first), ["B-5", "B-4"]);
    let second = web.get(first["links"]["next"].as_str().unwrap()).await.json();
    assert_eq!(numbers(&second), ["B-3", "B-2"]);
    let back = web.get(second["links"]["prev"].as_str().unwrap()).await.json();
    assert_eq!(numbers(&back), numbers(&first));
    let body =
        json!({"filter": {"field": "units", "operator": "gte", "value": 1}, "sort": "-units", "limit": 2});
    let queried = web.post(&format!("{INVOICES}/query"), &body).await;
    assert_eq!(numbers(&queried.json()), numbers(&first), "{}", queried.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_that_were_not_issued_for_the_query_are_refused() {
    let web = Web::start().await;
    let base = "/api/v1/organizations/acme/datasets";
    let draft = json!({"label": "Places", "fields": [{"label": "Number", "kind": "text"}]});
    web.post(base, &draft).await;
    for number in 0..3 {
        web.invoice(json!({"number": format!("B-{number}")})).await;
    }
    let first = web
        .get(&format!("{INVOICES}/records?sort=number&limit=1"))
        .await
        .json();
    let cursor = first["next"].as_str().unwrap().to_owned();
    let good = web
        .get(&format!("{INVOICES}/records?sort=number&limit=2&cursor={cursor}"))
        .await;
    assert_eq!(good.status, 200, "{}", good.text());
    let mut forged = cursor.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for path in [
        format!("{INVOICES}/records?sort=number&cursor={forged}"),
        format!("{INVOICES}/records?sort=-number&cursor={cursor}"),
        format!("{INVOICES}/records?sort=number&trash=true&cursor={cursor}"),
        format!("{INVOICES}/records?sort=number&filter[number]=B-1&cursor={cursor}"),
        format!("{base}/places/records?sort=number&cursor={cursor}"),
        format!("{INVOICES}/records?sort=number&cursor=AAAA"),
        format!("{INVOICES}/records?sort=number&cursor="),
    ] {
        let refused = web.send(Role::Viewer, &format!("GET {path}"), &[], None).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "bad-cursor"),
            "{path}"
        );
    }
}

/// The actions on every page that a list of audit entries has, and how many pages there were.
async fn entries(web: &Web, query: &str) -> (Vec<String>, usize) {
    let mut path = format!("/api/v1/organizations/acme/audit/entries?{query}");
    let (mut actions, mut pages) = (Vec::new(), 0);
    loop {
        let page = web.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let json = page.json();
        let listed = json["entries"].as_array().unwrap().iter();
        actions.extend(listed.map(|entry| entry["action"].as_str().unwrap().to_owned()));
        pages += 1;
        match json["links"]["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return (actions, pages),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_audit_entries_keep_to_the_record_and_the_time_that_were_asked_for() {
    let web = Web::start().await;
    let record = web.invoice(json!({"number": "B-1"})).await;
    let id = record.rsplit('/').next().unwrap();
    let moment = async || {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let now = jiff::Timestamp::now();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        now
    };
    let mut times = Vec::new();
    for number in 2..6 {
        times.push(moment().await);
        let change = json!({"fields": {"number": format!("B-{number}")}});
        let headers = [("If-Match", "*")];
        let changed = web
            .send(Role::Owner, &format!("PATCH {record}"), &headers, Some(&change))
            .await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        web.invoice(json!({"number": format!("C-{number}")})).await;
    }
    let (all, pages) = entries(&web, &format!("object={id}&limit=2")).await;
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(pages >= 3 && all[4] == "record.create", "{pages}: {all:?}");
    // From the second change until the fourth, which is no part of it.
    let time = format!("from={}&until={}", times[1], times[3]);
    let (between, pages) = entries(&web, &format!("object={id}&{time}&limit=1")).await;
    assert_eq!(between, ["record.update", "record.update"], "{pages} pages");
    assert!(pages >= 2);
    let (others, _) = entries(&web, &format!("{time}&action=record.&limit=1")).await;
    assert_eq!(others.len(), 4, "{others:?}");
    let (later, _) = entries(&web, &format!("object={id}&from={}&limit=1", times[3])).await;
    assert_eq!(later, ["record.update"]);
    let (none, pages) = entries(&web, &format!("object={id}&until={}&from={}", times[0], times[1])).await;
    assert!(none.is_empty() && pages == 1, "{none:?}");
}
