//! A database as the last release left it, with data of every kind, is brought up by this program and everything opens.
//!
//! `releases/0.1.0.sql` is a dump that 0.1.0 itself filled: a program of today, writing into yesterday's tables, would
//! prove something else. A new release adds its own by [`write_the_dump_of_this_release`] and keeps the old ones.

use crate::{
    export::{create, fill, whole},
    fixture::{Site, caller_of, field, open},
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, Workspace,
    caller::AccountSummary,
    check, file,
    list::{self, PlaceOrLive, Query},
    record::{self, Expected},
};
use serde_json::json;
use std::{fs, path::PathBuf, process::Command};
use store::migration::{self, Steps};
use testkit::{Cluster, ClusterSettings, Durability, TestDatabase, database::Database};
use types::{AccountId, FieldKind, Record, Value};
use vault::RootKey;

/// Seals the dump's data, which is no secret.
const ROOT_KEY: &str = "5374726f6e67726f6f6d20302e312e3020757067726164652066697874757265";
const RELEASE: &str = include_str!("../releases/0.1.0.sql");

fn root_key() -> RootKey {
    let file = state_folder("key");
    testkit::secret::write_private(&file, ROOT_KEY).unwrap();
    RootKey::load(&file).unwrap()
}

fn state_folder(name: &str) -> PathBuf {
    let folder = testkit::state::state_folder().unwrap();
    folder.join(format!("upgrade-{name}-{}", std::process::id()))
}

/// A cluster of the test's own: the roles of the dump are called as they are called.
fn cluster() -> Cluster {
    let settings = ClusterSettings {
        durability: Durability::Volatile,
        ..ClusterSettings::durable(state_folder("cluster")).unwrap()
    };
    Cluster::open(settings).unwrap()
}

async fn end(cluster: Cluster) {
    let ending = tokio::task::spawn_blocking(move || {
        cluster.stop().unwrap();
        cluster.wipe().unwrap();
        fs::remove_file(state_folder("key")).unwrap();
    });
    ending.await.unwrap();
}

/// The dump in one transaction, as a restore must be: rows and their images are of one act then.
async fn restore_release(database: &Database) -> anyhow::Result<()> {
    let superuser = database.superuser()?.connect().await?;
    migration::bootstrap(&superuser, &database.cluster().password("strongroom_app")?).await?;
    let all = format!("BEGIN; SET LOCAL session_replication_role = 'replica'; {RELEASE}; COMMIT");
    superuser.batch_execute(&all).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_last_release_is_brought_up_with_all_its_data() {
    let cluster = cluster();
    let database = TestDatabase::create_in(cluster.clone(), "release_0_1_0", restore_release).await;
    let database = database.unwrap();
    let superuser = database.superuser().unwrap().connect().await.unwrap();
    migration::own_database(&superuser).await.unwrap();
    let allow = "DO $$ DECLARE home text := (SELECT schema_name FROM strongroom.organization); BEGIN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), home); END $$";
    superuser.batch_execute(allow).await.unwrap();
    migration::migrate(&superuser).await.unwrap();
    let status = migration::status(&superuser).await.unwrap();
    assert_eq!((status.pending.len(), status.organizations_behind), (0, 0));
    let text = "SELECT id, email, name FROM strongroom.account WHERE email = 'accountant@example.com'";
    let row = superuser.query_one(text, &[]).await.unwrap();
    let accountant = caller_of(AccountSummary {
        id: AccountId(row.get(0)),
        email: row.get(1),
        name: row.get(2),
        operator: false,
    });
    {
        let platform = open(&database, root_key(), Timestamp::now).await;
        let workspace = platform.enter(&accountant, "acme").await.unwrap();
        everything_opens(&workspace).await;
        create(&workspace, "targets", &json!({"name": "new"})).await;
        for report in [
            check::appliance(&platform, &Caller::host()).await.unwrap(),
            check::organization(&platform, &Caller::host(), "acme")
                .await
                .unwrap(),
        ] {
            assert!(report.is_clean(), "{report:?}");
        }
    }
    drop((superuser, database));
    end(cluster).await;
}

async fn everything_opens(workspace: &Workspace) {
    let things = records(workspace, "things", PlaceOrLive::Live).await;
    assert_eq!(things.len(), 2);
    let full = &things[0];
    let empty = full.values.iter().filter(|value| value.is_empty()).count();
    assert_eq!(
        (full.version, empty),
        (2, 0),
        "a value of every kind, changed once"
    );
    let clear = record::reveal(workspace, "things", full.id, "the_sensitive_text").await;
    assert_eq!(clear.unwrap().to_text(), "DE89 3704 0044 0532 0130 00");
    let history = record::history(workspace, "things", full.id, None).await.unwrap();
    assert_eq!(history.steps.len(), 2);
    let attachment = full.values.iter().find_map(|value| match value {
        Value::Attachment(id) => Some(*id),
        _ => None,
    });
    let (_, stream) = file::open(workspace, attachment.unwrap()).await.unwrap();
    assert_eq!(whole(stream).await, b"%PDF-");
    assert_eq!(records(workspace, "things", PlaceOrLive::Trash).await.len(), 1);
}

async fn records(workspace: &Workspace, dataset: &str, place: PlaceOrLive) -> Vec<Record> {
    let query = Query {
        place,
        ..Query::default()
    };
    list::list(workspace, dataset, &query).await.unwrap().records
}

/// Run it once, by hand, with the program that is released:
/// `cargo nextest run -p strongroom-platform --run-ignored only write_the_dump`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes the fixture of this release"]
async fn write_the_dump_of_this_release() {
    let cluster = cluster();
    let prepare = async |database: &Database| {
        let superuser = database.superuser()?.connect().await?;
        migration::bootstrap(&superuser, &database.cluster().password("strongroom_app")?).await?;
        migration::migrate_with(&superuser, Steps::OWN.up_to(1, 1)).await?;
        Ok(())
    };
    let database = TestDatabase::create_in(cluster.clone(), "this_release", prepare).await;
    let database = database.unwrap();
    let superuser = database.superuser().unwrap().connect().await.unwrap();
    migration::own_database(&superuser).await.unwrap();
    let site = Site::start_on(database, root_key(), Timestamp::now).await;
    let owner = site.as_role(Role::Owner).await;
    fill(&site, &owner).await;
    let things = records(&owner, "things", PlaceOrLive::Live).await;
    let change = json!({"the_text": "changed"});
    let change = change.as_object().unwrap();
    record::update(&owner, "things", things[0].id, Expected::Any, change)
        .await
        .unwrap();
    let old = create(&owner, "things", &json!({"the_text": "old"})).await;
    record::trash(&owner, "things", old.id, Expected::Any)
        .await
        .unwrap();
    site.dataset(&owner, "Empty", vec![field("Name", FieldKind::Text)])
        .await;
    let dump = dump(&site, &superuser).await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/releases");
    fs::write(folder.join(format!("{}.sql", env!("CARGO_PKG_VERSION"))), dump).unwrap();
    drop((superuser, owner, site));
    end(cluster).await;
}

async fn dump(site: &Site, superuser: &tokio_postgres::Client) -> String {
    let login = site.database.superuser().unwrap();
    let passwords = state_folder("passwords");
    login.write_password_file(&passwords).unwrap();
    let mut command = Command::new(site.database.cluster().binaries().program("pg_dump"));
    command.args([
        "--schema=strongroom*",
        "--schema=o_*",
        "--column-inserts",
        "--no-sync",
    ]);
    command.arg(login.conninfo()).env("PGPASSFILE", &passwords);
    let output = testkit::process::run(&mut command).unwrap();
    fs::remove_file(passwords).unwrap();
    let text = "SELECT rolname::text, rolpassword FROM pg_authid WHERE rolname ~ '^o_[a-z2-7]{26}$'";
    let row = superuser.query_one(text, &[]).await.unwrap();
    let (role, verifier): (String, String) = (row.get(0), row.get(1));
    let mut dump = format!("CREATE ROLE {role} LOGIN NOINHERIT CONNECTION LIMIT 64 PASSWORD '{verifier}';\n");
    // What only psql understands, what only newer servers know, and what only people read. Values may hold any line end.
    let dropped = ["\\", "SET transaction_timeout", "--"];
    let text = String::from_utf8(output.stdout).unwrap();
    let kept = text
        .split('\n')
        .filter(|line| !dropped.iter().any(|start| line.starts_with(start)));
    dump.push_str(&kept.collect::<Vec<_>>().join("\n"));
    dump
}

/// What a later version might add, in both scopes.
fn later_steps() -> Steps {
    let step = |scope, version, up| migration::Migration {
        scope,
        version,
        name: "later",
        up,
        down: "",
    };
    use migration::Scope::{Control, Organization};
    let control = "CREATE TABLE strongroom.later (id integer PRIMARY KEY);
        ALTER TABLE strongroom.account ADD COLUMN later text";
    let organization = "CREATE TABLE {{schema}}._later (id integer PRIMARY KEY);
        ALTER TABLE {{schema}}._dataset ADD COLUMN later integer NOT NULL DEFAULT 0";
    let own = Steps::OWN;
    let control = step(Control, own.newest(Control) + 1, control);
    let organization = step(Organization, own.newest(Organization) + 1, organization);
    Steps {
        control: [own.control, &[control]].concat().leak(),
        organization: [own.organization, &[organization]].concat().leak(),
    }
}

/// What an update relies on: it migrates before it installs, and goes back by putting the old program back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_works_on_the_schemas_of_the_version_after_it() {
    let site = Site::start().await;
    let before = site.as_role(Role::Owner).await;
    site.dataset(&before, "Things", vec![field("Name", FieldKind::Text)])
        .await;
    create(&before, "things", &json!({"name": "before"})).await;
    let superuser = site.database.superuser().unwrap().connect().await.unwrap();
    migration::migrate_with(&superuser, later_steps()).await.unwrap();
    create(&before, "things", &json!({"name": "after"})).await;
    assert_eq!(records(&before, "things", PlaceOrLive::Live).await.len(), 2);
    let second = site.second_organization().await;
    site.dataset(&second, "Others", vec![field("Name", FieldKind::Text)])
        .await;
    create(&second, "others", &json!({"name": "new"})).await;
    let report = check::appliance(&site.platform, &Caller::host()).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}
