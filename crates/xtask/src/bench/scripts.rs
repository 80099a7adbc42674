//! The SQL that pgbench runs: what our store sends, as the organization's role, on the organization's table; and the
//! bare insert into an equal table without triggers.
//!
//! Invariant: an `$ids[:i]` costs nothing beside the statement, and the bytes of entries and images have real sizes,
//! because they are taken from a record that the platform made.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use testkit::Login;
use tokio_postgres::Client;
use uuid::Uuid;

use super::invoices::{self, DATASET, DAYS, Invoice, KEYS};
use super::load::BATCH;
use super::random::Random;

/// The schema of what only the reference uses.
const SCHEMA: &str = "bench";
/// The login of pgbench; it acts as the organization's role.
pub(super) const LOGIN: &str = "bench";
/// How many records are read and changed.
const IDS: i64 = 2_000;
/// An id of version 7 (RFC 9562), as ours are: one after the other in an index, where random ones would touch a page each.
const NEW_ID: &str = "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3) \
    || '8' || substr(md5(random()::text), 1, 15))::uuid";
const SYSTEM_COLUMNS: &str =
    "id, version, created_at, created_by, updated_at, updated_by, deleted_at, commitment, record_key";

/// The tables, and bytes to write into them.
pub(super) struct Tables {
    /// The organization's schema and role.
    pub(super) schema: String,
    /// Its table of invoices, with the schema.
    pub(super) invoices: String,
    /// The value columns in the order of the file, without the currency.
    columns: Vec<String>,
    /// Ids of records that are there.
    pub(super) ids: Vec<String>,
    sample: Sample,
}

/// What the platform wrote for one record.
struct Sample {
    account: Uuid,
    commitment: String,
    record_key: String,
    key_version: i32,
    header: String,
    image: String,
    dataset: i32,
    definition: i32,
}

impl Tables {
    /// Looks the tables up and makes the equal one. `made` is a record that the API made.
    pub(super) async fn prepare(superuser: &Client, slug: &str, made: Uuid, bench: &Login) -> Result<Self> {
        let text = "SELECT schema_name FROM strongroom.organization WHERE slug = $1";
        let schema: String = superuser.query_one(text, &[&slug]).await?.get(0);
        let text = format!(
            "SELECT d.id, d.schema_version, array_agg('f' || f.id ORDER BY f.position) FROM {schema}._dataset d
             JOIN {schema}._field f ON f.dataset_id = d.id WHERE d.key = $1 GROUP BY 1, 2"
        );
        let row = superuser.query_one(&text, &[&DATASET]).await?;
        let (dataset, definition): (i32, i32) = (row.get(0), row.get(1));
        let invoices = format!("{schema}.d{dataset}");
        let sample = Sample::read(superuser, &schema, &invoices, (dataset, definition), made).await?;
        let text = format!("SELECT id FROM {invoices} ORDER BY md5(id::text) LIMIT $1");
        let ids = superuser.query(&text, &[&IDS]).await?;
        let tables = Self {
            columns: row.get(2),
            ids: ids.iter().map(|row| row.get::<_, Uuid>(0).to_string()).collect(),
            schema,
            invoices,
            sample,
        };
        tables.make_equal(superuser, bench).await?;
        Ok(tables)
    }

    /// Equal tables with the same columns and indexes and without triggers: one filled, one for `\copy`.
    async fn make_equal(&self, superuser: &Client, bench: &Login) -> Result<()> {
        let Self { schema, invoices, .. } = self;
        let Sample {
            account,
            commitment,
            record_key,
            ..
        } = &self.sample;
        let currency = self.currency_column();
        let text = format!(
            "CREATE ROLE {LOGIN} LOGIN PASSWORD '{password}' IN ROLE {schema};
             GRANT CONNECT ON DATABASE {database} TO {LOGIN};
             CREATE SCHEMA {SCHEMA};
             GRANT USAGE ON SCHEMA {SCHEMA} TO {schema};
             CREATE TABLE {SCHEMA}.plain (LIKE {invoices} INCLUDING ALL);
             INSERT INTO {SCHEMA}.plain SELECT * FROM {invoices};
             CREATE TABLE {SCHEMA}.copied (LIKE {invoices} INCLUDING ALL);
             ALTER TABLE {SCHEMA}.copied
                ALTER id SET DEFAULT gen_random_uuid(), ALTER version SET DEFAULT 1,
                ALTER created_at SET DEFAULT now(), ALTER created_by SET DEFAULT '{account}',
                ALTER updated_at SET DEFAULT now(), ALTER updated_by SET DEFAULT '{account}',
                ALTER commitment SET DEFAULT '{commitment}', ALTER record_key SET DEFAULT '{record_key}',
                ALTER {currency} SET DEFAULT '{money}';
             GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {SCHEMA}.plain, {SCHEMA}.copied TO {schema};
             VACUUM ANALYZE {SCHEMA}.plain; VACUUM ANALYZE {invoices}; CHECKPOINT;",
            password = bench.password,
            database = bench.database,
            money = invoices::CURRENCY,
        );
        // VACUUM refuses to run within a transaction, and several statements at once are one.
        for statement in text.split(';').filter(|statement| !statement.trim().is_empty()) {
            let done = superuser.batch_execute(statement).await;
            done.with_context(|| format!("the reference's tables cannot be made: {}", statement.trim()))?;
        }
        // A new dataset has no index of words until its import is over.
        let words =
            "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gin' AND i.indrelid = 'bench.copied'::regclass";
        for index in superuser.query(words, &[]).await? {
            superuser
                .batch_execute(&format!("DROP INDEX {}", index.get::<_, String>(0)))
                .await?;
        }
        Ok(())
    }

    /// The column of a field.
    fn column(&self, key: &str) -> &str {
        let place = KEYS.iter().position(|other| *other == key);
        place
            .and_then(|place| self.columns.get(place))
            .map_or("", String::as_str)
    }

    fn currency_column(&self) -> String {
        format!("{}_currency", self.column("amount"))
    }

    /// Every value column in the order of the table, amount before currency.
    fn value_columns(&self) -> String {
        let amount = self.column("amount");
        let columns = self.columns.iter().map(|column| {
            if column == amount {
                format!("{column}, {}", self.currency_column())
            } else {
                column.clone()
            }
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// `id = ANY`-free: a constant array with a variable subscript is evaluated once per statement.
    fn some_id(&self) -> String {
        format!("('{{{}}}'::uuid[])[:i]", self.ids.join(","))
    }

    fn choose(&self) -> String {
        format!("\\set i random(1, {})\n", self.ids.len())
    }

    pub(super) fn read(&self) -> String {
        format!(
            "{}SELECT {SYSTEM_COLUMNS}, {} FROM {} WHERE id = {};\n",
            self.choose(),
            self.value_columns(),
            self.invoices,
            self.some_id()
        )
    }

    pub(super) fn list(&self) -> String {
        let due = self.column("due_on");
        format!(
            "\\set days random(0, {})\nSELECT {SYSTEM_COLUMNS}, {} FROM {} WHERE deleted_at IS NULL \
             AND ({} = 'open' AND {due} >= date '2024-01-01' + :days::integer) ORDER BY {due} ASC, id ASC LIMIT 51;\n",
            DAYS - 60,
            self.value_columns(),
            self.invoices,
            self.column("status"),
        )
    }

    /// One row, into the table without triggers.
    pub(super) fn insert_bare(&self) -> String {
        format!("{};\n", self.insert(&format!("{SCHEMA}.plain"), 1))
    }

    /// One row with its entry and image, as `store::tenant::record` writes it.
    pub(super) fn insert_with_entry(&self) -> String {
        let insert = self.insert(&self.invoices, 1);
        format!(
            "WITH changed AS ({insert} RETURNING id, version) {};\n",
            self.append()
        )
    }

    /// Many rows in one statement, into the table without triggers.
    pub(super) fn insert_many(&self) -> String {
        format!("{};\n", self.insert(&format!("{SCHEMA}.plain"), BATCH))
    }

    fn insert(&self, table: &str, rows: u64) -> String {
        let Sample {
            account,
            commitment,
            record_key,
            ..
        } = &self.sample;
        let mut random = Random::new(2);
        let columns = self.value_columns();
        let mut text = format!("INSERT INTO {table} ({SYSTEM_COLUMNS}, {columns}) VALUES ");
        for place in 0..rows {
            let comma = if place == 0 { "" } else { ", " };
            let values = Invoice::new("P", place, &mut random).sql();
            // Writing into a String cannot fail.
            write!(
                text,
                "{comma}({NEW_ID}, 1, now(), '{account}'::uuid, now(), '{account}'::uuid, \
                 NULL::timestamptz, '{commitment}'::bytea, '{record_key}'::bytea, {values})"
            )
            .ok();
        }
        text
    }

    /// One field of one row with entry and image, as `store::tenant::record` writes it: every column is set.
    pub(super) fn update_with_entry(&self) -> String {
        let Sample {
            account, commitment, ..
        } = &self.sample;
        let items = self.column("items");
        let columns = self.value_columns();
        let kept = columns.split(", ").filter(|column| *column != items);
        let sets: Vec<String> = kept.map(|column| format!("{column} = {column}")).collect();
        format!(
            "{choose}\\set items random(1, 1000000000)\nWITH changed AS (UPDATE {table} SET version = version + 1, \
             updated_at = now(), updated_by = '{account}'::uuid, deleted_at = NULL, commitment = '{commitment}'::bytea, \
             {sets}, {items} = :items::bigint WHERE id = {id} RETURNING id, version) {append};\n",
            choose = self.choose(),
            table = self.invoices,
            sets = sets.join(", "),
            id = self.some_id(),
            append = self.append(),
        )
    }

    fn append(&self) -> String {
        let Sample {
            commitment,
            key_version,
            header,
            image,
            dataset,
            definition,
            ..
        } = &self.sample;
        format!(
            "SELECT {}._append_record({NEW_ID}, 1::smallint, {key_version}, '{header}'::bytea, \
             '{commitment}'::bytea, '{commitment}'::bytea, '{commitment}'::bytea, {dataset}, {definition}, changed.id, \
             changed.version, '{image}'::bytea) FROM changed",
            self.schema
        )
    }

    /// `\copy` of a CSV file into the equal table, emptied before.
    pub(super) fn copy_in(&self, file: &std::path::Path) -> (String, String) {
        let columns = self.columns.join(", ");
        let empty = format!("TRUNCATE {SCHEMA}.copied");
        let copy = format!(
            "\\copy {SCHEMA}.copied ({columns}) FROM '{}' WITH (FORMAT csv, HEADER)",
            file.display()
        );
        (empty, copy)
    }

    /// `\copy` of the invoices into a CSV file.
    pub(super) fn copy_out(&self, file: &std::path::Path) -> String {
        format!(
            "\\copy (SELECT id, version, created_at, updated_at, {} FROM {} WHERE deleted_at IS NULL ORDER BY id) \
             TO '{}' WITH (FORMAT csv, HEADER)",
            self.value_columns(),
            self.invoices,
            file.display()
        )
    }
}

impl Sample {
    async fn read(
        superuser: &Client,
        schema: &str,
        invoices: &str,
        (dataset, definition): (i32, i32),
        made: Uuid,
    ) -> Result<Self> {
        let text = format!(
            "SELECT r.created_by, r.commitment::text, r.record_key::text, e.key_version, e.header::text, i.sealed::text
             FROM {invoices} r JOIN {schema}._image i ON i.record_id = r.id AND i.version = r.version
             JOIN {schema}._entry e ON e.id = i.entry_id WHERE r.id = $1"
        );
        let row = superuser.query_one(&text, &[&made]).await?;
        Ok(Self {
            account: row.get(0),
            commitment: row.get(1),
            record_key: row.get(2),
            key_version: row.get(3),
            header: row.get(4),
            image: row.get(5),
            dataset,
            definition,
        })
    }
}
