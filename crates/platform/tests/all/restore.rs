//! One organization taken back to a moment: what was comes back, what was erased does not, what others write stays, and the
//! restore itself is taken back in the same way.

use crate::{
    check::{create as row, ledger},
    fixture::{Site, field, required, unique},
    import::count,
    lifecycle::{note, with_a_note},
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, PlatformError, Workspace,
    caller::Identity,
    check,
    dataset::{self, FieldDraft},
    lifecycle, record,
    record::{Expected, Found},
    restore::{self, PlannedRestore, Restored, Tally, Target},
};
use serde_json::{Value as Json, json};
use types::{FieldKind, ProblemCode, RecordId, Value, field::Rules};

pub(crate) async fn now(site: &Site) -> Timestamp {
    // The database's clock dates entries.
    let row = site
        .superuser()
        .await
        .query_one("SELECT clock_timestamp()", &[])
        .await;
    row.unwrap().get(0)
}

async fn plan(site: &Site, target: Target) -> Result<PlannedRestore, PlatformError> {
    let workspace = restore::enter(&site.platform, &Caller::host(), "acme").await?;
    restore::plan(&workspace, target).await
}

async fn go(site: &Site, target: Target) -> Result<Restored, PlatformError> {
    restore::carry_out(plan(site, target).await?.confirm("acme")?).await
}

async fn change(workspace: &Workspace, dataset: &str, id: RecordId, fields: Json) {
    let fields = fields.as_object().unwrap();
    record::update(workspace, dataset, id, Expected::Any, fields)
        .await
        .unwrap();
}

async fn read(workspace: &Workspace, dataset: &str, id: RecordId) -> Found {
    record::read(workspace, dataset, id).await.unwrap()
}

fn value(found: &Found, key: &str) -> Value {
    let (place, _) = found.dataset.field(key).unwrap();
    found.record.values[place].clone()
}

async fn assert_whole(site: &Site) {
    let report = check::organization(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

fn counts(tally: &Tally) -> (u64, u64, u64, u64) {
    (tally.changed, tally.back, tally.trashed, tally.unfit)
}

/// Puts a record of the ledger into the trash and erases it.
pub(crate) async fn erase(owner: &Workspace, id: RecordId) {
    record::trash(owner, "ledger", id, Expected::Any).await.unwrap();
    record::purge(owner, "ledger", id, Expected::Any).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_as_it_was_and_undo_brings_all_of_it_back() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(row(&owner, number).await.record.id);
    }
    record::trash(&owner, "ledger", ids[3], Expected::Any)
        .await
        .unwrap();
    let moment = now(&site).await;
    change(
        &owner,
        "ledger",
        ids[0],
        json!({"name": "Other", "iban": "DE99", "extra": null, "note": ""}),
    )
    .await;
    record::trash(&owner, "ledger", ids[1], Expected::Any)
        .await
        .unwrap();
    record::restore(&owner, "ledger", ids[3], Expected::Any)
        .await
        .unwrap();
    let new = row(&owner, 7).await.record.id;

    let planned = plan(&site, Target::Moment(moment)).await.unwrap();
    assert_eq!(counts(&planned.tallies[0]), (1, 1, 2, 0));
    assert_eq!(
        value(&read(&owner, "ledger", ids[0]).await, "name"),
        Value::Text("Other".into()),
        "a look changed something"
    );
    let refused = planned.clone().confirm("globex").err().unwrap();
    assert_eq!(refused.code, ProblemCode::Invalid);

    let done = go(&site, Target::Moment(moment)).await.unwrap();
    assert_eq!(counts(&done.tallies[0]), (1, 1, 2, 0));
    let first = read(&owner, "ledger", ids[0]).await;
    assert_eq!(value(&first, "name"), Value::Text("Row 0".into()));
    assert_eq!(value(&first, "note"), Value::Text("note 0".into()));
    assert_eq!(
        first.record.version, 3,
        "the versions since are still in the history"
    );
    let revealed = record::reveal(&site.as_role(Role::Accountant).await, "ledger", ids[0], "iban")
        .await
        .unwrap();
    assert_eq!(revealed, Value::Sensitive(format!("DE{:020}", 0)));
    assert!(read(&owner, "ledger", ids[1]).await.record.deleted_at.is_none());
    assert!(read(&owner, "ledger", ids[3]).await.record.deleted_at.is_some());
    assert!(
        read(&owner, "ledger", new).await.record.deleted_at.is_some(),
        "what came since is in the trash"
    );
    assert_eq!(count(&owner, "ledger").await, 3);
    let history = record::history(&owner, "ledger", ids[0], None).await.unwrap();
    assert_eq!(history.steps[0].action, "organization.restore");
    assert_whole(&site).await;

    undo_brings_all_back(&site, &owner, &ids, new, moment).await;
}

async fn undo_brings_all_back(
    site: &Site,
    owner: &Workspace,
    ids: &[RecordId],
    new: RecordId,
    moment: Timestamp,
) {
    let again = go(site, Target::Moment(moment)).await.unwrap();
    assert_eq!(
        (again.entry, again.tallies[0].touched()),
        (None, 0),
        "it was back already"
    );
    let undone = go(site, Target::Undo).await.unwrap();
    assert_eq!(undone.tallies[0].touched(), 4);
    assert_eq!(
        value(&read(owner, "ledger", ids[0]).await, "name"),
        Value::Text("Other".into())
    );
    assert!(read(owner, "ledger", ids[1]).await.record.deleted_at.is_some());
    assert!(read(owner, "ledger", new).await.record.deleted_at.is_none());
    assert_whole(site).await;
    assert_eq!(
        go(site, Target::Undo).await.unwrap().tallies[0].touched(),
        4,
        "an undo is undone"
    );
    assert_whole(site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_erased_stays_erased_and_what_was_changed_after_a_restore_stays_at_its_undo() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let (gone, kept, late) = (
        row(&owner, 1).await.record.id,
        row(&owner, 2).await.record.id,
        row(&owner, 3).await.record.id,
    );
    let moment = now(&site).await;
    erase(&owner, gone).await;
    change(&owner, "ledger", kept, json!({"name": "Other"})).await;
    change(&owner, "ledger", late, json!({"name": "Other"})).await;
    let planned = plan(&site, Target::Moment(moment)).await.unwrap();
    assert_eq!(planned.aside.erasures, 1);
    go(&site, Target::Moment(moment)).await.unwrap();
    let found = record::read(&owner, "ledger", gone).await;
    assert_eq!(
        found.unwrap_err().code,
        ProblemCode::NotFound,
        "an erased record came back"
    );
    assert_eq!(count(&owner, "ledger").await, 2);
    change(&owner, "ledger", late, json!({"name": "Newest"})).await;
    assert_eq!(
        counts(&go(&site, Target::Undo).await.unwrap().tallies[0]),
        (1, 0, 0, 0)
    );
    assert_eq!(
        value(&read(&owner, "ledger", late).await, "name"),
        Value::Text("Newest".into())
    );
    assert_whole(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_stay_and_what_does_not_fit_them_is_told_and_left() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        unique("Number", FieldKind::Text),
        field("Text", FieldKind::Text),
        field("Old", FieldKind::Text),
    ];
    site.dataset(&owner, "Bills", fields).await;
    let new = async |fields: Json| {
        record::create(&owner, "bills", fields.as_object().unwrap())
            .await
            .unwrap()
            .record
            .id
    };
    let (a, b) = (
        new(json!({"number": "1", "text": "then", "old": "x"})).await,
        new(json!({"number": "2", "text": "b"})).await,
    );
    let (c, d) = (
        new(json!({"number": "3", "text": "c"})).await,
        new(json!({"number": "4"})).await,
    );
    let moment = now(&site).await;
    // Both are free again after the restore of the other.
    change(&owner, "bills", a, json!({"number": "9", "text": "now"})).await;
    change(&owner, "bills", b, json!({"number": "1"})).await;
    // One that came since holds the value, in the trash too.
    change(&owner, "bills", c, json!({"number": "8"})).await;
    let taker = new(json!({"number": "3"})).await;
    change(&owner, "bills", d, json!({"text": "filled"})).await;
    dataset::drop_field(&owner, "bills", "old").await.unwrap();
    dataset::add_field(&owner, "bills", &field("Young", FieldKind::Text))
        .await
        .unwrap();
    let mandatory = required("Text", FieldKind::Text);
    dataset::alter_field(&owner, "bills", "text", &mandatory)
        .await
        .unwrap();
    change(&owner, "bills", a, json!({"young": "stays"})).await;

    let planned = plan(&site, Target::Moment(moment)).await.unwrap();
    let acts: Vec<&str> = planned
        .aside
        .redefinitions
        .iter()
        .map(|one| one.action.as_str())
        .collect();
    assert_eq!(acts, ["field.delete", "field.create", "field.update"]);
    let done = go(&site, Target::Moment(moment)).await.unwrap();
    let first = read(&owner, "bills", a).await;
    assert_eq!(value(&first, "young"), Value::Text("stays".into()));
    assert_eq!(value(&first, "text"), Value::Text("then".into()));
    assert!(read(&owner, "bills", taker).await.record.deleted_at.is_some());
    let told: Vec<RecordId> = done.tallies[0].told.iter().map(|one| one.record).collect();
    assert!(told.contains(&d), "a value that must be there is not: {told:?}");
    assert!(
        done.tallies[0]
            .told
            .iter()
            .all(|one| one.why.starts_with("/fields/")),
        "{:?}",
        done.tallies[0].told
    );
    assert_eq!(
        value(&read(&owner, "bills", d).await, "text"),
        Value::Text("filled".into())
    );
    assert_whole(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_another_record_gives_free_comes_back_and_one_that_stays_taken_is_told() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Bills", vec![unique("Number", FieldKind::Text)])
        .await;
    let new = async |number: &str| {
        let fields = json!({ "number": number });
        record::create(&owner, "bills", fields.as_object().unwrap())
            .await
            .unwrap()
            .record
            .id
    };
    let (a, b, c) = (new("1").await, new("2").await, new("3").await);
    let moment = now(&site).await;
    change(&owner, "bills", a, json!({"number": "9"})).await;
    change(&owner, "bills", b, json!({"number": "1"})).await;
    change(&owner, "bills", c, json!({"number": "8"})).await;
    let taker = new("3").await;
    let done = go(&site, Target::Moment(moment)).await.unwrap();
    assert_eq!(counts(&done.tallies[0]), (2, 0, 1, 1), "{done:?}");
    assert_eq!(
        value(&read(&owner, "bills", a).await, "number"),
        Value::Text("1".into())
    );
    assert_eq!(
        value(&read(&owner, "bills", b).await, "number"),
        Value::Text("2".into())
    );
    assert_eq!(
        value(&read(&owner, "bills", c).await, "number"),
        Value::Text("8".into())
    );
    assert_eq!(done.tallies[0].told[0].record, c);
    assert_whole(&site).await;
    // As the message says: what took it is purged, and it fits.
    record::purge(&owner, "bills", taker, Expected::Any)
        .await
        .unwrap();
    assert_eq!(
        counts(&go(&site, Target::Moment(moment)).await.unwrap().tallies[0]),
        (1, 0, 0, 0)
    );
    assert_whole(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_write_all_the_time_and_lose_nothing() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let other = site.second_organization().await;
    site.dataset(&other, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    let mut ids = Vec::new();
    for number in 0..300 {
        ids.push(row(&owner, number).await.record.id);
    }
    let moment = now(&site).await;
    for id in &ids {
        change(&owner, "ledger", *id, json!({"name": "Other"})).await;
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writing = tokio::spawn(async move {
        let mut written = 0;
        while !*stopped.borrow() {
            note(&other, "of another organization").await.unwrap();
            written += 1;
        }
        assert_eq!(count(&other, "notes").await, written);
        written
    });
    // A member of the organization itself writes too: refused as stale or kept, never lost without a word.
    let member = site.as_role(Role::Editor).await;
    let target = ids[250];
    let mine = tokio::spawn(async move {
        let mut wrote = 0;
        for turn in 0..20 {
            let text = json!({ "note": format!("turn {turn}") });
            let done = record::update(
                &member,
                "ledger",
                target,
                Expected::Any,
                text.as_object().unwrap(),
            )
            .await;
            wrote += u64::from(done.is_ok());
        }
        wrote
    });
    let done = go(&site, Target::Moment(moment)).await.unwrap();
    let wrote = mine.await.unwrap();
    stop.send(true).unwrap();
    assert!(writing.await.unwrap() > 0, "nobody wrote");
    let tally = &done.tallies[0];
    assert!(tally.changed >= 299, "{tally:?}");
    let history = record::history(&owner, "ledger", target, None).await.unwrap();
    let own = history
        .steps
        .iter()
        .filter(|step| step.action == "record.update")
        .count();
    assert_eq!(own as u64, wrote + 1, "a member's version is gone");
    assert_whole(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_breaks_off_leaves_nothing_half_done() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let mut ids = Vec::new();
    for number in 0..300 {
        ids.push(row(&owner, number).await.record.id);
    }
    let moment = now(&site).await;
    for id in &ids {
        change(&owner, "ledger", *id, json!({"name": "Other"})).await;
    }
    for patience_ms in [5, 20, 60, 150, 300] {
        let planned = plan(&site, Target::Moment(moment)).await.unwrap();
        let confirmed = planned.confirm("acme").unwrap();
        let run = restore::carry_out(confirmed);
        let ended = tokio::time::timeout(std::time::Duration::from_millis(patience_ms), run).await;
        let names = count_named(&owner, &ids, "Other").await;
        match ended {
            Err(_) => assert!(
                names == 300 || names == 0,
                "{names} of 300 are as they were, after {patience_ms} ms"
            ),
            Ok(done) => assert_eq!((done.unwrap().tallies[0].slipped, names), (0, 0)),
        }
    }
    assert_whole(&site).await;
    go(&site, Target::Moment(moment)).await.unwrap();
    assert_eq!(count_named(&owner, &ids, "Other").await, 0);
}

async fn count_named(workspace: &Workspace, ids: &[RecordId], name: &str) -> usize {
    let mut found = 0;
    for id in ids {
        let read = read(workspace, "ledger", *id).await;
        found += usize::from(value(&read, "name") == Value::Text(name.into()));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_take_an_organization_back_and_nobody_else_does() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let moment = now(&site).await;
    note(&owner, "second").await.unwrap();
    for role in [Role::Viewer, Role::Editor, Role::Accountant] {
        let refused = restore::plan(&site.as_role(role).await, Target::Moment(moment)).await;
        assert_eq!(refused.err().unwrap().code, ProblemCode::NotAllowed, "{role}");
    }
    let stranger = restore::enter(&site.platform, &site.caller(Role::Owner), "acme").await;
    assert_eq!(
        stranger.err().unwrap().code,
        ProblemCode::NotAllowed,
        "that door is the host's"
    );
    let administrator = site.as_role(Role::Administrator).await;
    let planned = restore::plan(&administrator, Target::Moment(moment))
        .await
        .unwrap();
    let mut tired = site.caller(Role::Administrator);
    if let Identity::Person { elevated_until, .. } = &mut tired.identity {
        *elevated_until = Timestamp::UNIX_EPOCH;
    }
    let tired = site.platform.enter(&tired, "acme").await.unwrap();
    let stale = restore::plan(&tired, Target::Moment(moment)).await.unwrap();
    let refused = restore::carry_out(stale.confirm("acme").unwrap()).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::ProofRequired);
    let done = restore::carry_out(planned.confirm("acme").unwrap())
        .await
        .unwrap();
    assert_eq!(counts(&done.tallies[0]), (0, 0, 1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_out_of_reach_and_a_cancelled_organization_are_refused() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let moment = now(&site).await;
    let by = async |target: Target| plan(&site, target).await.err().map(|error| error.code);
    let before = moment - jiff::SignedDuration::from_hours(1);
    assert_eq!(by(Target::Moment(before)).await, Some(ProblemCode::Invalid));
    let later = moment + jiff::SignedDuration::from_hours(1);
    assert_eq!(by(Target::Moment(later)).await, Some(ProblemCode::Invalid));
    assert_eq!(by(Target::Undo).await, Some(ProblemCode::Conflict));
    note(&owner, "second").await.unwrap();
    // Looked at before, carried out after.
    let planned = plan(&site, Target::Moment(moment)).await.unwrap();
    lifecycle::cancel(&owner).await.unwrap();
    let refused = restore::carry_out(planned.confirm("acme").unwrap()).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::Cancelled);
    assert_eq!(by(Target::Moment(moment)).await, Some(ProblemCode::Cancelled));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_takes_no_restore_after_cancellation_whoever_asks() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    lifecycle::cancel(&owner).await.unwrap();
    let client = site.superuser().await;
    let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
    let schema: String = client.query_one(text, &[]).await.unwrap().get(0);
    let append = |kind: i32| {
        format!(
            "SELECT \"{schema}\"._append(gen_random_uuid(), {kind}::smallint, 1, '', decode(repeat('00', 32), 'hex'), \
             decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'))"
        )
    };
    let refused = client.batch_execute(&append(4)).await.unwrap_err();
    let said = refused.as_db_error().unwrap().message().to_owned();
    assert!(said.contains("cancelled"), "{said}");
    client.batch_execute(&append(8)).await.unwrap();
}

/// A rule could be made to ask about values of then that nobody reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_answers_nothing_about_sensitive_values_of_then() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![
        field("Iban", FieldKind::SensitiveText),
        field("Text", FieldKind::Text),
    ];
    site.dataset(&owner, "Bills", fields).await;
    let then = json!({"iban": "DE89", "text": "then"});
    let bill = record::create(&owner, "bills", then.as_object().unwrap()).await;
    let bill = bill.unwrap().record.id;
    let moment = now(&site).await;
    change(&owner, "bills", bill, json!({"text": "now"})).await;
    let asks = FieldDraft {
        rules: Rules {
            pattern: Some("NL.*".to_owned()),
            ..Rules::default()
        },
        ..field("Iban", FieldKind::SensitiveText)
    };
    dataset::alter_field(&owner, "bills", "iban", &asks)
        .await
        .unwrap();
    let done = go(&site, Target::Moment(moment)).await.unwrap();
    assert!(done.tallies[0].told.is_empty(), "{:?}", done.tallies);
    let back = read(&owner, "bills", bill).await;
    assert_eq!(value(&back, "text"), Value::Text("then".into()));
}
