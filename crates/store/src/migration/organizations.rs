//! Organizations' schemas: the template that new ones are made from, and bringing existing ones up to it.

use super::{
    AppliedStep, Migration, MigrationError, Scope, applied, in_transaction,
    source::{newest, steps},
};
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
pub(super) async fn bring_up(client: &Client) -> Result<usize, MigrationError> {
    let newest = newest(Scope::Organization);
    let text = "SELECT id, schema_name, schema_version FROM strongroom.organization
        WHERE schema_version < $1 ORDER BY id LIMIT 500";
    let mut done = 0;
    loop {
        let behind = client.query(text, &[&newest]).await?;
        if behind.is_empty() {
            return Ok(done);
        }
        for row in &behind {
            bring_up_one(client, row.try_get(0)?, row.try_get(1)?, row.try_get(2)?).await?;
            done += 1;
        }
    }
}

async fn bring_up_one(client: &Client, id: Uuid, schema: &str, reached: i32) -> Result<(), MigrationError> {
    let schema = Identifier::new(schema).map(|_| schema);
    let schema = schema.ok_or_else(|| StoreError::unexpected("not a generated schema name"))?;
    let ups = steps(Scope::Organization)
        .iter()
        .filter(|step| step.version > reached);
    let ups: String = ups
        .map(|step| step.up.replace("{{schema}}", schema) + "\n;")
        .collect();
    let newest = newest(Scope::Organization);
    let record = format!("UPDATE strongroom.organization SET schema_version = {newest} WHERE id = '{id}'");
    in_transaction(client, &format!("{ups}{record}")).await
}

/// How many schemas are behind.
pub(super) async fn count_behind(client: &Client, known: &[AppliedStep]) -> Result<i64, MigrationError> {
    if known.is_empty() {
        return Ok(0);
    }
    let text = "SELECT count(*) FROM strongroom.organization WHERE schema_version < $1";
    Ok(client
        .query_one(text, &[&newest(Scope::Organization)])
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
