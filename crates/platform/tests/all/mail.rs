//! Mail through a real server: what goes out, what does not, and what nobody waits for.

use crate::{
    fixture::{Site, caller_of, person},
    promise::check as look_at,
};
use access::Role;
use host::backup::{
    engine::Kind,
    record::{Folder, Outcome, Run},
};
use platform::{
    Caller, Origin, Platform,
    account::NewPerson,
    mail::{self, HOURLY_MAX, MailSecurity, MailSettings},
    member, operator, password_reset, session,
    sign_in::{self, Admission},
    work,
};
use std::time::{Duration, Instant};
use testkit::{
    Authority, MailServer,
    mail::{ACCOUNT, SECRET, Speech},
};
use types::ProblemCode;
use vault::SecretText;

const PATIENCE: Duration = Duration::from_secs(30);

struct Post {
    site: Site,
    authority: Authority,
    server: MailServer,
}

async fn start(speech: Speech) -> Post {
    let site = Site::start().await;
    let authority = Authority::create("post").unwrap();
    let server = MailServer::start(&authority, speech).unwrap();
    Post {
        site,
        authority,
        server,
    }
}

fn secret(text: &str) -> Option<SecretText> {
    Some(SecretText::new(text.to_owned()))
}

impl Post {
    fn platform(&self) -> &Platform {
        &self.site.platform
    }

    fn settings(&self, security: MailSecurity) -> MailSettings {
        MailSettings {
            host: "localhost".into(),
            port: self.server.port,
            security,
            account: Some(ACCOUNT.into()),
            from: "strongroom@example.com".into(),
            authority_pem: Some(self.authority.certificate_pem().unwrap()),
        }
    }

    async fn set(&self, security: MailSecurity) {
        let settings = self.settings(security);
        mail::set(self.platform(), &Caller::host(), settings, secret(SECRET))
            .await
            .unwrap();
    }

    async fn add(&self, email: &str) -> bool {
        let person = NewPerson {
            email: email.into(),
            name: "Ann\r\nBcc: eve@example.com"
                .chars()
                .filter(|c| !c.is_control())
                .collect(),
            password: None,
        };
        let workspace = self.site.as_role(Role::Owner).await;
        let (_, invitation) = member::add(&workspace, person, Role::Viewer).await.unwrap();
        invitation.unwrap().mailed
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_goes_out_over_tls_and_starttls() {
    for (speech, security) in [
        (Speech::Tls, MailSecurity::Tls),
        (Speech::StartTls, MailSecurity::StartTls),
    ] {
        let post = start(speech).await;
        post.set(security).await;
        mail::look(post.platform(), &Caller::host()).await.unwrap();
        mail::test(post.platform(), &Caller::host(), "ann@example.com")
            .await
            .unwrap();
        let letters = post.server.letters().unwrap();
        assert_eq!(letters.len(), 1);
        assert!(
            letters[0].contains("X-Recipients: ann@example.com"),
            "{}",
            letters[0]
        );
        assert!(letters[0].contains("X-Encrypted: True"), "{}", letters[0]);
        assert!(letters[0].contains("https://localhost"), "{}", letters[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_a_server_without_tls_or_with_another_certificate() {
    let post = start(Speech::Plain).await;
    let refused = async |settings: MailSettings| {
        mail::set(post.platform(), &Caller::host(), settings, secret(SECRET))
            .await
            .unwrap();
        let refused = mail::test(post.platform(), &Caller::host(), "ann@example.com").await;
        refused.unwrap_err()
    };
    for security in [MailSecurity::StartTls, MailSecurity::Tls] {
        refused(post.settings(security)).await;
    }
    let encrypted = start(Speech::Tls).await;
    let stranger = MailSettings {
        authority_pem: Some(Authority::create("another").unwrap().certificate_pem().unwrap()),
        ..encrypted.settings(MailSecurity::Tls)
    };
    let error = refused(stranger).await;
    assert!(error.detail.contains("certificate"), "{}", error.detail);
    assert!(post.server.letters().unwrap().is_empty());
    assert!(encrypted.server.letters().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_sent_by_the_worker_and_nobody_waits_for_it() {
    let post = start(Speech::Tls).await;
    assert!(!post.add("before@example.com").await, "mail is not set yet");
    post.set(MailSecurity::Tls).await;
    let begun = Instant::now();
    assert!(post.add("ann@example.com").await);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let stored = "SELECT payload::text FROM strongroom.job WHERE kind = 'mail.send'";
    let row = post.site.superuser().await.query_one(stored, &[]).await.unwrap();
    let payload: String = row.get(0);
    assert!(
        !payload.contains("ann@") && !payload.contains("invitation"),
        "{payload}"
    );
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(post.platform().clone(), shutdown, 1));
    let letters = post.server.wait_for(1, PATIENCE).unwrap();
    stop.send(true).unwrap();
    worker.await.unwrap();
    assert!(
        letters[0].contains("X-Recipients: ann@example.com"),
        "{}",
        letters[0]
    );
    assert!(
        letters[0].contains("https://localhost/invitation/"),
        "{}",
        letters[0]
    );
    assert!(!letters[0].to_lowercase().contains("bcc:"), "{}", letters[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_buried_in_letters() {
    let post = start(Speech::Tls).await;
    post.set(MailSecurity::Tls).await;
    let workspace = post.site.as_role(Role::Owner).await;
    let (ann, _) = member::add(&workspace, person_of("ann@example.com"), Role::Viewer)
        .await
        .unwrap();
    let mut sent = 1;
    for _ in 0..10 {
        let made = platform::invitation::create(&workspace, ann.account)
            .await
            .unwrap();
        sent += i64::from(made.mailed);
    }
    assert_eq!(sent, HOURLY_MAX);
    let (_, other) = member::add(&workspace, person_of("ben@example.com"), Role::Viewer)
        .await
        .unwrap();
    assert!(other.unwrap().mailed, "somebody else still gets theirs");
}

fn person_of(email: &str) -> NewPerson {
    NewPerson {
        email: email.into(),
        ..person(Role::Viewer)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_down_or_refuses_is_told_and_stays_to_be_seen() {
    let mut post = start(Speech::Tls).await;
    post.set(MailSecurity::Tls).await;
    let refused = mail::test(post.platform(), &Caller::host(), "refused@example.com")
        .await
        .unwrap_err();
    assert!(refused.detail.contains("no such mailbox"), "{}", refused.detail);
    assert!(post.add("refused@example.com").await);
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(post.platform().clone(), shutdown, 1));
    let given_up = async || {
        let view = mail::show(post.platform(), &Caller::host())
            .await
            .unwrap()
            .unwrap();
        view.failed == 1 && view.last_failure.unwrap_or_default().contains("no such mailbox")
    };
    testkit::wait_until(PATIENCE, "the letter to be given up", given_up)
        .await
        .unwrap();
    stop.send(true).unwrap();
    worker.await.unwrap();
    post.server.stop().unwrap();
    let begun = Instant::now();
    let down = mail::look(post.platform(), &Caller::host()).await.unwrap_err();
    assert_eq!(down.code, ProblemCode::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_sealed_bound_to_its_server_and_told_to_nobody() {
    let post = start(Speech::Tls).await;
    post.set(MailSecurity::Tls).await;
    let (platform, host) = (post.platform(), Caller::host());
    let stored = "SELECT value::text FROM strongroom.setting WHERE name = 'mail'";
    let row = post.site.superuser().await.query_one(stored, &[]).await.unwrap();
    assert!(!row.get::<_, String>(0).contains(SECRET));
    let same = mail::set(platform, &host, post.settings(MailSecurity::Tls), None)
        .await
        .unwrap();
    assert!(same.has_secret);
    let elsewhere = MailSettings {
        host: "mail.evil.example".into(),
        ..post.settings(MailSecurity::Tls)
    };
    let moved = mail::set(platform, &host, elsewhere, None).await.unwrap();
    assert!(!moved.has_secret, "a secret does not follow to another server");
    let owner = post.site.caller(Role::Owner);
    assert_eq!(
        mail::show(platform, &owner).await.unwrap_err().code,
        ProblemCode::NotAllowed
    );
    assert_eq!(
        mail::show(platform, &caller_of(owner.account().unwrap().clone()))
            .await
            .unwrap_err()
            .code,
        ProblemCode::NotAllowed
    );
    mail::clear(platform, &host).await.unwrap();
    assert!(mail::show(platform, &host).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_with_lines_in_them_are_refused() {
    let post = start(Speech::Tls).await;
    let good = post.settings(MailSecurity::Tls);
    let code = async |settings: MailSettings| {
        let refused = mail::set(post.platform(), &Caller::host(), settings, None)
            .await
            .unwrap_err();
        refused.errors[0].pointer.clone()
    };
    let with = |change: fn(&mut MailSettings)| {
        let mut settings = good.clone();
        change(&mut settings);
        settings
    };
    assert_eq!(code(with(|s| s.host = "a\r\nb".into())).await, "/host");
    assert_eq!(code(with(|s| s.port = 0)).await, "/port");
    assert_eq!(code(with(|s| s.account = Some("a\nb".into()))).await, "/account");
    assert_eq!(
        code(with(|s| s.from = "a@b.example\r\nBcc: c@d.example".into())).await,
        "/from"
    );
    assert_eq!(
        code(with(|s| s.authority_pem = Some("nonsense".into()))).await,
        "/authority_pem"
    );
    let to = mail::test(
        post.platform(),
        &Caller::host(),
        "a@b.example\r\nBcc: c@d.example",
    )
    .await;
    assert!(to.is_err());
}

/// The token in a letter's link.
fn token_in(letter: &str) -> String {
    let (_, rest) = letter
        .split_once("/password-reset/")
        .unwrap_or_else(|| panic!("no link: {letter}"));
    rest.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect()
}

const OLD: &str = "seven quiet herons at dawn";
const NEW: &str = "nine loud geese at noon";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_set_once_by_mail_and_ends_every_session() {
    let post = start(Speech::Tls).await;
    let platform = post.platform();
    let asked = password_reset::ask(platform, "ann@example.com")
        .await
        .unwrap_err();
    assert_eq!(asked.code, ProblemCode::Conflict, "mail is not set yet");
    post.set(MailSecurity::Tls).await;
    let ann = NewPerson {
        password: secret(OLD),
        ..person_of("ann@example.com")
    };
    let workspace = post.site.as_role(Role::Owner).await;
    member::add(&workspace, ann, Role::Viewer).await.unwrap();
    let sign_in = async |password: &str| {
        let password = SecretText::new(password.to_owned());
        sign_in::with_password(platform, Origin::default(), "ann@example.com", password).await
    };
    let Admission::Session { token: before, .. } = sign_in(OLD).await.unwrap() else {
        panic!("there is no second factor");
    };
    // Whoever has no account, and whoever has no password, gets no letter, and whoever asks hears the same.
    for email in ["nobody@example.com", "editor@example.com", "ann@example.com"] {
        password_reset::ask(platform, email).await.unwrap();
    }
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(platform.clone(), shutdown, 1));
    let letters = post.server.wait_for(1, PATIENCE).unwrap();
    stop.send(true).unwrap();
    worker.await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(
        letters[0].contains("X-Recipients: ann@example.com"),
        "{}",
        letters[0]
    );
    let token = token_in(&letters[0]);
    let holder = password_reset::look(platform, &token).await.unwrap();
    assert_eq!(holder.email, "ann@example.com");
    let set = async |password: &str| {
        let password = SecretText::new(password.to_owned());
        password_reset::set(platform, Origin::default(), &token, password).await
    };
    assert_eq!(set("short").await.unwrap_err().code, ProblemCode::Invalid);
    set(NEW).await.unwrap();
    assert_eq!(set(NEW).await.unwrap_err().code, ProblemCode::NotFound);
    let old = session::identify_session(
        platform,
        Origin::default(),
        before.expose(),
        session::Activity::Use,
    )
    .await;
    assert!(old.unwrap().account().is_none(), "sessions ended");
    assert!(sign_in(OLD).await.is_err());
    sign_in(NEW).await.unwrap();
}

/// A backup that ended so long ago.
pub(crate) fn backup_run(outcome: Outcome, hours_ago: i64) -> Run {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours_ago);
    Run {
        kind: Kind::Full,
        label: None,
        point: None,
        began_at: at,
        ended_at: at,
        outcome,
        why: Some("the disk is full".to_owned()),
        bytes: 0,
        stored_bytes: 0,
        steps: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_failed_is_told_to_the_operators_and_that_alerts_arrive_is_seen() {
    let post = start(Speech::Tls).await;
    let platform = post.platform();
    let folder = Folder::at(&post.site.record());
    folder.prepare().unwrap();
    folder.note_run(&backup_run(Outcome::Done, 2)).unwrap();
    let alert = async || look_at(platform, "backup-alert").await;
    let says = |verdict: &promises::Verdict, what: &str| {
        verdict.faults.iter().any(|fault| fault.what.contains(what))
    };
    let verdict = alert().await;
    assert!(
        says(&verdict, "mail is not set") && says(&verdict, "no operator"),
        "{verdict:?}"
    );
    operator::appoint(platform, &Caller::host(), "owner@example.com")
        .await
        .unwrap();
    post.set(MailSecurity::Tls).await;

    // That alerts arrive is tried at once, and then counts.
    let verdict = alert().await;
    assert!(says(&verdict, "no alert and no test"), "{verdict:?}");
    alert().await;
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(platform.clone(), shutdown, 1));
    let letters = post.server.wait_for(1, PATIENCE).unwrap();
    assert!(
        letters[0].contains("X-Recipients: owner@example.com"),
        "{}",
        letters[0]
    );
    assert!(
        letters[0].contains("Subject: Alerts about backups work"),
        "{}",
        letters[0]
    );
    testkit::wait_until(PATIENCE, "the promise to be kept", async || {
        alert().await.state == promises::State::Kept
    })
    .await
    .unwrap();

    folder.note_run(&backup_run(Outcome::Failed, 1)).unwrap();
    for _ in 0..2 {
        look_at(platform, "backup-nightly").await;
    }
    let letters = post.server.wait_for(2, PATIENCE).unwrap();
    assert!(
        letters[1].contains("Subject: Backups need a look"),
        "{}",
        letters[1]
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(post.server.letters().unwrap().len(), 2, "it was told twice");
    stop.send(true).unwrap();
    worker.await.unwrap();
    std::fs::remove_dir_all(post.site.record()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_the_server_refuses_breaks_the_promise() {
    let post = start(Speech::Tls).await;
    let platform = post.platform();
    let folder = Folder::at(&post.site.record());
    folder.prepare().unwrap();
    folder.note_run(&backup_run(Outcome::Done, 2)).unwrap();
    post.add("refused@example.com").await;
    operator::appoint(platform, &Caller::host(), "refused@example.com")
        .await
        .unwrap();
    post.set(MailSecurity::Tls).await;
    look_at(platform, "backup-alert").await;
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(platform.clone(), shutdown, 1));
    let is_told = async || {
        let verdict = look_at(platform, "backup-alert").await;
        verdict
            .faults
            .iter()
            .any(|fault| fault.what.contains("was not taken"))
    };
    testkit::wait_until(PATIENCE, "the refusal to be told", is_told)
        .await
        .unwrap();
    stop.send(true).unwrap();
    worker.await.unwrap();
    std::fs::remove_dir_all(post.site.record()).unwrap();
}
