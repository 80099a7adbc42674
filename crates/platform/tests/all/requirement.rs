//! Nothing goes past a requirement, and a proof is fresh for its time only.

use crate::{
    ann::{
        ANN, PASSWORD, ann, begin, clock, enrolled, first_code, give_the_owner_a_factor, known, pass,
        require, secret, session_of,
    },
    fixture::{SLUG, Site},
    promise::{assert_broken, assert_kept},
};
use platform::{
    Caller, Origin,
    caller::Lacks,
    factor::{self, enrol},
    operator, organization, session,
    sign_in::Admission,
    sign_in_policy::SecondFactor,
    token::{self, NewToken},
};
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_of_the_requirement_sees_a_session_that_lies() {
    let site = Site::start_with_clock(clock).await;
    let ann = ann(&site).await;
    session_of(&site).await;
    assert_kept(&site, "mfa-required").await;
    give_the_owner_a_factor(&site).await;
    require(&site, SecondFactor::Required).await.unwrap();
    assert_kept(&site, "mfa-required").await;
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let sql = "UPDATE strongroom.session SET factor = $2 WHERE account_id = $1";
    superuser.execute(sql, &[&ann.0, &"totp"]).await.unwrap();
    assert_broken(&site, "mfa-required", "says that it passed").await;
    superuser.execute(sql, &[&ann.0, &"break-glass"]).await.unwrap();
    assert_kept(&site, "mfa-required").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requirement_holds_old_sessions_and_tokens_until_it_is_met() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (old, caller) = session_of(&site).await;
    let workspace = site.platform.enter(&caller, SLUG).await.unwrap();
    let new = NewToken {
        name: "program".to_owned(),
        days: 30,
        permissions: None,
        ..NewToken::default()
    };
    let (_, api_token) = token::create(&workspace, new).await.unwrap();
    let program = async || {
        session::identify_token(&site.platform, Origin::default(), api_token.expose())
            .await
            .unwrap()
    };
    assert!(program().await.account().is_some());

    let refused = require(&site, SecondFactor::Required).await.unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::Conflict,
        "not before the owner has one"
    );
    give_the_owner_a_factor(&site).await;
    require(&site, SecondFactor::Required).await.unwrap();

    for held in [known(&site, &old).await, program().await] {
        assert_eq!(held.lacks(), Some(Lacks::Enrolment));
        assert!(held.account().is_none());
        let refused = site.platform.enter(&held, SLUG).await.err().unwrap();
        assert_eq!(refused.code, ProblemCode::FactorRequired);
        assert!(organization::list_mine(&site.platform, &held).await.is_err());
    }
    let new = begin(&site, ANN).await.unwrap();
    assert!(matches!(new, Admission::Enrol { .. }), "{new:?}");
    let held = known(&site, &old).await;
    let refused = enrol::begin(&site.platform, &program().await).await.unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::NotSignedIn,
        "a program sets nothing up"
    );
    let (_, token, _) = enrolled(&site, &held).await;
    let caller = known(&site, &token).await;
    site.platform.enter(&caller, SLUG).await.unwrap();
    assert!(
        program().await.account().is_some(),
        "the account has a factor now"
    );

    let own = factor::list_own(&site.platform, &caller).await.unwrap();
    assert!(own.required);
    let refused = factor::remove(&site.platform, &caller, own.factors[0].id)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "the last one stays");
    require(&site, SecondFactor::Optional).await.unwrap();
    factor::remove(&site.platform, &caller, own.factors[0].id)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_did_not_show_the_accounts_factor_is_held_for_it() {
    let site = Site::start_with_clock(clock).await;
    let ann = ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, token, _) = enrolled(&site, &caller).await;
    // As if it had begun on another node while the factor was set up.
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let sql = "UPDATE strongroom.session SET factor = NULL WHERE account_id = $1";
    superuser.execute(sql, &[&ann.0]).await.unwrap();
    let held = known(&site, &token).await;
    assert_eq!(held.lacks(), Some(Lacks::Proof));
    let refused = enrol::begin(&site.platform, &held).await.unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::FactorRequired,
        "it adds no factor of its own"
    );
    let refused = session::prove(&site.platform, &held, secret(PASSWORD))
        .await
        .unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::Invalid,
        "the password is no second factor"
    );
    let token = session::prove(&site.platform, &held, secret(&app.code()))
        .await
        .unwrap();
    assert!(known(&site, &token).await.account().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_always_need_a_second_factor() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (old, _) = session_of(&site).await;
    operator::appoint(&site.platform, &Caller::host(), ANN)
        .await
        .unwrap();
    let held = known(&site, &old).await;
    assert_eq!(held.lacks(), Some(Lacks::Enrolment));
    let refused = operator::require(&held).unwrap_err();
    assert_eq!(refused.code, ProblemCode::FactorRequired);
    let (_, token, _) = enrolled(&site, &held).await;
    operator::require(&known(&site, &token).await).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_fresh_for_ten_minutes_and_renews_the_session() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (token, caller) = session_of(&site).await;
    session::require_fresh(&site.platform, &caller).unwrap();
    pass(60 * session::MINUTES);
    let caller = known(&site, &token).await;
    for refused in [
        session::require_fresh(&site.platform, &caller).unwrap_err(),
        enrol::begin(&site.platform, &caller).await.unwrap_err(),
        factor::renew_recovery_codes(&site.platform, &caller)
            .await
            .unwrap_err(),
    ] {
        assert_eq!(refused.code, ProblemCode::ProofRequired);
    }
    let refused = session::prove(&site.platform, &caller, secret("not the password"))
        .await
        .unwrap_err();
    assert_eq!(first_code(&refused), "wrong-password");
    let renewed = session::prove(&site.platform, &caller, secret(PASSWORD))
        .await
        .unwrap();
    assert!(
        known(&site, &token).await.holder().is_none(),
        "a copied token is worth nothing"
    );
    session::require_fresh(&site.platform, &known(&site, &renewed).await).unwrap();
}
