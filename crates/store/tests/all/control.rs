//! The control schema: what it refuses, what it keeps, who may see it.

use access::{MemberState, Role};
use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{
    Address, Login, NewEntry, StoreError,
    connect::{connect, scram_verifier},
    control::{Control, account, membership, organization},
    migration,
};
use testkit::TestDatabase;
use types::{AccountId, EntryId, OrganizationId, SchemaName};

#[path = "control/access.rs"]
mod access_rules;
#[path = "control/audit.rs"]
mod audit;
#[path = "control/evidence.rs"]
mod evidence;
#[path = "control/housekeeping.rs"]
mod housekeeping;
#[path = "control/identity.rs"]
mod identity;
#[path = "control/ownership.rs"]
mod ownership;
#[path = "control/pool.rs"]
mod pool;
#[path = "control/rows.rs"]
mod rows;

/// A migrated database of the test's own.
pub(crate) async fn database() -> TestDatabase {
    let prepare = async |database: &testkit::database::Database| {
        let superuser = database.superuser()?.connect().await?;
        migration::bootstrap(&superuser, &database.cluster().password("strongroom_app")?).await?;
        migration::migrate(&superuser).await?;
        Ok(())
    };
    let database = TestDatabase::create(&migration::fingerprint(), prepare)
        .await
        .unwrap();
    migration::own_database(&superuser(&database).await)
        .await
        .unwrap();
    database
}

pub(crate) async fn superuser(database: &TestDatabase) -> tokio_postgres::Client {
    database.superuser().unwrap().connect().await.unwrap()
}

fn address(database: &TestDatabase) -> Address {
    let login = database.superuser().unwrap();
    Address {
        socket_folder: login.socket_folder,
        port: login.port,
        database: login.database,
    }
}

fn app(database: &TestDatabase) -> Login {
    let password = database.cluster().password("strongroom_app").unwrap();
    Login {
        role: "strongroom_app".to_owned(),
        password,
    }
}

async fn control(database: &TestDatabase) -> Control {
    Control::open(address(database), app(database), 4).await.unwrap()
}

/// `strongroom_app` as injected SQL would have it.
async fn raw(database: &TestDatabase) -> tokio_postgres::Client {
    connect(&address(database), &app(database)).await.unwrap()
}

/// Bytes that no other call in any test process has.
pub(crate) fn unique() -> [u8; 16] {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let nanoseconds = Timestamp::now().as_nanosecond() as u64;
    let count = COUNTER.fetch_add(1, Ordering::Relaxed) as u32;
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&nanoseconds.to_be_bytes());
    bytes[8..12].copy_from_slice(&std::process::id().to_be_bytes());
    bytes[12..].copy_from_slice(&count.to_be_bytes());
    bytes
}

fn ten() -> [u8; 10] {
    unique()[6..].try_into().unwrap()
}

fn now_ms() -> u64 {
    Timestamp::now().as_millisecond() as u64
}

fn entry() -> NewEntry {
    NewEntry {
        organization: None,
        id: EntryId::new(now_ms(), ten()),
        kind: 6,
        key_version: 1,
        header: vec![1, 2, 3],
        c_header: [1; 32],
        c_before: [0; 32],
        c_after: [2; 32],
    }
}

async fn new_account(control: &Control, email: &str) -> AccountId {
    let id = AccountId::new(now_ms(), ten());
    let mut tx = control.begin().await.unwrap();
    account::insert(&mut tx, account_of(id, email)).await.unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    id
}

fn account_of(id: AccountId, email: &str) -> account::NewAccount {
    account::NewAccount {
        id,
        email: email.parse().unwrap(),
        name: "Ann".to_owned(),
        password: Some("$argon2id$1".to_owned()),
        operator: false,
        created_at: Timestamp::now(),
    }
}

fn organization_of(slug: &str) -> organization::NewOrganization {
    organization::NewOrganization {
        id: OrganizationId::new(now_ms(), ten()),
        slug: slug.parse().unwrap(),
        name: slug.to_owned(),
        schema_name: SchemaName::new(unique()),
        audit_tag: unique(),
        login_sealed: vec![9],
        verifier: scram_verifier("hush"),
        created_at: Timestamp::now(),
    }
}

async fn new_organization(control: &Control, slug: &str) -> (OrganizationId, SchemaName) {
    let new = organization_of(slug);
    let (id, schema) = (new.id, new.schema_name.clone());
    let mut tx = control.begin().await.unwrap();
    organization::create(&mut tx, new).await.unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
    (id, schema)
}

async fn join(control: &Control, organization: OrganizationId, account: AccountId, role: Role) {
    let mut tx = control.begin().await.unwrap();
    membership::insert(&mut tx, organization, account, role, MemberState::Active)
        .await
        .unwrap();
    tx.commit(&entry(), &[]).await.unwrap();
}

/// The SQLSTATE of a refusal.
fn code(error: &tokio_postgres::Error) -> &str {
    error.code().map_or("", |code| code.code())
}

/// Whether the login may not do that.
async fn is_forbidden(client: &tokio_postgres::Client, text: &str) -> bool {
    matches!(client.batch_execute(text).await, Err(error) if code(&error) == "42501")
}

fn is_taken(error: &StoreError, name: &str) -> bool {
    matches!(error, StoreError::Taken { constraint } if constraint == name)
}
