//! PostgreSQL dies in the middle of writes: nothing that was acknowledged is lost, and nothing is there without its
//! entry.

use crate::fixture::{Site, field};
use access::Role;
use platform::{dataset, record};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::{Cluster, ClusterSettings, wait_until};
use types::{FieldKind, ProblemCode, RecordId};

const WRITERS: usize = 8;
const WRITES: usize = 125;

#[expect(clippy::too_many_lines, reason = "one story")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_postgresql_loses_no_acknowledged_write_and_leaves_none_without_entry() {
    let folder = testkit::state::state_folder()
        .unwrap()
        .join(format!("crash-{}", std::process::id()));
    let cluster = Cluster::open(ClusterSettings::durable(folder).unwrap()).unwrap();
    let site = Site::start_in(cluster.clone()).await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    let acknowledged: Arc<Mutex<BTreeSet<RecordId>>> = Arc::default();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (owner, acknowledged) = (owner.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                for n in 0..WRITES {
                    let fields = json!({"text": format!("{writer}/{n}")});
                    match record::create(&owner, "notes", fields.as_object().unwrap()).await {
                        Ok(found) => drop(acknowledged.lock().unwrap().insert(found.record.id)),
                        Err(error) => {
                            assert!(
                                matches!(error.code, ProblemCode::Unavailable | ProblemCode::Timeout),
                                "a crash reads as such: {error:?}"
                            );
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    }
                }
            })
        })
        .collect();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let crashing = cluster.clone();
        tokio::task::spawn_blocking(move || {
            crashing.crash().unwrap();
            crashing.start().unwrap();
        })
        .await
        .unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    wait_until(
        Duration::from_secs(20),
        "the platform recovers by itself",
        async || dataset::list(&owner).await.is_ok(),
    )
    .await
    .unwrap();
    let superuser = site.superuser().await;
    let schema: String = superuser
        .query_one("SELECT schema_name FROM strongroom.organization", &[])
        .await
        .unwrap()
        .get(0);
    let rows = superuser
        .query(&format!("SELECT id FROM {schema}.d1"), &[])
        .await
        .unwrap();
    let stored: BTreeSet<RecordId> = rows.iter().map(|row| RecordId(row.get(0))).collect();
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(
        acknowledged.len() > 50,
        "some writes happened: {}",
        acknowledged.len()
    );
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let orphans = format!(
        "SELECT count(*) FROM {schema}.d1 r LEFT JOIN {schema}._image i ON i.record_id = r.id AND i.version = r.version
            AND i.commitment = r.commitment LEFT JOIN {schema}._entry e ON e.id = i.entry_id WHERE e.id IS NULL"
    );
    assert_eq!(
        superuser.query_one(&orphans, &[]).await.unwrap().get::<_, i64>(0),
        0
    );
    let entries = format!("SELECT count(*) FROM {schema}._image");
    let images: i64 = superuser.query_one(&entries, &[]).await.unwrap().get(0);
    assert_eq!(usize::try_from(images).unwrap(), stored.len());
    drop(site);
    tokio::task::spawn_blocking(move || {
        cluster.stop().unwrap();
        cluster.wipe().unwrap();
    })
    .await
    .unwrap();
}
