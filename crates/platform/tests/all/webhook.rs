//! Alerts to a program, over a real HTTPS server: signed, to the host that the settings name and to no other, and told where
//! they are not taken.

use crate::{fixture::Site, mail::backup_run, promise::check as look_at};
use base64::{Engine, engine::general_purpose::STANDARD};
use host::backup::record::{Folder, Outcome};
use jiff::{SignedDuration, Timestamp};
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};
use platform::{
    Caller, Platform, PlatformError, backup,
    webhook::{self, WebhookSettings, WebhookView},
    work,
};
use serde_json::Value;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use testkit::{Authority, SmsGateway, sms::Received};
use types::ProblemCode;
use vault::SecretText;

const PATIENCE: Duration = Duration::from_secs(30);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How far the clock of this process's test is ahead.
static AHEAD_SECONDS: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(AHEAD_SECONDS.load(Ordering::SeqCst))
}

struct Hook {
    site: Site,
    authority: Authority,
    server: SmsGateway,
}

impl Hook {
    async fn start() -> Self {
        let site = Site::start_with_clock(clock).await;
        let authority = Authority::create("alerts").unwrap();
        let server = SmsGateway::start(&authority).unwrap();
        Self {
            site,
            authority,
            server,
        }
    }

    fn platform(&self) -> &Platform {
        &self.site.platform
    }

    fn settings(&self) -> WebhookSettings {
        WebhookSettings {
            url: format!("https://localhost:{}/strongroom?team=7", self.server.port),
            authority_pem: Some(self.authority.certificate_pem().unwrap()),
        }
    }

    async fn set(&self, settings: WebhookSettings, secret: &str) -> Result<WebhookView, PlatformError> {
        let secret = Some(SecretText::new(secret.to_owned()));
        webhook::set(self.platform(), &Caller::host(), settings, secret).await
    }

    async fn test(&self) -> Result<(), PlatformError> {
        webhook::test(self.platform(), &Caller::host()).await
    }
}

fn header<'a>(received: &'a Received, name: &str) -> &'a str {
    let lines = received.head.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    found.next().unwrap().1
}

/// As the other side does it, with a library that is not ours.
fn assert_signed(received: &Received) {
    let key = PKey::hmac(&STANDARD.decode(&SECRET["whsec_".len()..]).unwrap()).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    let (id, at) = (
        header(received, "webhook-id"),
        header(received, "webhook-timestamp"),
    );
    signer
        .update(format!("{id}.{at}.{}", received.body).as_bytes())
        .unwrap();
    let expected = format!("v1,{}", STANDARD.encode(signer.sign_to_vec().unwrap()));
    assert_eq!(header(received, "webhook-signature"), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_told_of_a_failed_backup_once_and_can_check_who_says_so() {
    let hook = Hook::start().await;
    let platform = hook.platform();
    let folder = Folder::at(&hook.site.record());
    folder.prepare().unwrap();
    folder.note_run(&backup_run(Outcome::Done, 2)).unwrap();
    hook.set(hook.settings(), SECRET).await.unwrap();
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(platform.clone(), shutdown, 1));
    assert_eq!(backup::test_alert(platform, &Caller::host()).await.unwrap(), 1);
    let has_come = |count: usize| hook.server.received().len() == count;
    testkit::wait_until(PATIENCE, "the test", async || has_come(1))
        .await
        .unwrap();
    testkit::wait_until(PATIENCE, "the promise to be kept", async || {
        look_at(platform, "backup-alert").await.state == promises::State::Kept
    })
    .await
    .unwrap();

    folder.note_run(&backup_run(Outcome::Failed, 1)).unwrap();
    for _ in 0..2 {
        look_at(platform, "backup-nightly").await;
    }
    testkit::wait_until(PATIENCE, "the alert", async || has_come(2))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let received = hook.server.received();
    assert_eq!(received.len(), 2, "it was told twice");
    received.iter().for_each(assert_signed);
    assert!(
        received[1].head.starts_with("POST /strongroom?team=7 "),
        "{}",
        received[1].head
    );
    let said: Value = serde_json::from_str(&received[1].body).unwrap();
    assert_eq!(said["type"], "backup.alert");
    assert_eq!(said["data"]["promise"], "backup-nightly");
    assert!(
        said["data"]["faults"][0]
            .as_str()
            .unwrap()
            .contains("the disk is full"),
        "{said}"
    );
    assert_ne!(
        header(&received[0], "webhook-id"),
        header(&received[1], "webhook-id")
    );
    stop.send(true).unwrap();
    worker.await.unwrap();
    std::fs::remove_dir_all(hook.site.record()).unwrap();
}

/// As docs/OPERATIONS.md says it.
const PAUSES_SECONDS: [i64; 8] = [5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_not_taken_comes_again_as_the_same_one_after_growing_pauses_and_not_for_ever() {
    let hook = Hook::start().await;
    let platform = hook.platform();
    hook.set(hook.settings(), SECRET).await.unwrap();
    hook.server.answer_with(503);
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(platform.clone(), shutdown, 1));
    backup::test_alert(platform, &Caller::host()).await.unwrap();
    let comes_to = async |count: usize| {
        testkit::wait_until(PATIENCE, "another try", async || {
            // Of the job as well: a clock that is moved before it waits moves its next try too.
            let text =
                "SELECT count(*) FROM strongroom.job WHERE kind = 'webhook.alert' AND state <> 'running'";
            let waits: i64 = hook
                .site
                .superuser()
                .await
                .query_one(text, &[])
                .await
                .unwrap()
                .get(0);
            hook.server.received().len() == count && waits == 1
        })
        .await
        .unwrap();
    };
    comes_to(1).await;
    for (tries, pause) in (1..).zip(PAUSES_SECONDS) {
        AHEAD_SECONDS.fetch_add(pause - 3, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(
            hook.server.received().len(),
            tries,
            "it was not left in peace for {pause} s"
        );
        AHEAD_SECONDS.fetch_add(3, Ordering::SeqCst);
        comes_to(tries + 1).await;
    }
    let view = webhook::show(platform, &Caller::host()).await.unwrap().unwrap();
    assert_eq!(view.waiting, 0, "it is tried for ever");
    let received = hook.server.received();
    received.iter().for_each(assert_signed);
    for again in &received[1..] {
        assert_eq!(header(again, "webhook-id"), header(&received[0], "webhook-id"));
        assert_eq!(again.body, received[0].body);
    }
    stop.send(true).unwrap();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_program_does_not_take_is_told_and_a_redirect_is_not_followed() {
    let hook = Hook::start().await;
    let platform = hook.platform();
    hook.set(hook.settings(), SECRET).await.unwrap();
    for (status, words) in [(500, "status 500"), (302, "redirect (302)"), (401, "status 401")] {
        hook.server.answer_with(status);
        let refused = hook.test().await.unwrap_err();
        assert!(refused.detail.contains(words), "{}", refused.detail);
        assert!(
            !refused.detail.contains("team=7"),
            "the address was told: {}",
            refused.detail
        );
    }
    assert_eq!(hook.server.received().len(), 3);
    let folder = Folder::at(&hook.site.record());
    folder.prepare().unwrap();
    folder.note_run(&backup_run(Outcome::Done, 2)).unwrap();
    let verdict = look_at(platform, "backup-alert").await;
    let says = |what: &str| verdict.faults.iter().any(|fault| fault.what.contains(what));
    assert!(says("was not taken"), "{verdict:?}");
    std::fs::remove_dir_all(hook.site.record()).unwrap();

    hook.server.answer_with(200);
    hook.test().await.unwrap();
    let stranger = Authority::create("stranger").unwrap();
    let distrusting = WebhookSettings {
        authority_pem: Some(stranger.certificate_pem().unwrap()),
        ..hook.settings()
    };
    hook.set(distrusting, SECRET).await.unwrap();
    let before = hook.server.received().len();
    assert_eq!(hook.test().await.unwrap_err().code, ProblemCode::Unavailable);
    assert_eq!(
        hook.server.received().len(),
        before,
        "something was said to a stranger"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_host_names_where_alerts_go_and_the_secret_stays_behind() {
    let hook = Hook::start().await;
    let platform = hook.platform();
    let refused =
        |settings: WebhookSettings| async { webhook::set(platform, &Caller::host(), settings, None).await };
    assert_eq!(
        refused(hook.settings()).await.unwrap_err().errors[0].pointer,
        "/secret"
    );
    let view = hook.set(hook.settings(), SECRET).await.unwrap();
    assert!(!format!("{view:?}").contains("whsec_"));
    let rows = hook.site.superuser().await;
    let text = "SELECT value::text FROM strongroom.setting WHERE name = 'webhook'";
    let sealed: String = rows.query_one(text, &[]).await.unwrap().get(0);
    assert!(!sealed.contains("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "{sealed}");
    // The secret is for this host; another takes one of its own.
    let elsewhere = WebhookSettings {
        url: "https://10.1.2.3/inside".to_owned(),
        ..hook.settings()
    };
    assert_eq!(
        refused(elsewhere.clone()).await.unwrap_err().errors[0].pointer,
        "/secret"
    );
    hook.set(elsewhere, SECRET).await.unwrap();
    let closed = hook.test().await.unwrap_err();
    assert!(closed.detail.contains("no setting lets"), "{}", closed.detail);
    let owner = hook.site.caller(access::Role::Owner);
    assert_eq!(
        webhook::show(platform, &owner).await.unwrap_err().code,
        ProblemCode::NotAllowed
    );
    let taken = webhook::set(platform, &owner, hook.settings(), None).await;
    assert_eq!(taken.unwrap_err().code, ProblemCode::NotAllowed);
    webhook::clear(platform, &Caller::host()).await.unwrap();
    assert_eq!(hook.test().await.unwrap_err().code, ProblemCode::Conflict);
}
