//! A hold that is placed while something is being let go of: what was under way has ended before it is in force, and nothing goes
//! afterwards.

use crate::{
    check::tamper,
    deletion::{DUE, count, the_hold},
    fixture::{SLUG, Site},
    lifecycle::{note, with_a_note},
    promise::assert_kept,
};
use platform::{
    deletion, hold,
    record::{self, Expected},
};
use types::ProblemCode;

/// Enough that some are left when the hold comes.
const RECORDS: usize = 80;
const ROUNDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_erased_after_a_hold_that_was_placed_during_an_expiry() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    let mut ids = Vec::new();
    for number in 0..RECORDS {
        let id = note(&owner, &format!("evidence {number}")).await.unwrap();
        record::trash(&owner, "notes", id, Expected::Any).await.unwrap();
        ids.push(id);
    }
    let (begun, begins) = tokio::sync::oneshot::channel();
    let expiring = owner.clone();
    let expiry = tokio::spawn(async move {
        let mut begun = Some(begun);
        for (purged, id) in ids.into_iter().enumerate() {
            match record::purge(&expiring, "notes", id, Expected::Any).await {
                Ok(_) if purged == 4 => begun.take().unwrap().send(()).unwrap(),
                Ok(_) => {}
                Err(refused) => return (purged, Some(refused.code)),
            }
        }
        (RECORDS, None)
    });
    begins.await.unwrap();
    hold::place(&owner, the_hold(None)).await.unwrap();
    let entries = "SELECT count(*) FROM strongroom.entry";
    let at_once = count(&site, entries).await;
    let (purged, refused) = expiry.await.unwrap();
    assert_eq!(refused, Some(ProblemCode::Held), "{purged} were erased");
    assert_eq!(
        count(&site, entries).await,
        at_once,
        "something was erased during the hold"
    );
    assert_kept(&site, "legal-hold").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_is_deleted_or_held_and_never_both() {
    for round in 0..ROUNDS {
        let site = Site::start().await;
        let owner = with_a_note(&site).await;
        deletion::order(&owner, SLUG, 1).await.unwrap();
        tamper(&site, DUE).await;
        let platform = site.platform.clone();
        let deleting = tokio::spawn(async move { deletion::tend(&platform).await });
        // Each round a little later than the last one.
        tokio::time::sleep(std::time::Duration::from_millis(round as u64 * 8)).await;
        let placed = hold::place(&owner, the_hold(None)).await;
        let deleted = deleting.await.unwrap().unwrap_or(0);
        let left = count(&site, "SELECT count(*) FROM strongroom.organization").await;
        match placed {
            Ok(_) => assert_eq!((deleted, left), (0, 1), "round {round}: deleted under a hold"),
            Err(_) => assert_eq!((deleted, left), (1, 0), "round {round}: refused for nothing"),
        }
    }
}
