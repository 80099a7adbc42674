//! The promise audit-complete looks at the triggers: one that a superuser turned off is named with its table.

use crate::{
    check::tamper,
    promise::{assert_kept, check, start},
};
use promises::State;

/// Broken, with a fault that says this of that place.
async fn assert_fault(sql: &str, what: &str, place: &str) {
    let site = start().await;
    assert_kept(&site, "audit-complete").await;
    tamper(&site, sql).await;
    let verdict = check(&site.platform, "audit-complete").await;
    assert_eq!(verdict.state, State::Broken, "{sql}: {verdict:?}");
    let told = |fault: &promises::Fault| fault.what.contains(what) && fault.where_.ends_with(place);
    assert!(verdict.faults.iter().any(told), "{sql}: {verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_trigger_of_any_table_breaks_audit_complete() {
    for (sql, trigger, place) in [
        (
            "ALTER TABLE {o}.d1 DISABLE TRIGGER check_update",
            "check_update",
            ".d1",
        ),
        (
            "ALTER TABLE {o}._field DISABLE TRIGGER USER",
            "require_entry",
            "._field",
        ),
        (
            "ALTER TABLE {o}._claim DISABLE TRIGGER settle_claim",
            "settle_claim",
            "._claim",
        ),
        (
            "ALTER TABLE strongroom.membership DISABLE TRIGGER require_entry",
            "require_entry",
            "strongroom.membership",
        ),
    ] {
        assert_fault(sql, &format!("the trigger {trigger} is disabled"), place).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_that_is_gone_or_weakened_breaks_audit_complete() {
    for (sql, what, place) in [
        (
            "DROP TRIGGER claim_images ON {o}._image",
            "claim_images is missing",
            "._image",
        ),
        (
            "DROP TRIGGER require_entry ON strongroom.setting",
            "require_entry is missing",
            "strongroom.setting",
        ),
        (
            "ALTER TABLE {o}.d1 ENABLE REPLICA TRIGGER check_insert",
            "replication only",
            ".d1",
        ),
        (
            "DROP TRIGGER claim_images ON {o}._image; CREATE TRIGGER claim_images AFTER INSERT ON {o}._image
             REFERENCING NEW TABLE AS changed FOR EACH STATEMENT WHEN (current_user = 'strongroom_owner')
             EXECUTE FUNCTION {o}._claim_images()",
            "claim_images is not the one",
            "._image",
        ),
        (
            "DROP TRIGGER check_delete ON {o}.d1; CREATE TRIGGER check_delete AFTER DELETE ON {o}.d1
             FOR EACH ROW WHEN (OLD.version < 0) EXECUTE FUNCTION {o}._require_entry()",
            "check_delete is not the one",
            ".d1",
        ),
    ] {
        assert_fault(sql, what, place).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_was_weakened_breaks_audit_complete() {
    for (sql, what) in [
        (
            "CREATE OR REPLACE FUNCTION {o}._check_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
             SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'",
            "the function _check_insert is not the one",
        ),
        (
            "ALTER FUNCTION {o}._require_entry() SECURITY INVOKER",
            "the function _require_entry is not the one",
        ),
        (
            "ALTER FUNCTION strongroom.append_entry SET search_path = public",
            "the function append_entry is without its own search path",
        ),
        (
            "DO $do$ BEGIN EXECUTE replace(
                pg_get_functiondef('{o}._append'::regproc), 'c_after bytea)', 'c_after bytea, more text)'); END $do$",
            "the function _append is there more than once",
        ),
        (
            "DROP FUNCTION {o}._check_definition",
            "the function _check_definition is missing",
        ),
    ] {
        assert_fault(sql, what, "").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_function_that_refuses_what_a_hold_forbids_is_looked_at_for_it() {
    let site = start().await;
    assert_kept(&site, "legal-hold").await;
    let refusers = [
        "_append",
        "_append_record",
        "_check_delete",
        "_claim_images",
        "_keep_person_hit",
        "_keep_person_request",
        "_settle_claim",
        "destroy_organization",
        "keep_deletion",
        "keep_legal_hold",
        "refuse_if_held",
        "refuse_loss",
        "refuse_trim_under_hold",
    ];
    let turn = format!(
        "DO $do$ DECLARE one record; BEGIN
            FOR one IN SELECT oid::regprocedure AS name, prosecdef FROM pg_proc WHERE proname IN ('{}') LOOP
                EXECUTE format('ALTER FUNCTION %s SECURITY %s', one.name, CASE WHEN one.prosecdef THEN 'INVOKER' ELSE 'DEFINER' END);
            END LOOP; END $do$",
        refusers.join("', '")
    );
    tamper(&site, &turn).await;
    let verdict = check(&site.platform, "legal-hold").await;
    for refuser in refusers {
        let what = format!("the function {refuser} is not the one");
        let told = verdict.faults.iter().any(|fault| fault.what.contains(&what));
        assert!(told, "{refuser}: {verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_of_another_version_are_not_judged() {
    for newer in [
        "INSERT INTO strongroom_migration.applied VALUES ('control', 9999, 'future', '');
         ALTER FUNCTION strongroom.append_entry SET search_path = public, pg_catalog",
        "UPDATE strongroom.organization SET schema_version = schema_version - 1;
         ALTER FUNCTION {o}._check_delete SET search_path = pg_catalog",
    ] {
        let site = start().await;
        tamper(&site, newer).await;
        for promise in ["audit-complete", "legal-hold", "export-after-cancellation"] {
            let verdict = check(&site.platform, promise).await;
            assert_eq!(verdict.state, State::Unknown, "{newer}: {promise}: {verdict:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_round_the_triggers_breaks_audit_complete() {
    for sql in [
        "ALTER ROLE {o} SET session_replication_role = replica",
        "GRANT SET ON PARAMETER session_replication_role TO {o}",
    ] {
        assert_fault(sql, "past the triggers", "").await;
    }
    let sql = "GRANT INSERT ON {o}._entry TO {o}";
    assert_fault(sql, "a change without an entry succeeded: INSERT INTO", "").await;
}
