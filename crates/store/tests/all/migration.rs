//! Migrations: there, back and there again; never twice; never over a newer database.

use crate::control::{database, superuser};
use store::migration::{self, Migration, MigrationError, Scope, Steps};
use tokio_postgres::Client;

/// Schemas, relations with columns, constraints, indexes, triggers, functions, and all their rights, as text.
async fn catalogue(client: &Client) -> Vec<String> {
    let text = "
        SELECT concat_ws(' ', 'schema', nspname, pg_get_userbyid(nspowner), nspacl::text)
            FROM pg_namespace WHERE nspname ~ '^(strongroom|o_|public$)'
        UNION ALL
        SELECT concat_ws(' ', 'relation', oid::regclass, relkind, pg_get_userbyid(relowner), relacl::text)
            FROM pg_class WHERE relnamespace::regnamespace::text ~ '^(strongroom|o_)'
        UNION ALL
        SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
                attidentity, attacl::text, (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
                    WHERE adrelid = attrelid AND adnum = attnum))
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE relnamespace::regnamespace::text ~ '^(strongroom|o_)' AND attnum > 0
        UNION ALL
        SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE connamespace::regnamespace::text ~ '^(strongroom|o_)'
        UNION ALL
        SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
            WHERE relnamespace::regnamespace::text ~ '^(strongroom|o_)'
        UNION ALL
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
            WHERE relnamespace::regnamespace::text ~ '^(strongroom|o_)' AND NOT tgisinternal
        UNION ALL
        SELECT concat_ws(' ', pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl::text)
            FROM pg_proc WHERE pronamespace::regnamespace::text ~ '^(strongroom|o_)'
        UNION ALL
        SELECT concat_ws(' ', 'template', version, md5(up)) FROM strongroom.organization_template
        ORDER BY 1";
    client
        .query(text, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[tokio::test]
async fn down_and_up_again_gives_the_same_catalogue() {
    let database = database().await;
    let client = superuser(&database).await;
    let before = catalogue(&client).await;
    assert!(before.len() > 150, "{} lines", before.len());
    migration::revert_to(&client, 0).await.unwrap();
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname = 'strongroom'";
    assert_eq!(client.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    let status = migration::status(&client).await.unwrap();
    assert_eq!((status.applied.len(), status.pending.len()), (0, 33));
    let applied = migration::migrate(&client).await.unwrap();
    assert_eq!(
        (applied.control, applied.organizations),
        (
            vec![
                "foundation",
                "invitation",
                "maintenance",
                "break glass",
                "identity",
                "second factor",
                "password reset",
                "provider factor",
                "directory",
                "requirements",
                "access log by month",
                "operator grant",
                "security key",
                "withdrawal",
                "lifecycle",
                "sent code",
                "audit log",
                "forwarding",
                "answer of organization",
                "log review",
                "sign in",
                "kept narrowing",
                "job again",
                "append at once"
            ],
            0
        )
    );
    assert_eq!(catalogue(&client).await, before);
}

#[tokio::test]
async fn a_second_migration_does_nothing() {
    let database = database().await;
    let client = superuser(&database).await;
    let before = catalogue(&client).await;
    assert_eq!(
        migration::migrate(&client).await.unwrap(),
        migration::Applied::default()
    );
    assert_eq!(catalogue(&client).await, before);
    let status = migration::status(&client).await.unwrap();
    assert_eq!(
        (
            status.applied.len(),
            status.pending.len(),
            status.organizations_behind
        ),
        (33, 0, 0)
    );
    let role: String = client
        .query_one("SELECT current_user::text", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(role, "postgres");
}

#[tokio::test]
async fn a_step_that_changed_since_is_refused() {
    let database = database().await;
    let client = superuser(&database).await;
    let change = "UPDATE strongroom_migration.applied SET checksum = 'other' WHERE scope = 'control'";
    client.batch_execute(change).await.unwrap();
    let refused = migration::migrate(&client).await.unwrap_err();
    assert!(
        matches!(
            refused,
            MigrationError::Changed {
                scope: Scope::Control,
                version: 1,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_database_newer_than_the_program_is_left_alone() {
    let database = database().await;
    let client = superuser(&database).await;
    let newer = "INSERT INTO strongroom_migration.applied VALUES ('organization', 10, 'future', '')";
    client.batch_execute(newer).await.unwrap();
    let before = catalogue(&client).await;
    let refused = migration::migrate(&client).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        matches!(
            refused,
            MigrationError::DatabaseIsNewer {
                scope: Scope::Organization,
                database: 10,
                program: 9
            }
        ),
        "{refused:?}"
    );
    assert!(text.contains("version 10, this program knows 9"), "{text}");
    assert_eq!(catalogue(&client).await, before);
}

/// A schema as a program before the first step would have left it: there, and empty.
async fn outdated_organization(client: &Client) -> String {
    let schema = types::SchemaName::new(crate::control::unique()).to_string();
    let make = format!(
        "CREATE ROLE {schema}; CREATE SCHEMA {schema} AUTHORIZATION strongroom_owner;
         SET session_replication_role = 'replica';
         INSERT INTO strongroom.organization (id, slug, name, schema_name, schema_version, audit_tag, login)
         VALUES (gen_random_uuid(), 'old', 'Old', '{schema}', 0, decode(repeat('00', 16), 'hex'), '');
         SET session_replication_role = DEFAULT"
    );
    client.batch_execute(&make).await.unwrap();
    schema
}

#[tokio::test]
async fn an_outdated_organization_is_brought_up_and_blocks_going_back_to_nothing() {
    let database = database().await;
    let client = superuser(&database).await;
    let schema = outdated_organization(&client).await;
    assert_eq!(migration::status(&client).await.unwrap().organizations_behind, 1);
    assert_eq!(migration::migrate(&client).await.unwrap().organizations, 1);
    assert_eq!(migration::status(&client).await.unwrap().organizations_behind, 0);
    client
        .batch_execute(&format!("SELECT FROM {schema}._dataset"))
        .await
        .unwrap();
    let refused = migration::revert_to(&client, 0).await.unwrap_err();
    assert!(
        matches!(refused, MigrationError::OrganizationsRemain { count: 1 }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_failing_step_leaves_nothing_behind() {
    let database = database().await;
    let client = superuser(&database).await;
    migration::revert_to(&client, 0).await.unwrap();
    // In the way of the function that the step makes after its tables.
    let block = "CREATE SCHEMA blocked;
        CREATE FUNCTION blocked.block() RETURNS event_trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'blocked'; END $$;
        CREATE EVENT TRIGGER block ON ddl_command_start WHEN TAG IN ('CREATE FUNCTION')
            EXECUTE FUNCTION blocked.block()";
    client.batch_execute(block).await.unwrap();
    let failed = migration::migrate(&client).await.unwrap_err();
    assert!(matches!(failed, MigrationError::Store(_)), "{failed:?}");
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname = 'strongroom'";
    assert_eq!(client.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    client.batch_execute("DROP EVENT TRIGGER block").await.unwrap();
    migration::migrate(&client).await.unwrap();
}

/// A step that a later release might bring.
fn with_a_later_step() -> Steps {
    let version = Steps::OWN.newest(Scope::Organization) + 1;
    let later = Migration {
        scope: Scope::Organization,
        version,
        name: "later",
        up: "CREATE TABLE {{schema}}._later (id integer PRIMARY KEY, note text NOT NULL);
            INSERT INTO {{schema}}._later VALUES (1, 'made by the step');
            CREATE INDEX _file_size ON {{schema}}._file (size);
            GRANT SELECT ON {{schema}}._later TO {{schema}}",
        down: "DROP INDEX {{schema}}._file_size; DROP TABLE {{schema}}._later",
    };
    let organization = [Steps::OWN.organization, &[later]].concat();
    Steps {
        organization: organization.leak(),
        ..Steps::OWN
    }
}

#[tokio::test]
async fn an_organizations_step_is_undone_in_every_schema_and_in_the_template() {
    let database = database().await;
    let client = superuser(&database).await;
    let schema = outdated_organization(&client).await;
    migration::migrate(&client).await.unwrap();
    let before = catalogue(&client).await;
    let (later, own) = (with_a_later_step(), Steps::OWN.newest(Scope::Organization));
    assert_eq!(
        migration::migrate_with(&client, later)
            .await
            .unwrap()
            .organizations,
        1
    );
    let note = format!("SELECT note FROM {schema}._later");
    assert_eq!(client.query(&note, &[]).await.unwrap().len(), 1);
    assert_ne!(catalogue(&client).await, before);
    let newer = migration::migrate(&client).await.unwrap_err();
    assert!(
        matches!(newer, MigrationError::DatabaseIsNewer { .. }),
        "{newer:?}"
    );
    assert_eq!(
        migration::revert_organizations_to(&client, later, own)
            .await
            .unwrap(),
        1
    );
    assert_eq!(catalogue(&client).await, before, "the step left something behind");
    let again = migration::migrate(&client).await.unwrap();
    assert_eq!(
        again,
        migration::Applied::default(),
        "the older program finds its own database"
    );
    let none = migration::revert_organizations_to(&client, later, own)
        .await
        .unwrap();
    assert_eq!(none, 0, "there is nothing more to undo");
}

#[tokio::test]
async fn each_organization_step_of_ours_goes_down_and_up_to_the_same_catalogue() {
    let database = database().await;
    let client = superuser(&database).await;
    outdated_organization(&client).await;
    migration::migrate(&client).await.unwrap();
    let before = catalogue(&client).await;
    for version in (1..Steps::OWN.newest(Scope::Organization)).rev() {
        migration::revert_organizations_to(&client, Steps::OWN, version)
            .await
            .unwrap();
        migration::migrate(&client).await.unwrap();
        assert_eq!(catalogue(&client).await, before, "from {version} up again");
    }
    let refused = migration::revert_organizations_to(&client, Steps::OWN, 0)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, MigrationError::OrganizationsRemain { count: 1 }),
        "the first step goes with all that an organization holds: {refused:?}"
    );
    assert_eq!(catalogue(&client).await, before);
}

#[tokio::test]
async fn a_step_that_cannot_be_undone_leaves_its_schema_as_it_was() {
    let database = database().await;
    let client = superuser(&database).await;
    let schema = outdated_organization(&client).await;
    let (later, own) = (with_a_later_step(), Steps::OWN.newest(Scope::Organization));
    migration::migrate_with(&client, later).await.unwrap();
    // Somebody's own view stands on what the step made.
    let view = format!("CREATE VIEW {schema}.report AS SELECT note FROM {schema}._later");
    client.batch_execute(&view).await.unwrap();
    let before = catalogue(&client).await;
    let failed = migration::revert_organizations_to(&client, later, own)
        .await
        .unwrap_err();
    assert!(matches!(failed, MigrationError::Store(_)), "{failed:?}");
    assert_eq!(catalogue(&client).await, before);
    client
        .batch_execute(&format!("DROP VIEW {schema}.report"))
        .await
        .unwrap();
    migration::revert_organizations_to(&client, later, own)
        .await
        .unwrap();
}

#[test]
fn the_steps_of_released_versions_are_frozen() {
    let released = [
        (
            Scope::Control,
            1,
            "7fb2edc8d76a9f40382dec791d5b9cbb58ef794a14a10d774c1fe1c1f508fe8a",
        ),
        (
            Scope::Organization,
            1,
            "31d9f7892f7556f42bcf391abbf43279db1362705c46586877735c4d5c750829",
        ),
    ];
    for (scope, version, checksum) in released {
        let step = Steps::OWN.of(scope).iter().find(|step| step.version == version);
        let found = step.unwrap().checksum();
        assert_eq!(
            found, checksum,
            "{scope} {version} is in databases out there; write a new step instead"
        );
    }
}

/// Statements by which the program of the version before would lose what it reads or writes.
const SHRINKING: [&str; 9] = [
    "DROP TABLE",
    "DROP COLUMN",
    "DROP SCHEMA",
    "DROP FUNCTION",
    "DROP VIEW",
    "RENAME",
    "SET NOT NULL",
    "REVOKE",
    " TYPE ",
];

/// Steps that put something in the place of what they take away, under the same name: a test of its own carries out what the
/// version before does there.
const PROVEN: [&str; 1] = ["access log by month"];

#[tokio::test]
async fn the_access_log_by_month_holds_what_was_there_and_takes_what_the_version_before_writes() {
    let database = database().await;
    let client = superuser(&database).await;
    migration::revert_to(&client, 10).await.unwrap();
    let event = "(at, account_id, organization_id, action, outcome, status, method, address, device, request_id)
        SELECT * FROM unnest(ARRAY[$1::text::timestamptz], ARRAY[NULL::uuid], ARRAY[NULL::uuid], ARRAY['sign-in'],
            ARRAY['done'], ARRAY[200], ARRAY['none'], ARRAY['::1'], ARRAY['x'], ARRAY['r'])";
    let insert = format!("INSERT INTO strongroom.access_event {event}");
    for at in ["2024-01-31 23:59:59+00", "2026-02-01 00:00:00+00"] {
        client.execute(&insert, &[&at]).await.unwrap();
    }
    migration::migrate(&client).await.unwrap();
    client.batch_execute("SET ROLE strongroom_app").await.unwrap();
    for at in ["2026-02-02 00:00:00+00", "2150-01-01 00:00:00+00"] {
        client.execute(&insert, &[&at]).await.unwrap();
    }
    client.batch_execute("RESET ROLE").await.unwrap();
    let read = "SELECT id FROM strongroom.access_event WHERE account_id IS NULL AND id < $1 ORDER BY id DESC LIMIT 9";
    let rows = client.query(read, &[&i64::MAX]).await.unwrap();
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(ids, [4, 3, 2, 1]);
    migration::revert_to(&client, 10).await.unwrap();
    client
        .execute(&insert, &[&"2026-02-03 00:00:00+00"])
        .await
        .unwrap();
    let rows = client.query(read, &[&i64::MAX]).await.unwrap();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0].get::<_, i64>(0), 5);
}

/// What in a step would break the version before; the foundation has none before it. A reading of the text: what only a
/// person can judge (a new required column, a narrower check) is asked for by the test's message.
fn shrinking(step: &Migration) -> Vec<&'static str> {
    // The body of a function takes nothing away before somebody calls it.
    let mut parts = step.up.split(" AS $$");
    let mut carried_out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        carried_out.push_str(part.split_once("$$").map_or(part, |(_, after)| after));
    }
    let lines = carried_out
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join(" ").to_uppercase();
    // A new type takes nothing away; a column of another type does.
    let words = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("CREATE TYPE ", "");
    let mut found: Vec<&str> = SHRINKING.into_iter().filter(|one| words.contains(one)).collect();
    let adds = words.split("ADD COLUMN").skip(1);
    if adds
        .filter_map(|column| column.split([',', ';']).next())
        .any(|column| column.contains("NOT NULL") && !column.contains("DEFAULT"))
    {
        found.push("ADD COLUMN ... NOT NULL without a default");
    }
    found
}

#[test]
fn a_step_only_expands_so_that_the_version_before_runs_on_its_schema() {
    for scope in Scope::ALL {
        for step in Steps::OWN.of(scope).iter().filter(|step| step.version > 1) {
            if PROVEN.contains(&step.name) {
                continue;
            }
            let found = shrinking(step);
            assert!(
                found.is_empty(),
                "{scope} {} ({}): {found:?}; an update goes back by putting the old program on the new schema, so \
                 let go of it one release later (docs/adr/0013-updates-go-forward-or-back.md)",
                step.version,
                step.name
            );
        }
    }
}

#[test]
fn a_step_that_takes_something_away_would_be_found() {
    let step = |up| Migration {
        scope: Scope::Control,
        version: 9,
        name: "later",
        up,
        down: "",
    };
    for up in [
        "ALTER TABLE strongroom.account\n    DROP COLUMN email",
        "alter table a rename column b to c",
        "ALTER TABLE a ALTER COLUMN b TYPE bigint",
        "ALTER TABLE a ADD COLUMN b integer NOT NULL",
        "DROP TABLE strongroom.session",
    ] {
        assert!(!shrinking(&step(up)).is_empty(), "{up}");
    }
    for up in [
        "CREATE TABLE a (b integer NOT NULL) -- DROP TABLE comes later",
        "ALTER TABLE a ADD COLUMN b integer NOT NULL DEFAULT 0",
    ] {
        assert_eq!(shrinking(&step(up)), Vec::<&str>::new(), "{up}");
    }
}
