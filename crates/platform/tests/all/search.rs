//! The index behind full-text search: it serves the query that searches, and follows the fields.

use crate::{attack::Injected, fixture::field};
use access::Role;
use platform::{dataset, list, list::Query};
use types::FieldKind;

const INDEX: &str = "SELECT CASE WHEN strongroom.index_search(1) THEN 'index made' ELSE 'left alone' END";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_index_serves_searches_and_follows_the_fields() {
    let injected = Injected::start().await;
    let own = &injected.own;
    let made = injected.attempt(INDEX).await.unwrap();
    assert!(made.contains("index made"), "{made}");
    let plan = format!(
        "SET enable_seqscan = off; EXPLAIN SELECT id FROM {own}.d1
         WHERE to_tsvector('simple', coalesce(\"f1\", '')) @@ to_tsquery('simple', 'secret:*')"
    );
    let planned = injected.attempt(&plan).await.unwrap();
    assert!(
        planned.contains("d1_search"),
        "the query of a search uses the index: {planned}"
    );
    let owner = injected.site.as_role(Role::Owner).await;
    let query = Query {
        search: Some("secr".into()),
        ..Query::default()
    };
    assert_eq!(
        list::list(&owner, "notes", &query).await.unwrap().records.len(),
        1
    );
    dataset::add_field(&owner, "notes", &field("More", FieldKind::Text))
        .await
        .unwrap();
    let again = injected.attempt(INDEX).await.unwrap();
    assert!(
        again.contains("index made"),
        "a changed definition had dropped the index: {again}"
    );
    assert_eq!(
        list::list(&owner, "notes", &query).await.unwrap().records.len(),
        1
    );
}
