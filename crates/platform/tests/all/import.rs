//! Imports: what comes in, what is refused and where, and that nothing comes in by halves.

use crate::fixture::{Site, field, required, unique};
use access::Role;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use platform::{
    Platform, PlatformError, Workspace,
    dataset::FieldDraft,
    import::{self, Destination, FileFormat, ImportState, ImportView, Mode, OnRefusal},
    list::{self, Counting, Query},
    record, upkeep, work,
};
use std::time::Duration;
use testkit::wait_until;
use tokio::sync::watch;
use types::{FieldKind, JobId, PageSize, Value};

/// A worker in the background; it stops when this is dropped.
pub(crate) struct Worker {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    pub(crate) fn start(platform: &Platform) -> Self {
        let (stop, shutdown) = watch::channel(false);
        let task = tokio::spawn(work::run(platform.clone(), shutdown, 2));
        Self { stop, task }
    }

    /// As a process that dies.
    pub(crate) fn kill(self) {
        self.task.abort();
    }

    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(30), self.task)
            .await
            .unwrap()
            .unwrap();
    }
}

pub(crate) fn bytes(
    text: impl Into<Vec<u8>>,
) -> impl futures_util::Stream<Item = Result<Bytes, PlatformError>> + Unpin {
    stream::iter([Ok(Bytes::from(text.into()))])
}

pub(crate) async fn upload(
    workspace: &Workspace,
    name: &str,
    target: Option<&str>,
    text: &str,
) -> ImportView {
    import::upload(workspace, name, target, bytes(text))
        .await
        .unwrap()
}

/// Starts an import and waits for its end.
pub(crate) async fn run(workspace: &Workspace, id: JobId, mode: Mode) -> ImportView {
    import::start(workspace, id, mode).await.unwrap();
    ended(workspace, id).await
}

async fn ended(workspace: &Workspace, id: JobId) -> ImportView {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let view = import::find(workspace, id).await.unwrap();
        let busy = matches!(view.state, ImportState::Waiting | ImportState::Running);
        if !busy && (view.outcome.is_some() || view.state == ImportState::Cancelled) {
            return view;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the import does not end: {view:?}"
        );
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

pub(crate) async fn count(workspace: &Workspace, dataset: &str) -> i64 {
    let query = Query {
        count: Counting::Exact,
        ..Query::default()
    };
    list::list(workspace, dataset, &query)
        .await
        .unwrap()
        .count
        .and_then(list::Count::exact)
        .unwrap()
}

async fn images(site: &Site, workspace: &Workspace) -> i64 {
    rows_of(site, workspace, "_image").await
}

/// How many uploads lie in the organization's schema; an import's papers are of another media type.
async fn uploads(site: &Site, workspace: &Workspace) -> i64 {
    let uploads = "_file WHERE purpose = 'import' AND media_type <> 'application/json'";
    rows_of(site, workspace, uploads).await
}

async fn rows_of(site: &Site, workspace: &Workspace, table: &str) -> i64 {
    let client = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE id = $1";
    let schema: String = client
        .query_one(text, &[&workspace.organization().id.0])
        .await
        .unwrap()
        .get(0);
    let text = format!("SELECT count(*) FROM \"{schema}\".{table}");
    client.query_one(&text, &[]).await.unwrap().get(0)
}

async fn report_of(workspace: &Workspace, id: JobId) -> String {
    let mut report = import::report_csv(workspace, id).await.unwrap();
    let mut text = Vec::new();
    while let Some(piece) = report.next().await {
        text.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8(text).unwrap()
}

fn payments() -> Vec<FieldDraft> {
    vec![
        required("Reference", FieldKind::Text),
        field("Amount", FieldKind::Decimal),
        field("Account", FieldKind::SensitiveText),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_becomes_a_dataset_with_its_records_in_order() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    let view = upload(
        &owner,
        "Furniture.csv",
        None,
        "Name;Price\nchair;12,50\ntable;1.120,00\n",
    )
    .await;
    assert_eq!(view.headers, ["Name", "Price"]);
    assert_eq!(view.preview[1], ["table", "1.120,00"]);
    assert_eq!(view.state, ImportState::Draft);
    let tried = run(&owner, view.id, Mode::DryRun).await;
    let outcome = tried.outcome.unwrap();
    assert_eq!(
        (outcome.dry_run, outcome.rows_imported, outcome.error),
        (true, 2, None)
    );
    assert!(
        platform::dataset::find(&owner, "furniture").await.is_err(),
        "a dry run keeps nothing"
    );
    let done = run(&owner, view.id, Mode::Import).await;
    assert_eq!(done.state, ImportState::Done);
    let outcome = done.outcome.unwrap();
    assert_eq!(
        (outcome.rows_imported, outcome.dataset.as_deref()),
        (2, Some("furniture"))
    );
    let page = list::list(&owner, "furniture", &Query::default()).await.unwrap();
    let names: Vec<String> = page
        .records
        .iter()
        .map(|record| record.values[0].to_text())
        .collect();
    assert_eq!(names, ["chair", "table"]);
    assert_eq!(page.records[1].values[1].to_text(), "1120.00");
    worker.stop().await;
    let report = platform::check::organization(&site.platform, &platform::Caller::host(), "acme")
        .await
        .unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_or_nothing_leaves_nothing_and_the_report_names_row_and_column() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    let mut fields = vec![
        unique("Reference", FieldKind::Text),
        field("Amount", FieldKind::Decimal),
    ];
    let status =
        serde_json::json!({"label": "Status", "kind": "choice", "rules": {"choices": ["open", "paid"]}});
    fields.push(serde_json::from_value(status).unwrap());
    site.dataset(&owner, "Payments", fields).await;
    let before = images(&site, &owner).await;
    let text = "reference,amount,status\n\
        a,1,open\n\
        b,x,open\n\
        c,1\n\
        d,1,lost\n\
        a,2,paid\n\
        4111 1111 1111 1111,1,open\n";
    let mut view = upload(&owner, "p.csv", Some("payments"), text).await;
    // Whatever the guesses made of the mixed column, it is read as plain decimals.
    view.plan.on_refusal = OnRefusal::AllOrNothing;
    let view = import::plan(&owner, view.id, view.plan).await.unwrap();
    let done = run(&owner, view.id, Mode::Import).await;
    let outcome = done.outcome.unwrap();
    assert_eq!(outcome.rows_imported, 0);
    assert!(outcome.error.is_some());
    let found: Vec<(u64, Option<&str>, &str)> = outcome
        .refused
        .iter()
        .map(|refusal| (refusal.row, refusal.column.as_deref(), refusal.code.as_str()))
        .collect();
    let expected = [
        (2, Some("amount"), "malformed"),
        (3, None, "ragged-row"),
        (4, Some("status"), "not-a-choice"),
        (5, Some("reference"), "not-unique"),
        (6, Some("reference"), "card-number"),
    ];
    assert_eq!(found, expected);
    assert!(
        !format!("{:?}", outcome.refused).contains("4111"),
        "no card number is quoted"
    );
    assert_eq!(count(&owner, "payments").await, 0);
    assert_eq!(images(&site, &owner).await, before, "no image without its row");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skipping_rows_imports_the_others_and_reports_the_rest() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    site.dataset(&owner, "Payments", payments()).await;
    let long = "y".repeat(2 << 20);
    let text =
        format!("reference,amount,account\na,1,DE1\n,2,DE2\nc,3,4111111111111111\nd,4,DE4\n\"{long}\",5,x\n");
    let mut view = upload(&owner, "p.csv", Some("payments"), &text).await;
    view.plan.on_refusal = OnRefusal::SkipRows;
    import::plan(&owner, view.id, view.plan.clone()).await.unwrap();
    let broken = run(&owner, view.id, Mode::DryRun).await.outcome.unwrap();
    assert_eq!(broken.refused.last().unwrap().code, "record-too-long");
    assert!(
        broken.error.is_some(),
        "what comes after a giant line cannot be read"
    );

    let text = "reference,amount,account\na,1,DE1\n,2,DE2\nc,3,4111111111111111\nd,4,DE4\n";
    let mut view = upload(&owner, "p.csv", Some("payments"), text).await;
    view.plan.on_refusal = OnRefusal::SkipRows;
    import::plan(&owner, view.id, view.plan.clone()).await.unwrap();
    let done = run(&owner, view.id, Mode::Import).await;
    let outcome = done.outcome.unwrap();
    assert_eq!(
        (outcome.rows_read, outcome.rows_imported, outcome.refused_count),
        (4, 2, 2)
    );
    assert_eq!(count(&owner, "payments").await, 2);
    let text = report_of(&owner, view.id).await;
    assert!(text.contains("2,3,reference,required"), "{text}");
    assert!(text.contains("3,4,account,card-number"), "{text}");
    assert!(!text.contains("4111"), "{text}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rows_come_in_under_one_entry_and_duplicates_are_found_in_every_batch() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    let fields = vec![
        unique("Reference", FieldKind::Text),
        field("Amount", FieldKind::Decimal),
    ];
    site.dataset(&owner, "Payments", fields).await;
    let mut text = String::from("reference,amount\n");
    for number in 1..=9_000 {
        let name = if number % 3_000 == 0 { 1 } else { number };
        text += &format!("R{name},{number}.5\n");
    }
    let mut view = upload(&owner, "p.csv", Some("payments"), &text).await;
    view.plan.on_refusal = OnRefusal::SkipRows;
    import::plan(&owner, view.id, view.plan.clone()).await.unwrap();
    let outcome = run(&owner, view.id, Mode::Import).await.outcome.unwrap();
    assert_eq!((outcome.rows_imported, outcome.refused_count), (8_997, 3));
    let rows: Vec<u64> = outcome.refused.iter().map(|refusal| refusal.row).collect();
    assert_eq!(rows, [3_000, 6_000, 9_000]);
    assert_eq!(count(&owner, "payments").await, 8_997);
    let again = upload(&owner, "p.csv", Some("payments"), &text).await;
    let refused = run(&owner, again.id, Mode::Import).await;
    assert!(refused.outcome.unwrap().error.is_some());
    assert_eq!(count(&owner, "payments").await, 8_997);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_who_may_import_and_define_do_and_others_imports_are_out_of_sight() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let viewer = site.as_role(Role::Viewer).await;
    let editor = site.as_role(Role::Editor).await;
    site.dataset(&owner, "Payments", payments()).await;
    let text = "reference,amount\na,1\n";
    let refused = import::upload(&viewer, "p.csv", Some("payments"), bytes(text)).await;
    assert_eq!(refused.unwrap_err().code, types::ProblemCode::NotAllowed);
    let view = upload(&editor, "p.csv", None, text).await;
    let refused = import::start(&editor, view.id, Mode::Import).await.unwrap_err();
    assert_eq!(
        refused.code,
        types::ProblemCode::NotAllowed,
        "an editor defines no dataset"
    );
    let hidden = import::find(&owner, view.id).await.unwrap_err();
    assert_eq!(hidden.code, types::ProblemCode::NotFound);

    let view = upload(&editor, "p.csv", Some("payments"), text).await;
    import::start(&editor, view.id, Mode::Import).await.unwrap();
    let account = site.account(Role::Editor);
    platform::member::set_role(&owner, account, Role::Viewer)
        .await
        .unwrap();
    let worker = Worker::start(&site.platform);
    wait_for_state(&site, view.id, "failed").await;
    assert_eq!(count(&owner, "payments").await, 0, "the rights of now decide");
    worker.stop().await;
}

async fn wait_for_state(site: &Site, id: JobId, state: &str) {
    let client = site.superuser().await;
    wait_until(Duration::from_secs(60), "the job's state", async || {
        let row = client
            .query_one(
                "SELECT state, result::text FROM strongroom.job WHERE id = $1",
                &[&id.0],
            )
            .await
            .unwrap();
        row.get::<_, String>(0) == state
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_import_leaves_nothing_and_its_file_is_gone() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Payments", payments()).await;
    let view = upload(&owner, "p.csv", Some("payments"), &large(60_000)).await;
    let worker = Worker::start(&site.platform);
    import::start(&owner, view.id, Mode::Import).await.unwrap();
    wait_for_state(&site, view.id, "running").await;
    import::cancel(&owner, view.id).await.unwrap();
    worker.stop().await;
    let view = import::find(&owner, view.id).await.unwrap();
    assert_eq!(view.state, ImportState::Cancelled);
    assert_eq!(count(&owner, "payments").await, 0);
    assert!(import::start(&owner, view.id, Mode::Import).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_import_keeps_its_report_and_not_its_file_and_tells_the_next_attempt() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    site.dataset(&owner, "Payments", payments()).await;
    let text = "reference,amount,account\na,1,DE1\n,2,DE2\n";
    let mut view = upload(&owner, "p.csv", Some("payments"), text).await;
    view.plan.on_refusal = OnRefusal::AllOrNothing;
    import::plan(&owner, view.id, view.plan.clone()).await.unwrap();
    run(&owner, view.id, Mode::DryRun).await;
    assert_eq!(uploads(&site, &owner).await, 1, "a dry run keeps the file");
    let refused = run(&owner, view.id, Mode::Import).await;
    assert!(refused.outcome.as_ref().unwrap().error.is_some());
    assert_eq!(uploads(&site, &owner).await, 0, "the refused file is still there");
    assert!(refused.preview.is_empty(), "its papers still show its rows");
    let report = report_of(&owner, view.id).await;
    assert!(report.contains("2,3,reference,required"), "{report}");

    die_after_the_end(&site, view.id).await;
    let again = ended(&owner, view.id).await;
    assert_eq!(again.state, ImportState::Done);
    assert_eq!(
        again.outcome, refused.outcome,
        "the next attempt knows what came of it"
    );
    worker.stop().await;
}

/// As if the worker had died right before it could note the end.
async fn die_after_the_end(site: &Site, id: JobId) {
    let text =
        "UPDATE strongroom.job SET state = 'running', result = NULL, lease_until = now() - interval '1 day'
        WHERE id = $1";
    let changed = site.superuser().await.execute(text, &[&id.0]).await.unwrap();
    assert_eq!(changed, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_of_an_import_that_failed_goes_after_a_day() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Payments", payments()).await;
    let failed = upload(&owner, "p.csv", Some("payments"), &large(3)).await;
    let draft = upload(&owner, "q.csv", Some("payments"), &large(3)).await;
    let client = site.superuser().await;
    let fail = async |age: &str| {
        let text = format!(
            "UPDATE strongroom.job SET state = 'failed', result = '{{\"error\": \"it was interrupted\"}}',
                created_at = now() - interval '{age}', finished_at = now() - interval '{age}' WHERE id = $1"
        );
        assert_eq!(client.execute(&text, &[&failed.id.0]).await.unwrap(), 1);
    };
    let removed = async || {
        let now = jiff::Timestamp::now();
        upkeep::remove_abandoned(&site.platform, now)
            .await
            .unwrap()
            .drafts
    };
    fail("23 hours").await;
    assert_eq!((removed().await, uploads(&site, &owner).await), (0, 2));
    fail("25 hours").await;
    assert_eq!((removed().await, uploads(&site, &owner).await), (1, 1));
    let view = import::find(&owner, failed.id).await.unwrap();
    assert_eq!(view.state, ImportState::Failed);
    assert_eq!(view.outcome.unwrap().error.as_deref(), Some("it was interrupted"));
    assert!(view.preview.is_empty(), "its papers still show its rows");
    assert_eq!(removed().await, 0, "it goes once");
    let worker = Worker::start(&site.platform);
    let outcome = run(&owner, draft.id, Mode::Import).await.outcome.unwrap();
    assert_eq!(outcome.rows_imported, 3, "the draft lost its file");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_go_on_after_the_numbers_of_a_file_also_in_a_dataset_that_it_made() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    let text = "name,number\nchair,1\ntable,7\n";
    let mut view = upload(&owner, "Goods.csv", None, text).await;
    for column in &mut view.plan.columns {
        if let tabular::Target::New { field, formats } = &mut column.target
            && field.key.as_str() == "number"
        {
            **field = tabular::NewField {
                kind: FieldKind::AutoNumber,
                presence: types::field::Presence::default(),
                uniqueness: types::field::Uniqueness::default(),
                indexing: types::field::Indexing::default(),
                rules: types::field::Rules::default(),
                ..(**field).clone()
            };
            *formats = tabular::Formats::default();
        }
    }
    import::plan(&owner, view.id, view.plan.clone()).await.unwrap();
    let outcome = run(&owner, view.id, Mode::Import).await.outcome.unwrap();
    assert_eq!((outcome.rows_imported, outcome.error), (2, None));
    assert_eq!(number_of_next(&owner).await, 8);

    let more = upload(&owner, "more.csv", Some("goods"), "name,number\nshelf,20\n").await;
    let outcome = run(&owner, more.id, Mode::Import).await.outcome.unwrap();
    assert_eq!(outcome.rows_imported, 1);
    assert_eq!(number_of_next(&owner).await, 21);
    worker.stop().await;
}

/// The number of a record that is made now among the goods.
async fn number_of_next(workspace: &Workspace) -> i64 {
    let fields = serde_json::json!({"name": "lamp"});
    let made = record::create(workspace, "goods", fields.as_object().unwrap())
        .await
        .unwrap();
    match made.record.values[1] {
        Value::Integer(number) => number,
        ref other => panic!("no number: {other:?}"),
    }
}

fn large(rows: usize) -> String {
    let mut text = String::from("reference,amount,account\n");
    for number in 0..rows {
        text += &format!("R{number},{number}.25,DE{number}\n");
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_leaves_nothing_and_the_next_one_finishes() {
    static AHEAD: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
    let clock = || {
        let ahead = AHEAD.load(std::sync::atomic::Ordering::Relaxed);
        jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead)
    };
    let site = Site::start_with_clock(clock).await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Payments", payments()).await;
    let view = upload(&owner, "p.csv", Some("payments"), &large(30_000)).await;
    let worker = Worker::start(&site.platform);
    import::start(&owner, view.id, Mode::Import).await.unwrap();
    wait_until(Duration::from_secs(60), "rows being read", async || {
        import::find(&owner, view.id).await.unwrap().progress.rows > 0
    })
    .await
    .unwrap();
    worker.kill();
    assert_eq!(count(&owner, "payments").await, 0, "half an import is none");
    assert_eq!(
        import::find(&owner, view.id).await.unwrap().state,
        ImportState::Running
    );
    AHEAD.store(60, std::sync::atomic::Ordering::Relaxed);
    let worker = Worker::start(&site.platform);
    let done = ended(&owner, view.id).await;
    assert_eq!(done.state, ImportState::Done);
    assert_eq!(done.outcome.unwrap().rows_imported, 30_000);
    assert_eq!(count(&owner, "payments").await, 30_000);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn papers_that_others_take_the_place_of_while_they_are_read_are_read_anew() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let view = upload(&owner, "g.csv", None, "name\nchair\n").await;
    let (planner, mut plan) = (owner.clone(), view.plan.clone());
    let planning = tokio::spawn(async move {
        for turn in 0..60 {
            plan.on_refusal = match turn % 2 {
                0 => OnRefusal::AllOrNothing,
                _ => OnRefusal::SkipRows,
            };
            import::plan(&planner, view.id, plan.clone()).await.unwrap();
        }
    });
    while !planning.is_finished() {
        import::find(&owner, view.id).await.unwrap();
    }
    planning.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_right_after_its_commit_does_not_import_twice_and_the_counts_are_kept() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        required("Name", FieldKind::Text),
        field("Number", FieldKind::AutoNumber),
    ];
    site.dataset(&owner, "Goods", fields).await;
    let worker = Worker::start(&site.platform);
    let text = "name,number\nchair,1\n,3\ntable,7\n";
    let mut view = upload(&owner, "g.csv", Some("goods"), text).await;
    view.plan.on_refusal = OnRefusal::SkipRows;
    import::plan(&owner, view.id, view.plan.clone()).await.unwrap();
    let first = run(&owner, view.id, Mode::Import).await;
    die_after_the_end(&site, view.id).await;
    let done = ended(&owner, view.id).await;
    assert_eq!(done.state, ImportState::Done);
    assert_eq!(done.outcome, first.outcome);
    let outcome = done.outcome.unwrap();
    assert_eq!(
        (outcome.rows_read, outcome.rows_imported, outcome.refused_count),
        (3, 2, 1)
    );
    assert_eq!(count(&owner, "goods").await, 2);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_records_without_a_definition_become_a_dataset() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    let text = r#"[{"name":"chair","price":12},{"name":"table","price":1120,"wood":"oak"}]"#;
    let view = upload(&owner, "goods.json", None, text).await;
    assert_eq!(view.plan.format, FileFormat::Json);
    assert!(matches!(&view.plan.dataset, Destination::New { label, .. } if label == "goods"));
    let outcome = run(&owner, view.id, Mode::Import).await.outcome.unwrap();
    assert_eq!((outcome.rows_imported, outcome.refused), (2, Vec::new()));
    let query = Query {
        limit: PageSize::default(),
        ..Query::default()
    };
    let page = list::list(&owner, "goods", &query).await.unwrap();
    assert_eq!(page.records[0].values[1], Value::Integer(12));
    assert_eq!(page.records[1].values[2].to_text(), "oak");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_the_file() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        field("Reference", FieldKind::Text),
        field("Note", FieldKind::LongText),
    ];
    site.dataset(&owner, "Notes", fields).await;
    let worker = Worker::start(&site.platform);
    let grow = async |rows: usize| {
        let note = "n".repeat(1_000);
        let header = stream::iter([Ok(Bytes::from("reference,note\n"))]);
        let lines = stream::iter((0..rows).map(move |row| Ok(Bytes::from(format!("R{row},{note}\n")))));
        let view = import::upload(&owner, "n.csv", Some("notes"), header.chain(lines))
            .await
            .unwrap();
        let outcome = run(&owner, view.id, Mode::DryRun).await.outcome.unwrap();
        assert_eq!(outcome.rows_imported, rows as u64);
        testkit::process::most_memory_mib().unwrap()
    };
    let small = grow(3_000).await;
    let large = grow(30_000).await;
    let grown = large.saturating_sub(small);
    assert!(grown < 24, "a file of 30 MB grew the process by {grown} MiB");
    worker.stop().await;
}
