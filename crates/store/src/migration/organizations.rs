//! Organizations' schemas: the template that new ones are made from, and bringing existing ones up to it.

use super::{AppliedStep, Migration, MigrationError, Scope, Steps, applied, function, in_transaction};
use crate::{StoreError, identifier::Identifier};
use tokio_postgres::Client;
use uuid::Uuid;

/// Adds a step to the template, from which `strongroom.create_organization_schema` makes schemas.
pub(super) async fn add_to_template(client: &Client, step: &Migration) -> Result<(), MigrationError> {
    let mut quote = "$step$".to_owned();
    while step.up.contains(&quote) {
        quote.insert(1, 'x');
    }
    let add = format!(
        "INSERT INTO strongroom.organization_template (version, up) VALUES ({}, {quote}{}{quote})
         ON CONFLICT (version) DO UPDATE SET up = excluded.up",
        step.version, step.up
    );
    in_transaction(client, &format!("{add};{}", applied::record(step))).await
}

/// Brings every schema that is behind up to the newest version, each in a transaction of its own.
pub(super) async fn bring_up(client: &Client, steps: Steps) -> Result<usize, MigrationError> {
    let newest = steps.newest(Scope::Organization);
    let text = "SELECT id, schema_name, schema_version FROM strongroom.organization
        WHERE schema_version < $1 ORDER BY id LIMIT 500";
    let mut done = 0;
    loop {
        let behind = client.query(text, &[&newest]).await?;
        if behind.is_empty() {
            return Ok(done);
        }
        for row in &behind {
            let (id, reached) = (row.try_get(0)?, row.try_get::<_, i32>(2)?);
            let ups = steps
                .organization
                .iter()
                .filter(|step| step.version > reached)
                .map(|step| step.up);
            move_one(client, (id, row.try_get(1)?), ups, newest).await?;
            done += 1;
        }
    }
}

/// Takes every schema that is above a version back to it, and then the template, so that what is interrupted can be
/// repeated and what is made meanwhile is moved too.
pub(super) async fn bring_down(client: &Client, steps: Steps, version: i32) -> Result<usize, MigrationError> {
    let text = "SELECT id, schema_name, schema_version FROM strongroom.organization
        WHERE schema_version > $1 ORDER BY id LIMIT 500";
    let mut done = 0;
    loop {
        let ahead = client.query(text, &[&version]).await?;
        for row in &ahead {
            let (id, reached) = (row.try_get(0)?, row.try_get::<_, i32>(2)?);
            let steps = steps.organization.iter().rev();
            let downs = steps.filter(|step| (version + 1..=reached).contains(&step.version));
            move_one(
                client,
                (id, row.try_get(1)?),
                downs.map(|step| step.down),
                version,
            )
            .await?;
            done += 1;
        }
        if ahead.is_empty() {
            forget(client, version).await?;
            return Ok(done);
        }
    }
}

/// Runs texts in one organization's schema and notes the version that it is at then.
async fn move_one(
    client: &Client,
    (id, schema): (Uuid, &str),
    texts: impl Iterator<Item = &'static str>,
    version: i32,
) -> Result<(), MigrationError> {
    let schema = Identifier::new(schema).map(|_| schema);
    let schema = schema.ok_or_else(|| StoreError::unexpected("not a generated schema name"))?;
    let texts: String = texts
        .map(|text| text.replace(function::SCHEMA, schema) + "\n;")
        .collect();
    let record = format!("UPDATE strongroom.organization SET schema_version = {version} WHERE id = '{id}'");
    in_transaction(client, &format!("{texts}{record}")).await
}

/// Takes the steps above a version out of the template.
async fn forget(client: &Client, version: i32) -> Result<(), MigrationError> {
    let forget = format!(
        "DELETE FROM strongroom.organization_template WHERE version > {version};
         DELETE FROM strongroom_migration.applied WHERE scope = 'organization' AND version > {version}"
    );
    in_transaction(client, &forget).await
}

/// How many schemas are behind.
pub(super) async fn count_behind(
    client: &Client,
    steps: Steps,
    known: &[AppliedStep],
) -> Result<i64, MigrationError> {
    if known.is_empty() {
        return Ok(0);
    }
    let text = "SELECT count(*) FROM strongroom.organization WHERE schema_version < $1";
    Ok(client
        .query_one(text, &[&steps.newest(Scope::Organization)])
        .await?
        .try_get(0)?)
}

/// Refuses while there are organizations.
pub(super) async fn check_none(client: &Client, known: &[AppliedStep]) -> Result<(), MigrationError> {
    if known.is_empty() {
        return Ok(());
    }
    let count = client
        .query_one("SELECT count(*) FROM strongroom.organization", &[])
        .await?
        .try_get(0)?;
    if count > 0 {
        Err(MigrationError::OrganizationsRemain { count })
    } else {
        Ok(())
    }
}
