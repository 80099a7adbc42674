//! The promise roles makes real calls that must be refused, and leaves nothing behind.

use crate::{
    check::tamper,
    fixture::Site,
    promise::{assert_kept, check, start},
};
use access::Role;
use platform::member;

/// Rows of everything that a call could have changed.
async fn rows(site: &Site) -> [i64; 6] {
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
    let schema: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    let text = format!(
        "SELECT (SELECT count(*) FROM {schema}._entry), (SELECT count(*) FROM strongroom.entry),
            (SELECT count(*) FROM strongroom.membership), (SELECT count(*) FROM strongroom.account),
            (SELECT count(*) FROM {schema}.d1), (SELECT count(*) FROM {schema}._dataset)"
    );
    let row = superuser.query_one(&text, &[]).await.unwrap();
    [0, 1, 2, 3, 4, 5].map(|column| row.get(column))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_a_role_may_not_make_are_made_and_refused_and_leave_nothing() {
    let site = start().await;
    let before = rows(&site).await;
    let verdict = check(&site.platform, "roles").await;
    let made = verdict
        .facts
        .iter()
        .find(|fact| fact.name == "calls that must be refused");
    let made: usize = made.unwrap().value.parse().unwrap();
    // Two organizations; a viewer alone is refused all of some twenty.
    assert!(made > 80, "{verdict:?}");
    assert_kept(&site, "roles").await;
    assert_eq!(rows(&site).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_two_owners_either_may_be_removed_and_the_promise_is_kept() {
    let site = start().await;
    let owner = site.as_role(Role::Owner).await;
    member::set_role(&owner, site.account(Role::Editor), Role::Owner)
        .await
        .unwrap();
    let before = rows(&site).await;
    assert_kept(&site, "roles").await;
    assert_eq!(rows(&site).await, before);
    tamper(
        &site,
        "UPDATE strongroom.membership SET role = 'editor' WHERE role = 'owner'",
    )
    .await;
    assert_eq!(
        check(&site.platform, "roles").await.state,
        promises::State::Broken
    );
}
