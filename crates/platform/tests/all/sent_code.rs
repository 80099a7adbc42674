//! Codes by mail and SMS: they count once, where they were asked for, in their time; only so many go out; and whoever has
//! power over others does not stand on them.

use crate::{
    ann::{
        ANN, PASSWORD, ann, answer, begin, clock, enrolled, first_code, give_the_owner_a_factor, known, pass,
        pending_of, require, secret, session_of,
    },
    fixture::{SLUG, Site},
    promise::{assert_broken, assert_kept},
};
use access::Role;
use platform::{
    Caller, Origin, PlatformError, account,
    caller::Lacks,
    factor::{
        self, enrol,
        sent::{self, Channel, HOURLY_MAX, MINUTES},
    },
    mail::{self, MailSecurity, MailSettings},
    member, operator, promise, session,
    sign_in::{self, Admission},
    sign_in_policy::SecondFactor,
    sms::{self, SmsContent, SmsMethod, SmsSettings},
};
use testkit::{
    Authority, MailServer, SmsGateway,
    mail::{ACCOUNT, SECRET, Speech},
};
use types::{AccountId, ProblemCode};
use vault::{SecretText, SessionToken};

const NUMBER: &str = "+49 151 2345-6789";

/// A site with both channels, and Ann's session.
struct Post {
    site: Site,
    ann: AccountId,
    caller: Caller,
    mail: MailServer,
    gateway: SmsGateway,
    authority: Authority,
}

impl Post {
    async fn start() -> Self {
        let site = Site::start_with_clock(clock).await;
        let ann = ann(&site).await;
        let authority = Authority::create("post").unwrap();
        let mail = MailServer::start(&authority, Speech::Tls).unwrap();
        let gateway = SmsGateway::start(&authority).unwrap();
        let (_, caller) = session_of(&site).await;
        let post = Self {
            site,
            ann,
            caller,
            mail,
            gateway,
            authority,
        };
        post.set_mail(post.mail.port).await;
        post.set_sms(post.settings()).await.unwrap();
        post
    }

    async fn set_mail(&self, port: u16) {
        let settings = MailSettings {
            host: "localhost".into(),
            port,
            security: MailSecurity::Tls,
            account: Some(ACCOUNT.into()),
            from: "strongroom@example.com".into(),
            authority_pem: Some(self.authority.certificate_pem().unwrap()),
        };
        mail::set(
            &self.site.platform,
            &Caller::host(),
            settings,
            Some(secret(SECRET)),
        )
        .await
        .unwrap();
    }

    fn settings(&self) -> SmsSettings {
        SmsSettings {
            url: format!("https://localhost:{}/send", self.gateway.port),
            method: SmsMethod::Post,
            content: SmsContent::Json,
            body: r#"{"to":"{number}","text":"{text}"}"#.into(),
            header: Some("Authorization: Bearer {secret}".into()),
            authority_pem: Some(self.authority.certificate_pem().unwrap()),
        }
    }

    async fn set_sms(&self, settings: SmsSettings) -> Result<sms::SmsView, PlatformError> {
        let secret = Some(SecretText::new("gateway-secret".to_owned()));
        sms::set(&self.site.platform, &Caller::host(), settings, secret).await
    }

    /// The eight digits that the last message begins with.
    fn last_sms(&self) -> String {
        let received = self.gateway.received();
        let body: serde_json::Value = serde_json::from_str(&received.last().unwrap().body).unwrap();
        body["text"].as_str().unwrap()[..8].to_owned()
    }

    fn last_letter(&self) -> String {
        let letters = self.mail.letters().unwrap();
        let letter = letters.last().unwrap();
        let letter = letter.replace("\r\n", "\n");
        let (_, text) = letter.split_once("\n\n").unwrap();
        text.trim_start()[..8].to_owned()
    }

    /// Sets Ann's number up.
    async fn add_number(&self) -> SessionToken {
        let to = sent::begin(&self.site.platform, &self.caller, Channel::Sms, NUMBER)
            .await
            .unwrap();
        assert_eq!(to, "+49 … 89");
        sent::finish(&self.site.platform, &self.caller, &self.last_sms())
            .await
            .unwrap()
            .session
    }

    async fn ask(&self, pending: &str, channel: Channel) -> Result<String, PlatformError> {
        sign_in::ask_code(&self.site.platform, Origin::default(), pending, channel).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_shown_to_be_ones_own_and_codes_sent_there_sign_in() {
    let post = Post::start().await;
    let (site, platform) = (&post.site, &post.site.platform);
    sent::begin(platform, &post.caller, Channel::Sms, NUMBER)
        .await
        .unwrap();
    let refused = sent::finish(platform, &post.caller, "00000000")
        .await
        .unwrap_err();
    assert_eq!(first_code(&refused), "wrong-code");
    assert!(
        factor::list_own(platform, &post.caller)
            .await
            .unwrap()
            .factors
            .is_empty()
    );
    let done = sent::finish(platform, &post.caller, &post.last_sms())
        .await
        .unwrap();
    assert_eq!(done.recovery_codes.len(), factor::RECOVERY_CODES);
    let request = &post.gateway.received()[0];
    assert!(request.head.contains("POST /send") && request.head.contains("Bearer gateway-secret"));
    assert!(request.body.contains("+4915123456789"), "{}", request.body);

    let pending = pending_of(site).await;
    let ways = sign_in::waiting(platform, &pending).await.unwrap().unwrap().ways;
    assert_eq!(
        (ways.sms.as_deref(), ways.mail, ways.app),
        (Some("+49 … 89"), None, false)
    );
    post.ask(&pending, Channel::Sms).await.unwrap();
    let code = post.last_sms();
    let (token, _) = answer(site, &pending, &format!("{} {}", &code[..4], &code[4..]))
        .await
        .unwrap();
    assert_eq!(known(site, &token).await.account().unwrap().email, ANN);
    let sql = "SELECT count(*) FROM strongroom.factor WHERE position('15123456789'::bytea IN secret) > 0";
    let found: i64 = site.superuser().await.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(found, 0, "the number is sealed");
    let caller = known(site, &token).await;
    let own = factor::list_own(platform, &caller).await.unwrap();
    assert!(own.factors[0].last_used_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_lets_nobody_have_a_shorter_password() {
    let post = Post::start().await;
    let platform = &post.site.platform;
    let set = async |caller: &Caller| {
        let new = secret("wKq7-zt.Rb");
        account::change_password(platform, caller, secret(PASSWORD), new).await
    };
    let caller = known(&post.site, &post.add_number().await).await;
    let refused = set(&caller).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid, "{refused:?}");
    let (_, token, _) = enrolled(&post.site, &caller).await;
    set(&known(&post.site, &token).await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sent_code_counts_once_where_it_was_asked_for_and_in_its_time() {
    let post = std::sync::Arc::new(Post::start().await);
    post.add_number().await;
    let site = &post.site;
    let (one, other) = (pending_of(site).await, pending_of(site).await);
    post.ask(&one, Channel::Sms).await.unwrap();
    let code = post.last_sms();
    let refused = answer(site, &other, &code).await.unwrap_err();
    assert_eq!(first_code(&refused), "wrong-code", "another sign-in asked for it");
    let tries = (0..4).map(|_| {
        let (post, one, code) = (post.clone(), one.clone(), code.clone());
        tokio::spawn(async move { answer(&post.site, &one, &code).await.is_ok() })
    });
    let mut let_in = 0;
    for attempt in tries.collect::<Vec<_>>() {
        let_in += i16::from(attempt.await.unwrap());
    }
    assert_eq!(let_in, 1);
    post.ask(&other, Channel::Sms).await.unwrap();
    let first = post.last_sms();
    post.ask(&other, Channel::Sms).await.unwrap();
    assert!(
        answer(site, &other, &first).await.is_err(),
        "the newer one counts"
    );
    let late = post.last_sms();
    pass(60 * MINUTES);
    assert_eq!(
        answer(site, &other, &late).await.unwrap_err().code,
        ProblemCode::NotSignedIn
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_codes_are_sent_within_an_hour() {
    let post = Post::start().await;
    post.add_number().await;
    let pending = pending_of(&post.site).await;
    for _ in 1..HOURLY_MAX {
        post.ask(&pending, Channel::Sms).await.unwrap();
    }
    let refused = post.ask(&pending, Channel::Sms).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::TooMany);
    assert_eq!(
        post.gateway.received().len(),
        usize::try_from(HOURLY_MAX).unwrap()
    );
    let text =
        "SELECT sent FROM strongroom.sent_code_count WHERE subject = '00000000-0000-0000-0000-000000000000'";
    let shared = post.site.superuser().await.query_one(text, &[]).await.unwrap();
    assert_eq!(
        shared.get::<_, i32>(0),
        HOURLY_MAX,
        "what is refused spends nothing of the day"
    );
    pass(3_601);
    let pending = pending_of(&post.site).await;
    post.ask(&pending, Channel::Sms).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_go_to_the_address_that_was_shown_and_a_changed_one_gets_none() {
    let post = Post::start().await;
    let (site, platform) = (&post.site, &post.site.platform);
    let to = sent::begin(platform, &post.caller, Channel::Mail, "")
        .await
        .unwrap();
    assert_eq!(to, "a…@example.com");
    let token = sent::finish(platform, &post.caller, &post.last_letter())
        .await
        .unwrap()
        .session;
    let caller = known(site, &token).await;
    pass(60 * session::MINUTES);
    session::ask_code(platform, &caller, Channel::Mail).await.unwrap();
    let token = session::prove(platform, &caller, secret(&post.last_letter()))
        .await
        .unwrap();
    session::require_fresh(platform, &known(site, &token).await).unwrap();
    let superuser = site.superuser().await;
    let sql = "UPDATE strongroom.account SET email = 'eve@example.com' WHERE id = $1";
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    superuser.execute(sql, &[&post.ann.0]).await.unwrap();
    let Admission::Factor { pending } = begin(site, "eve@example.com").await.unwrap() else {
        panic!("no second factor is asked for")
    };
    assert_eq!(
        post.ask(pending.expose(), Channel::Mail).await.unwrap(),
        "a…@example.com"
    );
    let letters = post.mail.letters().unwrap();
    assert!(letters.iter().all(|letter| !letter.contains("eve@example.com")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nothing_can_be_sent_the_person_is_told_and_has_the_rest() {
    let post = Post::start().await;
    let site = &post.site;
    sent::begin(&site.platform, &post.caller, Channel::Sms, NUMBER)
        .await
        .unwrap();
    let codes = sent::finish(&site.platform, &post.caller, &post.last_sms())
        .await
        .unwrap()
        .recovery_codes;
    let pending = pending_of(site).await;
    for status in [500, 301, 401] {
        post.gateway.answer_with(status);
        let refused = post.ask(&pending, Channel::Sms).await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::Unavailable);
        assert!(refused.detail.contains("recovery code"), "{refused}");
        assert!(
            !refused.detail.contains("localhost"),
            "the person learns nothing of the gateway"
        );
        let unsent = post.last_sms();
        assert!(
            answer(site, &pending, &unsent).await.is_err(),
            "what could not be sent counts for nothing"
        );
    }
    answer(site, &pending, codes[0].expose()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_power_over_others_does_not_stand_on_sent_codes() {
    let post = Post::start().await;
    let (site, platform) = (&post.site, &post.site.platform);
    let token = post.add_number().await;
    give_the_owner_a_factor(site).await;
    require(site, SecondFactor::Required).await.unwrap();
    let caller = known(site, &token).await;
    platform.enter(&caller, SLUG).await.unwrap();
    assert_kept(site, "mfa-required").await;

    let owner = site.as_role(Role::Owner).await;
    member::set_role(&owner, post.ann, Role::Administrator)
        .await
        .unwrap();
    let held = known(site, &token).await;
    assert_eq!(
        held.lacks(),
        Some(Lacks::Enrolment),
        "at once, in the session that there is"
    );
    assert_kept(site, "mfa-required").await;
    let refused = sent::begin(platform, &held, Channel::Mail, "").await.unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::Conflict,
        "another weak one does not help"
    );
    let (app, token, _) = enrolled(site, &held).await;
    let caller = known(site, &token).await;
    platform.enter(&caller, SLUG).await.unwrap();

    let pending = pending_of(site).await;
    let ways = sign_in::waiting(platform, &pending).await.unwrap().unwrap().ways;
    assert_eq!((ways.app, ways.sms), (true, None));
    let refused = post.ask(&pending, Channel::Sms).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "the weaker way is closed");
    let own = factor::list_own(platform, &caller).await.unwrap();
    let strong = own
        .factors
        .iter()
        .find(|factor| factor.kind == "totp")
        .unwrap()
        .id;
    let refused = factor::remove(platform, &caller, strong).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "the number is not enough");
    answer(site, &pending, &app.code()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_by_sent_codes_is_held() {
    let post = Post::start().await;
    let token = post.add_number().await;
    operator::appoint(&post.site.platform, &Caller::host(), ANN)
        .await
        .unwrap();
    let held = known(&post.site, &token).await;
    assert_eq!(held.lacks(), Some(Lacks::Enrolment));
    let listed = factor::operators_without(&post.site.platform, &Caller::host())
        .await
        .unwrap();
    assert_eq!(listed, [ANN]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_factor_is_required_an_owner_who_has_one_remains() {
    let site = Site::start_with_clock(clock).await;
    let ann = ann(&site).await;
    let owner = site.as_role(Role::Owner).await;
    member::set_role(&owner, ann, Role::Owner).await.unwrap();
    give_the_owner_a_factor(&site).await;
    require(&site, SecondFactor::Required).await.unwrap();
    let refused = member::set_role(&owner, site.account(Role::Owner), Role::Editor)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::LastOwner, "Ann has no factor");
    let refused = member::remove(&owner, site.account(Role::Owner))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::LastOwner);
    let Admission::Enrol { token, .. } = begin(&site, ANN).await.unwrap() else {
        panic!("Ann is not asked for a factor")
    };
    enrolled(&site, &known(&site, &token).await).await;
    member::set_role(&owner, site.account(Role::Owner), Role::Editor)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateways_secret_goes_to_the_host_that_it_is_for() {
    let post = Post::start().await;
    let platform = &post.site.platform;
    let view = sms::show(platform, &Caller::host()).await.unwrap().unwrap();
    assert!(view.has_secret && !format!("{view:?}").contains("gateway-secret"));
    let elsewhere = SmsSettings {
        url: "https://evil.example/send".into(),
        ..post.settings()
    };
    let view = sms::set(platform, &Caller::host(), elsewhere, None)
        .await
        .unwrap();
    assert!(!view.has_secret, "another host takes the secret away");
    let refused = sms::show(platform, &post.caller).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
    let by_address = SmsSettings {
        url: format!(
            "https://localhost:{}/send?to={{number}}&text={{text}}",
            post.gateway.port
        ),
        method: SmsMethod::Get,
        body: String::new(),
        ..post.settings()
    };
    post.set_sms(by_address).await.unwrap();
    sms::test(platform, &Caller::host(), NUMBER).await.unwrap();
    let head = post.gateway.received().last().unwrap().head.clone();
    assert!(head.starts_with("GET /send?to=%2B4915123456789&text="), "{head}");
    let stranger = Authority::create("stranger").unwrap();
    let distrusting = SmsSettings {
        authority_pem: Some(stranger.certificate_pem().unwrap()),
        ..post.settings()
    };
    post.set_sms(distrusting).await.unwrap();
    let before = post.gateway.received().len();
    let refused = sms::test(platform, &Caller::host(), NUMBER).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Unavailable);
    assert_eq!(
        post.gateway.received().len(),
        before,
        "nothing was said to whoever is not trusted"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_that_was_under_way_while_the_gateway_changed_says_nothing_of_the_new_one() {
    let post = Post::start().await;
    let platform = &post.site.platform;
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let elsewhere = SmsSettings {
        url: format!("https://localhost:{}/send", silent.local_addr().unwrap().port()),
        ..post.settings()
    };
    post.set_sms(elsewhere).await.unwrap();
    let host = Caller::host();
    let change = async {
        let (connection, _) = silent.accept().await.unwrap();
        post.set_sms(post.settings()).await.unwrap();
        drop(connection);
    };
    let (tested, ()) = tokio::join!(sms::test(platform, &host, NUMBER), change);
    assert!(tested.is_err(), "the old gateway hung up");
    let view = sms::show(platform, &host).await.unwrap().unwrap();
    assert_eq!(view.last_test, None);
    sms::test(platform, &host, NUMBER).await.unwrap();
    let view = sms::show(platform, &host).await.unwrap().unwrap();
    assert!(view.last_test.unwrap().failure.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_kept_by_messages_that_were_taken_and_broken_by_one_that_was_not() {
    let post = Post::start().await;
    let platform = &post.site.platform;
    let unknown = async || {
        let line = promise::check_one(platform, "mfa-available").await.unwrap();
        format!("{line:?}")
    };
    assert!(unknown().await.contains("no test message went out by mail"));
    mail::test(platform, &Caller::host(), ANN).await.unwrap();
    sms::test(platform, &Caller::host(), NUMBER).await.unwrap();
    post.add_number().await;
    assert_kept(&post.site, "mfa-available").await;
    post.gateway.answer_with(500);
    assert!(sms::test(platform, &Caller::host(), NUMBER).await.is_err());
    assert_broken(&post.site, "mfa-available", "was not taken").await;
    post.gateway.answer_with(200);
    sms::test(platform, &Caller::host(), NUMBER).await.unwrap();
    assert_kept(&post.site, "mfa-available").await;
    let superuser = post.site.superuser().await;
    superuser
        .batch_execute(
            "SET session_replication_role = replica;
             UPDATE strongroom.factor SET secret = '\\x00'",
        )
        .await
        .unwrap();
    assert_broken(&post.site, "mfa-available", "cannot be opened").await;
    sms::clear(platform, &Caller::host()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_left_unlocked_moves_no_codes_to_another_gateway() {
    let post = Post::start().await;
    let platform = &post.site.platform;
    operator::appoint(platform, &Caller::host(), ANN).await.unwrap();
    let (_, token, _) = enrolled(&post.site, &session_of(&post.site).await.1).await;
    let fresh = known(&post.site, &token).await;
    sms::set(platform, &fresh, post.settings(), None).await.unwrap();
    pass(11 * 60);
    let left = known(&post.site, &token).await;
    let set = sms::set(platform, &left, post.settings(), None).await;
    let cleared = sms::clear(platform, &left).await;
    let tried = sms::test(platform, &left, NUMBER).await;
    for refused in [set.map(drop), cleared, tried] {
        assert_eq!(refused.unwrap_err().code, ProblemCode::ProofRequired);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_came_by_a_sent_code_ends_with_a_promotion_and_an_old_one_sets_no_factor_up() {
    let post = Post::start().await;
    let (site, platform) = (&post.site, &post.site.platform);
    let owner = site.as_role(Role::Owner).await;
    give_the_owner_a_factor(site).await;
    require(site, SecondFactor::Required).await.unwrap();
    let weak = post.add_number().await;
    member::set_role(&owner, post.ann, Role::Administrator)
        .await
        .unwrap();
    pass(11 * 60);
    let left = known(site, &weak).await;
    assert_eq!(left.lacks(), Some(Lacks::Enrolment));
    let refused = enrol::begin(platform, &left).await.unwrap_err();
    assert_eq!(
        refused.code,
        ProblemCode::NotAllowed,
        "whoever sits there is not asked for a password"
    );

    member::set_role(&owner, post.ann, Role::Editor).await.unwrap();
    let pending = pending_of(site).await;
    post.ask(&pending, Channel::Sms).await.unwrap();
    let (token, caller) = answer(site, &pending, &post.last_sms()).await.unwrap();
    enrolled(site, &caller).await;
    let pending = pending_of(site).await;
    post.ask(&pending, Channel::Sms).await.unwrap();
    let (sent, _) = answer(site, &pending, &post.last_sms()).await.unwrap();
    assert_eq!(known(site, &sent).await.lacks(), None, "enough for an editor");
    member::set_role(&owner, post.ann, Role::Administrator)
        .await
        .unwrap();
    assert_eq!(known(site, &sent).await.lacks(), Some(Lacks::Proof));
    drop(token);
}
