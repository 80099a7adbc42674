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
async fn a_way_round_the_triggers_breaks_audit_complete() {
    for sql in [
        "ALTER ROLE {o} SET session_replication_role = replica",
        "GRANT SET ON PARAMETER session_replication_role TO {o}",
    ] {
        assert_fault(sql, "past the triggers", "").await;
    }
}
