//! No change of access or settings without its entry.

use super::*;
use store::control::{entry_log, setting};
use types::PageSize;

#[tokio::test]
async fn a_membership_without_its_entry_is_refused_at_commit() {
    let database = database().await;
    let control = control(&database).await;
    let account = new_account(&control, "ann@example.org").await;
    let (organization, _) = new_organization(&control, "acme").await;
    let client = raw(&database).await;
    let insert = format!(
        "BEGIN; INSERT INTO strongroom.membership (organization_id, account_id, role)
         VALUES ('{organization}', '{account}', 'owner')"
    );
    client.batch_execute(&insert).await.unwrap();
    let refused = client.batch_execute("COMMIT").await.unwrap_err();
    assert_eq!(code(&refused), "SR001");
    let found = membership::find(&mut control.read().await.unwrap(), organization, account)
        .await
        .unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn every_audited_table_asks_for_an_entry() {
    let database = database().await;
    let control = control(&database).await;
    let account = new_account(&control, "ann@example.org").await;
    let (organization, _) = new_organization(&control, "acme").await;
    join(&control, organization, account, Role::Owner).await;
    let client = raw(&database).await;
    for change in [
        "UPDATE strongroom.account SET operator = true",
        "UPDATE strongroom.organization SET policies = '{\"a\": 1}'",
        "UPDATE strongroom.membership SET role = 'viewer'",
        "DELETE FROM strongroom.membership",
        "INSERT INTO strongroom.kept_narrowing SELECT organization_id, account_id, '{\"a\": 1}' FROM strongroom.membership",
        "INSERT INTO strongroom.organization_key VALUES (gen_random_uuid(), 1, '')",
        "INSERT INTO strongroom.setting VALUES ('a', '1')",
        "INSERT INTO strongroom.session (id, token_hash, account_id, expires_at, address, device)
            SELECT gen_random_uuid(), '', id, now(), '', '' FROM strongroom.account",
        "INSERT INTO strongroom.api_token (id, public_id, secret_hash, account_id, organization_id, name, expires_at)
            SELECT gen_random_uuid(), 'a', '', account_id, organization_id, 'a', now() FROM strongroom.membership",
    ] {
        let refused = client.batch_execute(change).await.expect_err(change);
        assert_eq!(code(&refused), "SR001", "{change}");
    }
}

#[tokio::test]
async fn a_commit_appends_its_entries_in_order_and_to_the_outbox() {
    let database = database().await;
    let control = control(&database).await;
    let (first, second) = (entry(), entry());
    let mut tx = control.begin().await.unwrap();
    setting::set(&mut tx, "colour", &"blue".into(), Timestamp::now())
        .await
        .unwrap();
    let times = tx.commit(&first, std::slice::from_ref(&second)).await.unwrap();
    let mut read = control.read().await.unwrap();
    let listed = entry_log::list(&mut read, PageSize::default(), None)
        .await
        .unwrap();
    assert_eq!(
        listed.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        [second.id, first.id]
    );
    assert_eq!(
        listed
            .iter()
            .rev()
            .map(|entry| entry.appended_at)
            .collect::<Vec<_>>(),
        times
    );
    assert_eq!(
        (listed[1].header.clone(), listed[1].c_header),
        (first.header, first.c_header)
    );
    let older = entry_log::list(&mut read, PageSize::default(), Some(listed[0].sequence))
        .await
        .unwrap();
    assert_eq!(older, listed[1..]);
    assert_eq!(entry_log::count(&mut read).await.unwrap(), 2);
    assert!(entry_log::find(&mut read, first.id).await.unwrap().is_some());
    let pending = "SELECT entry_id FROM strongroom.audit_pending ORDER BY sequence";
    let pending = superuser(&database).await.query(pending, &[]).await.unwrap();
    let pending: Vec<_> = pending.iter().map(|row| EntryId(row.get(0))).collect();
    assert_eq!(pending, [first.id, second.id]);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let database = database().await;
    let control = control(&database).await;
    let mut tx = control.begin().await.unwrap();
    setting::set(&mut tx, "colour", &"blue".into(), Timestamp::now())
        .await
        .unwrap();
    drop(tx);
    let mut tx = control.begin().await.unwrap();
    setting::set(&mut tx, "size", &1.into(), Timestamp::now())
        .await
        .unwrap();
    tx.close().await.unwrap();
    let mut read = control.read().await.unwrap();
    assert_eq!(setting::get(&mut read, "colour").await.unwrap(), None);
    assert_eq!(setting::get(&mut read, "size").await.unwrap(), None);
}

#[tokio::test]
async fn a_failed_statement_fails_the_commit() {
    let database = database().await;
    let control = control(&database).await;
    new_account(&control, "ann@example.org").await;
    let mut tx = control.begin().await.unwrap();
    setting::set(&mut tx, "colour", &"blue".into(), Timestamp::now())
        .await
        .unwrap();
    let twin = account_of(AccountId::new(now_ms(), ten()), "ann@example.org");
    let taken = account::insert(&mut tx, twin).await.unwrap_err();
    assert!(is_taken(&taken, "account_email_taken"), "{taken:?}");
    tx.commit(&entry(), &[]).await.unwrap_err();
    assert_eq!(
        setting::get(&mut control.read().await.unwrap(), "colour")
            .await
            .unwrap(),
        None
    );
}
