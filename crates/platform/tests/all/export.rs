//! Exports: everything that leaves comes back, and sensitive values leave only for those who may reveal them.

use crate::{
    fixture::{Site, field, unique},
    import::{Worker, bytes, count, run},
};
use access::Role;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use platform::{
    PlatformError, Workspace,
    dataset::FieldDraft,
    export::{self, Format, Reveal},
    file,
    import::{self, Mode},
    list::{self, PlaceOrLive, Query},
    record::{self, Expected},
};
use serde_json::{Value as Json, json};
use types::{Dataset, FieldKind, PageSize, ProblemCode, Record, Value};

async fn text(mut stream: impl Stream<Item = Result<Bytes, PlatformError>> + Unpin) -> String {
    let mut whole = Vec::new();
    while let Some(piece) = stream.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    String::from_utf8_lossy(&whole).into_owned()
}

pub(crate) async fn whole(mut stream: impl Stream<Item = Result<Bytes, PlatformError>> + Unpin) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(piece) = stream.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    whole
}

fn every_kind(target: &str) -> Vec<FieldDraft> {
    let fields = FieldKind::ALL.into_iter().map(|kind| {
        let mut draft = field(&format!("The {kind}"), kind);
        match kind {
            FieldKind::Choice | FieldKind::MultipleChoice => {
                draft.rules.choices = vec!["a, b".into(), "=c".into(), "d".into()];
            }
            FieldKind::Reference => draft.references = Some(target.to_owned()),
            _ => {}
        }
        draft
    });
    fields.collect()
}

fn values(target: &Record, attachment: &str) -> Json {
    json!({
        "the_text": " =1+1, \"quoted\"", "the_long_text": "one\r\ntwo\n\u{1f512}", "the_integer": -42,
        "the_decimal": "12.500", "the_money": {"amount": "-3.10", "currency": "EUR"}, "the_boolean": false,
        "the_date": "2026-03-31", "the_timestamp": "2026-03-31T12:00:00.123456Z", "the_choice": "=c",
        "the_multiple_choice": ["a, b", "d"], "the_email": "a@example.com", "the_url": "https://example.com/?a=b",
        "the_phone": "+442079460958", "the_reference": target.id, "the_attachment": attachment,
        "the_geo_point": {"latitude": "52.5", "longitude": "-13.40"}, "the_json": {"a": [1, null, "x"]},
        "the_sensitive_text": "DE89 3704 0044 0532 0130 00",
    })
}

pub(crate) async fn create(workspace: &Workspace, dataset: &str, input: &Json) -> Record {
    let input = record::read_input(input).unwrap();
    record::create(workspace, dataset, &input).await.unwrap().record
}

async fn all(workspace: &Workspace, dataset: &str, place: PlaceOrLive) -> Vec<Record> {
    let query = Query {
        limit: PageSize::new(500).unwrap(),
        place,
        ..Query::default()
    };
    let page = list::list(workspace, dataset, &query).await.unwrap();
    let mut records = page.records;
    for record in &mut records {
        for (place, field) in page.dataset.fields.iter().enumerate() {
            if record.values[place] == Value::Masked {
                let shown = record::reveal(workspace, dataset, record.id, field.key.as_str()).await;
                record.values[place] = shown.unwrap();
            }
        }
    }
    records
}

fn contents(records: &[Record]) -> Vec<Vec<Value>> {
    records.iter().map(|record| record.values.clone()).collect()
}

/// A dataset of every kind with a full and an empty record, and what both refer to.
pub(crate) async fn fill(site: &Site, owner: &Workspace) {
    site.dataset(owner, "Targets", vec![unique("Name", FieldKind::Text)])
        .await;
    let target = create(owner, "targets", &json!({"name": "t"})).await;
    let attachment = file::store(owner, "scan.pdf", "application/pdf", bytes("%PDF-"))
        .await
        .unwrap();
    site.dataset(owner, "Things", every_kind("targets")).await;
    create(owner, "things", &values(&target, &attachment.id.to_string())).await;
    create(owner, "things", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_value_comes_back_from_csv_and_json() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let accountant = site.as_role(Role::Accountant).await;
    let worker = Worker::start(&site.platform);
    fill(&site, &owner).await;
    let before = all(&accountant, "things", PlaceOrLive::Live).await;
    assert_eq!(
        before[0].values.iter().filter(|value| value.is_empty()).count(),
        0,
        "every kind is tried"
    );
    for (format, name) in [
        (Format::Csv, "e.csv"),
        (Format::Json, "e.json"),
        (Format::JsonLines, "e.jsonl"),
    ] {
        let label = format!("Copy {}", format.as_str());
        let copy = site.dataset(&owner, &label, every_kind("targets")).await;
        let stream = export::records(&accountant, "things", &Query::default(), format, Reveal::Clear).await;
        let text = text(stream.unwrap()).await;
        let view = import::upload(&accountant, name, Some(copy.key.as_str()), bytes(text))
            .await
            .unwrap();
        let outcome = run(&accountant, view.id, Mode::Import).await.outcome.unwrap();
        assert_eq!(
            (outcome.rows_imported, outcome.refused),
            (2, Vec::new()),
            "{format:?}"
        );
        let after = all(&accountant, copy.key.as_str(), PlaceOrLive::Live).await;
        assert_eq!(contents(&after), contents(&before), "{format:?}");
        let next = create(&owner, copy.key.as_str(), &json!({})).await;
        assert_eq!(
            next.values.last(),
            Some(&Value::Integer(3)),
            "the counter goes on behind the file's numbers"
        );
    }
    drop(worker);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_json_export_makes_its_dataset_anew() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let worker = Worker::start(&site.platform);
    let mut fields = vec![
        unique("Name", FieldKind::Text),
        field("Secret", FieldKind::SensitiveText),
    ];
    fields.push(field("Number", FieldKind::AutoNumber));
    site.dataset(&owner, "Keys", fields).await;
    create(&owner, "keys", &json!({"name": "a", "secret": "s1"})).await;
    let accountant = site.as_role(Role::Accountant).await;
    let stream = export::records(
        &accountant,
        "keys",
        &Query::default(),
        Format::Json,
        Reveal::Clear,
    )
    .await;
    let text = text(stream.unwrap()).await;
    let second = site.second_organization().await;
    let view = import::upload(&second, "keys.json", None, bytes(text))
        .await
        .unwrap();
    let outcome = run(&second, view.id, Mode::Import).await.outcome.unwrap();
    assert_eq!(
        (outcome.rows_imported, outcome.dataset.as_deref()),
        (1, Some("keys"))
    );
    let copy = platform::dataset::find(&second, "keys").await.unwrap();
    let kinds: Vec<FieldKind> = copy.fields.iter().map(|field| field.kind).collect();
    assert_eq!(
        kinds,
        [FieldKind::Text, FieldKind::SensitiveText, FieldKind::AutoNumber]
    );
    let next = create(&second, "keys", &json!({"name": "b"})).await;
    assert_eq!(next.values[2], Value::Integer(2));
    drop(worker);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sensitive_values_leave_masked_unless_the_role_may_reveal_and_asks() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let accountant = site.as_role(Role::Accountant).await;
    let fields = vec![
        field("Name", FieldKind::Text),
        field("Iban", FieldKind::SensitiveText),
    ];
    site.dataset(&owner, "People", fields).await;
    create(&owner, "people", &json!({"name": "n", "iban": "DE893704"})).await;
    for (workspace, reveal, shown) in [
        (&owner, Reveal::Clear, false),
        (&accountant, Reveal::Masked, false),
        (&accountant, Reveal::Clear, true),
    ] {
        for format in [Format::Csv, Format::Json, Format::JsonLines] {
            let stream = export::records(workspace, "people", &Query::default(), format, reveal).await;
            let text = text(stream.unwrap()).await;
            assert_eq!(text.contains("DE893704"), shown, "{reveal:?} {format:?} {text}");
        }
    }
    let editor = site.as_role(Role::Editor).await;
    let refused = export::records(&editor, "people", &Query::default(), Format::Csv, Reveal::Masked).await;
    assert_eq!(refused.err().unwrap().code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_obeys_its_query_and_is_in_the_log_before_its_first_byte() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Goods", vec![field("Name", FieldKind::Text)])
        .await;
    for name in ["chair", "table"] {
        create(&owner, "goods", &json!({"name": name})).await;
    }
    let query = Query {
        conditions: vec![("name".into(), "eq".into(), "table".into())],
        ..Query::default()
    };
    let stream = export::records(&owner, "goods", &query, Format::Csv, Reveal::Masked)
        .await
        .unwrap();
    let trail = platform::trail::TrailQuery {
        action: Some("export.run".into()),
        ..platform::trail::TrailQuery::default()
    };
    let noted = platform::trail::list(&owner, &trail).await.unwrap();
    assert_eq!(noted.entries.len(), 1);
    assert_eq!(text(stream).await, "name\r\ntable\r\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_restores_into_an_empty_organization_with_equal_data() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let accountant = site.as_role(Role::Accountant).await;
    fill(&site, &owner).await;
    let old = create(&owner, "things", &json!({"the_text": "old"})).await;
    record::trash(&owner, "things", old.id, Expected::Any)
        .await
        .unwrap();
    let archive = whole(export::archive(&accountant).await.unwrap()).await;

    let second = site.second_organization().await;
    let pieces: Vec<_> = archive
        .chunks(1_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let restored = export::restore_archive(&second, stream::iter(pieces))
        .await
        .unwrap();
    assert_eq!(
        (restored.datasets, restored.records, restored.attachments),
        (2, 4, 1)
    );
    let administrators = access::Policies {
        administrators_reveal: access::Choice::Allow,
        ..access::Policies::default()
    };
    platform::policy::set(
        &second,
        platform::policy::OrganizationPolicy {
            administrators,
            ..Default::default()
        },
    )
    .await
    .unwrap();
    let second = site
        .platform
        .enter(&site.caller(Role::Owner), "globex")
        .await
        .unwrap();
    for dataset in ["targets", "things"] {
        let before = all(&accountant, dataset, PlaceOrLive::Live).await;
        let after = all(&second, dataset, PlaceOrLive::Live).await;
        let ids = |records: &[Record]| records.iter().map(|record| record.id).collect::<Vec<_>>();
        assert_eq!(ids(&after), ids(&before));
        assert_eq!(contents(&after), contents(&before));
        let definition = |dataset: &Dataset| {
            let mut fields = dataset.fields.clone();
            for field in &mut fields {
                field.id = types::FieldId(0);
                field.rules.dataset = None;
            }
            (dataset.label.clone(), fields)
        };
        let one = platform::dataset::find(&owner, dataset).await.unwrap();
        let other = platform::dataset::find(&second, dataset).await.unwrap();
        assert_eq!(definition(&one), definition(&other));
    }
    assert_eq!(all(&second, "things", PlaceOrLive::Trash).await[0].id, old.id);
    check_attachment(&second).await;
    let again = export::restore_archive(&second, stream::iter([Ok(Bytes::from(archive))])).await;
    assert_eq!(
        again.unwrap_err().code,
        ProblemCode::Conflict,
        "only into an empty organization"
    );
}

async fn check_attachment(second: &Workspace) {
    let things = all(second, "things", PlaceOrLive::Live).await;
    let Some(Value::Attachment(id)) = things[0]
        .values
        .iter()
        .find(|value| matches!(value, Value::Attachment(_)))
    else {
        panic!("the attachment is gone");
    };
    let (view, stream) = file::open(second, *id).await.unwrap();
    assert_eq!(
        (view.name.as_str(), whole(stream).await),
        ("scan.pdf", b"%PDF-".to_vec())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_or_cut_archive_restores_nothing() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Goods", vec![field("Name", FieldKind::Text)])
        .await;
    create(&owner, "goods", &json!({"name": "chair"})).await;
    let archive = whole(export::archive(&owner).await.unwrap()).await;
    let second = site.second_organization().await;
    let place = archive.windows(5).position(|window| window == b"chair").unwrap();
    let mut changed = archive.clone();
    changed[place] = b'C';
    let cut = archive[..archive.len() - 4_096].to_vec();
    for damaged in [changed, cut] {
        let refused = export::restore_archive(&second, stream::iter([Ok(Bytes::from(damaged))])).await;
        assert_eq!(refused.unwrap_err().code, ProblemCode::Invalid);
        assert!(platform::dataset::list(&second).await.unwrap().is_empty());
    }
    let fine = export::restore_archive(&second, stream::iter([Ok(Bytes::from(archive))]))
        .await
        .unwrap();
    assert_eq!(fine.records, 1);
    assert_eq!(count(&second, "goods").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_goes_out_as_balanced_transactions_or_not_at_all() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        field("Day", FieldKind::Date),
        field("Account", FieldKind::Text),
        field("Contra", FieldKind::Text),
        field("Amount", FieldKind::Money),
    ];
    site.dataset(&owner, "Ledger", fields).await;
    let post = async |day: &str, amount: &str| {
        let amount = json!({"amount": amount, "currency": "EUR"});
        let input = json!({"day": day, "account": "Office", "contra": "Checking", "amount": amount});
        platform::record::create(&owner, "ledger", input.as_object().unwrap())
            .await
            .unwrap()
            .record
            .id
    };
    post("2026-02-03", "12.50").await;
    post("2026-02-04", "-0.07").await;
    let mapping = export::IifMapping {
        date: "day".to_owned(),
        account: "account".to_owned(),
        contra: "contra".to_owned(),
        amount: "amount".to_owned(),
        ..export::IifMapping::default()
    };
    let query = Query::default();
    let mut stream = export::iif(&owner, "ledger", &query, &mapping).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = futures_util::StreamExt::next(&mut stream).await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    let found = tabular::iif::read(&bytes).unwrap();
    let amounts: Vec<String> = found
        .iter()
        .map(|one| one.postings[0].amount.to_string())
        .collect();
    assert_eq!(amounts, ["12.50", "-0.07"]);
    let bad = post("2026-02-05", "0.005").await;
    let refused = export::iif(&owner, "ledger", &query, &mapping)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.errors.len(), 1);
    assert_eq!(refused.errors[0].pointer, format!("/records/{bad}"));
    assert!(
        refused.errors[0].message.starts_with("row 3: amount has"),
        "{:?}",
        refused.errors
    );
    let viewer = site.as_role(Role::Viewer).await;
    let refused = export::iif(&viewer, "ledger", &query, &mapping)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code, types::ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_exported_breaks_the_promise() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Papers", vec![field("Paper", FieldKind::Attachment)])
        .await;
    let bytes = stream::iter([Ok(Bytes::from_static(b"a signed contract"))]);
    let stored = file::store(&owner, "contract.txt", "text/plain", bytes)
        .await
        .unwrap();
    let input = json!({"paper": stored.id});
    record::create(&owner, "papers", input.as_object().unwrap())
        .await
        .unwrap();
    crate::promise::assert_kept(&site, "export-complete").await;
    crate::check::tamper(&site, "UPDATE {o}._file SET size = size + 1").await;
    crate::promise::assert_broken(&site, "export-complete", "not what was stored").await;
    crate::check::tamper(&site, "UPDATE {o}._file_chunk SET sealed = sealed || '\\x00'").await;
    crate::promise::assert_broken(&site, "export-complete", "cannot be read to its end").await;
}
