//! JSON objects in which no member stands twice, on any level: two programs would read two different records.

use super::JsonFaultKind;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::fmt;

/// Tells a repeated member from other errors, which serde knows only as text.
const DUPLICATE: &str = "duplicate member";

/// An object without repeated members.
pub(super) struct UniqueMap(pub(super) Map<String, Json>);

impl<'de> Deserialize<'de> for UniqueMap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match from.deserialize_any(UniqueVisitor)? {
            Json::Object(members) => Ok(Self(members)),
            _ => Err(D::Error::custom("not an object")),
        }
    }
}

struct UniqueValue(Json);

impl<'de> Deserialize<'de> for UniqueValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Number::from_f64(number)
            .map(Json::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(UniqueValue(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Json::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut all = Map::new();
        while let Some((name, UniqueValue(member))) = members.next_entry::<String, UniqueValue>()? {
            if all.insert(name, member).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Json::Object(all))
    }
}

/// One object.
pub(super) fn parse(raw: &[u8]) -> Result<UniqueMap, JsonFaultKind> {
    serde_json::from_slice(raw).map_err(|error| fault_of(&error, "an object"))
}

/// One value of any type.
pub(super) fn value(raw: &[u8]) -> Result<Json, JsonFaultKind> {
    serde_json::from_slice(raw)
        .map(|UniqueValue(value)| value)
        .map_err(|error| fault_of(&error, "a value"))
}

fn fault_of(error: &serde_json::Error, expected: &'static str) -> JsonFaultKind {
    if error.to_string().starts_with(DUPLICATE) {
        JsonFaultKind::DuplicateMember
    } else {
        JsonFaultKind::Malformed { expected }
    }
}
