//! The note of the day: one letter a day to whom operators named, whatever restarts or fails, and what was kept held against the log.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    fixture::Site,
};
use access::Role;
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller,
    ledger::{
        self, Proof,
        daily::{self, Addresses},
        kept::{self, Kept, Kind, Word},
        witness,
    },
    mail::{self, MailSecurity, MailSettings},
    sequencer,
    trail::{self, TrailQuery},
    work,
};
use std::{
    fs,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use testkit::{
    Authority, MailServer,
    mail::{ACCOUNT, SECRET, Speech},
};
use types::ProblemCode;
use vault::SecretText;

const PATIENCE: Duration = Duration::from_secs(30);
/// How far the clock of this process's test is ahead.
static AHEAD_SECONDS: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(AHEAD_SECONDS.load(Ordering::SeqCst))
}

fn pass(time: SignedDuration) {
    AHEAD_SECONDS.fetch_add(time.as_secs(), Ordering::SeqCst);
}

async fn signed_site() -> Site {
    let site = Site::start_with_clock(clock).await;
    a_ledger(&site).await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    site
}

async fn set_mail(site: &Site, server: &MailServer, authority: &Authority) {
    let settings = MailSettings {
        host: "localhost".into(),
        port: server.port,
        security: MailSecurity::Tls,
        account: Some(ACCOUNT.into()),
        from: "strongroom@example.com".into(),
        authority_pem: Some(authority.certificate_pem().unwrap()),
    };
    let secret = Some(SecretText::new(SECRET.to_owned()));
    mail::set(&site.platform, &Caller::host(), settings, secret)
        .await
        .unwrap();
}

async fn name(site: &Site, addresses: &[&str]) -> Addresses {
    let wanted: Vec<String> = addresses.iter().map(|one| (*one).to_owned()).collect();
    daily::set_addresses(&site.platform, &Caller::host(), &wanted)
        .await
        .unwrap()
}

async fn standing(site: &Site) -> Addresses {
    Addresses::of(&site.platform, &Caller::host()).await.unwrap()
}

async fn post(site: &Site) -> usize {
    daily::post_if_due(&site.platform).await.unwrap()
}

async fn entries(site: &Site) -> i64 {
    let text = "SELECT count(*) FROM strongroom.entry";
    site.superuser().await.query_one(text, &[]).await.unwrap().get(0)
}

async fn compare(site: &Site, text: &[u8]) -> Vec<Kept> {
    kept::compare(&site.platform, &Caller::host(), text)
        .await
        .unwrap()
}

/// The text of a letter, as a reader shows it (RFC 2045 section 6.7).
fn body(letter: &str) -> Vec<u8> {
    let letter = letter.replace("\r\n", "\n");
    let (head, body) = letter.split_once("\n\n").unwrap();
    assert!(head.to_lowercase().contains("quoted-printable"), "{head}");
    let soft = body.replace("=\n", "");
    let mut parts = soft.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_address_gets_one_letter_a_day_and_what_it_says_is_borne_out() {
    let site = signed_site().await;
    let authority = Authority::create("post").unwrap();
    let server = MailServer::start(&authority, Speech::Tls).unwrap();
    assert_eq!(post(&site).await, 0, "nobody was named");
    let named = name(&site, &["auditor@example.org", "board@example.org"]).await;
    assert!(!named.has_mail && named.sent_at.is_none());
    assert_eq!(post(&site).await, 0, "there is no mail");
    set_mail(&site, &server, &authority).await;
    let (one, other) = tokio::join!(post(&site), post(&site));
    assert_eq!(one + other, 2, "two workers");
    assert_eq!(post(&site).await, 0, "they wait");
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(site.platform.clone(), shutdown, 1));
    let letters = server.wait_for(2, PATIENCE).unwrap();
    testkit::wait_until(PATIENCE, "the letters to be noted", async || {
        standing(&site).await.sent_at.is_some() && post(&site).await == 0
    })
    .await
    .unwrap();
    stop.send(true).unwrap();
    worker.await.unwrap();
    // As after a restart: what was sent today stays sent.
    assert_eq!(post(&site).await, 0);
    let text = body(&letters[0]);
    let found = compare(&site, &text).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, found[0].word),
        (Kind::Note, Word::BorneOut),
        "{found:?}"
    );
    pass(SignedDuration::from_hours(24));
    let before = entries(&site).await;
    assert_eq!(post(&site).await, 2, "another day");
    assert_eq!(entries(&site).await, before + 1, "both in one act");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_nobody_took_goes_an_hour_later_and_one_to_who_is_not_named_any_more_does_not() {
    let site = signed_site().await;
    let authority = Authority::create("post").unwrap();
    let mut server = MailServer::start(&authority, Speech::Tls).unwrap();
    set_mail(&site, &server, &authority).await;
    server.stop().unwrap();
    name(&site, &["auditor@example.org"]).await;
    assert_eq!(post(&site).await, 1);
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(site.platform.clone(), shutdown, 1));
    testkit::wait_until(PATIENCE, "the letter to be given up", async || {
        // A lease is half a minute; another attempt waits for its end.
        pass(SignedDuration::from_secs(31));
        tokio::time::sleep(Duration::from_millis(700)).await;
        standing(&site).await.failure.is_some()
    })
    .await
    .unwrap();
    let failure = standing(&site).await.failure.unwrap();
    assert!(failure.contains("cannot be used"), "{failure}");
    pass(SignedDuration::from_hours(1));
    let server = MailServer::start(&authority, Speech::Tls).unwrap();
    set_mail(&site, &server, &authority).await;
    post(&site).await;
    server.wait_for(1, PATIENCE).unwrap();
    testkit::wait_until(PATIENCE, "it to be noted", async || {
        standing(&site).await.failure.is_none()
    })
    .await
    .unwrap();
    stop.send(true).unwrap();
    worker.await.unwrap();
    pass(SignedDuration::from_hours(24));
    assert_eq!(post(&site).await, 1);
    name(&site, &[]).await;
    let (stop, shutdown) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(work::run(site.platform.clone(), shutdown, 1));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(server.letters().unwrap().len(), 1, "nobody is named any more");
    stop.send(true).unwrap();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_with_the_word_of_witnesses_holds_both_checkpoints_until_they_are_one() {
    let site = signed_site().await;
    let folder = site.audit().with_extension("witness");
    let key = witness::make(&folder, "witness.example").unwrap();
    let host = Caller::host();
    witness::appoint(&site.platform, &host, &key, None).await.unwrap();
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    assert!(
        daily::note(&site.platform, &host)
            .await
            .unwrap()
            .witnessed
            .is_none()
    );
    let request = witness::request(&site.platform, &host, 0).await.unwrap();
    let policy = ledger::policy(&site.platform, &host).await.unwrap();
    let logs = witness::Logs::of(policy.as_bytes()).unwrap();
    let answer = witness::sign(&folder, &logs, request.as_bytes(), Timestamp::now()).unwrap();
    witness::keep(&site.platform, &host, request.as_bytes(), answer.as_bytes())
        .await
        .unwrap();
    let one = daily::note(&site.platform, &host).await.unwrap();
    assert!(one.witnessed.is_none());
    assert!(one.newest.note.contains("witness.example"), "{}", one.newest.note);
    let found = compare(&site, one.newest.note.as_bytes()).await;
    assert_eq!((found[0].witnesses, found[0].word), (1, Word::BorneOut));
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let two = daily::note(&site.platform, &host).await.unwrap();
    let older = two.witnessed.as_ref().unwrap();
    assert!(older.size < two.newest.size && older.witnesses == 1);
    assert!(two.picture().unwrap().starts_with("<svg"));
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_tells_a_log_that_was_set_back_or_rewritten() {
    let site = signed_site().await;
    let owner = site.as_role(Role::Owner).await;
    create(&owner, 1).await;
    let pass = sequencer::run_once(&site.platform).await.unwrap();
    assert!(pass.is_some());
    let note = daily::note(&site.platform, &Caller::host())
        .await
        .unwrap()
        .newest
        .note;
    let query = TrailQuery {
        action: Some("record.create".to_owned()),
        ..TrailQuery::default()
    };
    let id = trail::list(&owner, &query).await.unwrap().entries[0].id;
    let Proof::Proven { receipt, .. } = ledger::receipt(&owner, id).await.unwrap() else {
        panic!("it is covered");
    };
    assert_eq!(compare(&site, note.as_bytes()).await[0].word, Word::BorneOut);
    let found = kept::compare_for(&owner, receipt.as_bytes()).await.unwrap();
    assert!(matches!(found[0].kind, Kind::Receipt { .. }) && found[0].word == Word::BorneOut);
    let viewer = site.as_role(Role::Viewer).await;
    let refused = kept::compare_for(&viewer, receipt.as_bytes()).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
    let refused = kept::compare(&site.platform, &site.caller(Role::Owner), note.as_bytes()).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    // A root of another's making under the same signature, and what is no note at all.
    let forged = note.replacen('\n', "\n1", 1);
    assert_eq!(compare(&site, forged.as_bytes()).await[0].word, Word::NotOurs);
    for junk in [
        &b"nothing of the kind"[..],
        b"\xff\xfe",
        &[b'a'; kept::KEPT_BYTES_MAX + 1],
    ] {
        let refused = kept::compare(&site.platform, &Caller::host(), junk)
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::Invalid);
    }
    // The whole log goes back to nothing, folder and all, and signs anew with its own key.
    let leaf = "UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 9) WHERE index = 2";
    tamper(&site, leaf).await;
    fs::remove_dir_all(site.audit()).unwrap();
    fs::create_dir(site.audit()).unwrap();
    let nothing = "strongroom-signed-1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    fs::write(site.audit().join("signed"), nothing).unwrap();
    for kept in [&note, &receipt] {
        assert_eq!(compare(&site, kept.as_bytes()).await[0].word, Word::SetBack);
    }
    create(&owner, 2).await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    for kept in [&note, &receipt] {
        assert_eq!(compare(&site, kept.as_bytes()).await[0].word, Word::Rewritten);
    }
    let letter = format!(
        "Dear auditor,\r\n\r\n{0}\r\n{1}{0}\r\n\r\n-- \r\nx\r\n",
        "-".repeat(40),
        note.replace('\n', "\r\n")
    );
    assert_eq!(compare(&site, letter.as_bytes()).await[0].word, Word::Rewritten);
}

/// The Message-ID of a letter.
fn id_of(letter: &str) -> String {
    let line = letter
        .lines()
        .find(|line| line.to_lowercase().starts_with("message-id:"));
    line.unwrap().to_lowercase()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_goes_again_after_a_crash_is_the_same_and_one_left_out_does_not_count() {
    let site = signed_site().await;
    let authority = Authority::create("post").unwrap();
    let server = MailServer::start(&authority, Speech::Tls).unwrap();
    set_mail(&site, &server, &authority).await;
    name(&site, &["auditor@example.org"]).await;
    assert_eq!(post(&site).await, 1);
    let run = async |count: usize| {
        let (stop, shutdown) = tokio::sync::watch::channel(false);
        let worker = tokio::spawn(work::run(site.platform.clone(), shutdown, 1));
        let letters = server.wait_for(count, PATIENCE).unwrap();
        let text = "SELECT count(*) FROM strongroom.job WHERE kind = 'audit-note.send' AND state <> 'done'";
        testkit::wait_until(PATIENCE, "every job to be done", async || {
            let left: i64 = site.superuser().await.query_one(text, &[]).await.unwrap().get(0);
            left == 0
        })
        .await
        .unwrap();
        stop.send(true).unwrap();
        worker.await.unwrap();
        letters
    };
    run(1).await;
    // The server took it, and the worker died before it could note that.
    let died = "UPDATE strongroom.job SET state = 'waiting', finished_at = NULL, result = NULL WHERE kind = 'audit-note.send'";
    tamper(&site, died).await;
    let letters = run(2).await;
    assert_eq!(id_of(&letters[0]), id_of(&letters[1]));
    // One that waits while its address is not named is left out, and no letter of that day.
    name(&site, &["board@example.org"]).await;
    assert_eq!(post(&site).await, 1);
    name(&site, &[]).await;
    run(2).await;
    name(&site, &["board@example.org"]).await;
    pass(SignedDuration::from_mins(61));
    assert_eq!(post(&site).await, 1, "it has had none yet");
}
