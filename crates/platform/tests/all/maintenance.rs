//! Maintenance: every change is refused by the database itself, reading and signing in go on, and all of it is audited.

use crate::fixture::{Site, field, person};
use access::Role;
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Origin, PlatformError,
    account::NewPerson,
    list::{self, Query},
    maintenance::{self, Phase, Wish},
    member, organization, record, sign_in,
};
use serde_json::json;
use std::time::Duration;
use types::{FieldKind, ProblemCode};
use vault::SecretText;

fn from_now(seconds: i64) -> Option<Timestamp> {
    Timestamp::now()
        .checked_add(SignedDuration::from_secs(seconds))
        .ok()
}

async fn begin(site: &Site, wish: Wish) -> maintenance::Maintenance {
    maintenance::begin(&site.platform, &Caller::host(), wish)
        .await
        .unwrap()
}

async fn create(site: &Site, number: &str) -> Result<(), PlatformError> {
    let workspace = site.as_role(Role::Editor).await;
    let input = record::read_input(&json!({ "number": number })).unwrap();
    record::create(&workspace, "invoices", &input).await.map(|_| ())
}

async fn with_invoices() -> Site {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Invoices", vec![field("Number", FieldKind::Text)])
        .await;
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_refuses_every_change_whoever_makes_it() {
    let site = with_invoices().await;
    create(&site, "before").await.unwrap();
    begin(&site, Wish::default()).await;
    let refused = create(&site, "during").await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Maintenance);
    assert!(refused.retry_after_seconds.is_some());
    let owner = site.as_role(Role::Owner).await;
    let somebody = NewPerson {
        email: "new@example.com".to_owned(),
        ..person(Role::Viewer)
    };
    let added = member::add(&owner, somebody, Role::Viewer).await.unwrap_err();
    assert_eq!(added.code, ProblemCode::Maintenance);
    let made = organization::create(
        &site.platform,
        &Caller::host(),
        "globex",
        "Globex",
        person(Role::Owner),
    )
    .await;
    assert_eq!(made.unwrap_err().code, ProblemCode::Maintenance);
    let page = list::list(&owner, "invoices", &Query::default()).await.unwrap();
    assert_eq!(page.records.len(), 1, "what is there can be read");
    assert!(maintenance::end(&site.platform, &Caller::host()).await.unwrap());
    create(&site, "after").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_goes_on_and_failures_are_still_noted() {
    let site = Site::start().await;
    begin(&site, Wish::default()).await;
    let password = SecretText::new("nine green bottles hanging".to_owned());
    let failed =
        sign_in::with_password(&site.platform, Origin::default(), "owner@example.com", password).await;
    assert_eq!(failed.unwrap_err().code, ProblemCode::NotSignedIn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_announced_refuses_nothing_until_it_begins() {
    let site = with_invoices().await;
    let wish = Wish {
        from: from_now(3_600),
        message: Some("New version".to_owned()),
        ..Wish::default()
    };
    assert_eq!(begin(&site, wish).await.phase, Phase::Announced);
    create(&site, "a").await.unwrap();
    maintenance::refuse_changes(&site.platform).await.unwrap();
    let found = maintenance::current(&site.platform).await.unwrap().unwrap();
    assert_eq!(found.message.as_deref(), Some("New version"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_by_itself_and_the_worker_notes_it() {
    let site = with_invoices().await;
    begin(
        &site,
        Wish {
            until: from_now(2),
            ..Wish::default()
        },
    )
    .await;
    assert_eq!(
        create(&site, "a").await.unwrap_err().code,
        ProblemCode::Maintenance
    );
    tokio::time::sleep(Duration::from_millis(2_300)).await;
    create(&site, "a").await.unwrap();
    assert_eq!(maintenance::current(&site.platform).await.unwrap(), None);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(platform::work::run(site.platform.clone(), stopped, 1));
    let superuser = site.superuser().await;
    let value = "SELECT value::text FROM strongroom.setting WHERE name = 'maintenance'";
    let noted = async || superuser.query_one(value, &[]).await.unwrap().get::<_, String>(0) == "null";
    for _ in 0..100 {
        if noted().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(noted().await);
    stop.send(true).unwrap();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_host_switches_it_and_each_switch_is_an_entry() {
    let site = Site::start().await;
    let entries = async || {
        let text = "SELECT count(*) FROM strongroom.entry WHERE kind = 6";
        site.superuser()
            .await
            .query_one(text, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
    };
    let before = entries().await;
    for role in Role::ALL {
        let caller = site.caller(role);
        let refused = maintenance::begin(&site.platform, &caller, Wish::default())
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotAllowed);
        let refused = maintenance::end(&site.platform, &caller).await.unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotAllowed);
    }
    begin(&site, Wish::default()).await;
    begin(
        &site,
        Wish {
            until: from_now(60),
            ..Wish::default()
        },
    )
    .await;
    assert!(maintenance::end(&site.platform, &Caller::host()).await.unwrap());
    assert!(!maintenance::end(&site.platform, &Caller::host()).await.unwrap());
    assert_eq!(entries().await, before + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_it_on_waits_for_a_change_that_is_under_way() {
    let site = Site::start().await;
    let writer = site.superuser().await;
    let schema: String = writer
        .query_one("SELECT schema_name FROM strongroom.organization", &[])
        .await
        .unwrap()
        .get(0);
    let change = format!(
        "BEGIN; SET LOCAL ROLE {schema};
         SELECT {schema}._append(gen_random_uuid(), 1::smallint, 1, '', sha256('a'), sha256('b'), sha256('c'))"
    );
    writer.batch_execute(&change).await.unwrap();
    let caller = Caller::host();
    let mut switching = std::pin::pin!(maintenance::begin(&site.platform, &caller, Wish::default()));
    let early = tokio::time::timeout(Duration::from_millis(500), &mut switching).await;
    assert!(early.is_err(), "it answered while a change was under way");
    writer.batch_execute("COMMIT").await.unwrap();
    switching.await.unwrap();
}
