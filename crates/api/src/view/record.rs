//! Records and values as JSON.
//!
//! Invariant: a [`RecordView`] masks every sensitive value, also one that came in the clear; only [`Clear`] shows it,
//! to a reveal.

use platform::record::Found;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use types::{AccountId, Dataset, Record, Value};

/// Whole numbers beyond this travel as strings, because many programs read JSON numbers as floats.
const SAFE_INTEGER_MAX: u64 = 1 << 53;

/// A record.
pub(crate) struct RecordView<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) record: &'a Record,
}

impl<'a> RecordView<'a> {
    pub(crate) fn of(found: &'a Found) -> Self {
        Self {
            dataset: &found.dataset,
            record: &found.record,
        }
    }
}

impl Serialize for RecordView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &record.id)?;
        map.serialize_entry("version", &record.version)?;
        map.serialize_entry("created_at", &Shown(&record.created_at))?;
        map.serialize_entry("created_by", &author(record.created_by))?;
        map.serialize_entry("updated_at", &Shown(&record.updated_at))?;
        map.serialize_entry("updated_by", &author(record.updated_by))?;
        map.serialize_entry("deleted_at", &record.deleted_at.as_ref().map(Shown))?;
        map.serialize_entry("fields", &FieldsView(self))?;
        map.end()
    }
}

/// The platform itself and the command line on the host have no account.
fn author(account: AccountId) -> Option<AccountId> {
    (!account.0.is_nil()).then_some(account)
}

struct FieldsView<'a>(&'a RecordView<'a>);

impl Serialize for FieldsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RecordView { dataset, record } = self.0;
        let mut map = serializer.serialize_map(Some(record.values.len()))?;
        for (field, value) in dataset.fields.iter().zip(&record.values) {
            map.serialize_entry(field.key.as_str(), &ValueView(value))?;
        }
        map.end()
    }
}

/// Written as its text.
struct Shown<'a, T>(&'a T);

impl<T: std::fmt::Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// A value, with sensitive texts masked; the same form as [`Value::to_json`].
pub(crate) struct ValueView<'a>(pub(crate) &'a Value);

impl Serialize for ValueView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) if number.unsigned_abs() > SAFE_INTEGER_MAX => {
                serializer.collect_str(number)
            }
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Decimal(number) => serializer.collect_str(number),
            Value::Money(amount, currency) => pair(serializer, ("amount", amount), ("currency", currency)),
            Value::Boolean(truth) => serializer.serialize_bool(*truth),
            Value::Date(date) => serializer.collect_str(date),
            Value::Timestamp(instant) => serializer.collect_str(instant),
            Value::Choices(names) => list(serializer, names),
            Value::Reference(id) => id.serialize(serializer),
            Value::Point(latitude, longitude) => {
                pair(serializer, ("latitude", latitude), ("longitude", longitude))
            }
            Value::Attachment(id) => id.serialize(serializer),
            Value::Json(json) => json.serialize(serializer),
            Value::Sensitive(_) | Value::Masked => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("masked", &true)?;
                map.end()
            }
        }
    }
}

fn pair<S: Serializer, A: std::fmt::Display, B: std::fmt::Display>(
    serializer: S,
    first: (&str, &A),
    second: (&str, &B),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry(first.0, &Shown(first.1))?;
    map.serialize_entry(second.0, &Shown(second.1))?;
    map.end()
}

fn list<S: Serializer>(serializer: S, names: &[String]) -> Result<S::Ok, S::Error> {
    let mut items = serializer.serialize_seq(Some(names.len()))?;
    for name in names {
        items.serialize_element(name)?;
    }
    items.end()
}

/// A revealed value, in the clear.
pub(crate) struct Clear<'a>(pub(crate) &'a Value);

impl Serialize for Clear<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Sensitive(text) => serializer.serialize_str(text),
            other => ValueView(other).serialize(serializer),
        }
    }
}

/// A page of records.
pub(crate) struct RecordsView<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) records: &'a [Record],
    pub(crate) next: Option<&'a str>,
    pub(crate) prev: Option<&'a str>,
    pub(crate) links: Links<'a>,
    pub(crate) count: Option<i64>,
}

/// Addresses of the neighbouring pages.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Links<'a> {
    pub(crate) next: Option<&'a str>,
    pub(crate) prev: Option<&'a str>,
}

impl Serialize for RecordsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("records", &ListView(self))?;
        map.serialize_entry("next", &self.next)?;
        map.serialize_entry("prev", &self.prev)?;
        map.serialize_entry("links", &self.links)?;
        if let Some(count) = self.count {
            map.serialize_entry("count", &count)?;
        }
        map.end()
    }
}

struct ListView<'a>(&'a RecordsView<'a>);

impl Serialize for ListView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let dataset = self.0.dataset;
        serializer.collect_seq(self.0.records.iter().map(|record| RecordView { dataset, record }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use types::FieldKind;

    #[test]
    fn a_value_is_written_as_the_types_crate_would() {
        let samples = [
            (FieldKind::Text, "a \"quoted\" text"),
            (FieldKind::Integer, "9007199254740992"),
            (FieldKind::Integer, "9007199254740993"),
            (FieldKind::Decimal, "1234.5600"),
            (FieldKind::Money, "-12.50 EUR"),
            (FieldKind::Boolean, "true"),
            (FieldKind::Date, "2026-02-28"),
            (FieldKind::Timestamp, "2026-02-28T12:00:00.123456Z"),
            (FieldKind::MultipleChoice, "a; b"),
            (FieldKind::Reference, "01890a5d-ac96-774b-bcce-b302099a8057"),
            (FieldKind::GeoPoint, "31.95376472, -89.23450472"),
            (FieldKind::Json, "{\"a\":[1,\"x\",null]}"),
        ];
        for (kind, text) in samples {
            let value = Value::from_text(kind, text).unwrap();
            assert_eq!(
                serde_json::to_value(ValueView(&value)).unwrap(),
                value.to_json(),
                "{kind}"
            );
        }
        assert_eq!(
            serde_json::to_value(ValueView(&Value::Empty)).unwrap(),
            json!(null)
        );
    }

    #[test]
    fn only_a_reveal_shows_a_sensitive_text() {
        let value = Value::Sensitive("DE89 3704".into());
        assert_eq!(
            serde_json::to_value(ValueView(&value)).unwrap(),
            json!({"masked": true})
        );
        assert_eq!(serde_json::to_value(Clear(&value)).unwrap(), json!("DE89 3704"));
    }
}
