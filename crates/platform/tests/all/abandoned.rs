//! Abandoned uploads go after their time, with an entry, and nothing else goes with them.

use crate::{
    fixture::{Site, field},
    import::{Worker, bytes, run},
};
use access::Role;
use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};
use platform::{
    Workspace, dataset, file,
    import::{self, Mode},
    record::{self, Expected},
    trail::{self, TrailQuery},
    upkeep::{DRAFT_AGE_MAX, FILE_AGE_MAX, Removed, remove_abandoned},
};
use serde_json::{Value as Json, json};
use types::{AttachmentId, FieldKind, JobId, ProblemCode};

/// So long after now.
fn later(age: SignedDuration) -> Timestamp {
    Timestamp::now() + age + SignedDuration::from_mins(1)
}

async fn draft(workspace: &Workspace) -> JobId {
    let upload = import::upload(workspace, "goods.csv", None, bytes("name\nchair\n"));
    upload.await.unwrap().id
}

async fn store(workspace: &Workspace) -> AttachmentId {
    let stored = file::store(workspace, "scan.pdf", "application/pdf", bytes("%PDF-"));
    stored.await.unwrap().id
}

/// How many files and chunks lie in the organization's schema.
async fn files_in(site: &Site) -> (i64, i64) {
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization";
    let schema: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    let text =
        format!("SELECT (SELECT count(*) FROM {schema}._file), (SELECT count(*) FROM {schema}._file_chunk)");
    let row = superuser.query_one(&text, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// As whoever owns the database may, past its triggers; `{schema}` stands for the organization's.
async fn with_force(site: &Site, text: &str) {
    let superuser = site.superuser().await;
    let named = "SELECT schema_name FROM strongroom.organization";
    let schema: String = superuser.query_one(named, &[]).await.unwrap().get(0);
    let text = text.replace("{schema}", &schema);
    superuser
        .batch_execute(&format!("SET session_replication_role = 'replica'; {text}"))
        .await
        .unwrap();
}

async fn entries(workspace: &Workspace, action: &str) -> usize {
    let query = TrailQuery {
        action: Some(action.into()),
        ..TrailQuery::default()
    };
    trail::list(workspace, &query).await.unwrap().entries.len()
}

fn removed(drafts: usize, files: usize) -> Removed {
    Removed { drafts, files }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_that_nobody_started_goes_after_its_time() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let import = draft(&owner).await;
    let early = remove_abandoned(
        &site.platform,
        Timestamp::now() + DRAFT_AGE_MAX - SignedDuration::from_hours(1),
    );
    assert_eq!(early.await.unwrap(), removed(0, 0));
    import::find(&owner, import).await.unwrap();
    assert_eq!(
        remove_abandoned(&site.platform, later(DRAFT_AGE_MAX))
            .await
            .unwrap(),
        removed(1, 0)
    );
    assert_eq!(
        files_in(&site).await,
        (0, 0),
        "the file or its papers are still there"
    );
    assert_eq!(
        import::find(&owner, import).await.unwrap_err().code,
        ProblemCode::NotFound
    );
    assert!(import::list(&owner).await.unwrap().is_empty());
    assert_eq!(entries(&owner, "import.remove").await, 1);
    assert_eq!(
        remove_abandoned(&site.platform, later(DRAFT_AGE_MAX))
            .await
            .unwrap(),
        removed(0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_started_stays_however_old_it_is() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let (waiting, done) = (draft(&owner).await, draft(&owner).await);
    let worker = Worker::start(&site.platform);
    run(&owner, done, Mode::Import).await;
    drop(worker);
    import::start(&owner, waiting, Mode::Import).await.unwrap();
    let much_later = later(DRAFT_AGE_MAX * 3);
    assert_eq!(
        remove_abandoned(&site.platform, much_later).await.unwrap(),
        removed(0, 0)
    );
    for import in [waiting, done] {
        import::find(&owner, import).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_no_record_ever_had_goes_and_one_that_the_history_names_stays() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Papers", vec![field("Scan", FieldKind::Attachment)])
        .await;
    let (kept, replaced, trashed, loose) = (
        store(&owner).await,
        store(&owner).await,
        store(&owner).await,
        store(&owner).await,
    );
    let create = async |scan: AttachmentId| {
        let input: Json = json!({"scan": scan});
        let made = record::create(&owner, "papers", input.as_object().unwrap()).await;
        made.unwrap().record.id
    };
    create(kept).await;
    let changed = create(replaced).await;
    let nothing = json!({"scan": null});
    record::update(
        &owner,
        "papers",
        changed,
        Expected::Any,
        nothing.as_object().unwrap(),
    )
    .await
    .unwrap();
    let thrown = create(trashed).await;
    record::trash(&owner, "papers", thrown, Expected::Any)
        .await
        .unwrap();
    let early = remove_abandoned(
        &site.platform,
        Timestamp::now() + FILE_AGE_MAX - SignedDuration::from_hours(1),
    );
    assert_eq!(early.await.unwrap(), removed(0, 0));
    assert_eq!(
        remove_abandoned(&site.platform, later(FILE_AGE_MAX))
            .await
            .unwrap(),
        removed(0, 1)
    );
    for id in [kept, replaced, trashed] {
        assert!(file::open(&owner, id).await.is_ok(), "{id} went too");
    }
    assert_eq!(
        file::open(&owner, loose).await.err().unwrap().code,
        ProblemCode::NotFound
    );
    assert_eq!(files_in(&site).await, (3, 3));
    assert_eq!(entries(&owner, "file.remove").await, 1);
    let report = platform::check::organization(&site.platform, &site.caller(Role::Owner), "acme").await;
    assert!(report.unwrap().is_clean());
}

/// Also one that only an earlier version names, and that came so long ago that nobody looks at it any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_record_go_with_it_for_good() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Papers", vec![field("Scan", FieldKind::Attachment)])
        .await;
    let (first, second, shared) = (store(&owner).await, store(&owner).await, store(&owner).await);
    let scan = |id: AttachmentId| json!({"scan": id});
    let create = async |id: AttachmentId| {
        let made = record::create(&owner, "papers", scan(id).as_object().unwrap()).await;
        made.unwrap().record.id
    };
    let gone = create(first).await;
    create(shared).await;
    for id in [shared, second] {
        let changed = scan(id);
        let changed = changed.as_object().unwrap();
        record::update(&owner, "papers", gone, Expected::Any, changed)
            .await
            .unwrap();
    }
    let long_ago = "UPDATE {schema}._file SET created_at = created_at - interval '60 days'";
    with_force(&site, long_ago).await;
    record::trash(&owner, "papers", gone, Expected::Any)
        .await
        .unwrap();
    assert_eq!(files_in(&site).await, (3, 3));
    record::purge(&owner, "papers", gone, Expected::Any)
        .await
        .unwrap();
    assert_eq!(files_in(&site).await, (1, 1));
    assert!(file::open(&owner, shared).await.is_ok(), "another record has it");
    assert_eq!(entries(&owner, "file.erase").await, 2);
    let report = platform::check::organization(&site.platform, &site.caller(Role::Owner), "acme").await;
    assert!(report.unwrap().is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_history_alone_names_hides_no_abandoned_file_behind_it() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Papers", vec![field("Scan", FieldKind::Attachment)])
        .await;
    let made = record::create(&owner, "papers", json!({}).as_object().unwrap()).await;
    let paper = made.unwrap().record.id;
    let put = async |scan: Json| {
        let changed = json!({"scan": scan});
        let changed = changed.as_object().unwrap();
        record::update(&owner, "papers", paper, Expected::Any, changed)
            .await
            .unwrap();
    };
    // More than are looked for at once.
    for _ in 0..101 {
        let scan = store(&owner).await;
        put(json!(scan)).await;
    }
    put(Json::Null).await;
    store(&owner).await;
    let swept = remove_abandoned(&site.platform, later(FILE_AGE_MAX)).await;
    assert_eq!(swept.unwrap(), removed(0, 1));
    assert_eq!(files_in(&site).await, (101, 101));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_dropped_field_go_however_old_they_are() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = ["Scan", "Other"].map(|label| field(label, FieldKind::Attachment));
    site.dataset(&owner, "Papers", fields.to_vec()).await;
    let (dropped, kept) = (store(&owner).await, store(&owner).await);
    let input = json!({"scan": dropped, "other": kept});
    record::create(&owner, "papers", input.as_object().unwrap())
        .await
        .unwrap();
    dataset::drop_field(&owner, "papers", "scan").await.unwrap();
    let long_ago = "UPDATE {schema}._file SET created_at = created_at - interval '60 days'";
    with_force(&site, long_ago).await;
    let day = |number: i64| Timestamp::now() + SignedDuration::from_hours(24 * number);
    let is_sunday = |at: &Timestamp| at.to_zoned(TimeZone::UTC).weekday() == Weekday::Sunday;
    let sunday = (0..7).map(day).find(is_sunday).unwrap();
    let monday = sunday + SignedDuration::from_hours(24);
    let swept = async |at: Timestamp| remove_abandoned(&site.platform, at).await.unwrap();
    assert_eq!(swept(monday).await, removed(0, 0));
    assert_eq!(swept(sunday).await, removed(0, 1));
    assert!(file::open(&owner, kept).await.is_ok(), "a record has it");
    assert_eq!(files_in(&site).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_program_died_before_its_papers_goes_after_a_day() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let (died, alive) = (draft(&owner).await, draft(&owner).await);
    let died = died.0;
    with_force(
        &site,
        &format!("DELETE FROM {{schema}}._file_chunk WHERE file_id = '{died}'; DELETE FROM {{schema}}._file WHERE id = '{died}'; DELETE FROM strongroom.job WHERE id = '{died}'"),
    )
    .await;
    let swept = async || remove_abandoned(&site.platform, Timestamp::now()).await.unwrap();
    assert_eq!(files_in(&site).await.0, 3);
    assert_eq!(swept().await, removed(0, 0), "its papers may be on their way");
    let yesterday = "UPDATE {schema}._file SET created_at = created_at - interval '25 hours'";
    with_force(&site, yesterday).await;
    assert_eq!(swept().await, removed(1, 0));
    assert_eq!(files_in(&site).await.0, 2);
    import::start(&owner, alive, Mode::DryRun).await.unwrap();
}
