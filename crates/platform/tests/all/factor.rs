//! Second factors: a code counts once, tries are bounded, nothing goes past a requirement, and what is lost can be mended.

use crate::{
    fixture::{SLUG, Site},
    promise::{assert_broken, assert_kept},
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, Origin, PlatformError,
    account::NewPerson,
    break_glass,
    caller::{Identity, Lacks},
    factor::{self, enrol},
    member, operator, organization, session,
    sign_in::{self, Admission, TRIES},
    sign_in_policy::{self, SecondFactor, SignInPolicy},
    token::{self, NewToken},
};
use std::sync::atomic::{AtomicI64, Ordering};
use types::{AccountId, ProblemCode};
use vault::{RecoveryCode, SecretText, SessionToken, TotpSecret};

pub(crate) const PASSWORD: &str = "nine green bottles hanging";
pub(crate) const ANN: &str = "ann@example.com";

static CLOCK: AtomicI64 = AtomicI64::new(1_900_000_000);

fn clock() -> Timestamp {
    Timestamp::from_second(CLOCK.load(Ordering::SeqCst)).unwrap()
}

fn pass(seconds: i64) {
    CLOCK.fetch_add(seconds, Ordering::SeqCst);
}

/// What an authenticator app holds, and the codes it shows.
pub(crate) struct App(TotpSecret);

impl App {
    pub(crate) fn reading(enrolment: &enrol::Enrolment) -> Self {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let text = enrolment.secret.expose();
        let bits: Vec<u8> = text
            .bytes()
            .flat_map(|digit| {
                let value = DIGITS.iter().position(|known| *known == digit).unwrap();
                (0..5).rev().map(move |bit| u8::from(value >> bit & 1 == 1))
            })
            .collect();
        let bytes: Vec<u8> = bits
            .chunks_exact(8)
            .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit))
            .collect();
        Self(TotpSecret::from_slice(&bytes).unwrap())
    }

    pub(crate) fn code_at(&self, time: Timestamp) -> String {
        self.0
            .code_at(time.as_second().div_euclid(30))
            .unwrap()
            .to_string()
    }

    /// The code of the test's clock.
    fn code(&self) -> String {
        self.code_at(clock())
    }
}

pub(crate) fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

/// Ann, an editor of `acme` with a password.
pub(crate) async fn ann(site: &Site) -> AccountId {
    let owner = site.as_role(Role::Owner).await;
    let person = NewPerson {
        email: ANN.to_owned(),
        name: "Ann".to_owned(),
        password: Some(secret(PASSWORD)),
    };
    member::add(&owner, person, Role::Editor).await.unwrap().0.account
}

pub(crate) async fn begin(site: &Site, email: &str) -> Result<Admission, PlatformError> {
    sign_in::with_password(&site.platform, Origin::default(), email, secret(PASSWORD)).await
}

async fn session_of(site: &Site) -> (SessionToken, Caller) {
    match begin(site, ANN).await.unwrap() {
        Admission::Session { token, caller } | Admission::Enrol { token, caller } => (token, caller),
        Admission::Factor { .. } => panic!("a second factor is asked for"),
    }
}

async fn pending_of(site: &Site) -> String {
    match begin(site, ANN).await.unwrap() {
        Admission::Factor { pending } => pending.expose().to_owned(),
        other => panic!("no second factor is asked for: {other:?}"),
    }
}

async fn answer(site: &Site, pending: &str, typed: &str) -> Result<(SessionToken, Caller), PlatformError> {
    sign_in::with_code(&site.platform, Origin::default(), pending, secret(typed)).await
}

pub(crate) async fn known(site: &Site, token: &SessionToken) -> Caller {
    session::identify_session(
        &site.platform,
        Origin::default(),
        token.expose(),
        session::Activity::Use,
    )
    .await
    .unwrap()
}

/// Sets an app up in this session; gives it with the recovery codes, when the test's clock is at the next code.
async fn enrolled(site: &Site, caller: &Caller) -> (App, SessionToken, Vec<RecoveryCode>) {
    let app = App::reading(&enrol::begin(&site.platform, caller).await.unwrap());
    let done = enrol::finish(&site.platform, caller, "Phone", &app.code())
        .await
        .unwrap();
    pass(30);
    (app, done.session, done.recovery_codes)
}

fn first_code(error: &PlatformError) -> &str {
    &error.errors[0].code
}

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

/// The owner has a factor and `acme` requires one of everybody.
async fn require(site: &Site, required: SecondFactor) -> Result<(), PlatformError> {
    let policy = SignInPolicy {
        second_factor: required,
        ..SignInPolicy::default()
    };
    sign_in_policy::set_of_organization(&site.as_role(Role::Owner).await, &policy).await
}

async fn give_the_owner_a_factor(site: &Site) {
    let sql = "INSERT INTO strongroom.factor (id, account_id, kind, label, secret, state, created_at)
        VALUES (gen_random_uuid(), $1, 'totp', 'a', '', 'active', now())";
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    superuser
        .execute(sql, &[&site.account(Role::Owner).0])
        .await
        .unwrap();
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
