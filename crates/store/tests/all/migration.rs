//! Migrations: there, back and there again; never twice; never over a newer database.

use crate::control::{database, superuser};
use store::migration::{self, MigrationError, Scope};
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
    assert_eq!((status.applied.len(), status.pending.len()), (0, 3));
    let applied = migration::migrate(&client).await.unwrap();
    assert_eq!(
        (applied.control, applied.organizations),
        (vec!["foundation", "invitation"], 0)
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
        (3, 0, 0)
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
    let newer = "INSERT INTO strongroom_migration.applied VALUES ('organization', 7, 'future', '')";
    client.batch_execute(newer).await.unwrap();
    let before = catalogue(&client).await;
    let refused = migration::migrate(&client).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        matches!(
            refused,
            MigrationError::DatabaseIsNewer {
                scope: Scope::Organization,
                database: 7,
                program: 1
            }
        ),
        "{refused:?}"
    );
    assert!(text.contains("version 7, this program knows 1"), "{text}");
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
