//! Deleting an organization: ordered, called back, carried out for good; undone by a kill; nothing left; the certificate.

use crate::{
    check::tamper,
    fixture::{SLUG, Site, field},
    lifecycle::{code, note, with_a_note},
    promise::{assert_broken, assert_kept},
};
use access::Role;
use platform::{
    Caller, deletion,
    hold::{self, NewHold},
    lifecycle, record, token,
};
use serde_json::json;
use std::path::Path;
use testkit::{Cluster, ClusterSettings};
use types::{FieldKind, ProblemCode};

/// The order lies so far back that it is due.
pub(crate) const DUE: &str = "UPDATE strongroom.deletion SET ordered_at = ordered_at - interval '24 hours'";

pub(crate) async fn count(site: &Site, sql: &str) -> i64 {
    site.superuser().await.query_one(sql, &[]).await.unwrap().get(0)
}

async fn tamper_after(site: &Site, sql: &str) {
    let sql = format!("SET session_replication_role = replica; {sql}");
    site.superuser().await.batch_execute(&sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_needs_the_typed_name_and_a_delay_and_can_be_called_back() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    assert_eq!(
        code(deletion::order(&owner, "Acme", 2).await),
        ProblemCode::Invalid
    );
    for hours in [0, 25] {
        assert_eq!(
            code(deletion::order(&owner, SLUG, hours).await),
            ProblemCode::Invalid
        );
    }
    assert_eq!(code(deletion::call_back(&owner).await), ProblemCode::Conflict);
    let life = deletion::order(&owner, SLUG, 2).await.unwrap();
    let planned = life.deletion.unwrap();
    assert_eq!(planned.due_at.duration_since(planned.ordered_at).as_hours(), 2);
    assert_eq!(
        code(deletion::order(&owner, SLUG, 2).await),
        ProblemCode::Conflict
    );
    let viewer = site.as_role(Role::Viewer).await;
    assert!(
        lifecycle::warning(&viewer).await.unwrap().is_some(),
        "everybody sees it"
    );
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 0, "it is not due");
    assert_eq!(code(deletion::call_back(&viewer).await), ProblemCode::NotAllowed);
    deletion::call_back(&owner).await.unwrap();
    tamper(&site, DUE).await;
    assert_eq!(
        deletion::tend(&site.platform).await.unwrap(),
        0,
        "it was called back"
    );
    note(&owner, "still here").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_login_deletes_nothing_that_is_not_due() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let call = "SET ROLE strongroom_app; SELECT strongroom.destroy_organization(id) FROM strongroom.deletion";
    deletion::order(&owner, SLUG, 1).await.unwrap();
    let refused = site.superuser().await.batch_execute(call).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR002", "{refused:?}");
    for back_dated in [
        "UPDATE strongroom.deletion SET ordered_at = ordered_at - interval '24 hours'",
        "UPDATE strongroom.deletion SET hours = 0",
        "INSERT INTO strongroom.deletion (id, organization_id, slug, name, cause, ordered_by, hours, ordered_at)
            SELECT gen_random_uuid(), id, slug, name, 'order', id, 1, now() - interval '2 hours' FROM strongroom.organization",
    ] {
        let as_program = format!("SET ROLE strongroom_app; {back_dated}");
        site.superuser().await.batch_execute(&as_program).await.unwrap_err();
    }
    note(&owner, "still here").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_due_order_deletes_everything_of_it_and_nothing_of_another() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let globex = site.second_organization().await;
    site.dataset(&globex, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    note(&globex, "theirs").await.unwrap();
    let new = token::NewToken {
        name: "program".to_owned(),
        days: 1,
        ..Default::default()
    };
    token::create(&owner, new).await.unwrap();
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);

    let entered = site.platform.enter(&site.caller(Role::Owner), SLUG).await;
    assert_eq!(code(entered.map(|_| ())), ProblemCode::NotFound);
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^o_[a-z2-7]{26}$'";
    assert_eq!(count(&site, schemas).await, 1);
    let accounts = "SELECT count(*) FROM strongroom.account";
    assert_eq!(count(&site, accounts).await, 1, "the owner is globex's owner too");
    note(&globex, "go on").await.unwrap();
    assert_kept(&site, "deletion-24h").await;

    let certificates = deletion::certificates(&site.platform, &Caller::host())
        .await
        .unwrap();
    let [certificate] = certificates.as_slice() else {
        panic!("{certificates:?}")
    };
    let key = deletion::public_key(&site.platform, &Caller::host())
        .await
        .unwrap()
        .unwrap();
    let signed = |text: &str| vault::signing::is_signed(&key, text.as_bytes(), &certificate.signature);
    assert!(signed(&certificate.text));
    assert!(!signed(
        &certificate.text.replace("\"records\": 1", "\"records\": 2")
    ));
    let said: serde_json::Value = serde_json::from_str(&certificate.text).unwrap();
    assert_eq!(said["organization"]["slug"], SLUG);
    assert_eq!(said["deleted"]["records"], 1);
    assert_eq!(said["deleted"]["organization_key"], 1);
    assert_eq!(said["deleted"]["api_token"], 1);
    assert_eq!(
        (&said["deleted"]["accounts"], &said["deleted"]["membership"]),
        (&json!(4), &json!(5))
    );
    assert_eq!(said["backups"]["state"], "none", "no backup was ever taken here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_another_organization_knows_keeps_the_rows_that_are_its_evidence() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let globex = site.second_organization().await;
    let (viewer, editor) = (site.account(Role::Viewer), site.account(Role::Editor));
    // One was a member there and is not any more; about the other a hold was placed there.
    let once = format!(
        "INSERT INTO strongroom.access_event (at, account_id, organization_id, action, outcome, method, address, device, request_id)
            SELECT now(), '{viewer}', o.id, 'GET /records', 'done', 'session', '192.0.2.7', 'a test', 'r' FROM strongroom.organization o
        WHERE slug = 'globex';
        INSERT INTO strongroom.legal_hold (id, organization_id, reason, person, concerns)
            SELECT gen_random_uuid(), o.id, 'file 17 O 4/26', 'the district court', '{editor}' FROM strongroom.organization o
        WHERE slug = 'globex'"
    );
    tamper(&site, &once).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    let left = format!("SELECT count(*) FROM strongroom.account WHERE id IN ('{viewer}', '{editor}')");
    assert_eq!(count(&site, &left).await, 2);
    let event = format!("SELECT count(*) FROM strongroom.access_event WHERE account_id = '{viewer}'");
    assert_eq!(count(&site, &event).await, 1);
    assert_eq!(
        count(&site, "SELECT count(*) FROM strongroom.account").await,
        3,
        "those who were known nowhere else are gone"
    );
    hold::list(&globex).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_of_the_window_needs_a_cancellation_whose_time_is_over() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    tamper(
        &site,
        "INSERT INTO strongroom.deletion (id, organization_id, slug, name, cause, hours, ordered_at)
            SELECT gen_random_uuid(), id, slug, name, 'window', 24, now() - interval '25 hours' FROM strongroom.organization",
    )
    .await;
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 0);
    note(&owner, "still here").await.unwrap();
    lifecycle::cancel(&owner).await.unwrap();
    assert_eq!(
        deletion::tend(&site.platform).await.unwrap(),
        0,
        "its time is not over"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_went_back_in_time_asks_anew_before_it_deletes() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    let host = Caller::host();
    platform::backup::begin_anew(&site.platform, &host, "rebuilt")
        .await
        .unwrap();
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 0);
    let planned = lifecycle::show(&owner).await.unwrap().deletion.unwrap();
    assert_eq!(planned.due_at.duration_since(planned.ordered_at).as_hours(), 24);
    assert_eq!(planned.ordered_by, Some(site.account(Role::Owner)));
    deletion::call_back(&owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_dies_half_way_is_undone_and_carried_out_again() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    // As the worker's login does it, killed after everything went and before the commit.
    let dying = site.superuser().await;
    let call =
        "SET ROLE strongroom_app; BEGIN; SELECT strongroom.destroy_organization(id) FROM strongroom.deletion";
    dying.batch_execute(call).await.unwrap();
    let killer = site.superuser().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE state = 'idle in transaction' AND datname = current_database() AND query LIKE '%destroy_organization%'
            AND pid <> pg_backend_pid()";
    killer.batch_execute(kill).await.unwrap();
    testkit::wait_until(
        std::time::Duration::from_secs(10),
        "the killed session to be undone",
        async || note(&owner, "back").await.is_ok(),
    )
    .await
    .unwrap();
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    assert_kept(&site, "deletion-24h").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_organization_goes_when_its_time_is_over() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    lifecycle::cancel(&owner).await.unwrap();
    deletion::tend(&site.platform).await.unwrap();
    assert_eq!(
        lifecycle::show(&owner).await.unwrap().deletion,
        None,
        "its time is not over"
    );
    let over = "UPDATE strongroom.organization SET cancelled_at = cancelled_at - interval '90 days',
        export_until = export_until - interval '90 days'";
    tamper(&site, over).await;
    deletion::tend(&site.platform).await.unwrap();
    let planned = lifecycle::show(&owner).await.unwrap().deletion.unwrap();
    assert_eq!(
        (planned.cause, planned.ordered_by),
        (lifecycle::Cause::Window, None)
    );
    tamper(&site, DUE).await;
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    assert_kept(&site, "export-after-cancellation").await;
    let early = "UPDATE strongroom.deletion SET finished_at = finished_at - interval '2 days'";
    tamper_after(&site, early).await;
    assert_broken(&site, "export-after-cancellation", "before its time").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_deletion_a_forged_certificate_and_what_is_left_break_the_promise() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    let organization = site.organization.id;
    assert_kept(&site, "deletion-24h").await;
    tamper(&site, &format!("{DUE}; {DUE}")).await;
    assert_broken(&site, "deletion-24h", "not carried out").await;
    deletion::tend(&site.platform).await.unwrap();
    assert_broken(&site, "deletion-24h", "more than 24 hours after").await;
    tamper_after(
        &site,
        "UPDATE strongroom.deletion SET ordered_at = finished_at - interval '2 hours'",
    )
    .await;
    assert_kept(&site, "deletion-24h").await;
    let late = "UPDATE strongroom.deletion SET finished_at = finished_at - interval '2 hours', ordered_at = ordered_at - interval '2 hours'";
    tamper_after(&site, late).await;
    assert_broken(&site, "deletion-24h", "not written anew").await;
    deletion::tend(&site.platform).await.unwrap();
    assert_kept(&site, "deletion-24h").await;
    let job = format!(
        "INSERT INTO strongroom.job (id, organization_id, kind, payload) VALUES (gen_random_uuid(), '{organization}', 'x', '{{}}')"
    );
    tamper_after(&site, &job).await;
    assert_broken(&site, "deletion-24h", "1 jobs").await;
    tamper_after(&site, "DELETE FROM strongroom.job").await;
    tamper_after(&site, "CREATE SCHEMA o_aaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    assert_broken(&site, "deletion-24h", "1 schemas").await;
    tamper_after(&site, "DROP SCHEMA o_aaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    tamper_after(
        &site,
        "UPDATE strongroom.deletion SET certificate = certificate || ' '",
    )
    .await;
    assert_broken(&site, "deletion-24h", "not signed").await;
}

/// Every file below a folder that holds one of these, but those of the write-ahead log.
fn holding(folder: &Path, wanted: &[(&'static str, Vec<u8>)]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("pg_wal") {
                found.extend(holding(&path, wanted));
            }
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for (what, needle) in wanted {
            if memchr_find(&bytes, needle) {
                found.push((*what, path.display().to_string()));
            }
        }
    }
    found
}

fn memchr_find(bytes: &[u8], needle: &[u8]) -> bool {
    let first = needle[0];
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.into_iter().any(|(at, _)| bytes[at..].starts_with(needle))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_sweep_the_data_folder_holds_no_key_no_value_and_no_address_of_it() {
    let folder = testkit::state::state_folder()
        .unwrap()
        .join(format!("deletion-{}", std::process::id()));
    let cluster = Cluster::open(ClusterSettings::durable(folder.clone()).unwrap()).unwrap();
    let site = Site::start_in(cluster.clone()).await;
    let owner = with_a_note(&site).await;
    note(&owner, "a sentence that is nowhere else in the world 7c1f")
        .await
        .unwrap();
    let superuser = site.superuser().await;
    let text = "SELECT wrapped FROM strongroom.organization_key WHERE organization_id = $1";
    let wrapped: Vec<u8> = superuser
        .query_one(text, &[&site.organization.id.0])
        .await
        .unwrap()
        .get(0);
    let wanted = [
        ("the key", wrapped),
        ("the value", b"nowhere else in the world 7c1f".to_vec()),
        ("an address", b"accountant@example.com".to_vec()),
    ];
    superuser.batch_execute("CHECKPOINT").await.unwrap();
    let before = holding(&folder, &wanted);
    for (what, _) in &wanted {
        assert!(
            before.iter().any(|(found, _)| found == what),
            "the search finds {what}: {before:?}"
        );
    }
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    drop(owner);
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    tamper_after(
        &site,
        "UPDATE strongroom.deletion SET finished_at = finished_at - interval '1 minute'",
    )
    .await;
    deletion::tend(&site.platform).await.unwrap();
    assert_eq!(
        count(
            &site,
            "SELECT count(*) FROM strongroom.deletion WHERE swept_at IS NOT NULL"
        )
        .await,
        1
    );
    superuser.batch_execute("CHECKPOINT").await.unwrap();
    let after = holding(&folder, &wanted);
    drop(site);
    cluster.stop().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(after.is_empty(), "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_waits_for_whoever_can_still_see_what_was_removed() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    deletion::tend(&site.platform).await.unwrap();
    let earlier = "UPDATE strongroom.deletion SET finished_at = finished_at - interval '1 minute'";
    tamper_after(&site, earlier).await;
    let reader = site.superuser().await;
    let look = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM strongroom.setting";
    reader.batch_execute(look).await.unwrap();
    let swept = "SELECT count(*) FROM strongroom.deletion WHERE swept_at IS NOT NULL";
    for _ in 0..2 {
        deletion::tend(&site.platform).await.unwrap();
        assert_eq!(count(&site, swept).await, 0);
    }
    reader.batch_execute("COMMIT").await.unwrap();
    deletion::tend(&site.platform).await.unwrap();
    assert_eq!(count(&site, swept).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_stops_deletion_and_purge_until_it_is_lifted() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    let id = hold::place(&owner, the_hold(None)).await.unwrap();
    assert_eq!(
        deletion::tend(&site.platform).await.unwrap(),
        0,
        "placed during the delay"
    );
    let call = "SET ROLE strongroom_app; SELECT strongroom.destroy_organization(id) FROM strongroom.deletion";
    let refused = site.superuser().await.batch_execute(call).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR006", "{refused:?}");
    let schema = "SELECT schema_name FROM strongroom.organization";
    let schema: String = site
        .superuser()
        .await
        .query_one(schema, &[])
        .await
        .unwrap()
        .get(0);
    let erasure = format!(
        "SET ROLE {schema}; SELECT {schema}._append(gen_random_uuid(), 2::smallint, 1, '', sha256('a'), sha256('b'), sha256('c'))"
    );
    let refused = site.superuser().await.batch_execute(&erasure).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR006", "{refused:?}");
    for store in ["_file", "_file_chunk"] {
        let clear = format!("SET ROLE {schema}; DELETE FROM {schema}.{store}");
        let refused = site.superuser().await.batch_execute(&clear).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "SR006", "{store}: {refused:?}");
    }
    assert_kept(&site, "legal-hold").await;
    assert_kept(&site, "deletion-24h").await;
    let record = note(&owner, "evidence").await.unwrap();
    record::trash(&owner, "notes", record, record::Expected::Any)
        .await
        .unwrap();
    let purged = record::purge(&owner, "notes", record, record::Expected::Any).await;
    assert_eq!(code(purged), ProblemCode::Held);
    let viewer = site.as_role(Role::Viewer).await;
    for low in [Role::Viewer, Role::Editor, Role::Accountant, Role::Administrator] {
        let lifted = hold::lift(&site.as_role(low).await, id, "I would rather not").await;
        assert_eq!(code(lifted), ProblemCode::NotAllowed, "{low}");
    }
    assert_eq!(code(hold::list(&viewer).await), ProblemCode::NotAllowed);
    hold::lift(&owner, id, "the case is closed").await.unwrap();
    assert_eq!(
        code(hold::lift(&owner, id, "the case is closed").await),
        ProblemCode::NotFound
    );
    record::purge(&owner, "notes", record, record::Expected::Any)
        .await
        .unwrap();
    assert_kept(&site, "legal-hold").await;
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1, "it resumes");
}

pub(crate) fn the_hold(concerns: Option<types::AccountId>) -> NewHold {
    NewHold {
        reason: "file 17 O 4/26".to_owned(),
        person: "the district court".to_owned(),
        concerns,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_the_member_concerned_nor_an_owner_against_the_host_lifts_a_hold() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let own = hold::place(&owner, the_hold(Some(site.account(Role::Owner))))
        .await
        .unwrap();
    assert_eq!(
        code(hold::lift(&owner, own, "nothing to see").await),
        ProblemCode::NotAllowed
    );
    let host = Caller::host();
    let placed = hold::place_at_host(&site.platform, &host, SLUG, the_hold(None))
        .await
        .unwrap();
    assert_eq!(
        code(hold::lift(&owner, placed, "nothing to see").await),
        ProblemCode::NotAllowed
    );
    assert_eq!(code(deletion::order(&owner, SLUG, 1).await), ProblemCode::Held);
    let viewer = site.caller(Role::Viewer);
    let forged = hold::lift_at_host(&site.platform, &viewer, SLUG, placed, "nothing to see").await;
    assert_eq!(code(forged), ProblemCode::NotAllowed);
    for id in [own, placed] {
        hold::lift_at_host(&site.platform, &host, SLUG, id, "the case is closed")
            .await
            .unwrap();
    }
    for wrong in ["x", "two\nlines"] {
        let new = NewHold {
            reason: wrong.to_owned(),
            ..the_hold(None)
        };
        assert_eq!(code(hold::place(&owner, new).await), ProblemCode::Invalid);
    }
    let stranger = the_hold(Some(types::AccountId::new(1, [9; 10])));
    assert_eq!(code(hold::place(&owner, stranger).await), ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiry_during_a_hold_and_a_changed_hold_break_the_promise() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    hold::place(&owner, the_hold(None)).await.unwrap();
    let trim = "INSERT INTO strongroom.access_log_trim VALUES ('x', 1, now(), now(), now())";
    let refused = site.superuser().await.batch_execute(trim).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR006");
    tamper(&site, trim).await;
    assert_broken(&site, "legal-hold", "months of the access log").await;
    tamper(&site, "DELETE FROM strongroom.access_log_trim").await;
    assert_kept(&site, "legal-hold").await;
    tamper(&site, "UPDATE strongroom.legal_hold SET placed_by = NULL, lifted_at = now(), lifted_reason = 'because', concerns = NULL;
        ALTER TABLE strongroom.legal_hold DROP CONSTRAINT legal_hold_host; UPDATE strongroom.legal_hold SET lifted_by = gen_random_uuid()").await;
    assert_broken(&site, "legal-hold", "somebody who may not").await;
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let record = note(&owner, "evidence").await.unwrap();
    record::trash(&owner, "notes", record, record::Expected::Any)
        .await
        .unwrap();
    record::purge(&owner, "notes", record, record::Expected::Any)
        .await
        .unwrap();
    hold::place(&owner, the_hold(None)).await.unwrap();
    assert_kept(&site, "legal-hold").await;
    tamper(
        &site,
        "UPDATE strongroom.legal_hold SET placed_at = placed_at - interval '1 hour'",
    )
    .await;
    assert_broken(&site, "legal-hold", "erasures were made during").await;
}
