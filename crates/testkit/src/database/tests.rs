//! Databases from templates, in the shared test cluster.

use std::sync::atomic::AtomicUsize;

use super::*;

async fn prepare(database: &Database) -> Result<()> {
    let client = database.superuser()?.connect().await?;
    client
        .batch_execute("CREATE TABLE thing (name text); INSERT INTO thing VALUES ('chair')")
        .await?;
    Ok(())
}

async fn names(database: &Database) -> Vec<String> {
    let client = database.superuser().unwrap().connect().await.unwrap();
    let rows = client
        .query("SELECT name FROM thing ORDER BY name", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn exists(kind: &str, name: &str) -> bool {
    let client = shared::started()
        .unwrap()
        .superuser("postgres")
        .unwrap()
        .connect()
        .await
        .unwrap();
    let query = match kind {
        "database" => "SELECT FROM pg_database WHERE datname = $1",
        _ => "SELECT FROM pg_roles WHERE rolname = $1",
    };
    client.query_opt(query, &[&name]).await.unwrap().is_some()
}

#[tokio::test]
async fn two_tests_do_not_see_each_others_rows() {
    let one = TestDatabase::create("two tests", prepare).await.unwrap();
    let other = TestDatabase::create("two tests", prepare).await.unwrap();
    let client = one.superuser().unwrap().connect().await.unwrap();
    client
        .execute("INSERT INTO thing VALUES ('table')", &[])
        .await
        .unwrap();
    assert_eq!(names(&one).await, ["chair", "table"]);
    assert_eq!(names(&other).await, ["chair"]);
}

#[tokio::test]
async fn tests_that_start_together_prepare_their_template_once() {
    let prepared = AtomicUsize::new(0);
    let fingerprint = crate::secret::random_secret().unwrap();
    let count = async |_: &Database| {
        prepared.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    let (one, other) = tokio::join!(
        TestDatabase::create(&fingerprint, count),
        TestDatabase::create(&fingerprint, count)
    );
    assert_ne!(one.unwrap().name(), other.unwrap().name());
    assert_eq!(prepared.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_template_whose_preparation_failed_is_not_used() {
    let fingerprint = crate::secret::random_secret().unwrap();
    let fail = async |_: &Database| anyhow::bail!("half made");
    let error = TestDatabase::create(&fingerprint, fail).await.unwrap_err();
    assert!(format!("{error:#}").ends_with("half made"), "{error:#}");
    let database = TestDatabase::create(&fingerprint, prepare).await.unwrap();
    assert_eq!(names(&database).await, ["chair"]);
}

#[tokio::test]
async fn a_dropped_database_takes_its_roles_along() {
    let database = TestDatabase::create("roles", prepare).await.unwrap();
    let role = format!("o_{}", crate::secret::random_secret().unwrap());
    let client = database.superuser().unwrap().connect().await.unwrap();
    let grant = format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON thing TO {role}");
    client.batch_execute(&grant).await.unwrap();
    assert!(exists("role", &role).await);
    let name = database.name().to_owned();
    drop(database);
    assert!(!exists("database", &name).await);
    assert!(!exists("role", &role).await);
}

#[tokio::test]
async fn what_a_killed_test_left_behind_is_dropped() {
    let client = shared::started()
        .unwrap()
        .superuser("postgres")
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    let name = format!("test_{}_999", ended.id());
    ended.wait().unwrap();
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let _next = TestDatabase::create("two tests", prepare).await.unwrap();
    assert!(!exists("database", &name).await);
}

#[tokio::test]
async fn the_shared_cluster_is_not_stopped_under_a_test() {
    let database = TestDatabase::create("two tests", prepare).await.unwrap();
    shared::stop_unused().unwrap();
    assert_eq!(names(&database).await, ["chair"]);
}
