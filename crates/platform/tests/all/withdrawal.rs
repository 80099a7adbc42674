//! What runs when rights are withdrawn, on another node than the one where they are withdrawn.

use crate::{
    fixture::{self, Site, database, field},
    import::{Worker, upload},
};
use access::{MemberState, Role};
use futures_util::StreamExt;
use jiff::Timestamp;
use platform::{
    ByteStream, Platform, Workspace,
    export::{self, Format, Reveal},
    import::{self, ImportState, Mode},
    list::Query,
    member, record, session,
};
use serde_json::json;
use std::time::{Duration, Instant};
use types::{FieldKind, JobId, ProblemCode};
use vault::RootKey;

/// So long the end may take, by the promise.
const SECONDS_MAX: Duration = Duration::from_secs(5);

/// Two nodes on one database, with records enough that an export does not end before it is read.
async fn two_nodes() -> (Site, Platform) {
    // Each test is a process of its own.
    let path = std::env::temp_dir().join(format!("strongroom-withdrawal-{}", std::process::id()));
    RootKey::create(&path).unwrap();
    let root = || RootKey::load(&path).unwrap();
    let site = Site::start_on(database().await, root(), Timestamp::now).await;
    let other = fixture::open(&site.database, root(), Timestamp::now).await;
    std::fs::remove_file(&path).unwrap();
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Notes", vec![field("Text", FieldKind::LongText)])
        .await;
    for number in 0..150 {
        let fields = json!({ "text": format!("note {number} {}", "x".repeat(20_000)) });
        record::create(&owner, "notes", fields.as_object().unwrap())
            .await
            .unwrap();
    }
    (site, other)
}

async fn begin_export(site: &Site, caller: &platform::Caller) -> ByteStream {
    let workspace = site.platform.enter(caller, "acme").await.unwrap();
    let (query, format) = (Query::default(), Format::Csv);
    let mut stream = export::records(&workspace, "notes", &query, format, Reveal::Masked)
        .await
        .unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    stream
}

/// Reads on after the promise's time; what was on its way may still come, and then it breaks off.
async fn assert_breaks_off(mut stream: ByteStream) {
    tokio::time::sleep(SECONDS_MAX).await;
    let mut pieces = 0;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(_) => pieces += 1,
            Err(error) => {
                assert_eq!(error.code, ProblemCode::NotAllowed);
                assert!(pieces < 10, "{pieces} pieces came after it was withdrawn");
                return;
            }
        }
    }
    panic!("the export went on to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_breaks_off_when_its_members_right_is_withdrawn_on_another_node() {
    let (site, other) = two_nodes().await;
    let owner = other.enter(&site.caller(Role::Owner), "acme").await.unwrap();
    let account = site.account(Role::Accountant);
    let (_, accountant) = site.sign_in(Role::Accountant).await;
    let disabled = begin_export(&site, &accountant).await;
    member::set_state(&owner, account, MemberState::Disabled)
        .await
        .unwrap();
    assert_breaks_off(disabled).await;
    member::set_state(&owner, account, MemberState::Active)
        .await
        .unwrap();
    let (_, accountant) = site.sign_in(Role::Accountant).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let demoted = begin_export(&site, &accountant).await;
    member::set_role(&owner, account, Role::Viewer).await.unwrap();
    assert_breaks_off(demoted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_breaks_off_when_its_session_is_ended_on_another_node() {
    let (site, other) = two_nodes().await;
    let (_, accountant) = site.sign_in(Role::Accountant).await;
    let running = begin_export(&site, &accountant).await;
    let (kept_token, kept) = site.sign_in(Role::Accountant).await;
    let undisturbed = begin_export(&site, &kept).await;
    session::sign_out(&other, &accountant).await.unwrap();
    let began = Instant::now();
    assert_breaks_off(running).await;
    assert!(began.elapsed() < SECONDS_MAX + Duration::from_secs(2));
    let pieces = undisturbed.collect::<Vec<_>>().await;
    assert!(
        pieces.iter().all(Result::is_ok),
        "another session's export is none of its business"
    );
    let known = session::identify_session(
        &other,
        platform::Origin::default(),
        &kept_token,
        session::Activity::Use,
    );
    assert!(known.await.unwrap().account().is_some());
}

/// An import that this session has put up, and that no worker has taken yet.
async fn put_up(site: &Site, caller: &platform::Caller) -> JobId {
    let workspace = site.platform.enter(caller, "acme").await.unwrap();
    let view = upload(&workspace, "notes.csv", Some("notes"), "text\none\n").await;
    import::start(&workspace, view.id, Mode::Import).await.unwrap();
    view.id
}

/// How an import has ended.
async fn state_of(workspace: &Workspace, id: JobId) -> ImportState {
    let is_over = async || {
        let state = import::find(workspace, id).await.unwrap().state;
        !matches!(state, ImportState::Waiting | ImportState::Running)
    };
    testkit::wait_until(Duration::from_secs(60), "the import to end", is_over)
        .await
        .unwrap();
    import::find(workspace, id).await.unwrap().state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_outlives_its_sessions_sign_out_and_nothing_else_that_ends_it() {
    let (site, other) = two_nodes().await;
    let (_, signs_out) = site.sign_in(Role::Editor).await;
    let goes_on = put_up(&site, &signs_out).await;
    session::sign_out(&other, &signs_out).await.unwrap();
    let (_, is_ended) = site.sign_in(Role::Accountant).await;
    let (_, ends_it) = site.sign_in(Role::Accountant).await;
    let by_its_person = put_up(&site, &is_ended).await;
    let sessions = session::list_own(&other, &ends_it).await.unwrap();
    let earlier = sessions.iter().find(|one| !one.current).unwrap().id;
    session::end_own(&other, &ends_it, earlier).await.unwrap();
    let by_an_administrator = put_up(&site, &ends_it).await;
    let administrator = site.as_role(Role::Administrator).await;
    member::end_sessions(&administrator, site.account(Role::Accountant))
        .await
        .unwrap();
    // Who has signed out keeps nothing running past an administrator or another password.
    let (_, hides) = site.sign_in(Role::Accountant).await;
    let hidden = put_up(&site, &hides).await;
    session::sign_out(&other, &hides).await.unwrap();
    member::end_sessions(&administrator, site.account(Role::Accountant))
        .await
        .unwrap();
    let (_, looks) = site.sign_in(Role::Accountant).await;
    let workspace = other.enter(&looks, "acme").await.unwrap();
    let worker = Worker::start(&other);
    let (_, returns) = site.sign_in(Role::Editor).await;
    let editor = other.enter(&returns, "acme").await.unwrap();
    assert_eq!(state_of(&editor, goes_on).await, ImportState::Done);
    for id in [by_its_person, by_an_administrator, hidden] {
        assert_eq!(state_of(&workspace, id).await, ImportState::Failed);
    }
    worker.stop().await;
}
