//! Records as images of the audit log and back. Empty values are absent from an image.

use super::Show;
use crate::{
    error::{PlatformError, Result},
    record::Change,
};
use audit::{Image, ImageValue, RecordState, image::Number};
use jiff::Timestamp;
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};
use types::{AttachmentId, Dataset, Field, FieldId, FieldKind, Record, RecordId, Value, currency::Currency};
use uuid::Uuid;

/// The image of a record in a state.
pub(crate) fn image_of(dataset: &Dataset, record: &Record, state: RecordState) -> Result<Image> {
    let mut image = Image::new(state);
    for (field, value) in dataset.fields.iter().zip(&record.values) {
        if let Some(value) = image_value(value)? {
            image.fields.insert(number_of(field.id)?, value);
        }
    }
    Ok(image)
}

fn number_of(field: FieldId) -> Result<NonZeroU32> {
    let number = u32::try_from(field.0).ok().and_then(NonZeroU32::new);
    number.ok_or_else(|| PlatformError::invariant("a field id below one"))
}

fn number(value: Decimal) -> Number {
    Number {
        mantissa: value.mantissa(),
        exponent: -i32::try_from(value.scale()).unwrap_or(0),
    }
}

fn decimal(number: Number) -> Option<Decimal> {
    let scale = u32::try_from(-number.exponent).ok()?;
    Decimal::try_from_i128_with_scale(number.mantissa, scale).ok()
}

fn image_value(value: &Value) -> Result<Option<ImageValue>> {
    Ok(Some(match value {
        Value::Empty => return Ok(None),
        Value::Masked => return Err(PlatformError::invariant("a mask on its way into an image")),
        Value::Text(text) | Value::Sensitive(text) => ImageValue::Text(text.clone()),
        Value::Integer(number) => ImageValue::Integer(*number),
        Value::Decimal(value) => ImageValue::Decimal(number(*value)),
        Value::Money(amount, currency) => ImageValue::Money(number(*amount), currency.as_str().to_owned()),
        Value::Boolean(truth) => ImageValue::Boolean(*truth),
        Value::Date(date) => ImageValue::Date(date.to_string()),
        Value::Timestamp(instant) => ImageValue::Timestamp(instant.as_microsecond()),
        Value::Choices(names) => ImageValue::Choices(names.clone()),
        Value::Reference(id) => ImageValue::Reference(id.bytes()),
        Value::Point(latitude, longitude) => ImageValue::Point {
            latitude: number(*latitude),
            longitude: number(*longitude),
        },
        Value::Attachment(id) => ImageValue::Attachment(id.bytes()),
        Value::Json(json) => ImageValue::Json(json.to_string()),
    }))
}

/// The values of an image, in the order of the dataset's fields.
pub(crate) fn values_of(dataset: &Dataset, image: &Image) -> Vec<Value> {
    let value = |field: &Field| {
        let number = number_of(field.id).ok()?;
        image.fields.get(&number).map(|value| value_of(field.kind, value))
    };
    dataset
        .fields
        .iter()
        .map(|field| value(field).unwrap_or(Value::Empty))
        .collect()
}

/// What an image holds in fields that the dataset no longer has, by their numbers. Nobody knows any more which of them were sensitive.
pub(crate) fn removed_values(dataset: &Dataset, image: &Image) -> BTreeMap<NonZeroU32, Value> {
    let known: BTreeSet<NonZeroU32> = dataset
        .fields
        .iter()
        .filter_map(|field| number_of(field.id).ok())
        .collect();
    let removed = image.fields.iter().filter(|(number, _)| !known.contains(number));
    removed
        .map(|(number, value)| (*number, value_of(FieldKind::Text, value)))
        .collect()
}

/// A value as it was; `kind` tells sensitive text from other text, as the field is now.
fn value_of(kind: FieldKind, value: &ImageValue) -> Value {
    let known = match value {
        ImageValue::Null => None,
        ImageValue::Text(text) if kind == FieldKind::SensitiveText => Some(Value::Sensitive(text.clone())),
        ImageValue::Text(text) => Some(Value::Text(text.clone())),
        ImageValue::Integer(number) => Some(Value::Integer(*number)),
        ImageValue::Decimal(number) => decimal(*number).map(Value::Decimal),
        ImageValue::Money(amount, code) => decimal(*amount)
            .zip(Currency::parse(code))
            .map(|(amount, currency)| Value::Money(amount, currency)),
        ImageValue::Boolean(truth) => Some(Value::Boolean(*truth)),
        ImageValue::Date(text) => Value::from_text(FieldKind::Date, text).ok(),
        ImageValue::Timestamp(microseconds) => Timestamp::from_microsecond(*microseconds)
            .ok()
            .map(Value::Timestamp),
        ImageValue::Choices(names) => Some(Value::Choices(names.clone())),
        ImageValue::Reference(id) => Some(Value::Reference(RecordId(Uuid::from_bytes(*id)))),
        ImageValue::Point { latitude, longitude } => decimal(*latitude)
            .zip(decimal(*longitude))
            .map(|(latitude, longitude)| Value::Point(latitude, longitude)),
        ImageValue::Attachment(id) => Some(Value::Attachment(AttachmentId(Uuid::from_bytes(*id)))),
        ImageValue::Json(text) => serde_json::from_str(text).ok().map(Value::Json),
    };
    known.unwrap_or(Value::Empty)
}

fn shown(value: Value, show: Show) -> Value {
    match value {
        Value::Sensitive(_) if show == Show::Masked => Value::Masked,
        value => value,
    }
}

/// What differs between two images of one record. A sensitive value that differs is two masks. Fields that the dataset
/// no longer has are left out of sight of people who cannot look up what they were.
pub(crate) fn compare(
    dataset: &Dataset,
    before: Option<&Image>,
    after: Option<&Image>,
    show: Show,
) -> Vec<Change> {
    let values = |image: Option<&Image>| image.map(|image| values_of(dataset, image)).unwrap_or_default();
    let (before, after) = (values(before), values(after));
    let mut changes = Vec::new();
    for (place, field) in dataset.fields.iter().enumerate() {
        let old = before.get(place).cloned().unwrap_or(Value::Empty);
        let new = after.get(place).cloned().unwrap_or(Value::Empty);
        if old != new {
            changes.push(Change {
                key: field.key.to_string(),
                label: field.label.clone(),
                before: shown(old, show),
                after: shown(new, show),
            });
        }
    }
    changes
}
