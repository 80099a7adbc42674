//! What is lost can be mended, and mending opens no other door.

use crate::{
    ann::{ANN, PASSWORD, ann, answer, clock, enrolled, known, secret, session_of},
    fixture::Site,
};
use access::{MemberState, Role};
use platform::{
    Caller, Origin,
    account::NewPerson,
    break_glass, factor, member, operator,
    sign_in::{self, Admission},
};
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_leaves_the_second_factor() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (app, token, _) = enrolled(&site, &caller).await;
    let caller = known(&site, &token).await;
    let new = "ten brown bottles standing";
    platform::account::change_password(&site.platform, &caller, secret(PASSWORD), secret(new))
        .await
        .unwrap();
    let admission = sign_in::with_password(&site.platform, Origin::default(), ANN, secret(new)).await;
    let Admission::Factor { pending } = admission.unwrap() else {
        panic!("the factor is gone")
    };
    answer(&site, pending.expose(), &app.code()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_changes_a_password_without_the_present_one() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let new = "ten brown bottles standing";
    for wrong in ["", "not the present one", new] {
        let refused =
            platform::account::change_password(&site.platform, &caller, secret(wrong), secret(new)).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, ProblemCode::Invalid, "{wrong:?}");
        assert_eq!(refused.errors[0].pointer, "/old_password", "{wrong:?}");
    }
    let with = async |password| {
        sign_in::with_password(&site.platform, Origin::default(), ANN, secret(password)).await
    };
    assert!(with(new).await.is_err());
    assert!(with(PASSWORD).await.is_ok());
    // Whoever finds the session open does not guess on for long, and not even the right one helps then.
    let change = async |old| {
        platform::account::change_password(&site.platform, &caller, secret(old), secret(new)).await
    };
    let mut tries = 3;
    while change("another guess").await.unwrap_err().code == ProblemCode::Invalid {
        tries += 1;
        assert!(tries < 30, "guessing goes on");
    }
    assert_eq!(change(PASSWORD).await.unwrap_err().code, ProblemCode::TooMany);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn break_glass_goes_past_a_lost_factor_and_can_mend_it() {
    let site = Site::start_with_clock(clock).await;
    ann(&site).await;
    let (_, caller) = session_of(&site).await;
    enrolled(&site, &caller).await;
    let link = break_glass::create(&site.platform, &Caller::host(), ANN, "the phone is in the lake")
        .await
        .unwrap();
    let token = link.url.expose().rsplit('/').next().unwrap().to_owned();
    let (session, _) = break_glass::redeem(&site.platform, Origin::default(), &token)
        .await
        .unwrap();
    let caller = known(&site, &session).await;
    let own = factor::list_own(&site.platform, &caller).await.unwrap();
    factor::remove(&site.platform, &caller, own.factors[0].id)
        .await
        .unwrap();
    session_of(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_resets_the_factors_of_members_that_are_theirs_alone() {
    let site = Site::start_with_clock(clock).await;
    let ann = ann(&site).await;
    let (_, caller) = session_of(&site).await;
    let (_, token, _) = enrolled(&site, &caller).await;
    let editor = site.as_role(Role::Editor).await;
    let refused = factor::reset(&editor, ann).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
    let administrator = site.as_role(Role::Administrator).await;
    let refused = factor::reset(&administrator, site.account(Role::Owner))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed, "of a higher rank");
    let refused = factor::reset(&administrator, site.account(Role::Administrator))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "oneself");

    let globex = site.second_organization().await;
    let person = NewPerson {
        email: ANN.to_owned(),
        name: "Ann".to_owned(),
        password: None,
    };
    member::add(&globex, person, Role::Viewer).await.unwrap();
    let refused = factor::reset(&administrator, ann).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "another organization's too");
    member::set_state(&globex, ann, MemberState::Disabled)
        .await
        .unwrap();
    let refused = factor::reset(&administrator, ann).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "on leave there");
    member::remove(&globex, ann).await.unwrap();

    operator::appoint(&site.platform, &Caller::host(), ANN)
        .await
        .unwrap();
    let refused = factor::reset(&administrator, ann).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "an operator");
    operator::dismiss(&site.platform, &Caller::host(), ANN)
        .await
        .unwrap();

    factor::reset(&administrator, ann).await.unwrap();
    assert!(
        known(&site, &token).await.holder().is_none(),
        "the person's sessions end"
    );
    session_of(&site).await;
    let (_, caller) = session_of(&site).await;
    enrolled(&site, &caller).await;
    let removed = factor::reset_as_operator(&site.platform, &Caller::host(), ANN)
        .await
        .unwrap();
    assert_eq!(removed, 1);
    let refused = factor::reset_as_operator(&site.platform, &caller, ANN)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
}
