//! What is written comes back, and only what is asked for.

use super::*;
use jiff::ToSpan;
use store::control::{api_token, organization_key, session, setting};
use types::{PageSize, SessionId, TokenId};

#[tokio::test]
async fn accounts_come_back_and_page() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.org").await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let bob = new_account(&control, "bob@example.org").await;
    let mut read = control.read().await.unwrap();
    let (found, password) = account::find_by_email(&mut read, &"ann@example.org".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id, password.as_deref()), (ann, Some("$argon2id$1")));
    let first = account::list(&mut read, PageSize::new(1).unwrap(), None)
        .await
        .unwrap();
    let second = account::list(&mut read, PageSize::default(), Some(first[0].id))
        .await
        .unwrap();
    assert_eq!((first[0].id, second[0].id, second.len()), (ann, bob, 1));
    assert_eq!(account::count(&mut read).await.unwrap(), 2);
}

#[tokio::test]
async fn a_rehash_does_not_undo_a_password_change() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.org").await;
    let mut tx = control.begin().await.unwrap();
    account::set_password(&mut tx, ann, "$argon2id$2", Timestamp::now())
        .await
        .unwrap();
    account::rehash(&mut tx, ann, "$argon2id$1", "$argon2id$stale")
        .await
        .unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let mut read = control.read().await.unwrap();
    let (_, password) = account::find_by_id(&mut read, ann).await.unwrap().unwrap();
    assert_eq!(password.as_deref(), Some("$argon2id$2"));
}

#[tokio::test]
async fn members_list_their_organizations_and_roles() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.org").await;
    let (acme, _) = new_organization(&control, "acme").await;
    let (beta, _) = new_organization(&control, "beta").await;
    new_organization(&control, "other").await;
    join(&control, beta, ann, Role::Viewer).await;
    join(&control, acme, ann, Role::Owner).await;
    let mut read = control.read().await.unwrap();
    let listed = organization::list_for_account(&mut read, ann).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|(found, role)| (found.slug.as_str(), *role))
        .collect();
    assert_eq!(listed, [("acme", Role::Owner), ("beta", Role::Viewer)]);
    let mut tx = control.begin().await.unwrap();
    membership::set_state(&mut tx, beta, ann, MemberState::Disabled)
        .await
        .unwrap();
    organization::rename(&mut tx, acme, "Acme").await.unwrap();
    organization::set_policies(&mut tx, acme, &serde_json::json!({"a": 1}))
        .await
        .unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let listed = organization::list_for_account(&mut read, ann).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].0.name.as_str(), &listed[0].0.policies),
        ("Acme", &serde_json::json!({"a": 1}))
    );
    let by_slug = organization::find_by_slug(&mut read, &"acme".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(by_slug.as_ref(), Some(&listed[0].0));
}

fn session_of(account: AccountId, hash: u8) -> session::NewSession {
    session::NewSession {
        id: SessionId::new(now_ms(), ten()),
        token_hash: vec![hash; 32],
        account,
        created_at: Timestamp::now(),
        expires_at: Timestamp::now() + 1.hour(),
        address: "192.0.2.1".to_owned(),
        device: "a browser".to_owned(),
        factor: None,
        elevated_until: Timestamp::now(),
    }
}

#[tokio::test]
async fn a_session_lives_until_it_expires_or_is_ended() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.org").await;
    let (one, two) = (session_of(ann, 1), session_of(ann, 2));
    let mut tx = control.begin().await.unwrap();
    session::insert(&mut tx, one.clone()).await.unwrap();
    session::insert(&mut tx, two.clone()).await.unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let now = Timestamp::now();
    let mut read = control.read().await.unwrap();
    let live = session::find_live_by_hash(&mut read, &[1; 32], now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((live.0.id, live.1.id), (one.id, ann));
    let late = session::find_live_by_hash(&mut read, &[1; 32], now + 2.hours())
        .await
        .unwrap();
    assert_eq!(late, None);
    let seen = now + 5.minutes();
    session::touch(&mut control.keep().await.unwrap(), one.id, seen)
        .await
        .unwrap();
    let listed = session::list_of(&mut read, ann, now).await.unwrap();
    let touched = listed.iter().find(|found| found.id == one.id).unwrap();
    assert_eq!(
        (listed.len(), touched.last_seen_at.as_microsecond()),
        (2, seen.as_microsecond())
    );
    let mut tx = control.begin().await.unwrap();
    session::end(&mut tx, one.id, now).await.unwrap();
    assert!(matches!(
        session::end(&mut tx, one.id, now).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(session::end_all_of(&mut tx, ann, now).await.unwrap(), 1);
    tx.commit(&entry(), &[]).await.unwrap();
    assert_eq!(
        session::find_live_by_hash(&mut read, &[1; 32], now)
            .await
            .unwrap(),
        None
    );
    assert_eq!(session::list_of(&mut read, ann, now).await.unwrap(), []);
}

#[tokio::test]
async fn a_token_lives_until_it_expires_is_revoked_or_its_member_leaves() {
    let database = database().await;
    let control = control(&database).await;
    let ann = new_account(&control, "ann@example.org").await;
    let (acme, _) = new_organization(&control, "acme").await;
    join(&control, acme, ann, Role::Editor).await;
    let now = Timestamp::now();
    let new = |public_id: &str| api_token::NewApiToken {
        id: TokenId::new(now_ms(), ten()),
        public_id: public_id.to_owned(),
        secret_hash: vec![3; 32],
        account: ann,
        organization: acme,
        name: "backup".to_owned(),
        permissions: Some(vec!["record.read".to_owned()]),
        narrowing: serde_json::json!({}),
        networks: Vec::new(),
        created_at: now,
        expires_at: now + 1.hour(),
    };
    let (one, two) = (new("one"), new("two"));
    let mut tx = control.begin().await.unwrap();
    api_token::insert(&mut tx, one.clone()).await.unwrap();
    api_token::insert(&mut tx, two).await.unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let mut read = control.read().await.unwrap();
    let live = api_token::find_live_by_public_id(&mut read, "one", now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (live.token.permissions, live.secret_hash),
        (one.permissions, one.secret_hash)
    );
    assert_eq!(
        (live.membership.role, live.organization.id, live.account.id),
        (Role::Editor, acme, ann)
    );
    assert_eq!(
        api_token::find_live_by_public_id(&mut read, "one", now + 2.hours())
            .await
            .unwrap(),
        None
    );
    api_token::touch(&mut control.keep().await.unwrap(), one.id, now)
        .await
        .unwrap();
    let mut tx = control.begin().await.unwrap();
    let stranger = AccountId::new(now_ms(), ten());
    let foreign = api_token::revoke(&mut tx, stranger, acme, one.id, now).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
    api_token::revoke(&mut tx, ann, acme, one.id, now).await.unwrap();
    membership::remove(&mut tx, acme, ann).await.unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    assert_eq!(
        api_token::find_live_by_public_id(&mut read, "one", now)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        api_token::find_live_by_public_id(&mut read, "two", now)
            .await
            .unwrap(),
        None
    );
    assert_eq!(api_token::list_of(&mut read, ann, acme).await.unwrap().len(), 2);
}

#[tokio::test]
async fn keys_and_settings_come_back() {
    let database = database().await;
    let control = control(&database).await;
    let appliance = OrganizationId(uuid::Uuid::nil());
    let mut tx = control.begin().await.unwrap();
    organization_key::insert(&mut tx, appliance, 2, &[2])
        .await
        .unwrap();
    organization_key::insert(&mut tx, appliance, 1, &[1])
        .await
        .unwrap();
    setting::set(&mut tx, "colour", &"blue".into(), Timestamp::now())
        .await
        .unwrap();
    setting::set(&mut tx, "colour", &"red".into(), Timestamp::now())
        .await
        .unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let mut read = control.read().await.unwrap();
    let keys = organization_key::list(&mut read, appliance).await.unwrap();
    let keys: Vec<_> = keys.iter().map(|key| (key.version, &key.wrapped[..])).collect();
    assert_eq!(keys, [(1, &[1][..]), (2, &[2])]);
    assert_eq!(
        setting::get(&mut read, "colour").await.unwrap(),
        Some("red".into())
    );
}
