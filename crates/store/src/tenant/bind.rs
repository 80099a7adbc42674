//! Values as bound parameters. Empty values are typed nulls, because PostgreSQL infers each parameter's type from its
//! column and the driver checks it.

use super::row::StoredValue;
use tokio_postgres::types::{ToSql, Type};
use types::{Dataset, Field, FieldKind, Value};

/// A bound parameter.
pub(super) type Bound = Box<dyn ToSql + Sync + Send>;

/// Parameters of one statement, in order.
#[derive(Default)]
pub(super) struct Parameters {
    values: Vec<Bound>,
}

impl Parameters {
    /// Adds a value and gives its placeholder.
    pub(super) fn push(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// Adds values that are boxed already.
    pub(super) fn extend(&mut self, values: Vec<Bound>) {
        self.values.extend(values);
    }

    /// The placeholder of the value added last.
    pub(super) fn last_mark(&self) -> String {
        format!("${}", self.values.len())
    }

    /// As the driver wants them.
    pub(super) fn as_slice(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values
            .iter()
            .map(|value| &**value as &(dyn ToSql + Sync))
            .collect()
    }
}

/// The values of a record as parameters, in the order of [`super::row::value_columns`] with blind indexes.
pub(super) fn bind_values(dataset: &Dataset, values: &[StoredValue]) -> Vec<Bound> {
    let mut bound = Vec::with_capacity(values.len() + 4);
    for (field, value) in dataset.fields.iter().zip(values) {
        bind_stored(field, value, &mut bound);
    }
    bound
}

fn bind_stored(field: &Field, value: &StoredValue, bound: &mut Vec<Bound>) {
    match value {
        StoredValue::Sealed { sealed, blind } => {
            bound.push(Box::new(Some(sealed.clone())));
            bound.push(Box::new(Some(blind.clone())));
        }
        StoredValue::Plain(Value::Money(amount, currency)) => {
            bound.push(Box::new(Some(*amount)));
            bound.push(Box::new(Some(currency.as_str().to_owned())));
        }
        StoredValue::Plain(Value::Point(latitude, longitude)) => {
            bound.push(Box::new(Some(*latitude)));
            bound.push(Box::new(Some(*longitude)));
        }
        StoredValue::Plain(value) => {
            bound.push(bind_value(field.kind, value));
            match field.kind {
                FieldKind::Money => bound.push(Box::new(None::<String>)),
                FieldKind::GeoPoint => bound.push(Box::new(None::<rust_decimal::Decimal>)),
                FieldKind::SensitiveText => bound.push(Box::new(None::<Vec<u8>>)),
                _ => {}
            }
        }
    }
}

/// One value of a kind as a parameter.
pub(super) fn bind_value(kind: FieldKind, value: &Value) -> Bound {
    match value {
        Value::Text(text) => Box::new(Some(text.clone())),
        Value::Integer(number) => Box::new(Some(*number)),
        Value::Decimal(number) | Value::Money(number, _) => Box::new(Some(*number)),
        Value::Boolean(truth) => Box::new(Some(*truth)),
        Value::Date(date) => Box::new(Some(*date)),
        Value::Timestamp(instant) => Box::new(Some(*instant)),
        Value::Choices(names) => Box::new(Some(names.clone())),
        Value::Reference(id) => Box::new(Some(id.0)),
        Value::Attachment(id) => Box::new(Some(id.0)),
        Value::Json(json) => Box::new(Some(json.clone())),
        // A point and a sensitive text have two columns and are bound by `bind_stored`; a mask is never written.
        Value::Empty | Value::Point(..) | Value::Sensitive(_) | Value::Masked => null_of(kind),
    }
}

fn null_of(kind: FieldKind) -> Bound {
    match kind {
        FieldKind::Text
        | FieldKind::LongText
        | FieldKind::Choice
        | FieldKind::Email
        | FieldKind::Url
        | FieldKind::Phone => Box::new(None::<String>),
        FieldKind::Integer | FieldKind::AutoNumber => Box::new(None::<i64>),
        FieldKind::Decimal | FieldKind::Money | FieldKind::GeoPoint => {
            Box::new(None::<rust_decimal::Decimal>)
        }
        FieldKind::Boolean => Box::new(None::<bool>),
        FieldKind::Date => Box::new(None::<jiff::civil::Date>),
        FieldKind::Timestamp => Box::new(None::<jiff::Timestamp>),
        FieldKind::MultipleChoice => Box::new(None::<Vec<String>>),
        FieldKind::Reference | FieldKind::Attachment => Box::new(None::<uuid::Uuid>),
        FieldKind::Json => Box::new(None::<serde_json::Value>),
        FieldKind::SensitiveText => Box::new(None::<Vec<u8>>),
    }
}

/// The column types of a dataset's values, in the order of [`bind_values`].
pub(super) fn value_types(dataset: &Dataset) -> Vec<Type> {
    let mut types = Vec::with_capacity(dataset.fields.len() + 4);
    for field in &dataset.fields {
        types.push(column_type(field.kind));
        match field.kind {
            FieldKind::Money => types.push(Type::TEXT),
            FieldKind::GeoPoint => types.push(Type::NUMERIC),
            FieldKind::SensitiveText => types.push(Type::BYTEA),
            _ => {}
        }
    }
    types
}

/// The column type of a kind, as `strongroom.column_type` has it.
pub(super) fn column_type(kind: FieldKind) -> Type {
    match kind {
        FieldKind::Text
        | FieldKind::LongText
        | FieldKind::Choice
        | FieldKind::Email
        | FieldKind::Url
        | FieldKind::Phone => Type::TEXT,
        FieldKind::Integer | FieldKind::AutoNumber => Type::INT8,
        FieldKind::Decimal | FieldKind::Money | FieldKind::GeoPoint => Type::NUMERIC,
        FieldKind::Boolean => Type::BOOL,
        FieldKind::Date => Type::DATE,
        FieldKind::Timestamp => Type::TIMESTAMPTZ,
        FieldKind::MultipleChoice => Type::TEXT_ARRAY,
        FieldKind::Reference | FieldKind::Attachment => Type::UUID,
        FieldKind::Json => Type::JSONB,
        FieldKind::SensitiveText => Type::BYTEA,
    }
}
