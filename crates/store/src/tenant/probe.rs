//! Attacks that the platform runs against itself: what could SQL injected into an organization's connection do?
//! Each attempt must fail or come back empty; what succeeds is a broken promise.

use super::Tenant;
use crate::{StoreError, identifier::Identifier};
use types::{Dataset, SchemaName};

/// An attempt that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// What was tried.
    pub attempt: String,
}

/// Tries to reach another organization's schema and the control schema with arbitrary SQL. Everything is rolled back.
///
/// # Errors
/// What the connection reports; then nothing was learned.
pub async fn reach_across(tenant: &Tenant, other: &SchemaName) -> Result<Vec<Breach>, StoreError> {
    let other = Identifier::new(other.as_str())
        .ok_or_else(|| StoreError::unexpected("not a generated schema name"))?;
    let mut breaches = Vec::new();
    for attempt in attempts(&other) {
        let tx = super::TenantTx::begin(tenant.clone()).await?;
        let succeeded = tx.connection()?.client.batch_execute(&attempt).await.is_ok();
        drop(tx);
        if succeeded {
            breaches.push(Breach { attempt });
        }
    }
    Ok(breaches)
}

fn attempts(other: &Identifier) -> Vec<String> {
    let read = format!("SELECT count(*) FROM {other}._dataset");
    vec![
        read.clone(),
        format!("SELECT count(*) FROM {other}._entry"),
        format!("SET ROLE {other}; {read}"),
        format!("SET SESSION AUTHORIZATION {other}; {read}"),
        format!(
            "SELECT set_config('role', '{}', true); {read}",
            other.to_string().trim_matches('"')
        ),
        "SET ROLE strongroom_owner".into(),
        "SET ROLE strongroom_app".into(),
        "SELECT count(*) FROM strongroom.account".into(),
        "SELECT count(*) FROM strongroom.organization_key".into(),
        "SELECT count(*) FROM strongroom.audit_pending".into(),
        format!("SELECT {other}._check_definition(1, 1)"),
        format!("SELECT query_to_xml('{read}', true, false, '')"),
        format!("DO $$ BEGIN EXECUTE '{read}'; END $$"),
        format!("CREATE TABLE {other}.stolen (a int)"),
        "CREATE TABLE public.stolen (a int)".into(),
        "CREATE TEMP TABLE stolen (a int)".into(),
        "CREATE ROLE intruder".into(),
        format!("GRANT {other} TO current_user"),
        "SELECT pg_read_file('/etc/passwd')".into(),
        "COPY (SELECT 1) TO PROGRAM 'true'".into(),
        "SELECT strongroom.create_organization_schema('o_aaaaaaaaaaaaaaaaaaaaaaaaaa', 'SCRAM-SHA-256$x')"
            .into(),
    ]
}

/// Tries to change a dataset's rows without an entry; every attempt must be refused. Everything is rolled back.
///
/// # Errors
/// What the connection reports; then nothing was learned.
pub async fn change_unaudited(tenant: &Tenant, dataset: &Dataset) -> Result<Vec<Breach>, StoreError> {
    let table = format!("{}.\"{}\"", tenant.schema(), dataset.table());
    let attempts = [
        format!("UPDATE {table} SET version = version + 1 WHERE id = (SELECT id FROM {table} LIMIT 1)"),
        format!("UPDATE {table} SET updated_at = now() WHERE id = (SELECT id FROM {table} LIMIT 1)"),
        format!("DELETE FROM {table} WHERE id = (SELECT id FROM {table} LIMIT 1)"),
        format!(
            "INSERT INTO {table} (id, version, created_at, created_by, updated_at, updated_by, commitment, record_key)
             VALUES (gen_random_uuid(), 1, now(), gen_random_uuid(), now(), gen_random_uuid(), '', '')"
        ),
        format!("TRUNCATE {table}"),
        format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        format!("DELETE FROM {}._image", tenant.schema()),
        format!("UPDATE {}._entry SET appended_at = now()", tenant.schema()),
        // Past the functions that append, which decide what may be entered.
        format!(
            "INSERT INTO {}._entry (id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
             VALUES (gen_random_uuid(), 1, 1, '', '', '', '', pg_current_xact_id(), now())",
            tenant.schema()
        ),
    ];
    let mut breaches = Vec::new();
    for attempt in attempts {
        let tx = super::TenantTx::begin(tenant.clone()).await?;
        // A statement that found no row was not refused, but changed nothing either.
        let changed = tx.connection()?.client.execute(&attempt, &[]).await;
        drop(tx);
        if changed
            .is_ok_and(|rows| rows > 0 || attempt.starts_with("ALTER") || attempt.starts_with("TRUNCATE"))
        {
            breaches.push(Breach { attempt });
        }
    }
    Ok(breaches)
}
