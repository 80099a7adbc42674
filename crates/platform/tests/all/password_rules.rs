//! What is asked of passwords, and what a refusal tells.

use crate::{
    ann::{ANN, PASSWORD, ann, clock, first_code, known, pass, secret, session_of},
    fixture::{SLUG, Site},
    promise::{assert_broken, assert_kept},
};
use access::Role;
use platform::{
    Caller, Origin,
    caller::Lacks,
    factor::enrol,
    sign_in::{self, Admission},
    sign_in_policy::{self, SignInPolicy},
};
use types::ProblemCode;

/// Prints what it measured, and decides only that a refusal has its floor: whoever reads the figures sees whether names can be
/// told apart by time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
async fn known_and_unknown_names_are_refused_after_the_same_floor() {
    let site = Site::start().await;
    ann(&site).await;
    for email in [ANN, "nobody@example.com", "viewer@example.com", "no address"] {
        let mut times = Vec::new();
        for _ in 0..5 {
            let begun = std::time::Instant::now();
            let typed = secret("not the right password");
            let refused = sign_in::with_password(&site.platform, Origin::default(), email, typed).await;
            assert_eq!(refused.unwrap_err().code, ProblemCode::NotSignedIn);
            times.push(begun.elapsed().as_millis());
        }
        times.sort_unstable();
        println!("{email}: {times:?} ms");
        assert!(times[0] >= 400, "{email}: {times:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_of_the_rules_sees_rules_weaker_than_can_be_set() {
    let site = Site::start_with_clock(clock).await;
    assert_kept(&site, "password-policy").await;
    let owner = site.as_role(Role::Owner).await;
    let strict = SignInPolicy {
        length_min: 20,
        history: 3,
        ..SignInPolicy::default()
    };
    sign_in_policy::set_of_organization(&owner, &strict)
        .await
        .unwrap();
    assert_kept(&site, "password-policy").await;
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let sql = "UPDATE strongroom.sign_in_policy SET policy = policy || '{\"length_min_with_factor\": 4}'";
    superuser.execute(sql, &[]).await.unwrap();
    assert_broken(&site, "password-policy", "weaker than can be set").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_stays_good_for_years_where_no_rule_says_otherwise() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    for _ in 0..3 {
        pass(400 * 86_400);
        let admission =
            sign_in::with_password(&site.platform, Origin::default(), ANN, secret(PASSWORD)).await;
        assert!(
            matches!(admission, Ok(Admission::Session { .. })),
            "{admission:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_hold_wherever_a_password_is_set_and_an_old_one_must_go_first() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let rules = SignInPolicy {
        length_min: 20,
        history: 2,
        days_max: Some(30),
        ..SignInPolicy::default()
    };
    let owner = site.as_role(Role::Owner).await;
    sign_in_policy::set_of_organization(&owner, &rules).await.unwrap();
    let (token, caller) = session_of(&site).await;
    let change = async |caller: &Caller, old: &str, new: &str| {
        platform::account::change_password(&site.platform, caller, secret(old), secret(new)).await
    };
    let second = "ten brown bottles standing";
    for (new, code) in [
        ("seven quiet herons", "too-short"),
        ("acme acme acme acme acme", "guessable"),
        (PASSWORD, "used-before"),
    ] {
        let refused = change(&caller, PASSWORD, new).await.unwrap_err();
        assert_eq!(first_code(&refused), code, "{new}");
    }
    change(&caller, PASSWORD, second).await.unwrap();
    let refused = change(&caller, second, PASSWORD).await.unwrap_err();
    assert_eq!(
        first_code(&refused),
        "used-before",
        "the one before is remembered"
    );

    pass(31 * 86_400);
    assert!(
        known(&site, &token).await.holder().is_none(),
        "the session is over by then"
    );
    let admission = sign_in::with_password(&site.platform, Origin::default(), ANN, secret(second)).await;
    let Admission::Enrol { token, caller: held } = admission.unwrap() else {
        panic!("an old password lets in")
    };
    assert_eq!(
        (held.lacks(), known(&site, &token).await.lacks()),
        (Some(Lacks::Password), Some(Lacks::Password))
    );
    let held = known(&site, &token).await;
    assert!(site.platform.enter(&held, SLUG).await.is_err());
    assert_eq!(
        enrol::begin(&site.platform, &held).await.unwrap_err().code,
        ProblemCode::FactorRequired
    );
    change(&held, second, "eleven red lanterns by the sea")
        .await
        .unwrap();
    assert!(known(&site, &token).await.account().is_some());
}
