//! The promise remote-disable: measured when somebody is disabled, and broken by whatever they still can do.

use crate::{
    check::tamper,
    fixture::Site,
    promise::{assert_broken, assert_kept, check},
};
use access::{MemberState, Role};
use platform::{
    Caller, Origin,
    account::standing,
    member,
    session::{self, Activity},
};
use promises::State;
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_out_at_once_and_the_promise_sees_whatever_it_still_has() {
    let site = Site::start().await;
    let (editor, account) = (site.sign_in(Role::Editor).await, site.account(Role::Editor));
    let nobody = check(&site.platform, "remote-disable").await;
    assert_eq!(nobody.state, State::Unknown, "{nobody:?}");
    let ended = standing::disable(&site.platform, &Caller::host(), account)
        .await
        .unwrap();
    assert!(ended >= 1);
    let seen = session::identify_session(&site.platform, Origin::default(), &editor.0, Activity::Use).await;
    assert!(seen.unwrap().account().is_none(), "the session is over");
    assert_kept(&site, "remote-disable").await;

    let earlier =
        "UPDATE strongroom.account SET withdrawn_at = now() - interval '1 minute' WHERE state = 'disabled';
        UPDATE strongroom.session SET ended_at = now() - interval '1 minute'";
    for (broken, what, mended) in [
        (
            "UPDATE strongroom.session SET ended_at = NULL",
            "sessions of disabled accounts are open",
            "UPDATE strongroom.session SET ended_at = now() - interval '1 minute'",
        ),
        (
            "UPDATE strongroom.session SET created_at = now() - interval '1 hour', ended_at = now() - interval '50 seconds'",
            "a session was ended 100",
            "UPDATE strongroom.session SET ended_at = now() - interval '1 minute'",
        ),
        (
            "INSERT INTO strongroom.access_event (at, account_id, action, outcome, method, address, device, request_id)
                SELECT now() - interval '50 seconds', id, 'GET /x', 'done', 'session', '::1', 'x', 'r'
                FROM strongroom.account WHERE state = 'disabled'",
            "requests were carried out",
            "DELETE FROM strongroom.access_event",
        ),
        (
            "INSERT INTO strongroom.api_token (id, public_id, secret_hash, account_id, organization_id, name, expires_at, last_used_at)
                SELECT gen_random_uuid(), 'x', '\\x01', a.id, o.id, 'x', now() + interval '1 day', now()
                FROM strongroom.account a, strongroom.organization o WHERE a.state = 'disabled'",
            "tokens were used",
            "DELETE FROM strongroom.api_token",
        ),
        (
            "INSERT INTO strongroom.job (id, account_id, kind, state, payload, lease_until)
                SELECT gen_random_uuid(), id, 'import', 'running', '{}', now() + interval '1 minute'
                FROM strongroom.account WHERE state = 'disabled'",
            "jobs of disabled people run",
            "DELETE FROM strongroom.job",
        ),
    ] {
        tamper(&site, earlier).await;
        tamper(&site, broken).await;
        assert_broken(&site, "remote-disable", what).await;
        tamper(&site, mended).await;
        assert_kept(&site, "remote-disable").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_is_disabled_counts_in_that_organization() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let account = site.account(Role::Editor);
    member::set_state(&owner, account, MemberState::Disabled)
        .await
        .unwrap();
    assert_kept(&site, "remote-disable").await;
    let answered = "INSERT INTO strongroom.access_event (at, account_id, organization_id, action, outcome, method, address, device, request_id)
        SELECT now() + interval '10 seconds', account_id, organization_id, 'GET /x', 'done', 'token', '::1', 'x', 'r'
        FROM strongroom.membership WHERE state = 'disabled'";
    tamper(&site, answered).await;
    assert_broken(&site, "remote-disable", "requests were carried out").await;
    // The time cannot be set, neither by hand nor by the program.
    let superuser = site.superuser().await;
    let moved = "BEGIN; UPDATE strongroom.membership SET withdrawn_at = now() + interval '1 hour' WHERE state = 'disabled'";
    superuser.batch_execute(moved).await.unwrap();
    let text = "SELECT count(*) FROM strongroom.membership WHERE withdrawn_at > now()";
    let moved: i64 = superuser.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(moved, 0);
    superuser.batch_execute("ROLLBACK").await.unwrap();
    // Enabled again, it is over.
    member::set_state(&owner, account, MemberState::Active)
        .await
        .unwrap();
    let enabled = check(&site.platform, "remote-disable").await;
    assert_eq!(enabled.state, State::Unknown, "{enabled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_an_organization_needs_is_not_disabled_and_nobody_disables_their_own() {
    let site = Site::start().await;
    let host = Caller::host();
    let refused = standing::disable(&site.platform, &host, site.account(Role::Owner)).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::LastOwner);
    let (_, viewer) = site.sign_in(Role::Viewer).await;
    let denied = standing::disable(&site.platform, &viewer, site.account(Role::Editor)).await;
    assert_eq!(denied.unwrap_err().code, ProblemCode::NotAllowed);
    platform::operator::appoint(&site.platform, &host, "viewer@example.com")
        .await
        .unwrap();
    let (_, operator) = site.sign_in(Role::Viewer).await;
    let own = standing::disable(&site.platform, &operator, site.account(Role::Viewer)).await;
    assert_eq!(own.unwrap_err().code, ProblemCode::Conflict);
    standing::disable(&site.platform, &operator, site.account(Role::Editor))
        .await
        .unwrap();
    standing::enable(&site.platform, &operator, site.account(Role::Editor))
        .await
        .unwrap();
    drop(site.sign_in(Role::Editor).await);
}
