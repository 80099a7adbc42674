//! Rows as a snapshot sees them, and whether a row is what its image says.

use super::Subject;
use crate::{
    error::Result,
    sealing::{self, Show},
};
use audit::{Image, RecordState};
use futures_util::TryStreamExt;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::tenant::{
    StoredRecord,
    audit::StoredImage,
    query::{Place, Selection, stream},
};
use types::{Condition, Dataset, DatasetId, FieldRef, Filter, Operator, RecordId, Value};

/// The rows of these images' records that are still there.
pub(super) async fn rows_of(
    subject: &Subject<'_>,
    images: &[StoredImage],
) -> Result<HashMap<RecordId, StoredRecord>> {
    let mut wanted: BTreeMap<DatasetId, BTreeSet<RecordId>> = BTreeMap::new();
    for image in images {
        wanted.entry(image.dataset).or_default().insert(image.record);
    }
    let mut found = HashMap::new();
    for dataset in &subject.datasets {
        let Some(ids) = wanted.get(&dataset.id) else {
            continue;
        };
        let filter = Filter::Is(Condition {
            field: FieldRef::Id,
            operator: Operator::In,
            values: ids.iter().map(|id| Value::Reference(*id)).collect(),
        });
        for place in [Place::Live, Place::Trash] {
            let blind = |_, _: &str| Vec::new();
            let selection = Selection {
                place,
                filter: &filter,
                search: None,
                blind: &blind,
            };
            let rows: Vec<StoredRecord> = stream(&subject.tx, dataset, &selection)
                .await?
                .try_collect()
                .await?;
            found.extend(rows.into_iter().map(|row| (row.id, row)));
        }
    }
    Ok(found)
}

/// How a row differs from its newest image, if it does.
pub(super) enum Difference {
    /// Its sealed values do not open.
    Unreadable,
    /// A field has another value, by the field's key.
    Value(String),
    /// It is in the trash, or not, and the image says otherwise.
    State,
}

/// Compares a row with its newest image, field by field.
pub(super) fn compare(
    subject: &Subject<'_>,
    dataset: &Dataset,
    row: &StoredRecord,
    image: &Image,
) -> Option<Difference> {
    let Ok(record) = sealing::open_with(&subject.keys, dataset, row, Show::Clear) else {
        return Some(Difference::Unreadable);
    };
    let trashed = image.state == RecordState::Trashed;
    if record.deleted_at.is_some() != trashed || image.state == RecordState::Purged {
        return Some(Difference::State);
    }
    let expected = sealing::values_of(dataset, image);
    let fields = dataset.fields.iter().zip(record.values.iter().zip(&expected));
    fields
        .filter(|(_, (value, expected))| !is_same(value, expected))
        .map(|(field, _)| Difference::Value(field.key.to_string()))
        .next()
}

/// Equal, as far as the database keeps it: it writes numbers in JSON its own way.
pub(crate) fn is_same(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Json(value), Value::Json(expected)) => is_same_json(value, expected),
        _ => value == expected,
    }
}

fn is_same_json(value: &Json, expected: &Json) -> bool {
    match (value, expected) {
        (Json::Number(value), Json::Number(expected)) => {
            value == expected || value.as_f64() == expected.as_f64()
        }
        (Json::Array(value), Json::Array(expected)) => {
            value.len() == expected.len()
                && value
                    .iter()
                    .zip(expected)
                    .all(|(value, expected)| is_same_json(value, expected))
        }
        (Json::Object(value), Json::Object(expected)) => {
            value.len() == expected.len()
                && value.iter().all(|(name, value)| {
                    expected
                        .get(name)
                        .is_some_and(|expected| is_same_json(value, expected))
                })
        }
        _ => value == expected,
    }
}
