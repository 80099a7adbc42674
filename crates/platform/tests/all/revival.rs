//! The whole platform gone back: what is told before, and what is deleted and erased again, as though it lived again.

use crate::{
    check::{create, ledger},
    fixture::Site,
    restore::{erase, now},
};
use access::Role;
use platform::{
    Caller, check,
    database::AdminAccess,
    deletion, hold, record,
    restore::{self, Target},
    revival::{self, CarriedOver},
};
use serde_json::{Value as Json, json};
use types::ProblemCode;
use vault::SecretText;

fn admin(site: &Site) -> (AdminAccess, String) {
    let login = site.database.superuser().unwrap();
    let admin = AdminAccess {
        socket_folder: login.socket_folder,
        port: login.port,
        user: login.user,
        password: Some(SecretText::new(login.password)),
    };
    (admin, login.database)
}

/// What was deleted or erased, about something else that lives.
fn turned(carried_over: &CarriedOver, turn: impl FnOnce(&mut Json)) -> CarriedOver {
    let mut json = serde_json::to_value(carried_over).unwrap();
    turn(&mut json);
    serde_json::from_value(json).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_told_and_what_was_erased_is_erased_again() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let (gone, living) = (
        create(&owner, 1).await.record.id,
        create(&owner, 2).await.record.id,
    );
    let moment = now(&site).await;
    erase(&owner, gone).await;
    site.second_organization().await;
    let refused = revival::look(&site.platform, &site.caller(Role::Owner), moment).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
    let outlook = revival::look(&site.platform, &Caller::host(), moment)
        .await
        .unwrap();
    let of = |slug: &str| {
        outlook
            .lost
            .iter()
            .find(|lost| lost.organization == slug)
            .unwrap()
    };
    assert_eq!((of("acme").entries, of("acme").is_gone), (2, false));
    assert!(of("globex").is_gone);
    assert!(outlook.appliance_entries > 0);
    assert_eq!(outlook.carried_over.erased.len(), 1);

    let (admin, database) = admin(&site);
    let done = revival::repeat(&site.platform, &admin, &database, &outlook.carried_over)
        .await
        .unwrap();
    assert_eq!((done.erased, done.left.len()), (0, 0), "it is gone already");
    let again = turned(&outlook.carried_over, |json| {
        json["erased"][0]["record"] = json!(living)
    });
    let done = revival::repeat(&site.platform, &admin, &database, &again)
        .await
        .unwrap();
    assert_eq!((done.erased, &done.left), (1, &Vec::new()));
    let undo = restore::plan(&owner, Target::Undo).await.map(drop).unwrap_err();
    assert_eq!(
        undo.code,
        ProblemCode::Conflict,
        "the organization itself was never taken back"
    );
    let found = record::read(&owner, "ledger", living).await;
    assert_eq!(found.unwrap_err().code, ProblemCode::NotFound);
    revival::explain_gaps(&site.platform, moment, &outlook.carried_over)
        .await
        .unwrap();
    let report = check::organization(&site.platform, &Caller::host(), "acme")
        .await
        .unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    let kind = "SELECT count(*) FROM strongroom.audit_pending WHERE kind = 7";
    let gaps: i64 = site.superuser().await.query_one(kind, &[]).await.unwrap().get(0);
    assert_eq!(gaps, 1, "each log that lost something says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_was_placed_since_is_placed_again_after_the_erasures_and_once() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let (gone, living) = (
        create(&owner, 1).await.record.id,
        create(&owner, 2).await.record.id,
    );
    let moment = now(&site).await;
    erase(&owner, gone).await;
    let new = hold::NewHold {
        reason: "file 17 O 4/26".to_owned(),
        person: "the district court".to_owned(),
        concerns: None,
    };
    let placed = hold::place(&owner, new).await.unwrap();
    let outlook = revival::look(&site.platform, &Caller::host(), moment)
        .await
        .unwrap();
    assert_eq!(outlook.carried_over.holds.len(), 1);
    // As in the copy: the record lives, and nobody has placed a hold.
    hold::lift(&owner, placed, "as it was then").await.unwrap();
    let again = turned(&outlook.carried_over, |json| {
        json["erased"][0]["record"] = json!(living)
    });
    let (admin, database) = admin(&site);
    for _ in 0..2 {
        let done = revival::repeat(&site.platform, &admin, &database, &again)
            .await
            .unwrap();
        assert_eq!(done.left, Vec::<String>::new());
        let in_force = hold::list(&owner).await.unwrap();
        let in_force = in_force.iter().filter(|hold| hold.lifted.is_none());
        assert_eq!(in_force.count(), 1);
    }
    let found = record::read(&owner, "ledger", living).await;
    assert_eq!(found.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_that_was_deleted_is_deleted_again_at_once() {
    let site = Site::start().await;
    let owner = ledger(&site).await;
    let globex = site.second_organization().await;
    let moment = now(&site).await;
    deletion::order(&globex, "globex", 1).await.unwrap();
    let due = "SET session_replication_role = replica;
        UPDATE strongroom.deletion SET ordered_at = ordered_at - interval '24 hours'";
    site.superuser().await.batch_execute(due).await.unwrap();
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    let outlook = revival::look(&site.platform, &Caller::host(), moment)
        .await
        .unwrap();
    assert_eq!(outlook.carried_over.deleted[0].slug, "globex");

    let acme = json!(owner.organization().id);
    let again = turned(&outlook.carried_over, |json| {
        json["deleted"][0]["organization"] = acme.clone();
        json["deleted"][0]["id"] = json!("01900000-0000-7000-8000-000000000001");
    });
    // An order of before, which was called back since and is open again in the copy.
    deletion::order(&owner, "acme", 24).await.unwrap();
    let (admin, database) = admin(&site);
    let done = revival::repeat(&site.platform, &admin, &database, &again)
        .await
        .unwrap();
    assert_eq!((done.deleted, &done.left), (1, &Vec::new()));
    let entered = site.platform.enter(&site.caller(Role::Owner), "acme").await;
    assert_eq!(entered.err().unwrap().code, ProblemCode::NotFound);
}
