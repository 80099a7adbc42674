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
