//! Ann, an editor with a password, and the second factors that she sets up; and a clock that the test turns.

use crate::fixture::Site;
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, Origin, PlatformError,
    account::NewPerson,
    factor::enrol,
    member, session,
    sign_in::{self, Admission},
    sign_in_policy::{self, SecondFactor, SignInPolicy},
};
use std::sync::atomic::{AtomicI64, Ordering};
use types::AccountId;
use vault::{RecoveryCode, SecretText, SessionToken, TotpSecret};

pub(crate) const PASSWORD: &str = "nine green bottles hanging";
pub(crate) const ANN: &str = "ann@example.com";

static CLOCK: AtomicI64 = AtomicI64::new(1_900_000_000);

pub(crate) fn clock() -> Timestamp {
    Timestamp::from_second(CLOCK.load(Ordering::SeqCst)).unwrap()
}

pub(crate) fn pass(seconds: i64) {
    CLOCK.fetch_add(seconds, Ordering::SeqCst);
}

/// What an authenticator app holds, and the codes it shows.
pub(crate) struct App(pub(crate) TotpSecret);

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
    pub(crate) fn code(&self) -> String {
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

pub(crate) async fn session_of(site: &Site) -> (SessionToken, Caller) {
    match begin(site, ANN).await.unwrap() {
        Admission::Session { token, caller } | Admission::Enrol { token, caller } => (token, caller),
        Admission::Factor { .. } => panic!("a second factor is asked for"),
    }
}

pub(crate) async fn pending_of(site: &Site) -> String {
    match begin(site, ANN).await.unwrap() {
        Admission::Factor { pending } => pending.expose().to_owned(),
        other => panic!("no second factor is asked for: {other:?}"),
    }
}

pub(crate) async fn answer(
    site: &Site,
    pending: &str,
    typed: &str,
) -> Result<(SessionToken, Caller), PlatformError> {
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
pub(crate) async fn enrolled(site: &Site, caller: &Caller) -> (App, SessionToken, Vec<RecoveryCode>) {
    let app = App::reading(&enrol::begin(&site.platform, caller).await.unwrap());
    let done = enrol::finish(&site.platform, caller, "Phone", &app.code())
        .await
        .unwrap();
    pass(30);
    (app, done.session, done.recovery_codes)
}

pub(crate) fn first_code(error: &PlatformError) -> &str {
    &error.errors[0].code
}

/// The owner has a factor and `acme` requires one of everybody.
pub(crate) async fn require(site: &Site, required: SecondFactor) -> Result<(), PlatformError> {
    let policy = SignInPolicy {
        second_factor: required,
        ..SignInPolicy::default()
    };
    sign_in_policy::set_of_organization(&site.as_role(Role::Owner).await, &policy).await
}

pub(crate) async fn give_the_owner_a_factor(site: &Site) {
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
