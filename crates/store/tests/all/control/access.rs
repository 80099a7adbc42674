//! What the database's own rights allow.

use super::*;

#[tokio::test]
async fn strongroom_app_sees_no_organizations_records_and_makes_no_roles() {
    let database = database().await;
    let control = control(&database).await;
    let (_, schema) = new_organization(&control, "acme").await;
    let client = raw(&database).await;
    for text in [
        &format!("SELECT FROM {schema}._dataset"),
        &format!("SELECT {schema}._append(gen_random_uuid(), 1::smallint, 1, '', '', '', '')"),
        "CREATE ROLE mallory",
        "CREATE SCHEMA mallory",
        "SET ROLE strongroom_owner",
        "CREATE TEMP TABLE mallory ()",
        "INSERT INTO strongroom.entry DEFAULT VALUES",
        "UPDATE strongroom.entry SET kind = 1",
        "DELETE FROM strongroom.entry",
        "UPDATE strongroom.audit_pending SET kind = 1",
        "DELETE FROM strongroom.audit_pending",
        "TRUNCATE strongroom.audit_pending",
        "INSERT INTO strongroom.audit_leaf VALUES (0, '')",
        "UPDATE strongroom.audit_leaf SET leaf = leaf",
        "DELETE FROM strongroom.audit_leaf",
        "TRUNCATE strongroom.audit_leaf",
        "UPDATE strongroom.audit_home SET sequence = 0",
        "UPDATE strongroom.audit_lease SET epoch = 0",
        "DELETE FROM strongroom.account",
        "DELETE FROM strongroom.access_event",
        "UPDATE strongroom.organization SET schema_version = 9",
        "UPDATE strongroom.organization SET audit_tag = ''",
        "INSERT INTO strongroom.organization_template VALUES (9, '')",
        "ALTER TABLE strongroom.account DISABLE TRIGGER ALL",
        "SET session_replication_role = 'replica'",
        "SELECT strongroom.require_entry()",
        "SELECT strongroom.create_dataset('a', 'a', '')",
        "SELECT FROM strongroom_migration.applied",
    ] {
        assert!(is_forbidden(&client, text).await, "{text}");
    }
}

#[tokio::test]
async fn a_new_organizations_role_signs_in_and_sees_its_own_schema_only() {
    let database = database().await;
    let control = control(&database).await;
    let (id, schema) = new_organization(&control, "acme").await;
    let (_, other) = new_organization(&control, "other").await;
    let found = organization::find_by_id(&mut control.read().await.unwrap(), id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.schema_name, found.schema_version), (schema.clone(), 9));
    let login = Login {
        role: schema.to_string(),
        password: "hush".to_owned(),
    };
    let client = connect(&address(&database), &login).await.unwrap();
    client
        .batch_execute(&format!("SELECT FROM {schema}._dataset"))
        .await
        .unwrap();
    for text in [
        &format!("SELECT FROM {other}._dataset"),
        &format!("INSERT INTO {schema}._entry DEFAULT VALUES"),
        &format!("CREATE TABLE {schema}.mine ()"),
        "CREATE TEMP TABLE mine ()",
        "SELECT FROM strongroom.account",
        "SELECT strongroom.append_entry(gen_random_uuid(), 1::smallint, 1, '', '', '', '', NULL)",
        "SELECT strongroom.create_organization_schema('a', 'b')",
        "SET ROLE strongroom_app",
    ] {
        assert!(is_forbidden(&client, text).await, "{text}");
    }
    let other_level = format!("ALTER ROLE {schema} SET default_transaction_isolation = 'repeatable read'");
    superuser(&database)
        .await
        .batch_execute(&other_level)
        .await
        .unwrap();
    let again = connect(&address(&database), &login).await.unwrap();
    let level: String = again
        .query_one("SHOW transaction_isolation", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(level, "read committed", "entries are taken at no other");
    let login = Login {
        password: "wrong".to_owned(),
        ..login
    };
    assert!(connect(&address(&database), &login).await.is_err());
}

#[tokio::test]
async fn a_schema_name_that_was_not_generated_is_refused() {
    let database = database().await;
    let client = raw(&database).await;
    let verifier = scram_verifier("hush");
    for name in [
        "public",
        "strongroom",
        "o_short",
        "o_aaaaaaaaaaaaaaaaaaaaaaaaaa; DROP",
    ] {
        let text = "SELECT strongroom.create_organization_schema($1, $2)";
        let refused = client.query(text, &[&name, &verifier]).await.unwrap_err();
        assert_eq!(code(&refused), "SR002", "{name}");
    }
}

#[tokio::test]
async fn organizations_created_at_once_do_not_collide() {
    let database = database().await;
    let control = control(&database).await;
    let (one, two, three) = tokio::join!(
        new_organization(&control, "one"),
        new_organization(&control, "two"),
        new_organization(&control, "three")
    );
    let mut read = control.read().await.unwrap();
    let all = organization::list_all(&mut read, types::PageSize::default(), None)
        .await
        .unwrap();
    let ids: Vec<_> = all.into_iter().map(|organization| organization.id).collect();
    assert_eq!(ids.len(), 3);
    assert!([one.0, two.0, three.0].iter().all(|id| ids.contains(id)));
}

#[tokio::test]
async fn a_taken_slug_leaves_no_schema_and_no_role() {
    let database = database().await;
    let control = control(&database).await;
    new_organization(&control, "acme").await;
    let new = organization_of("acme");
    let schema = new.schema_name.to_string();
    let mut tx = control.begin().await.unwrap();
    let taken = organization::create(&mut tx, new).await.unwrap_err();
    assert!(is_taken(&taken, "organization_slug_taken"), "{taken:?}");
    drop(tx);
    let text = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)
        OR EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    let left: bool = superuser(&database)
        .await
        .query_one(text, &[&schema])
        .await
        .unwrap()
        .get(0);
    assert!(!left);
}
