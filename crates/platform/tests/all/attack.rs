//! SQL injected into an organization's connection: everything it could try, as that connection really is.

use crate::fixture::{Site, field};
use access::Role;
use platform::record;
use serde_json::json;
use store::{
    connect::{Address, Login, connect, scram_verifier},
    tenant::{TenantLogin, Tenants, probe},
};
use tokio_postgres::Client;
use types::FieldKind;

/// The login role's password, set by the test.
const PASSWORD: &str = "known to the test";

/// Two organizations with a record each, and a connection of the first one's login role.
pub(crate) struct Injected {
    pub(crate) site: Site,
    client: Client,
    address: Address,
    pub(crate) own: String,
    other: String,
}

impl Injected {
    pub(crate) async fn start() -> Self {
        let site = Site::start().await;
        let owner = site.as_role(Role::Owner).await;
        let other = site.second_organization().await;
        for workspace in [&owner, &other] {
            site.dataset(workspace, "Notes", vec![field("Text", FieldKind::Text)])
                .await;
            let fields = json!({"text": format!("secret of {}", workspace.organization().slug)});
            record::create(workspace, "notes", fields.as_object().unwrap())
                .await
                .unwrap();
        }
        let superuser = site.superuser().await;
        let schema = async |slug: &str| -> String {
            let text = "SELECT schema_name FROM strongroom.organization WHERE slug = $1";
            superuser.query_one(text, &[&slug]).await.unwrap().get(0)
        };
        let (own, other) = (schema("acme").await, schema("globex").await);
        let verifier = scram_verifier(PASSWORD);
        superuser
            .batch_execute(&format!("ALTER ROLE {own} PASSWORD '{verifier}'"))
            .await
            .unwrap();
        let login = site.database.superuser().unwrap();
        let address = Address {
            socket_folder: login.socket_folder,
            port: login.port,
            database: login.database,
        };
        let login = Login {
            role: own.clone(),
            password: PASSWORD.into(),
        };
        let client = connect(&address, &login).await.unwrap();
        Self {
            site,
            client,
            address,
            own,
            other,
        }
    }

    /// What the statement gives as text; `None` when it was refused.
    pub(crate) async fn attempt(&self, statement: &str) -> Option<String> {
        self.client.batch_execute("ROLLBACK").await.unwrap();
        let rows = self.client.simple_query(statement).await.ok()?;
        Some(format!("{rows:?}"))
    }
}

#[expect(clippy::too_many_lines, reason = "one list of attempts")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn injected_sql_reads_nothing_of_another_organization() {
    let injected = Injected::start().await;
    let (own, other) = (&injected.own, &injected.other);
    let seen = injected
        .attempt(&format!("SELECT * FROM {own}.d1"))
        .await
        .unwrap();
    assert!(
        seen.contains("secret of acme"),
        "the connection works at all: {seen}"
    );
    let read = format!("SELECT * FROM {other}.d1");
    let attempts = [
        read.clone(),
        format!("SET ROLE {other}; {read}"),
        format!("SET SESSION AUTHORIZATION {other}; {read}"),
        format!("SELECT set_config('role', '{other}', false); {read}"),
        format!("SELECT set_config('session_authorization', '{other}', false); {read}"),
        format!("SET search_path = {other}; SELECT * FROM d1"),
        format!("SELECT query_to_xml('{read}', true, false, '')"),
        format!("SELECT table_to_xml('{other}.d1'::regclass, true, false, '')"),
        format!("SELECT schema_to_xml('{other}', true, false, '')"),
        format!("DO $$ BEGIN EXECUTE '{read}'; END $$"),
        format!("DECLARE c CURSOR FOR {read}"),
        format!("COPY {other}.d1 TO STDOUT"),
        format!("CREATE VIEW {own}.v AS {read}"),
        format!("CREATE FUNCTION {own}.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"),
        format!("ALTER TABLE {own}.d1 ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES {other}.d1 (id)"),
        format!("SELECT {other}._append(gen_random_uuid(), 1::smallint, 1, '', '', '', '')"),
        format!("INSERT INTO {other}.d1 SELECT * FROM {own}.d1"),
        format!("DELETE FROM {other}.d1"),
        format!("GRANT {other} TO {own}"),
        format!("ALTER ROLE {own} SUPERUSER"),
        format!("ALTER ROLE {own} CREATEROLE"),
        "SET ROLE strongroom_owner".into(),
        "SET ROLE strongroom_app".into(),
        "SELECT * FROM strongroom.account".into(),
        "SELECT * FROM strongroom.organization".into(),
        "SELECT * FROM strongroom.organization_key".into(),
        "SELECT * FROM strongroom.session".into(),
        "SELECT * FROM strongroom.audit_pending".into(),
        "SELECT strongroom.append_entry(gen_random_uuid(), 1::smallint, 1, '', '', '', '', NULL)".into(),
        "SELECT strongroom.create_organization_schema('o_aaaaaaaaaaaaaaaaaaaaaaaaaa', 'SCRAM-SHA-256$x')"
            .into(),
        "SELECT strongroom.touch_dataset('strongroom', 1)".into(),
        "SELECT strongroom.index_field('x', 1, 1, 'text', '{}')".into(),
        "SELECT rolpassword FROM pg_authid".into(),
        "SELECT pg_read_file('/etc/passwd')".into(),
        "SELECT * FROM pg_ls_dir('/')".into(),
        "COPY (SELECT 1) TO PROGRAM 'true'".into(),
        "CREATE TEMP TABLE t (a int)".into(),
        "CREATE TABLE public.t (a int)".into(),
        "CREATE SCHEMA s".into(),
        "CREATE EXTENSION dblink".into(),
        "CREATE ROLE intruder".into(),
        "LOAD 'dblink'".into(),
    ];
    for attempt in attempts {
        let outcome = injected.attempt(&attempt).await;
        assert!(
            outcome.is_none(),
            "this should have been refused: {attempt}\n{outcome:?}"
        );
    }
    let statistics = format!("SELECT * FROM pg_stats WHERE schemaname = '{other}'");
    assert!(
        !injected
            .attempt(&statistics)
            .await
            .unwrap_or_default()
            .contains("secret")
    );
    let others = "SELECT query FROM pg_stat_activity WHERE usename <> current_user";
    assert!(
        !injected
            .attempt(others)
            .await
            .unwrap_or_default()
            .contains("SELECT")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn injected_sql_changes_nothing_without_an_entry() {
    let injected = Injected::start().await;
    let own = &injected.own;
    let columns = "id, version, created_at, created_by, updated_at, updated_by, commitment, record_key";
    let image = format!(
        "INSERT INTO {own}._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed)
         VALUES ('00000000-0000-7000-8000-000000000001', 1, 1, gen_random_uuid(), 0, 1, sha256('x'), '');"
    );
    let row = format!(
        "INSERT INTO {own}.d1 ({columns}) VALUES ('00000000-0000-7000-8000-000000000001', 1, now(),
         gen_random_uuid(), now(), gen_random_uuid(), sha256('x'), '');"
    );
    let attempts = [
        row.clone(),
        image.clone(),
        format!("BEGIN; {image} {row} COMMIT"),
        format!("UPDATE {own}.d1 SET f1 = 'changed'"),
        format!("UPDATE {own}.d1 SET f1 = 'changed', version = version + 1"),
        format!("UPDATE {own}.d1 SET commitment = sha256('y')"),
        format!("UPDATE {own}.d1 SET record_key = ''"),
        format!("DELETE FROM {own}.d1"),
        format!("TRUNCATE {own}.d1"),
        format!("ALTER TABLE {own}.d1 DISABLE TRIGGER ALL"),
        "SET session_replication_role = replica".into(),
        format!("UPDATE {own}._entry SET appended_at = now()"),
        format!("DELETE FROM {own}._entry"),
        format!("INSERT INTO {own}._entry SELECT * FROM {own}._entry"),
        format!("UPDATE {own}._image SET sealed = ''"),
        format!("DELETE FROM {own}._image"),
        "SELECT strongroom.create_dataset('x', 'X', '')".into(),
        "SELECT strongroom.drop_dataset(1)".into(),
        "SELECT strongroom.add_field(1, 'x', 'X', 'text', '{}')".into(),
        "SELECT strongroom.seal_field_begin(1)".into(),
    ];
    for attempt in attempts {
        let outcome = injected.attempt(&attempt).await;
        assert!(
            outcome.is_none(),
            "this should have been refused: {attempt}\n{outcome:?}"
        );
    }
    let seen = injected
        .attempt(&format!("SELECT f1 FROM {own}.d1"))
        .await
        .unwrap();
    assert!(seen.contains("secret of acme"));
    drop(injected.site);
}

/// What the tables asked for themselves once, and what an entry must not see as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn injected_sql_enters_nothing_that_the_log_cannot_take_or_that_looks_at_the_past() {
    let injected = Injected::start().await;
    let own = &injected.own;
    let image = format!(
        "INSERT INTO {own}._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed)
         VALUES ('00000000-0000-7000-8000-000000000001', 1, 1, '00000000-0000-7000-8000-000000000002', 0, 1, sha256('x'), '');"
    );
    let entry = |kind: u8, commitment: &str| {
        format!(
            "SELECT {own}._append('00000000-0000-7000-8000-000000000002', {kind}::smallint, 1, '', sha256('a'), sha256('b'), {commitment});"
        )
    };
    let begun = format!("BEGIN; {}", entry(1, "sha256('c')"));
    let wrong_image = |from: &str, to: &str| format!("{begun} {} COMMIT", image.replace(from, to));
    let whole = format!("{begun} {image} ROLLBACK");
    assert!(
        injected.attempt(&whole).await.is_some(),
        "an image beside its entry is taken: {whole}"
    );
    let checked_against = |definition: &str, version: u8| {
        format!(
            "BEGIN; SELECT {own}._append_record(gen_random_uuid(), 1::smallint, 1, '', sha256('a'), sha256('b'), sha256('c'),
                1, {definition}, gen_random_uuid(), {version}, ''); ROLLBACK"
        )
    };
    let newest = format!("(SELECT schema_version FROM {own}._dataset)");
    assert!(
        injected.attempt(&checked_against(&newest, 1)).await.is_some(),
        "an entry with its image is taken"
    );
    let attempts = [
        checked_against("0", 1),
        checked_against("NULL", 1),
        checked_against(&newest, 0),
        entry(1, "'short'"),
        entry(3, "sha256('c')"),
        entry(9, "sha256('c')"),
        format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; {} COMMIT",
            entry(1, "sha256('c')")
        ),
        format!(
            "BEGIN ISOLATION LEVEL SERIALIZABLE; {} COMMIT",
            entry(8, "sha256('c')")
        ),
        wrong_image("sha256('x')", "'short'"),
        wrong_image("', 1, 1, '", "', 0, 1, '"),
        format!("BEGIN; {} {image} COMMIT", entry(5, "sha256('c')")),
    ];
    for attempt in attempts {
        let outcome = injected.attempt(&attempt).await;
        assert!(
            outcome.is_none(),
            "this should have been refused: {attempt}\n{outcome:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_across_is_found_by_the_probe() {
    let injected = Injected::start().await;
    let tenants = Tenants::new(injected.address.clone(), 32);
    let login = TenantLogin {
        organization: injected.site.organization.id,
        schema: injected.own.parse().unwrap(),
        password: PASSWORD.to_owned().into(),
    };
    let tenant = tenants.tenant(login).unwrap();
    let other = injected.other.parse().unwrap();
    assert_eq!(probe::reach_across(&tenant, &other).await.unwrap(), []);
    let superuser = injected.site.superuser().await;
    let (own, other_name) = (&injected.own, &injected.other);
    let grant = format!(
        "GRANT USAGE ON SCHEMA {other_name} TO {own}; GRANT SELECT ON {other_name}._dataset TO {own}"
    );
    superuser.batch_execute(&grant).await.unwrap();
    let breaches = probe::reach_across(&tenant, &other).await.unwrap();
    assert!(
        breaches.iter().any(|breach| breach.attempt.contains("_dataset")),
        "{breaches:?}"
    );
}
