//! Invitations: a link works once, for a week, and only for whom the inviter may let in.

use crate::fixture::Site;
use access::{MemberState, Role};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Origin, PlatformError, Workspace,
    account::NewPerson,
    invitation::{self, Invitation},
    member, organization, sign_in,
    trail::{self, TrailQuery},
};
use std::sync::atomic::{AtomicI64, Ordering};
use types::{AccountId, ProblemCode};
use vault::SecretText;

const PASSWORD: &str = "nine green bottles hanging";
const EMAIL: &str = "nora@example.com";

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn nora() -> NewPerson {
    NewPerson {
        email: EMAIL.to_owned(),
        name: "Nora New".to_owned(),
        password: None,
    }
}

async fn invite(workspace: &Workspace, role: Role) -> (AccountId, Invitation) {
    let (member, invitation) = member::add(workspace, nora(), role).await.unwrap();
    (member.account, invitation.unwrap())
}

fn token(invitation: &Invitation) -> String {
    let url = invitation.url.expose();
    url.strip_prefix("https://localhost/invitation/")
        .unwrap()
        .to_owned()
}

async fn accept(site: &Site, token: &str) -> Result<AccountId, PlatformError> {
    invitation::accept(&site.platform, Origin::default(), token, secret(PASSWORD)).await
}

async fn refused(site: &Site, token: &str) {
    let looked = invitation::look(&site.platform, token).await.unwrap_err();
    let accepted = accept(site, token).await.unwrap_err();
    assert_eq!(
        (looked.code, accepted.code),
        (ProblemCode::NotFound, ProblemCode::NotFound)
    );
    assert_eq!(looked.detail, accepted.detail, "one sentence for every reason");
    assert!(looked.detail.contains("expired, was used already"), "{looked}");
}

async fn can_sign_in(site: &Site) -> bool {
    sign_in::with_password(&site.platform, Origin::default(), EMAIL, secret(PASSWORD))
        .await
        .is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_sets_the_first_password_once() {
    let site = Site::start().await;
    let workspace = site.as_role(Role::Administrator).await;
    let (account, invitation) = invite(&workspace, Role::Editor).await;
    let token = token(&invitation);
    let stored = "SELECT count(*) FROM strongroom.invitation i WHERE i::text LIKE '%' || $1 || '%'";
    let count = site.superuser().await.query_one(stored, &[&token]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 0, "the token is not stored");
    let invited = invitation::look(&site.platform, &token).await.unwrap();
    assert_eq!(
        (invited.email.as_str(), invited.organization.as_deref()),
        (EMAIL, Some("Acme"))
    );
    let weak = invitation::accept(&site.platform, Origin::default(), &token, secret("short")).await;
    assert_eq!(weak.unwrap_err().code, ProblemCode::Invalid);
    assert!(!can_sign_in(&site).await);
    assert_eq!(accept(&site, &token).await.unwrap(), account);
    assert!(can_sign_in(&site).await);
    refused(&site, &token).await;
    let again = invitation::create(&workspace, account).await.unwrap_err();
    assert_eq!(again.code, ProblemCode::Conflict, "a password is not replaced");
    // Used is used, even if the password should be taken away one day.
    let text = "SET session_replication_role = replica; UPDATE strongroom.account SET password = NULL";
    site.superuser().await.batch_execute(text).await.unwrap();
    refused(&site, &token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_use_a_link_at_once_one_sets_the_password() {
    let site = Site::start().await;
    let (_, invitation) = invite(&site.as_role(Role::Owner).await, Role::Viewer).await;
    let token = token(&invitation);
    let tries = futures_util::future::join_all((0..4).map(|_| accept(&site, &token))).await;
    assert_eq!(tries.iter().filter(|done| done.is_ok()).count(), 1, "{tries:?}");
}

static CLOCK: AtomicI64 = AtomicI64::new(0);

fn later() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(CLOCK.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_expires_after_seven_days() {
    let site = Site::start_with_clock(later).await;
    let (_, invitation) = invite(&site.as_role(Role::Owner).await, Role::Viewer).await;
    CLOCK.store(7 * 86_400 - 60, Ordering::Relaxed);
    invitation::look(&site.platform, &token(&invitation))
        .await
        .unwrap();
    CLOCK.store(7 * 86_400 + 60, Ordering::Relaxed);
    refused(&site, &token(&invitation)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_link_voids_the_old_one() {
    let site = Site::start().await;
    let workspace = site.as_role(Role::Administrator).await;
    let (account, first) = invite(&workspace, Role::Viewer).await;
    let second = invitation::create(&workspace, account).await.unwrap();
    refused(&site, &token(&first)).await;
    accept(&site, &token(&second)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_dead_once_its_holder_is_no_member_any_more() {
    let site = Site::start().await;
    let workspace = site.as_role(Role::Administrator).await;
    let (account, invitation) = invite(&workspace, Role::Viewer).await;
    member::set_state(&workspace, account, MemberState::Disabled)
        .await
        .unwrap();
    refused(&site, &token(&invitation)).await;
    member::remove(&workspace, account).await.unwrap();
    refused(&site, &token(&invitation)).await;
    let unknown = invitation::create(&workspace, account).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
}

/// An administrator of `acme` who kept a link must not walk into `globex` with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_does_not_lead_into_another_organization() {
    let site = Site::start().await;
    let acme = site.as_role(Role::Administrator).await;
    let (account, kept) = invite(&acme, Role::Viewer).await;
    let globex = site.second_organization().await;
    let (_, offered) = member::add(&globex, nora(), Role::Administrator).await.unwrap();
    assert!(
        offered.is_none(),
        "nor may the second organization take the account over"
    );
    refused(&site, &token(&kept)).await;
    for workspace in [&acme, &globex] {
        let refused = invitation::create(workspace, account).await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::Conflict);
    }
    // The operator can; so nobody is left outside.
    let host = invitation::create_as_operator(&site.platform, &Caller::host(), EMAIL)
        .await
        .unwrap();
    accept(&site, &token(&host)).await.unwrap();
    assert!(can_sign_in(&site).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrators_link_does_not_become_an_owners() {
    let site = Site::start().await;
    let (administrator, owner) = (
        site.as_role(Role::Administrator).await,
        site.as_role(Role::Owner).await,
    );
    let (account, kept) = invite(&administrator, Role::Viewer).await;
    member::set_role(&owner, account, Role::Owner).await.unwrap();
    refused(&site, &token(&kept)).await;
    let refused = invitation::create(&administrator, account).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
    invitation::create(&owner, account).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_manages_members_makes_links() {
    let site = Site::start().await;
    let (account, _) = invite(&site.as_role(Role::Owner).await, Role::Viewer).await;
    for role in [Role::Viewer, Role::Editor, Role::Accountant] {
        let refused = invitation::create(&site.as_role(role).await, account)
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotAllowed, "{role}");
    }
    let person = site.caller(Role::Owner);
    let refused = invitation::create_as_operator(&site.platform, &person, EMAIL)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn making_and_using_a_link_are_entries_of_the_organization() {
    let site = Site::start().await;
    let workspace = site.as_role(Role::Owner).await;
    let (_, invitation) = invite(&workspace, Role::Viewer).await;
    accept(&site, &token(&invitation)).await.unwrap();
    let query = TrailQuery {
        action: Some("invitation".to_owned()),
        ..TrailQuery::default()
    };
    let page = trail::list(&workspace, &query).await.unwrap();
    let actions: Vec<&str> = page.entries.iter().map(|entry| entry.action.as_str()).collect();
    let created = actions
        .iter()
        .filter(|action| **action == "invitation.create")
        .count();
    // The fixture's people have no password either, so each came with a link.
    assert_eq!((actions[0], created), ("invitation.use", 5), "{actions:?}");
}

/// The owner of a new organization, whom the operator made without a password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_invites_an_owner() {
    let site = Site::start().await;
    organization::create(&site.platform, &Caller::host(), "globex", "Globex", nora())
        .await
        .unwrap();
    let link = invitation::create_as_operator(&site.platform, &Caller::host(), EMAIL)
        .await
        .unwrap();
    let invited = invitation::look(&site.platform, &token(&link)).await.unwrap();
    assert_eq!(invited.organization, None);
    accept(&site, &token(&link)).await.unwrap();
    let refused = invitation::create_as_operator(&site.platform, &Caller::host(), EMAIL).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::Conflict);
}
