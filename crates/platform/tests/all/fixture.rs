//! An opened platform on a database of its own, with an organization and a member of every role.
//! Start at [`Site::start`].
#![allow(dead_code, reason = "each test module uses its own part")]

use access::Role;
use jiff::Timestamp;
use platform::{
    Caller, Origin, Platform, Settings, Workspace,
    account::NewPerson,
    break_glass,
    caller::{AccountSummary, Identity},
    dataset::{self, DatasetDraft, FieldDraft},
    member, organization,
    workspace::OrganizationSummary,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use store::{Address, Login, migration};
use testkit::{Cluster, TestDatabase};
use types::{AccountId, Dataset, FieldKind, SessionId};
use vault::RootKey;

/// The first organization's name in addresses.
pub(crate) const SLUG: &str = "acme";
/// The largest upload of a test.
pub(crate) const UPLOAD_BYTES_MAX: u64 = 64 << 20;

/// A platform with an organization `acme`. Its database goes when the site is dropped.
pub(crate) struct Site {
    pub(crate) platform: Platform,
    pub(crate) organization: OrganizationSummary,
    people: BTreeMap<Role, AccountSummary>,
    /// Last, so that connections are closed before it goes.
    pub(crate) database: TestDatabase,
}

impl Drop for Site {
    fn drop(&mut self) {
        // It is not there where nothing was signed.
        drop(std::fs::remove_dir_all(self.audit()));
    }
}

impl Site {
    /// Opens the platform and makes `acme` with an owner and a member of every other role.
    pub(crate) async fn start() -> Self {
        Self::start_with_clock(Timestamp::now).await
    }

    /// The same with other settings than the usual ones.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let database = database().await;
        let mut settings = settings_of(database.name());
        change(&mut settings);
        let root = RootKey::generate().unwrap();
        let platform = open_as(&database, settings, root, Timestamp::now).await;
        Self::start_of(database, platform).await
    }

    /// The same with a clock of the test's.
    pub(crate) async fn start_with_clock(clock: fn() -> Timestamp) -> Self {
        Self::start_on(database().await, RootKey::generate().unwrap(), clock).await
    }

    /// The same in a cluster of the test's own, which it may crash.
    pub(crate) async fn start_in(cluster: Cluster) -> Self {
        let database = TestDatabase::create_in(cluster, &migration::fingerprint(), prepare)
            .await
            .unwrap();
        Self::start_on(
            owned(database).await,
            RootKey::generate().unwrap(),
            Timestamp::now,
        )
        .await
    }

    /// The same in a given database under a given root key.
    pub(crate) async fn start_on(database: TestDatabase, root: RootKey, clock: fn() -> Timestamp) -> Self {
        let platform = open(&database, root, clock).await;
        Self::start_of(database, platform).await
    }

    async fn start_of(database: TestDatabase, platform: Platform) -> Self {
        let organization = create(&platform, SLUG, "Acme", person(Role::Owner)).await;
        let mut site = Self {
            platform,
            organization,
            people: BTreeMap::new(),
            database,
        };
        let owner = site.find_owner(SLUG).await;
        site.people.insert(Role::Owner, owner);
        site.insert_session().await;
        let workspace = site.as_role(Role::Owner).await;
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Owner) {
            let (added, _) = member::add(&workspace, person(role), role).await.unwrap();
            let summary = summary(added.account, &added.email, &added.name);
            site.people.insert(role, summary);
        }
        site
    }

    /// The session that [`caller_of`] speaks of; what runs for long looks whether it is still there.
    async fn insert_session(&self) {
        let text = "SET session_replication_role = 'replica';
            INSERT INTO strongroom.session (id, token_hash, account_id, expires_at, address, device)
                SELECT $session, '\\x00', id, now() + interval '12 hours', '192.0.2.7', 'a test'
                FROM strongroom.account LIMIT 1;
            RESET session_replication_role";
        let text = text.replace("$session", &format!("'{}'", session()));
        self.superuser().await.batch_execute(&text).await.unwrap();
    }

    /// The folder of root's record of backups.
    pub(crate) fn record(&self) -> PathBuf {
        record_of(self.database.name())
    }

    /// A real session of the member with that role: its token, and the caller.
    pub(crate) async fn sign_in(&self, role: Role) -> (String, Caller) {
        let email = format!("{role}@example.com");
        let link = break_glass::create(&self.platform, &Caller::host(), &email, "to sign in")
            .await
            .unwrap();
        let token = link.url.expose().rsplit('/').next().unwrap();
        let origin = Origin::default();
        let (token, caller) = break_glass::redeem(&self.platform, origin, token).await.unwrap();
        (token.expose().to_owned(), caller)
    }

    /// A person's session of the member with that role.
    pub(crate) fn caller(&self, role: Role) -> Caller {
        caller_of(self.people[&role].clone())
    }

    /// The workspace of the member with that role, in `acme`.
    pub(crate) async fn as_role(&self, role: Role) -> Workspace {
        let caller = self.caller(role);
        self.platform.enter(&caller, SLUG).await.unwrap()
    }

    /// The account of the member with that role.
    pub(crate) fn account(&self, role: Role) -> AccountId {
        self.people[&role].id
    }

    /// The owner's workspace in another organization, `globex`, where the same person is owner and nobody else is.
    pub(crate) async fn second_organization(&self) -> Workspace {
        create(&self.platform, "globex", "Globex", person(Role::Owner)).await;
        let caller = self.caller(Role::Owner);
        self.platform.enter(&caller, "globex").await.unwrap()
    }

    /// A dataset of that label with these fields, made by the workspace's holder.
    pub(crate) async fn dataset(
        &self,
        workspace: &Workspace,
        label: &str,
        fields: Vec<FieldDraft>,
    ) -> Arc<Dataset> {
        let draft = DatasetDraft {
            key: String::new(),
            label: label.to_owned(),
            description: String::new(),
            fields,
        };
        dataset::create(workspace, draft).await.unwrap()
    }

    /// The folder of the signed log.
    pub(crate) fn audit(&self) -> PathBuf {
        audit_folder(self.database.name())
    }

    /// The database as its superuser.
    pub(crate) async fn superuser(&self) -> tokio_postgres::Client {
        self.database.superuser().unwrap().connect().await.unwrap()
    }

    async fn find_owner(&self, slug: &str) -> AccountSummary {
        let superuser = self.superuser().await;
        let text = "SELECT a.id, a.email, a.name FROM strongroom.account a
            JOIN strongroom.membership m ON m.account_id = a.id
            JOIN strongroom.organization o ON o.id = m.organization_id WHERE o.slug = $1";
        let row = superuser.query_one(text, &[&slug]).await.unwrap();
        summary(AccountId(row.get(0)), row.get(1), row.get(2))
    }
}

/// A migrated database of the test's own.
pub(crate) async fn database() -> TestDatabase {
    owned(
        TestDatabase::create(&migration::fingerprint(), prepare)
            .await
            .unwrap(),
    )
    .await
}

async fn prepare(database: &testkit::database::Database) -> anyhow::Result<()> {
    let superuser = database.superuser()?.connect().await?;
    migration::bootstrap(&superuser, &database.cluster().password("strongroom_app")?).await?;
    migration::migrate(&superuser).await?;
    Ok(())
}

/// A copy of a template has the copier as its owner; ours is another.
async fn owned(database: TestDatabase) -> TestDatabase {
    let superuser = database.superuser().unwrap().connect().await.unwrap();
    migration::own_database(&superuser).await.unwrap();
    database
}

/// A platform on a database, with a root key and a clock.
pub(crate) async fn open(database: &TestDatabase, root: RootKey, clock: fn() -> Timestamp) -> Platform {
    open_as(database, settings_of(database.name()), root, clock).await
}

async fn open_as(
    database: &TestDatabase,
    settings: Settings,
    root: RootKey,
    clock: fn() -> Timestamp,
) -> Platform {
    open_told(&told(database), settings, root, clock).await
}

/// Where a site's database is, for a process of its own.
#[derive(Serialize, Deserialize)]
pub(crate) struct Told {
    socket_folder: PathBuf,
    port: u16,
    database: String,
    password: String,
}

pub(crate) fn told(database: &TestDatabase) -> Told {
    let login = database.superuser().unwrap();
    Told {
        socket_folder: login.socket_folder,
        port: login.port,
        database: login.database,
        password: database.cluster().password("strongroom_app").unwrap(),
    }
}

/// The platform of another process's site.
pub(crate) async fn open_beside(told: &Told, root: RootKey) -> Platform {
    open_told(told, settings_of(&told.database), root, Timestamp::now).await
}

async fn open_told(told: &Told, settings: Settings, root: RootKey, clock: fn() -> Timestamp) -> Platform {
    let address = Address {
        socket_folder: told.socket_folder.clone(),
        port: told.port,
        database: told.database.clone(),
    };
    let app = Login {
        role: "strongroom_app".to_owned(),
        password: told.password.clone(),
    };
    Platform::open_with(settings, address, app, root, 64, clock)
        .await
        .unwrap()
}

/// The usual settings.
fn settings_of(database: &str) -> Settings {
    Settings {
        base_url: "https://localhost".to_owned(),
        session_idle_seconds_max: 1_800,
        session_absolute_seconds_max: 43_200,
        upload_bytes_max: UPLOAD_BYTES_MAX,
        listener: None,
        plain_listener: None,
        helper: "/nonexistent/hostd.sock".into(),
        outside_targets: Vec::new(),
        kept_targets: "/nonexistent/outgoing.json".into(),
        spool: "/nonexistent/incoming".into(),
        updates: "/nonexistent/updates".into(),
        backup: config::Backup {
            folder: "/nonexistent/backup".into(),
            record: record_of(database),
            retention_days: 7,
            full_days: 7,
            second: None,
            second_bytes_per_second: None,
        },
        audit: audit_folder(database),
        database_socket: "/nonexistent/.s.PGSQL.5432".into(),
    }
}

/// Root's record of backups, which is not there until a test makes it.
fn record_of(database: &str) -> PathBuf {
    std::env::temp_dir().join(format!("strongroom-record-{database}"))
}

/// The folder of a site's signed log, its own as the database is.
fn audit_folder(database: &str) -> PathBuf {
    std::env::temp_dir().join(format!("strongroom-audit-{database}"))
}

async fn create(platform: &Platform, slug: &str, name: &str, owner: NewPerson) -> OrganizationSummary {
    organization::create(platform, &Caller::host(), slug, name, owner)
        .await
        .unwrap()
}

/// The person that has a role in `acme`: `owner@example.com` and so on, without a password.
pub(crate) fn person(role: Role) -> NewPerson {
    NewPerson {
        email: format!("{role}@example.com"),
        name: format!("Test {role}"),
        password: None,
    }
}

fn summary(id: AccountId, email: &str, name: &str) -> AccountSummary {
    AccountSummary {
        id,
        email: email.to_owned(),
        name: name.to_owned(),
        operator: false,
    }
}

/// A person's session, as a browser would have it.
pub(crate) fn caller_of(account: AccountSummary) -> Caller {
    let session = session();
    let origin = Origin {
        address: Some("192.0.2.7".to_owned()),
        device: Some("a test".to_owned()),
        request_id: Some("request-1".to_owned()),
    };
    Caller {
        identity: Identity::Person {
            account,
            session,
            elevated_until: Timestamp::MAX,
        },
        origin,
        grant: None,
    }
}

fn session() -> SessionId {
    SessionId::new(1, *b"a-session!")
}

/// A field of a kind, without rules.
pub(crate) fn field(label: &str, kind: FieldKind) -> FieldDraft {
    serde_json::from_value(serde_json::json!({ "label": label, "kind": kind })).unwrap()
}

/// A field whose values differ.
pub(crate) fn unique(label: &str, kind: FieldKind) -> FieldDraft {
    FieldDraft {
        uniqueness: types::field::Uniqueness::Unique,
        ..field(label, kind)
    }
}

/// A field that must hold a value.
pub(crate) fn required(label: &str, kind: FieldKind) -> FieldDraft {
    FieldDraft {
        presence: types::field::Presence::Required,
        ..field(label, kind)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_steps_into_its_organization() {
    let site = Site::start().await;
    for role in Role::ALL {
        assert_eq!(site.as_role(role).await.role(), Some(role));
    }
    let other = site.second_organization().await;
    assert_eq!(other.organization().slug, "globex");
    let stranger = site.caller(Role::Editor);
    assert!(site.platform.enter(&stranger, "globex").await.is_err());
}
