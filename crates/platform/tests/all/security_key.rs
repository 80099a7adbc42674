//! Passkeys and security keys: the right key answers once, for its account, to our page; everything else is refused.

use crate::{
    ann::{
        ANN, ann, answer as code, begin, clock, first_code, give_the_owner_a_factor, known, pass, pending_of,
        require, session_of,
    },
    fixture::{SLUG, Site},
    promise::assert_kept,
};
use access::Role;
use platform::{
    Caller, Origin, PlatformError, factor,
    factor::key,
    member, session,
    sign_in::{self, TRIES},
    sign_in_policy::SecondFactor,
};
use testkit::security_key::SecurityKey;
use types::{AccountId, ProblemCode};
use vault::{RecoveryCode, SessionToken};

const ORIGIN: &str = "https://localhost";

/// Sets a key up in this session.
async fn add_key(site: &Site, caller: &Caller) -> (SecurityKey, SessionToken, Vec<RecoveryCode>) {
    let question = key::begin(&site.platform, caller).await.unwrap();
    let (made, given) = SecurityKey::make(&question.options, ORIGIN).unwrap();
    let done = key::finish(&site.platform, caller, "Key ring", &given)
        .await
        .unwrap();
    (made, done.session, done.recovery_codes)
}

async fn question(site: &Site, pending: &str) -> String {
    sign_in::ask_key(&site.platform, pending).await.unwrap().options
}

async fn answer(site: &Site, pending: &str, given: &str) -> Result<(SessionToken, Caller), PlatformError> {
    sign_in::with_key(&site.platform, Origin::default(), pending, given).await
}

/// The reasons of refusals that the appliance's log holds, newest first: their objects are what was refused.
async fn refused_objects(site: &Site) -> i64 {
    let sql = "SELECT count(*) FROM strongroom.factor WHERE kind = 'passkey' AND last_used_at IS NULL";
    site.superuser().await.query_one(sql, &[]).await.unwrap().get(0)
}

async fn with_ann() -> (Site, AccountId, Caller) {
    let site = Site::start_with_clock(clock).await;
    let ann = ann(&site).await;
    let (_, caller) = session_of(&site).await;
    (site, ann, caller)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_set_up_with_recovery_codes_and_signs_in() {
    let (site, _, caller) = with_ann().await;
    let (old, _) = session_of(&site).await;
    let (mut first, session, codes) = add_key(&site, &caller).await;
    assert_eq!(
        codes.len(),
        factor::RECOVERY_CODES,
        "a key is never the only way in"
    );
    assert!(known(&site, &old).await.holder().is_none(), "other sessions end");

    // Ids and times of one moment have no order.
    pass(1);
    let pending = pending_of(&site).await;
    let waiting = sign_in::waiting(&site.platform, &pending).await.unwrap().unwrap();
    assert!(waiting.ways.key && !waiting.ways.app);
    let given = first.answer(&question(&site, &pending).await).unwrap();
    let (token, _) = answer(&site, &pending, &given).await.unwrap();
    assert_eq!(known(&site, &token).await.account().unwrap().email, ANN);
    let sql = "SELECT factor FROM strongroom.session ORDER BY created_at DESC, id DESC LIMIT 1";
    let passed: String = site.superuser().await.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(passed, "passkey");

    pass(1);
    let caller = known(&site, &session).await;
    let (mut second, session, codes) = add_key(&site, &caller).await;
    assert!(codes.is_empty(), "the first codes still work");
    let caller = known(&site, &session).await;
    let own = factor::list_own(&site.platform, &caller).await.unwrap();
    assert_eq!(own.factors.len(), 2);
    assert!(own.factors[0].last_used_at.is_some() && own.factors[1].last_used_at.is_none());
    factor::rename(&site.platform, &caller, own.factors[0].id, "Desk")
        .await
        .unwrap();
    factor::remove(&site.platform, &caller, own.factors[0].id)
        .await
        .unwrap();
    let pending = pending_of(&site).await;
    let options = question(&site, &pending).await;
    assert!(first.answer(&options).is_err(), "a removed key is not asked for");
    answer(&site, &pending, &second.answer(&options).unwrap())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once_and_in_its_time_only() {
    let (site, _, caller) = with_ann().await;
    let (mut key, ..) = add_key(&site, &caller).await;
    let pending = pending_of(&site).await;
    let given = key.answer(&question(&site, &pending).await).unwrap();
    answer(&site, &pending, &given).await.unwrap();
    let again = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(again.code, ProblemCode::NotSignedIn, "the sign-in is over");

    let pending = pending_of(&site).await;
    let replayed = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(first_code(&replayed), "key-late", "nothing was asked here");
    question(&site, &pending).await;
    let replayed = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(
        first_code(&replayed),
        "key-refused",
        "another question was asked here"
    );

    let given = key.answer(&question(&site, &pending).await).unwrap();
    pass(60 * key::MINUTES);
    let late = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(first_code(&late), "key-late");
    let before = question(&site, &pending).await;
    let after = question(&site, &pending).await;
    let given = key.answer(&before).unwrap();
    assert!(
        answer(&site, &pending, &given).await.is_err(),
        "the newer question counts"
    );
    let given = key.answer(&after).unwrap();
    let burnt = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(
        first_code(&burnt),
        "key-late",
        "a wrong answer takes the question away"
    );
    assert!(
        sign_in::waiting(&site.platform, &pending)
            .await
            .unwrap()
            .is_none(),
        "five tries are the most"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_answer_sent_many_times_at_once_one_counts() {
    let (site, _, caller) = with_ann().await;
    let (mut key, ..) = add_key(&site, &caller).await;
    let site = std::sync::Arc::new(site);
    let pending = pending_of(&site).await;
    let given = key.answer(&question(&site, &pending).await).unwrap();
    let tries = (0..6).map(|_| {
        let (site, pending, given) = (site.clone(), pending.clone(), given.clone());
        tokio::spawn(async move { answer(&site, &pending, &given).await.is_ok() })
    });
    let mut let_in = 0;
    for attempt in tries.collect::<Vec<_>>() {
        let_in += i16::from(attempt.await.unwrap());
    }
    assert_eq!(let_in, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_origin_host_or_holder_is_refused() {
    let (site, _, caller) = with_ann().await;
    let (key, ..) = add_key(&site, &caller).await;
    type Lie = fn(&mut SecurityKey);
    let lies: [(&str, Lie); 4] = [
        ("a page elsewhere", |key| {
            key.origin = "https://localhost.example".into()
        }),
        ("another port", |key| key.origin = "https://localhost:8443".into()),
        ("a signature for another host", |key| {
            key.host = "example.com".into()
        }),
        ("another account's handle", |key| key.handle = Some(vec![7; 16])),
    ];
    let pending = pending_of(&site).await;
    for (what, lie) in lies {
        let mut liar = key.clone();
        lie(&mut liar);
        let given = liar.answer(&question(&site, &pending).await).unwrap();
        let refused = answer(&site, &pending, &given).await.unwrap_err();
        assert_eq!(first_code(&refused), "key-refused", "{what}");
    }
    let plain = key.clone().answer(&question(&site, &pending).await).unwrap();
    let broken = plain.replace("\"signature\":\"", "\"signature\":\"AAAA");
    let refused = answer(&site, &pending, &broken).await.unwrap_err();
    assert_eq!(first_code(&refused), "key-refused", "a signature that is none");
    assert_eq!(refused_objects(&site).await, 1, "nothing was let in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_answer_at_all_is_refused_and_counted() {
    let (site, _, caller) = with_ann().await;
    add_key(&site, &caller).await;
    let pending = pending_of(&site).await;
    let huge = format!("{{\"id\":\"{}\"}}", "a".repeat(1 << 20));
    for given in ["", "{}", "null", "[]", huge.as_str()] {
        question(&site, &pending).await;
        let refused = answer(&site, &pending, given).await.unwrap_err();
        assert_eq!(first_code(&refused), "key-refused");
    }
    assert!(
        sign_in::waiting(&site.platform, &pending)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(TRIES, 5);
    let mut refused = ProblemCode::Invalid;
    for _ in 0..8 {
        let pending = pending_of(&site).await;
        refused = answer(&site, &pending, "{}").await.unwrap_err().code;
    }
    assert_eq!(refused, ProblemCode::TooMany, "over all sign-ins of the account");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_key_is_told_by_its_counter() {
    let (site, _, caller) = with_ann().await;
    let (mut key, ..) = add_key(&site, &caller).await;
    let mut copy = key.clone();
    for _ in 0..2 {
        let pending = pending_of(&site).await;
        let given = key.answer(&question(&site, &pending).await).unwrap();
        answer(&site, &pending, &given).await.unwrap();
    }
    let pending = pending_of(&site).await;
    let given = copy.answer(&question(&site, &pending).await).unwrap();
    let refused = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(first_code(&refused), "key-copied");
    // Both at once: the questions were put when the counter was still lower.
    let (one, other) = (pending_of(&site).await, pending_of(&site).await);
    let (for_one, for_other) = (question(&site, &one).await, question(&site, &other).await);
    let first = key.answer(&for_one).unwrap();
    copy.counter = key.counter - 1;
    let second = copy.answer(&for_other).unwrap();
    answer(&site, &one, &first).await.unwrap();
    let refused = answer(&site, &other, &second).await.unwrap_err();
    assert_eq!(first_code(&refused), "key-copied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_does_not_count_is_taken_as_often_as_it_answers() {
    let (site, _, caller) = with_ann().await;
    let (key, ..) = add_key(&site, &caller).await;
    for _ in 0..3 {
        let pending = pending_of(&site).await;
        let options = question(&site, &pending).await;
        let given = key.answer_uncounted(&options).unwrap();
        answer(&site, &pending, &given).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_its_own_account_and_nobody_elses() {
    let (site, _, caller) = with_ann().await;
    let (mut anns, ..) = add_key(&site, &caller).await;
    let (_, other) = site.sign_in(Role::Viewer).await;
    let question_of_viewer = key::begin(&site.platform, &other).await.unwrap();
    let stolen = anns.register_again(&question_of_viewer.options).unwrap();
    let refused = key::finish(&site.platform, &other, "Mine", &stolen)
        .await
        .unwrap_err();
    assert_eq!(
        first_code(&refused),
        "key-known",
        "a credential belongs to one account"
    );
    let (mut viewers, ..) = add_key(&site, &other).await;

    let pending = pending_of(&site).await;
    let options = question(&site, &pending).await;
    assert!(viewers.answer(&options).is_err(), "it is not asked for");
    let options: serde_json::Value = serde_json::from_str(&options).unwrap();
    for handle in [viewers.handle.clone(), anns.handle.clone(), None] {
        question(&site, &pending).await;
        viewers.handle = handle;
        let given = viewers.answer_anyway(&options).unwrap();
        let refused = answer(&site, &pending, &given).await.unwrap_err();
        assert_eq!(first_code(&refused), "key-refused");
    }
    let pending = pending_of(&site).await;
    let elsewhere = pending_of(&site).await;
    let given = anns.answer(&question(&site, &elsewhere).await).unwrap();
    question(&site, &pending).await;
    let refused = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(
        first_code(&refused),
        "key-refused",
        "a question of another sign-in"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_for_the_question_of_its_own_session() {
    let (site, _, caller) = with_ann().await;
    let (_, other) = site.sign_in(Role::Viewer).await;
    let theirs = key::begin(&site.platform, &other).await.unwrap();
    let (_, given) = SecurityKey::make(&theirs.options, ORIGIN).unwrap();
    let refused = key::finish(&site.platform, &caller, "A", &given)
        .await
        .unwrap_err();
    assert_eq!(first_code(&refused), "key-late", "Ann was asked nothing");
    key::begin(&site.platform, &caller).await.unwrap();
    let refused = key::finish(&site.platform, &caller, "A", &given)
        .await
        .unwrap_err();
    assert_eq!(
        first_code(&refused),
        "key-refused",
        "she was asked something else"
    );
    let ours = key::begin(&site.platform, &caller).await.unwrap();
    let (_, given) = SecurityKey::make(&ours.options, "https://evil.example").unwrap();
    let refused = key::finish(&site.platform, &caller, "A", &given)
        .await
        .unwrap_err();
    assert_eq!(first_code(&refused), "key-refused", "another page");
    let (made, ..) = add_key(&site, &caller).await;
    let (_, caller) = site.sign_in(Role::Editor).await;
    let ours = key::begin(&site.platform, &caller).await.unwrap();
    let given = made.register_again(&ours.options).unwrap();
    assert!(key::finish(&site.platform, &caller, "A", &given).await.is_err());
    assert_eq!(refused_objects(&site).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_meets_a_requirement_proves_and_is_reset_like_any_factor() {
    let (site, ann, caller) = with_ann().await;
    give_the_owner_a_factor(&site).await;
    require(&site, SecondFactor::Required).await.unwrap();
    let (token, caller) = match begin(&site, ANN).await.unwrap() {
        sign_in::Admission::Enrol { token, .. } => {
            let caller = known(&site, &token).await;
            (token, caller)
        }
        other => panic!("{caller:?} {other:?}"),
    };
    drop(token);
    let (mut key, token, _) = add_key(&site, &caller).await;
    let caller = known(&site, &token).await;
    site.platform.enter(&caller, SLUG).await.unwrap();
    assert_kept(&site, "mfa-required").await;
    let own = factor::list_own(&site.platform, &caller).await.unwrap();
    let refused = factor::remove(&site.platform, &caller, own.factors[0].id)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "the last one stays");

    pass(60 * session::MINUTES);
    let caller = known(&site, &token).await;
    let refused = key::begin(&site.platform, &caller).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::ProofRequired);
    let asked = session::ask_key(&site.platform, &caller).await.unwrap();
    let given = key.answer(&asked.options).unwrap();
    let pending = pending_of(&site).await;
    let refused = answer(&site, &pending, &given).await.unwrap_err();
    assert_eq!(first_code(&refused), "key-late", "a proof is no sign-in");
    let token = session::prove_with_key(&site.platform, &caller, &given)
        .await
        .unwrap();
    let caller = known(&site, &token).await;
    key::begin(&site.platform, &caller).await.unwrap();

    let administrator = site.as_role(Role::Administrator).await;
    factor::reset(&administrator, ann).await.unwrap();
    let refused = sign_in::ask_key(&site.platform, &pending).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotSignedIn);
    member::remove(&administrator, ann).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_another_name_opens_nothing_and_is_told() {
    let (site, _, caller) = with_ann().await;
    let (_, token, codes) = add_key(&site, &caller).await;
    let superuser = site.superuser().await;
    superuser
        .batch_execute(
            "SET session_replication_role = replica;
             UPDATE strongroom.factor SET relying_party = 'old.example'",
        )
        .await
        .unwrap();
    let caller = known(&site, &token).await;
    let own = factor::list_own(&site.platform, &caller).await.unwrap();
    assert_eq!(own.factors[0].bound_elsewhere.as_deref(), Some("old.example"));
    let pending = pending_of(&site).await;
    let refused = sign_in::ask_key(&site.platform, &pending).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
    code(&site, &pending, codes[0].expose()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_put_in_the_place_of_another_in_the_database_opens_nothing() {
    let (site, ann, caller) = with_ann().await;
    add_key(&site, &caller).await;
    let (_, other) = site.sign_in(Role::Viewer).await;
    add_key(&site, &other).await;
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let sql = "UPDATE strongroom.factor f SET secret = g.secret FROM strongroom.factor g
        WHERE f.account_id = $1 AND g.account_id <> $1";
    superuser.execute(sql, &[&ann.0]).await.unwrap();
    let pending = pending_of(&site).await;
    let refused = sign_in::ask_key(&site.platform, &pending).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Internal);
}
