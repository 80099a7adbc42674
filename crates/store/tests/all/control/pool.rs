//! Connections that broke or hang in a transaction go to nobody else.

use super::*;
use store::control::account;

#[tokio::test]
async fn broken_connections_are_replaced() {
    let database = database().await;
    let control = control(&database).await;
    account::count(&mut control.read().await.unwrap()).await.unwrap();
    let mut held = control.read().await.unwrap();
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE usename = 'strongroom_app' AND datname = current_database()";
    assert_eq!(superuser(&database).await.query(end, &[]).await.unwrap().len(), 1);
    let error = account::count(&mut held).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    drop(held);
    account::count(&mut control.read().await.unwrap()).await.unwrap();
    assert_eq!(superuser(&database).await.query(end, &[]).await.unwrap().len(), 1);
    // The driver's task sees the end of an idle connection when it next runs.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(
        account::count(&mut control.read().await.unwrap()).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn a_connection_dropped_within_a_transaction_is_closed() {
    let database = database().await;
    let control = Control::open(address(&database), app(&database), 1)
        .await
        .unwrap();
    let id = AccountId::new(now_ms(), ten());
    let mut tx = control.begin().await.unwrap();
    account::insert(&mut tx, account_of(id, "ann@example.org"))
        .await
        .unwrap();
    drop(tx);
    assert_eq!(
        account::count(&mut control.read().await.unwrap()).await.unwrap(),
        0
    );
    assert!(
        account::find_by_id(&mut control.read().await.unwrap(), id)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_lock_that_is_not_free_in_time_is_a_timeout() {
    let database = database().await;
    let control = control(&database).await;
    new_account(&control, "ann@example.org").await;
    let client = superuser(&database).await;
    let set = format!(
        "ALTER ROLE strongroom_app IN DATABASE {} SET lock_timeout = '50ms'",
        database.name()
    );
    client.batch_execute(&set).await.unwrap();
    client
        .batch_execute("BEGIN; LOCK TABLE strongroom.account")
        .await
        .unwrap();
    let hurried = Control::open(address(&database), app(&database), 1)
        .await
        .unwrap();
    let error = account::count(&mut hurried.read().await.unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Timeout), "{error:?}");
}
