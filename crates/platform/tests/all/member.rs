//! Who makes and unmakes whom, at once.

use crate::fixture::Site;
use access::Role;
use platform::member;
use std::time::Duration;
use types::ProblemCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_made_an_owner_meanwhile_is_not_unmade_by_an_administrator() {
    let site = Site::start().await;
    let administrator = site.as_role(Role::Administrator).await;
    let editor = site.account(Role::Editor);
    let (other, looks) = (site.superuser().await, site.superuser().await);
    let hold =
        "SET session_replication_role = 'replica'; BEGIN; SELECT FROM strongroom.organization FOR UPDATE";
    other.batch_execute(hold).await.unwrap();
    let demotion = tokio::spawn(async move { member::set_role(&administrator, editor, Role::Viewer).await });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let is_held = async || looks.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) > 0;
    testkit::wait_until(Duration::from_secs(10), "it waits", is_held)
        .await
        .unwrap();
    let made = "UPDATE strongroom.membership SET role = 'owner' WHERE account_id = $1";
    assert_eq!(other.execute(made, &[&editor.0]).await.unwrap(), 1);
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(demotion.await.unwrap().unwrap_err().code, ProblemCode::Conflict);
}
