//! Authenticator apps and recovery codes: a code counts once, tries are bounded, and nothing moves between accounts.

use crate::{
    ann::{ANN, ann, answer, clock, enrolled, first_code, known, pass, pending_of, session_of},
    fixture::Site,
};
use jiff::Timestamp;
use platform::{
    caller::Identity,
    factor,
    sign_in::{self, TRIES},
};
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_an_app_signs_in_by_two_steps() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (elsewhere, _) = session_of(&site).await;
    let (old, caller) = session_of(&site).await;
    let (app, new, codes) = enrolled(&site, &caller).await;
    assert_eq!(codes.len(), factor::RECOVERY_CODES);
    assert!(
        known(&site, &elsewhere).await.holder().is_none(),
        "other sessions end"
    );
    assert!(
        known(&site, &old).await.holder().is_none(),
        "the session has a new token"
    );
    assert_eq!(known(&site, &new).await.account().unwrap().email, ANN);

    let pending = pending_of(&site).await;
    assert!(known(&site, &old).await.holder().is_none());
    let wrong = answer(&site, &pending, "000000").await.unwrap_err();
    assert_eq!(
        (wrong.code, first_code(&wrong)),
        (ProblemCode::Invalid, "wrong-code")
    );
    let (token, _) = answer(&site, &pending, &app.code()).await.unwrap();
    assert_eq!(known(&site, &token).await.account().unwrap().email, ANN);
    let again = answer(&site, &pending, &app.code()).await.unwrap_err();
    assert_eq!(again.code, ProblemCode::NotSignedIn, "the sign-in is over");
    let sealed = "SELECT count(*) FROM strongroom.factor WHERE position($1::bytea IN secret) > 0";
    let row = site.superuser().await;
    let found: i64 = row
        .query_one(sealed, &[&app.0.expose().as_slice()])
        .await
        .unwrap()
        .get(0);
    assert_eq!(found, 0, "what is shared with the app is sealed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_code_sent_many_times_at_once_one_counts() {
    let site = std::sync::Arc::new(Site::start_with_clock(clock).await);
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, ..) = enrolled(&site, &caller).await;
    let mut tries = Vec::new();
    for _ in 0..6 {
        let (site, pending, code) = (site.clone(), pending_of(&site).await, app.code());
        tries.push(tokio::spawn(async move {
            answer(&site, &pending, &code).await.map(|_| ())
        }));
    }
    let mut outcomes = Vec::new();
    for attempt in tries {
        outcomes.push(attempt.await.unwrap());
    }
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(first_code(refused), "used-code");
    }
    let earlier = app.code_at(Timestamp::from_second(clock().as_second() - 30).unwrap());
    let refused = answer(&site, &pending_of(&site).await, &earlier)
        .await
        .unwrap_err();
    assert_eq!(
        first_code(&refused),
        "used-code",
        "nor does one of a step before it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_off_is_told_and_a_code_seen_early_is_burnt() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, ..) = enrolled(&site, &caller).await;
    pass(600);
    let at = |seconds: i64| app.code_at(Timestamp::from_second(clock().as_second() + seconds).unwrap());
    let pending = pending_of(&site).await;
    for (seconds, said) in [(-120, "2 min behind"), (120, "2 min ahead of")] {
        let refused = answer(&site, &pending, &at(seconds)).await.unwrap_err();
        assert_eq!(first_code(&refused), "clock-off");
        assert!(refused.detail.contains(said), "{refused}");
    }
    let seen = at(120);
    pass(120);
    let refused = answer(&site, &pending, &seen).await.unwrap_err();
    assert_eq!(
        first_code(&refused),
        "used-code",
        "a guesser cannot wait for its time"
    );
    pass(60);
    answer(&site, &pending, &at(0)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_in_takes_five_codes_however_they_are_sent() {
    let site = std::sync::Arc::new(Site::start_with_clock(clock).await);
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, ..) = enrolled(&site, &caller).await;
    let pending = pending_of(&site).await;
    let tries = (0..9).map(|number| {
        let (site, pending) = (site.clone(), pending.clone());
        tokio::spawn(async move {
            let typed = format!("{number:06}");
            answer(&site, &pending, &typed).await.unwrap_err().code
        })
    });
    let mut looked_at = 0;
    for attempt in tries.collect::<Vec<_>>() {
        looked_at += i16::from(attempt.await.unwrap() == ProblemCode::Invalid);
    }
    assert_eq!(looked_at, TRIES);
    let late = answer(&site, &pending, &app.code()).await.unwrap_err();
    assert_eq!(
        late.code,
        ProblemCode::NotSignedIn,
        "the right code comes too late"
    );
    assert!(
        sign_in::waiting(&site.platform, &pending)
            .await
            .unwrap()
            .is_none()
    );
    let pending = pending_of(&site).await;
    pass(60 * sign_in::MINUTES);
    let late = answer(&site, &pending, &app.code()).await.unwrap_err();
    assert_eq!(late.code, ProblemCode::NotSignedIn, "it waits for ten minutes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misses_are_counted_over_all_sign_ins_of_an_account() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, ..) = enrolled(&site, &caller).await;
    let (mut misses, mut wait) = (0, None);
    while wait.is_none() && misses < 50 {
        let pending = pending_of(&site).await;
        let refused = answer(&site, &pending, "000000").await.unwrap_err();
        match refused.code {
            ProblemCode::TooMany => wait = refused.retry_after_seconds,
            ProblemCode::Invalid => misses += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((misses, wait), (10, Some(60)));
    let pending = pending_of(&site).await;
    let refused = answer(&site, &pending, &app.code()).await.unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::TooMany,
        "the right code waits too, or guessing would go on"
    );
    pass(61);
    let refused = answer(&site, &pending, "000000").await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid);
    let refused = answer(&site, &pending, &app.code()).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.retry_after_seconds),
        (ProblemCode::TooMany, Some(120)),
        "it grows"
    );
    pass(121);
    answer(&site, &pending, &app.code()).await.unwrap();
    pass(30);
    let pending = pending_of(&site).await;
    assert_eq!(
        answer(&site, &pending, "000000").await.unwrap_err().code,
        ProblemCode::Invalid,
        "forgiven"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_works_once_and_a_new_set_voids_the_old() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (.., codes) = enrolled(&site, &caller).await;
    let first = codes[0].expose().to_uppercase();
    let (token, _) = answer(&site, &pending_of(&site).await, &first).await.unwrap();
    let refused = answer(&site, &pending_of(&site).await, &first).await.unwrap_err();
    assert_eq!(first_code(&refused), "wrong-code");
    let caller = known(&site, &token).await;
    let own = factor::list_own(&site.platform, &caller).await.unwrap();
    assert_eq!(
        (own.factors.len(), own.recovery_codes_left, own.required),
        (1, 9, false)
    );
    factor::renew_recovery_codes(&site.platform, &caller)
        .await
        .unwrap();
    assert!(
        answer(&site, &pending_of(&site).await, codes[1].expose())
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_moved_to_another_account_opens_nothing() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, ..) = enrolled(&site, &caller).await;
    // Somebody with rights on the database gives Ann's account the secret of an app of their own, out of another row.
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let sql = "UPDATE strongroom.factor SET id = gen_random_uuid()";
    superuser.execute(sql, &[]).await.unwrap();
    let refused = answer(&site, &pending_of(&site).await, &app.code())
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Internal);
    assert!(matches!(caller.identity, Identity::Person { .. }));
}
