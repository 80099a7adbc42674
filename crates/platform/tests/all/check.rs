//! The log against the data: a clean organization passes; what a database superuser changes is found and named.

use crate::fixture::{Site, field, unique};
use access::Role;
use platform::{
    Caller, Workspace,
    bulk::{self, Operation},
    check::{self, AuditReport, FaultCode},
    dataset, record,
    record::{Expected, Found},
    sequencer,
};
use serde_json::{Value as Json, json};
use types::{FieldKind, ProblemCode};

pub(crate) async fn ledger(site: &Site) -> Workspace {
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        field("Name", FieldKind::Text),
        field("Amount", FieldKind::Money),
        unique("Iban", FieldKind::SensitiveText),
        field("Paid", FieldKind::Boolean),
        field("Extra", FieldKind::Json),
        field("Place", FieldKind::GeoPoint),
        field("Seen", FieldKind::Timestamp),
        field("Note", FieldKind::Text),
    ];
    site.dataset(&owner, "Ledger", fields).await;
    owner
}

pub(crate) async fn create(workspace: &Workspace, number: usize) -> Found {
    let fields = json!({
        "name": format!("Row {number}"),
        "amount": {"amount": "12.50", "currency": "EUR"},
        "iban": format!("DE{number:020}"),
        "extra": {"big": 1e30, "list": [1.0, 2, "x"], "n": null},
        "note": format!("note {number}"),
        "seen": "2026-03-04T05:06:07.123456Z",
    });
    record::create(workspace, "ledger", fields.as_object().unwrap())
        .await
        .unwrap()
}

async fn rename(workspace: &Workspace, found: &Found, name: &str) {
    let fields: Json = json!({ "name": name });
    record::update(
        workspace,
        "ledger",
        found.record.id,
        Expected::Any,
        fields.as_object().unwrap(),
    )
    .await
    .unwrap();
}

async fn report(site: &Site) -> AuditReport {
    check::organization(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap()
}

/// Runs SQL as the database's superuser with every trigger off; `{o}` is the organization's schema.
pub(crate) async fn tamper(site: &Site, sql: &str) {
    let superuser = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
    let schema: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    let sql = format!(
        "SET session_replication_role = replica; {}",
        sql.replace("{o}", &schema)
    );
    superuser.batch_execute(&sql).await.unwrap();
}

/// A ledger with two records, the first of three versions, tampered with.
async fn after(sql: &str) -> AuditReport {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let first = create(&owner, 1).await;
    create(&owner, 2).await;
    rename(&owner, &first, "second version").await;
    rename(&owner, &first, "third version").await;
    let clean = report(&site).await;
    assert!(clean.is_clean(), "{clean:?}");
    let sql = sql.replace("{id}", &first.record.id.to_string());
    tamper(&site, &sql).await;
    let found = report(&site).await;
    let of_first = |fault: &check::AuditFault| fault.record.is_none_or(|id| id == first.record.id);
    assert!(
        found.faults.iter().all(of_first),
        "the other record is fine: {found:?}"
    );
    found
}

fn codes(report: &AuditReport) -> Vec<FaultCode> {
    report.faults.iter().map(|fault| fault.code).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_passes_after_every_kind_of_change() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let rows: Vec<Found> = {
        let mut rows = Vec::new();
        for number in 0..6 {
            rows.push(create(&owner, number).await);
        }
        rows
    };
    rename(&owner, &rows[0], "renamed").await;
    for row in &rows[1..4] {
        record::trash(&owner, "ledger", row.record.id, Expected::Any)
            .await
            .unwrap();
    }
    record::restore(&owner, "ledger", rows[1].record.id, Expected::Any)
        .await
        .unwrap();
    record::purge(&owner, "ledger", rows[2].record.id, Expected::Any)
        .await
        .unwrap();
    let accountant = site.as_role(Role::Accountant).await;
    record::reveal(&accountant, "ledger", rows[0].record.id, "iban")
        .await
        .unwrap();
    dataset::make_sensitive(&owner, "ledger", "note").await.unwrap();
    rename(&owner, &rows[4], "after the note became sensitive").await;
    dataset::drop_field(&owner, "ledger", "paid").await.unwrap();
    dataset::add_field(&owner, "ledger", &field("Later", FieldKind::Date))
        .await
        .unwrap();
    rename(&owner, &rows[5], "after the fields changed").await;
    let report = report(&site).await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.records, report.erased), (5, 1));
    assert_eq!(report.images, 6 + 1 + 3 + 1 + 1 + 2);
    assert!(report.entries > report.images);
    let appliance = check::appliance(&site.platform, &Caller::host()).await.unwrap();
    assert!(appliance.is_clean() && appliance.entries > 4, "{appliance:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_who_may_read_the_log_check_it() {
    let site = Site::start().await;
    ledger(&site).await;
    for role in [Role::Viewer, Role::Editor, Role::Accountant] {
        let refused = check::organization(&site.platform, &site.caller(role), "acme").await;
        assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    }
    let caller = site.caller(Role::Administrator);
    assert!(
        check::organization(&site.platform, &caller, "acme")
            .await
            .unwrap()
            .is_clean()
    );
    let refused = check::appliance(&site.platform, &caller).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    let nowhere = check::organization(&site.platform, &Caller::host(), "nowhere").await;
    assert_eq!(nowhere.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_of_a_header_is_found() {
    let sql = "UPDATE {o}._entry SET header = set_byte(header, 60, 255 - get_byte(header, 60))
        WHERE id = (SELECT entry_id FROM {o}._image WHERE record_id = '{id}' AND version = 2)";
    let found = after(sql).await;
    assert_eq!(codes(&found), [FaultCode::HeaderUnreadable]);
    assert!(found.faults[0].entry.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_commitment_of_a_header_is_found() {
    let sql = "UPDATE {o}._entry SET c_header = sha256('x') WHERE sequence = (SELECT max(sequence) FROM {o}._entry)";
    assert_eq!(
        codes(&after(sql).await),
        [
            FaultCode::HeaderCommitment,
            FaultCode::EntryUnlogged,
            FaultCode::EntryGone
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_of_an_image_is_found() {
    let sql = "UPDATE {o}._image SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40))
        WHERE record_id = '{id}' AND version = 2";
    let found = after(sql).await;
    assert_eq!(codes(&found), [FaultCode::ImageUnreadable]);
    assert!(found.faults[0].detail.contains("version 2"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_commitment_of_an_image_is_found() {
    let sql = "UPDATE {o}._image SET commitment = sha256('x') WHERE record_id = '{id}' AND version = 2";
    assert_eq!(codes(&after(sql).await), [FaultCode::EntryCommitment]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_commitment_of_an_image_and_its_entry_is_found() {
    let sql = "UPDATE {o}._image SET commitment = sha256('x') WHERE record_id = '{id}' AND version = 2;
        UPDATE {o}._entry SET c_after = sha256('x')
        WHERE id = (SELECT entry_id FROM {o}._image WHERE record_id = '{id}' AND version = 2)";
    assert_eq!(
        codes(&after(sql).await),
        [FaultCode::EntryAltered, FaultCode::ImageCommitment]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_link_to_the_version_before_is_found() {
    let sql = "UPDATE {o}._entry SET c_before = sha256('x')
        WHERE id = (SELECT entry_id FROM {o}._image WHERE record_id = '{id}' AND version = 3)";
    assert_eq!(
        codes(&after(sql).await),
        [FaultCode::EntryAltered, FaultCode::EntryLink]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_value_of_a_row_is_found() {
    let found = after("UPDATE {o}.d1 SET f1 = 'forged' WHERE id = '{id}'").await;
    assert_eq!(codes(&found), [FaultCode::RowStranger, FaultCode::RowValues]);
    assert!(found.faults[1].detail.contains("name"), "{found:?}");
    assert!(
        !found.faults[1].detail.contains("forged"),
        "a report holds no values"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_set_back_to_an_older_version_is_found() {
    let sql = "UPDATE {o}.d1 SET version = 2, f1 = 'second version', commitment =
        (SELECT commitment FROM {o}._image WHERE record_id = '{id}' AND version = 2) WHERE id = '{id}'";
    assert_eq!(
        codes(&after(sql).await),
        [FaultCode::RowStranger, FaultCode::RowVersion]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_taken_out_of_the_trash_behind_the_platform_is_found() {
    let found = after("UPDATE {o}.d1 SET deleted_at = now() WHERE id = '{id}'").await;
    assert_eq!(codes(&found), [FaultCode::RowStranger, FaultCode::RowValues]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_value_moved_from_another_row_is_found() {
    let sql = "UPDATE {o}.d1 SET f3 = (SELECT f3 FROM {o}.d1 WHERE id <> '{id}') WHERE id = '{id}'";
    assert_eq!(
        codes(&after(sql).await),
        [FaultCode::RowStranger, FaultCode::RowUnreadable]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_row_is_found() {
    let found = after("DELETE FROM {o}.d1 WHERE id = '{id}'").await;
    assert_eq!(codes(&found), [FaultCode::RowMissing]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_row_without_history_is_found() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    create(&owner, 1).await;
    let sql = "CREATE TEMP TABLE c AS SELECT * FROM {o}.d1;
        UPDATE c SET id = gen_random_uuid(), f3 = NULL, f3_blind = NULL; INSERT INTO {o}.d1 SELECT * FROM c";
    tamper(&site, sql).await;
    assert_eq!(
        codes(&report(&site).await),
        [FaultCode::RowStranger, FaultCode::RowVersion]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_image_is_found() {
    let found = after("DELETE FROM {o}._image WHERE record_id = '{id}' AND version = 2").await;
    assert_eq!(codes(&found), [FaultCode::ImageMissing, FaultCode::ImageMissing]);
    assert!(
        found.faults.iter().all(|fault| fault.record.is_some()),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_entry_is_found() {
    let sql = "DELETE FROM {o}._entry
        WHERE id = (SELECT entry_id FROM {o}._image WHERE record_id = '{id}' AND version = 2)";
    assert_eq!(
        codes(&after(sql).await),
        [FaultCode::EntryGone, FaultCode::EntryMissing]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_entry_without_an_image_is_missed_by_the_outbox_and_by_its_leaf() {
    for sequenced in [false, true] {
        let site = Site::start().await;
        let owner = ledger(&site).await;
        let row = create(&owner, 1).await;
        let accountant = site.as_role(Role::Accountant).await;
        record::reveal(&accountant, "ledger", row.record.id, "iban")
            .await
            .unwrap();
        if sequenced {
            sequencer::run_once(&site.platform).await.unwrap().unwrap();
        }
        assert!(report(&site).await.is_clean());
        let sql = "DELETE FROM {o}._entry WHERE sequence = (SELECT max(sequence) FROM {o}._entry)";
        tamper(&site, sql).await;
        let found = report(&site).await;
        assert_eq!(codes(&found), [FaultCode::EntryGone], "{found:?}");
        let appliance = check::appliance(&site.platform, &Caller::host()).await.unwrap();
        assert!(appliance.is_clean(), "{appliance:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_in_another_order_are_found() {
    let sql = "CREATE TEMP TABLE s AS SELECT i.version, e.sequence, e.id FROM {o}._entry e
            JOIN {o}._image i ON i.entry_id = e.id WHERE i.record_id = '{id}' AND i.version IN (2, 3);
        UPDATE {o}._entry e SET sequence = -e.sequence FROM s WHERE s.id = e.id;
        UPDATE {o}._entry e SET sequence = o.sequence FROM s JOIN s o ON o.version <> s.version WHERE s.id = e.id";
    let sql = sql.replace(
        "UPDATE",
        "ALTER TABLE {o}._entry ALTER sequence SET GENERATED BY DEFAULT; UPDATE",
    );
    assert_eq!(codes(&after(&sql).await), [FaultCode::EntryOrder]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_dated_entry_is_found() {
    let sql = "UPDATE {o}._entry SET appended_at = appended_at - interval '30 days'
        WHERE id = (SELECT entry_id FROM {o}._image WHERE record_id = '{id}' AND version = 3)";
    assert_eq!(
        codes(&after(sql).await),
        [FaultCode::EntryOrder, FaultCode::HeaderImplausible]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tampered_entry_of_the_appliance_is_found() {
    let site = Site::start().await;
    let sql = "UPDATE strongroom.entry SET header = set_byte(header, 60, 255 - get_byte(header, 60))
        WHERE sequence = (SELECT max(sequence) FROM strongroom.entry)";
    tamper(&site, sql).await;
    let appliance = check::appliance(&site.platform, &Caller::host()).await.unwrap();
    assert_eq!(codes(&appliance), [FaultCode::HeaderUnreadable]);
}

/// A ledger with a bulk act that changes records against the order of their ids.
async fn bulk_changed() -> Site {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let input = |json: Json| json.as_object().cloned().unwrap();
    let mut operations = Vec::new();
    for number in 0..4 {
        let id = create(&owner, number).await.record.id;
        operations.push(Operation::Update {
            id,
            version: None,
            fields: input(json!({ "name": "together" })),
        });
    }
    operations.push(Operation::Create {
        fields: input(json!({ "name": "new" })),
    });
    operations.reverse();
    bulk::apply(&owner, "ledger", operations).await.unwrap();
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_acts_pass_in_whatever_order_they_came() {
    let site = bulk_changed().await;
    let report = report(&site).await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.images, report.records), (9, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tampered_bulk_act_is_found() {
    let act = "(SELECT entry_id FROM {o}._image GROUP BY 1 HAVING count(*) > 1)";
    for (sql, code) in [
        (
            "UPDATE {o}._image SET ordinal = 9 - ordinal WHERE entry_id = {act}",
            FaultCode::EntryCommitment,
        ),
        (
            "UPDATE {o}._entry SET c_before = sha256('x') WHERE id = {act}",
            FaultCode::EntryLink,
        ),
        (
            "UPDATE {o}._entry SET c_after = sha256('x') WHERE id = {act}",
            FaultCode::EntryCommitment,
        ),
        ("DELETE FROM {o}._entry WHERE id = {act}", FaultCode::EntryMissing),
    ] {
        let site = bulk_changed().await;
        tamper(&site, &sql.replace("{act}", act)).await;
        let found = codes(&report(&site).await);
        assert!(found.contains(&code), "{sql}: {found:?}");
    }
}
