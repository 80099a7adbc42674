//! Break-glass: a link lets one account in once, for minutes, made by the host alone, and everybody concerned sees it.

use crate::fixture::Site;
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, Origin, Platform, PlatformError,
    break_glass::{self, MINUTES, REASON_LENGTH_MAX},
    session,
    trail::{self, TrailQuery},
};
use std::sync::atomic::{AtomicI64, Ordering};
use types::ProblemCode;

const OWNER: &str = "owner@example.com";

async fn make(platform: &Platform) -> String {
    let link = break_glass::create(platform, &Caller::host(), OWNER, "the directory is away")
        .await
        .unwrap();
    link.url
        .expose()
        .strip_prefix("https://localhost/break-glass/")
        .unwrap()
        .to_owned()
}

async fn redeem(platform: &Platform, token: &str) -> Result<(), PlatformError> {
    break_glass::redeem(platform, Origin::default(), token)
        .await
        .map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_signs_its_account_in_once_and_the_owners_see_it() {
    let site = Site::start().await;
    let token = make(&site.platform).await;
    let stored = "SELECT count(*) FROM strongroom.break_glass b WHERE b::text LIKE '%' || $1 || '%'";
    let count = site.superuser().await.query_one(stored, &[&token]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 0, "the token is not stored");
    assert_eq!(
        break_glass::look(&site.platform, &token).await.unwrap(),
        "Test owner"
    );
    let (session, caller) = break_glass::redeem(&site.platform, Origin::default(), &token)
        .await
        .unwrap();
    assert_eq!(caller.account().unwrap().email, OWNER);
    let known = session::identify_session(
        &site.platform,
        Origin::default(),
        session.expose(),
        session::Activity::Use,
    )
    .await
    .unwrap();
    assert_eq!(known.account().unwrap().email, OWNER);
    let again = redeem(&site.platform, &token).await.unwrap_err();
    assert_eq!(again.code, ProblemCode::NotFound);
    let workspace = site.as_role(Role::Owner).await;
    let page = trail::list(&workspace, &TrailQuery::default()).await.unwrap();
    let actions: Vec<&str> = page.entries.iter().map(|entry| entry.action.as_str()).collect();
    assert!(
        actions.contains(&"break-glass.create") && actions.contains(&"break-glass.use"),
        "{actions:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_gets_in() {
    let site = Site::start().await;
    let token = make(&site.platform).await;
    let tries = (0..8).map(|_| {
        let (platform, token) = (site.platform.clone(), token.clone());
        tokio::spawn(async move { redeem(&platform, &token).await.is_ok() })
    });
    let mut in_count = 0;
    for attempt in tries.collect::<Vec<_>>() {
        in_count += usize::from(attempt.await.unwrap());
    }
    assert_eq!(in_count, 1);
}

static CLOCK: AtomicI64 = AtomicI64::new(1_900_000_000);

fn clock() -> Timestamp {
    Timestamp::from_second(CLOCK.load(Ordering::Relaxed)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_a_replaced_a_foreign_and_a_disabled_ones_link_are_dead() {
    let site = Site::start_with_clock(clock).await;
    let (old, new) = (make(&site.platform).await, make(&site.platform).await);
    let dead = async |token: &str| {
        let error = redeem(&site.platform, token).await.unwrap_err();
        assert_eq!(error.code, ProblemCode::NotFound);
        error.detail
    };
    let replaced = dead(&old).await;
    assert_eq!(
        dead(&"A".repeat(43)).await,
        replaced,
        "one sentence for every reason"
    );
    assert_eq!(dead("").await, replaced);
    CLOCK.fetch_add(60 * MINUTES, Ordering::Relaxed);
    assert_eq!(dead(&new).await, replaced, "late");
    let another = make(&site.platform).await;
    let disable = "SET session_replication_role = 'replica';
        UPDATE strongroom.account SET state = 'disabled' WHERE email = 'owner@example.com'";
    site.superuser().await.batch_execute(disable).await.unwrap();
    assert_eq!(dead(&another).await, replaced, "disabled since");
    let refused = break_glass::create(&site.platform, &Caller::host(), OWNER, "why")
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_host_makes_one_and_never_without_a_reason() {
    let site = Site::start().await;
    for role in Role::ALL {
        let made = break_glass::create(&site.platform, &site.caller(role), OWNER, "let me in").await;
        assert_eq!(made.unwrap_err().code, ProblemCode::NotAllowed);
    }
    for reason in ["", "  ", "two\nlines", &"x".repeat(REASON_LENGTH_MAX + 1)] {
        let made = break_glass::create(&site.platform, &Caller::host(), OWNER, reason).await;
        assert_eq!(made.unwrap_err().code, ProblemCode::Invalid);
    }
    let made = break_glass::create(&site.platform, &Caller::host(), "nobody@example.com", "why").await;
    assert_eq!(made.unwrap_err().code, ProblemCode::NotFound);
}
