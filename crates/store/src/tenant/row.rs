//! Rows of a dataset's table as values: which columns there are, and how each kind is read from them.

use crate::StoreError;
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use tokio_postgres::Row;
use types::{AccountId, AttachmentId, Dataset, Field, FieldKind, RecordId, Value, currency::Currency};
use uuid::Uuid;

/// A value as the database holds it: sensitive text is sealed bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredValue {
    /// Anything but a sensitive text.
    Plain(Value),
    /// A sealed sensitive text with its blind index (empty when read).
    Sealed {
        /// The sealed bytes.
        sealed: Vec<u8>,
        /// The blind index of the value.
        blind: Vec<u8>,
    },
}

/// A row as the database holds it.
#[derive(Debug, Clone)]
pub struct StoredRecord {
    /// Its id.
    pub id: RecordId,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: AccountId,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who last changed it.
    pub updated_by: AccountId,
    /// When it went to the trash.
    pub deleted_at: Option<Timestamp>,
    /// Commitment to its newest image.
    pub commitment: [u8; 32],
    /// Its own key, wrapped.
    pub record_key: Vec<u8>,
    /// Its values, in the order of the dataset's fields.
    pub values: Vec<StoredValue>,
}

/// System columns, first in every row.
pub(super) const SYSTEM_COLUMNS: &str =
    "id, version, created_at, created_by, updated_at, updated_by, deleted_at, commitment, record_key";
const SYSTEM_COUNT: usize = 9;

/// The columns of the dataset's fields, quoted, in order; blind indexes are written, never read.
pub(super) fn value_columns(dataset: &Dataset, with_blind: bool) -> Vec<String> {
    let mut columns = Vec::with_capacity(dataset.fields.len() + 4);
    for field in &dataset.fields {
        columns.push(format!("\"{}\"", field.column()));
        let second = field
            .column_second()
            .filter(|_| with_blind || field.kind != FieldKind::SensitiveText);
        columns.extend(second.map(|name| format!("\"{name}\"")));
    }
    columns
}

/// The select list of a dataset.
pub(super) fn select_list(dataset: &Dataset) -> String {
    let columns = value_columns(dataset, false);
    if columns.is_empty() {
        SYSTEM_COLUMNS.to_owned()
    } else {
        format!("{SYSTEM_COLUMNS}, {}", columns.join(", "))
    }
}

/// Reads a row that was selected with [`select_list`].
pub(super) fn read_record(dataset: &Dataset, row: &Row) -> Result<StoredRecord, StoreError> {
    let mut at = SYSTEM_COUNT;
    let mut values = Vec::with_capacity(dataset.fields.len());
    for field in &dataset.fields {
        values.push(read_value(field, row, &mut at)?);
    }
    Ok(StoredRecord {
        id: RecordId(row.try_get(0)?),
        version: row.try_get(1)?,
        created_at: row.try_get(2)?,
        created_by: AccountId(row.try_get(3)?),
        updated_at: row.try_get(4)?,
        updated_by: AccountId(row.try_get(5)?),
        deleted_at: row.try_get(6)?,
        commitment: commitment(row.try_get(7)?)?,
        record_key: row.try_get(8)?,
        values,
    })
}

/// A commitment's 32 bytes.
pub(super) fn commitment(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::unexpected("a commitment without 32 bytes"))
}

fn read_value(field: &Field, row: &Row, at: &mut usize) -> Result<StoredValue, StoreError> {
    let first = *at;
    *at += if matches!(field.kind, FieldKind::Money | FieldKind::GeoPoint) {
        2
    } else {
        1
    };
    let value = match field.kind {
        FieldKind::Text
        | FieldKind::LongText
        | FieldKind::Choice
        | FieldKind::Email
        | FieldKind::Url
        | FieldKind::Phone => row.try_get::<_, Option<String>>(first)?.map(Value::Text),
        FieldKind::Integer | FieldKind::AutoNumber => {
            row.try_get::<_, Option<i64>>(first)?.map(Value::Integer)
        }
        FieldKind::Decimal => row.try_get::<_, Option<Decimal>>(first)?.map(Value::Decimal),
        FieldKind::Boolean => row.try_get::<_, Option<bool>>(first)?.map(Value::Boolean),
        FieldKind::Date => row.try_get::<_, Option<Date>>(first)?.map(Value::Date),
        FieldKind::Timestamp => row.try_get::<_, Option<Timestamp>>(first)?.map(Value::Timestamp),
        FieldKind::MultipleChoice => row.try_get::<_, Option<Vec<String>>>(first)?.map(Value::Choices),
        FieldKind::Reference => row
            .try_get::<_, Option<Uuid>>(first)?
            .map(|id| Value::Reference(RecordId(id))),
        FieldKind::Attachment => row
            .try_get::<_, Option<Uuid>>(first)?
            .map(|id| Value::Attachment(AttachmentId(id))),
        FieldKind::Json => row
            .try_get::<_, Option<serde_json::Value>>(first)?
            .map(Value::Json),
        FieldKind::Money => read_money(row, first)?,
        FieldKind::GeoPoint => {
            let latitude = row.try_get::<_, Option<Decimal>>(first)?;
            let longitude = row.try_get::<_, Option<Decimal>>(first + 1)?;
            latitude
                .zip(longitude)
                .map(|(latitude, longitude)| Value::Point(latitude, longitude))
        }
        FieldKind::SensitiveText => {
            let sealed = row.try_get::<_, Option<Vec<u8>>>(first)?;
            return Ok(
                sealed.map_or(StoredValue::Plain(Value::Empty), |sealed| StoredValue::Sealed {
                    sealed,
                    blind: Vec::new(),
                }),
            );
        }
    };
    Ok(StoredValue::Plain(value.unwrap_or(Value::Empty)))
}

fn read_money(row: &Row, first: usize) -> Result<Option<Value>, StoreError> {
    let amount = row.try_get::<_, Option<Decimal>>(first)?;
    let code = row.try_get::<_, Option<&str>>(first + 1)?;
    let Some((amount, code)) = amount.zip(code) else {
        return Ok(None);
    };
    let currency = Currency::parse(code)
        .ok_or_else(|| StoreError::unexpected("an unknown currency in a money column"))?;
    Ok(Some(Value::Money(amount, currency)))
}
