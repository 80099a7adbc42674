//! The catalogue's facts: clean on a fresh database, and each fault found.

use super::*;
use store::control::evidence;
use types::PageSize;

#[tokio::test]
async fn a_fresh_database_has_nothing_to_find() {
    let database = database().await;
    let control = control(&database).await;
    let account = new_account(&control, "ann@example.org").await;
    let (_, schema) = new_organization(&control, "acme").await;
    let mut read = control.read().await.unwrap();
    assert_eq!(evidence::list_foreign_grants(&mut read).await.unwrap(), []);
    assert_eq!(evidence::list_public_grants(&mut read).await.unwrap(), []);
    assert_eq!(
        evidence::list_organizations_without_schema(&mut read)
            .await
            .unwrap(),
        [""; 0]
    );
    let schemas = evidence::list_schemas(&mut read).await.unwrap();
    let expected = evidence::SchemaFact {
        schema: schema.to_string(),
        owner: "strongroom_owner".to_owned(),
        known: true,
    };
    assert_eq!(schemas, [expected]);
    let roles = evidence::list_login_roles(&mut read).await.unwrap();
    assert_eq!(roles.len(), 2);
    assert!(
        roles.iter().all(|role| !role.powerful && role.owned == 0),
        "{roles:?}"
    );
    let hashes = evidence::list_password_hashes(&mut read, PageSize::default(), None)
        .await
        .unwrap();
    assert_eq!(
        (hashes[0].account_id, hashes[0].stored.as_str()),
        (account, "$argon2id$1")
    );
    let counts = evidence::counts(&mut read).await.unwrap();
    assert_eq!(
        (
            counts.accounts,
            counts.organizations,
            counts.entries,
            counts.pending
        ),
        (1, 1, 2, 2)
    );
}

#[tokio::test]
async fn each_fault_is_found() {
    let database = database().await;
    let control = control(&database).await;
    let (_, schema) = new_organization(&control, "acme").await;
    let (_, other) = new_organization(&control, "other").await;
    let stray = SchemaName::new(unique());
    let faults = format!(
        "GRANT SELECT ON {schema}._dataset TO {other}; GRANT USAGE ON SCHEMA {schema} TO PUBLIC;
         GRANT {schema} TO {other}; CREATE SCHEMA {stray}; ALTER ROLE {other} CREATEROLE;
         ALTER TABLE {schema}._file OWNER TO {other}; GRANT SELECT (id) ON strongroom.account TO PUBLIC;
         SET session_replication_role = 'replica'; DROP SCHEMA {other} CASCADE"
    );
    superuser(&database).await.batch_execute(&faults).await.unwrap();
    let mut read = control.read().await.unwrap();
    let foreign = evidence::list_foreign_grants(&mut read).await.unwrap();
    let has = |object: Option<&str>, grantee: &str| {
        foreign
            .iter()
            .any(|grant| grant.object.as_deref() == object && grant.grantee == grantee)
    };
    assert!(
        has(Some("_dataset"), other.as_str()) && has(None, "PUBLIC"),
        "{foreign:?}"
    );
    let public = evidence::list_public_grants(&mut read).await.unwrap();
    assert!(
        public
            .iter()
            .any(|grant| grant.object.as_deref() == Some("account.id")),
        "{public:?}"
    );
    let members = evidence::list_role_memberships(&mut read).await.unwrap();
    let expected = evidence::RoleMembership {
        role: schema.to_string(),
        member: other.to_string(),
    };
    assert!(members.contains(&expected), "{members:?}");
    let schemas = evidence::list_schemas(&mut read).await.unwrap();
    assert!(
        schemas
            .iter()
            .any(|fact| fact.schema == stray.as_str() && !fact.known),
        "{schemas:?}"
    );
    let missing = evidence::list_organizations_without_schema(&mut read)
        .await
        .unwrap();
    assert_eq!(missing, [other.to_string()]);
    let roles = evidence::list_login_roles(&mut read).await.unwrap();
    assert!(
        roles
            .iter()
            .any(|role| role.role == other.as_str() && role.powerful && role.owned > 0),
        "{roles:?}"
    );
}
