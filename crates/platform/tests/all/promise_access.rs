//! The promises session-lifetime, access-log and operator-access: kept as they stand, and broken by what each is about.

use crate::{
    check::tamper,
    fixture::Site,
    promise::{assert_broken, assert_kept},
};
use access::Role;
use platform::{Caller, access_log, operator, session};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_lives_too_long_breaks_the_promise() {
    for (broken, what) in [
        (
            "UPDATE strongroom.session SET expires_at = created_at + interval '30 days'",
            "may live longer",
        ),
        (
            "UPDATE strongroom.session SET last_seen_at = now() + interval '2 hours'",
            "in the future",
        ),
        (
            "UPDATE strongroom.session SET last_seen_at = now() - interval '2 hours'",
            "not ended",
        ),
        (
            "UPDATE strongroom.organization SET requirements = '{\"session_idle_seconds_max\": 60}';
             UPDATE strongroom.session SET last_seen_at = now() - interval '15 minutes'",
            "not ended",
        ),
    ] {
        let site = Site::start().await;
        site.sign_in(Role::Viewer).await;
        assert_kept(&site, "session-lifetime").await;
        tamper(&site, broken).await;
        assert_broken(&site, "session-lifetime", what).await;
        // The worker's remedy, for what it can remedy.
        if what == "not ended" {
            assert!(session::end_overdue(&site.platform).await.unwrap() > 0);
            assert_kept(&site, "session-lifetime").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_log_that_does_not_take_everything_breaks_the_promise() {
    let site = Site::start().await;
    tamper(&site, "DELETE FROM strongroom.session").await;
    access_log::tend(&site.platform).await.unwrap();
    assert_kept(&site, "access-log").await;
    // Somebody came in three minutes ago, and nothing says so.
    let came_in = "INSERT INTO strongroom.session (id, token_hash, account_id, created_at, expires_at, address, device)
        SELECT gen_random_uuid(), '\\x01', id, now() - interval '3 minutes', now() + interval '1 hour', '::1', 'x'
        FROM strongroom.account WHERE email = 'owner@example.com'";
    tamper(&site, came_in).await;
    assert_broken(&site, "access-log", "began without an event").await;
    let event = "INSERT INTO strongroom.access_event (at, account_id, action, outcome, method, address, device, request_id)
        SELECT now() - interval '3 minutes', id, 'sign-in', 'done', 'password', '::1', 'x', 'r'
        FROM strongroom.account WHERE email = 'owner@example.com'";
    tamper(&site, event).await;
    assert_kept(&site, "access-log").await;
    tamper(&site, "GRANT DELETE ON strongroom.access_event TO strongroom_app").await;
    assert_broken(&site, "access-log", "may change or delete").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_who_gets_in_without_a_grant_breaks_the_promise() {
    let site = Site::start().await;
    assert_kept(&site, "operator-access").await;
    operator::appoint(&site.platform, &Caller::host(), "viewer@example.com")
        .await
        .unwrap();
    assert_broken(&site, "operator-access", "members of an organization").await;
    tamper(
        &site,
        "DELETE FROM strongroom.membership WHERE account_id = (SELECT id FROM strongroom.account WHERE operator)",
    )
    .await;
    assert_kept(&site, "operator-access").await;
    let read = "INSERT INTO strongroom.access_event
            (at, account_id, organization_id, action, outcome, method, address, device, request_id)
        SELECT now(), a.id, o.id, 'record.list', 'done', 'session', '::1', 'x', 'r'
        FROM strongroom.account a, strongroom.organization o WHERE a.operator";
    tamper(&site, read).await;
    assert_broken(&site, "operator-access", "without a grant").await;
    let lawless = "DELETE FROM strongroom.access_event;
        ALTER TABLE strongroom.operator_grant DROP CONSTRAINT operator_grant_own;
        INSERT INTO strongroom.operator_grant
            (id, organization_id, account_id, extent, purpose, hours, asked_at, decision, decided_at, decided_by, expires_at)
        SELECT gen_random_uuid(), o.id, a.id, 'read', 'a purpose', 4, now(), 'approved', now(), a.id, now() + interval '1 hour'
        FROM strongroom.account a, strongroom.organization o WHERE a.operator";
    tamper(&site, lawless).await;
    assert_broken(&site, "operator-access", "approved by whoever asked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_month_goes_under_an_entry_that_says_how_many_events_it_held() {
    let site = Site::start().await;
    let old = "INSERT INTO strongroom.access_event (at, action, outcome, method, address, device, request_id)
        VALUES ('2020-05-05', 'a', 'done', 'none', '', '', '');
        ALTER TABLE strongroom.access_event DETACH PARTITION strongroom.access_event_before;
        ALTER TABLE strongroom.access_event ATTACH PARTITION strongroom.access_event_before
            FOR VALUES FROM (MINVALUE) TO ('2021-01-01 00:00:00+00')";
    let superuser = site.superuser().await;
    superuser.batch_execute(old).await.unwrap();
    assert_eq!(access_log::tend(&site.platform).await.unwrap(), 1);
    assert_eq!(access_log::tend(&site.platform).await.unwrap(), 0);
    let text = "SELECT count(*) FROM strongroom.access_event WHERE at < '2021-01-01'";
    let left: i64 = superuser.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}
