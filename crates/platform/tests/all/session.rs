//! Sessions end by themselves, by their person, by an administrator and by the organization's bounds.

use crate::{
    ann::{self, PASSWORD, ann, answer, enrolled, known, pass, pending_of, secret, session_of},
    fixture::Site,
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Origin, Platform, member,
    policy::{self, OrganizationPolicy, Requirements},
    session::{self, Activity},
};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use types::ProblemCode;

async fn is_known(platform: &Platform, token: &str, activity: Activity) -> bool {
    let caller = session::identify_session(platform, Origin::default(), token, activity).await;
    caller.unwrap().account().is_some()
}

/// Past the age of whatever is cached.
async fn wait_for_caches() {
    tokio::time::sleep(Duration::from_millis(2_100)).await;
}

/// A clock that a test moves, in seconds.
macro_rules! clock {
    ($seconds:ident, $clock:ident) => {
        static $seconds: AtomicI64 = AtomicI64::new(1_800_000_000);
        fn $clock() -> Timestamp {
            Timestamp::from_second($seconds.load(Ordering::Relaxed)).unwrap()
        }
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_does_not_keep_a_session_alive_and_use_does() {
    clock!(SECONDS, clock);
    let site = Site::start_with_clock(clock).await;
    let (used, _) = site.sign_in(Role::Viewer).await;
    let (polled, _) = site.sign_in(Role::Editor).await;
    // The fixture's bound is half an hour.
    for _ in 0..4 {
        SECONDS.fetch_add(600, Ordering::Relaxed);
        wait_for_caches().await;
        assert!(is_known(&site.platform, &used, Activity::Use).await);
        is_known(&site.platform, &polled, Activity::Polling).await;
    }
    wait_for_caches().await;
    assert!(is_known(&site.platform, &used, Activity::Use).await);
    assert!(!is_known(&site.platform, &polled, Activity::Use).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizations_bounds_are_tighter_and_never_wider() {
    clock!(SECONDS, clock);
    let site = Site::start_with_clock(clock).await;
    let owner = site.as_role(Role::Owner).await;
    let (token, _) = site.sign_in(Role::Viewer).await;
    let bounds = |idle, absolute| OrganizationPolicy {
        requirements: Requirements {
            session_idle_seconds_max: idle,
            session_absolute_seconds_max: absolute,
        },
        ..OrganizationPolicy::default()
    };
    for wrong in [
        bounds(Some(1_801), None),
        bounds(Some(1), None),
        bounds(None, Some(43_201)),
    ] {
        let refused = policy::set(&owner, wrong).await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::Invalid);
    }
    assert!(policy::set(&owner, bounds(Some(120), None)).await.unwrap());
    assert!(
        !policy::set(&owner, bounds(Some(120), None)).await.unwrap(),
        "nothing to change"
    );
    assert!(is_known(&site.platform, &token, Activity::Use).await);
    SECONDS.fetch_add(121, Ordering::Relaxed);
    wait_for_caches().await;
    assert!(!is_known(&site.platform, &token, Activity::Use).await);
    // Absolute, however much it is used.
    assert!(policy::set(&owner, bounds(None, Some(300))).await.unwrap());
    let (token, _) = site.sign_in(Role::Viewer).await;
    for expected in [true, true, true, false] {
        assert_eq!(is_known(&site.platform, &token, Activity::Use).await, expected);
        SECONDS.fetch_add(101, Ordering::Relaxed);
        wait_for_caches().await;
    }
    let viewer = site.as_role(Role::Viewer).await;
    let refused = policy::set(&viewer, OrganizationPolicy::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_does_not_lengthen_a_session() {
    clock!(SECONDS, clock);
    let site = Site::start_with_clock(clock).await;
    let (token, _) = site.sign_in(Role::Viewer).await;
    SECONDS.fetch_sub(3_600, Ordering::Relaxed);
    assert!(!is_known(&site.platform, &token, Activity::Use).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_ends_a_members_sessions_and_a_removed_member_has_none() {
    let site = Site::start().await;
    let administrator = site.as_role(Role::Administrator).await;
    let (first, _) = site.sign_in(Role::Viewer).await;
    let (second, _) = site.sign_in(Role::Viewer).await;
    let viewer = site.account(Role::Viewer);
    assert_eq!(member::end_sessions(&administrator, viewer).await.unwrap(), 2);
    for token in [&first, &second] {
        assert!(!is_known(&site.platform, token, Activity::Use).await);
    }
    let owner = site.account(Role::Owner);
    let refused = member::end_sessions(&administrator, owner).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed, "an owner's, by no owner");
    let (third, _) = site.sign_in(Role::Viewer).await;
    member::remove(&administrator, viewer).await.unwrap();
    assert!(!is_known(&site.platform, &third, Activity::Use).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_sessions_are_seen_and_another_one_is_ended_after_a_proof_only() {
    let site = Site::start_with_clock(ann::clock).await;
    ann(&site).await;
    let (here, _) = session_of(&site).await;
    let (elsewhere, _) = session_of(&site).await;
    let caller = known(&site, &here).await;
    let own = session::list_own(&site.platform, &caller).await.unwrap();
    assert_eq!(own.len(), 2);
    let named = |current: bool| own.iter().find(|one| one.current == current).unwrap().id;
    pass(60 * session::MINUTES);
    let caller = known(&site, &here).await;
    let refused = session::end_own(&site.platform, &caller, named(false))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::ProofRequired);
    assert!(known(&site, &elsewhere).await.holder().is_some());
    let renewed = session::prove(&site.platform, &caller, secret(PASSWORD))
        .await
        .unwrap();
    let caller = known(&site, &renewed).await;
    session::end_own(&site.platform, &caller, named(false))
        .await
        .unwrap();
    assert!(known(&site, &elsewhere).await.holder().is_none());
    // Its own end asks for nothing.
    pass(60 * session::MINUTES);
    let caller = known(&site, &renewed).await;
    session::end_own(&site.platform, &caller, named(true))
        .await
        .unwrap();
    assert!(known(&site, &renewed).await.holder().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_password_or_factor_ends_every_other_session() {
    let site = Site::start_with_clock(ann::clock).await;
    ann(&site).await;
    let (elsewhere, _) = session_of(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, token, _) = enrolled(&site, &caller).await;
    assert!(
        known(&site, &elsewhere).await.holder().is_none(),
        "a factor was added"
    );
    let pending = pending_of(&site).await;
    let (elsewhere, _) = answer(&site, &pending, &app.code()).await.unwrap();
    let caller = known(&site, &token).await;
    let new = secret("ten brown bottles standing");
    platform::account::change_password(&site.platform, &caller, secret(PASSWORD), new)
        .await
        .unwrap();
    assert!(
        known(&site, &elsewhere).await.holder().is_none(),
        "the password is another"
    );
    assert!(known(&site, &token).await.holder().is_some(), "this one stays");
}
