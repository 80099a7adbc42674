//! An organization keeps an owner.

use super::*;
use store::control::{account::AccountState, membership::MembershipError};
use types::PageSize;

async fn two_owners(control: &Control) -> (OrganizationId, AccountId, AccountId) {
    let ann = new_account(control, "ann@example.org").await;
    let bob = new_account(control, "bob@example.org").await;
    let (organization, _) = new_organization(control, "acme").await;
    join(control, organization, ann, Role::Owner).await;
    join(control, organization, bob, Role::Owner).await;
    (organization, ann, bob)
}

async fn demote(
    control: &Control,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), MembershipError> {
    let mut tx = control.begin().await?;
    membership::set_role(&mut tx, organization, account, Role::Viewer).await?;
    // Long enough for the other transaction to have looked, had it not been made to wait.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    tx.commit(&entry(), &[]).await?;
    Ok(())
}

#[tokio::test]
async fn two_owners_that_demote_each_other_at_once_leave_one() {
    let database = database().await;
    let control = control(&database).await;
    let (organization, ann, bob) = two_owners(&control).await;
    let (one, other) = tokio::join!(
        demote(&control, organization, ann),
        demote(&control, organization, bob)
    );
    let refused = [one, other]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert!(matches!(refused[..], [MembershipError::LastOwner]), "{refused:?}");
    let mut read = control.read().await.unwrap();
    let members = membership::list(&mut read, organization, PageSize::default(), None)
        .await
        .unwrap();
    assert_eq!(
        members
            .iter()
            .filter(|(member, _)| member.role == Role::Owner)
            .count(),
        1
    );
}

#[tokio::test]
async fn the_last_owner_can_be_neither_demoted_disabled_nor_removed() {
    let database = database().await;
    let control = control(&database).await;
    let (organization, ann, bob) = two_owners(&control).await;
    let mut tx = control.begin().await.unwrap();
    account::set_state(&mut tx, bob, AccountState::Disabled)
        .await
        .unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let mut tx = control.begin().await.unwrap();
    let demoted = membership::set_role(&mut tx, organization, ann, Role::Administrator).await;
    assert!(matches!(demoted, Err(MembershipError::LastOwner)), "{demoted:?}");
    let disabled = membership::set_state(&mut tx, organization, ann, MemberState::Disabled).await;
    assert!(
        matches!(disabled, Err(MembershipError::LastOwner)),
        "{disabled:?}"
    );
    let removed = membership::remove(&mut tx, organization, ann).await;
    assert!(matches!(removed, Err(MembershipError::LastOwner)), "{removed:?}");
    membership::set_role(&mut tx, organization, ann, Role::Owner)
        .await
        .unwrap();
    membership::remove(&mut tx, organization, bob).await.unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    let mut read = control.read().await.unwrap();
    assert_eq!(
        membership::find(&mut read, organization, bob).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_member_who_is_not_there_is_not_found() {
    let database = database().await;
    let control = control(&database).await;
    let (organization, ..) = two_owners(&control).await;
    let stranger = AccountId::new(now_ms(), ten());
    let mut tx = control.begin().await.unwrap();
    let error = membership::set_role(&mut tx, organization, stranger, Role::Viewer)
        .await
        .unwrap_err();
    assert!(
        matches!(error, MembershipError::Store(StoreError::NotFound)),
        "{error:?}"
    );
}
