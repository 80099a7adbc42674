//! Values from and to JSON (the API's form). Decimals, amounts and degrees are strings both ways, because a JSON
//! number is a float in most programs and would be rounded on its way.

use super::text::{
    parse_date, parse_decimal, parse_email, parse_id, parse_phone, parse_timestamp, parse_url,
};
use super::{JSON_DEPTH_MAX, JSON_MAX, Value, ValueError, check_degrees, check_text, choices};
use crate::{AttachmentId, FieldKind, RecordId, currency::Currency};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use std::str::FromStr;

impl Value {
    /// Reads JSON as a value of `kind`. `null` is [`Value::Empty`], and so is the empty string except in JSON fields.
    ///
    /// # Errors
    /// What the JSON should have been.
    pub fn from_json(kind: FieldKind, json: &Json) -> Result<Self, ValueError> {
        if json.is_null() || (json == "" && kind != FieldKind::Json) {
            return Ok(Self::Empty);
        }
        match kind {
            FieldKind::Integer | FieldKind::AutoNumber => integer(json).map(Self::Integer),
            FieldKind::Decimal => decimal(json).map(Self::Decimal),
            FieldKind::Money => money(json),
            FieldKind::Boolean => json.as_bool().map(Self::Boolean).ok_or(ValueError::WrongType {
                expected: "true or false",
            }),
            FieldKind::MultipleChoice => multiple(json),
            FieldKind::GeoPoint => point(json),
            FieldKind::Json => any(json),
            FieldKind::Text | FieldKind::LongText | FieldKind::Choice => {
                text(kind, json).map(|text| Self::Text(text.to_owned()))
            }
            FieldKind::SensitiveText => text(kind, json).map(|text| Self::Sensitive(text.to_owned())),
            FieldKind::Date => parse_date(text(kind, json)?),
            FieldKind::Timestamp => parse_timestamp(text(kind, json)?),
            FieldKind::Email => parse_email(text(kind, json)?),
            FieldKind::Url => parse_url(text(kind, json)?),
            FieldKind::Phone => parse_phone(text(kind, json)?),
            FieldKind::Reference => parse_id(text(kind, json)?, RecordId::from_str).map(Self::Reference),
            FieldKind::Attachment => {
                parse_id(text(kind, json)?, AttachmentId::from_str).map(Self::Attachment)
            }
        }
    }

    /// The value as JSON. Integers beyond 2^53 are strings; a masked value is `{"masked": true}`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Empty => Json::Null,
            Self::Integer(number) if number.unsigned_abs() > (1 << 53) => json!(number.to_string()),
            Self::Integer(number) => json!(number),
            Self::Money(amount, currency) => {
                json!({"amount": amount.to_string(), "currency": currency.as_str()})
            }
            Self::Boolean(truth) => json!(truth),
            Self::Choices(names) => json!(names),
            Self::Point(latitude, longitude) => {
                json!({"latitude": latitude.to_string(), "longitude": longitude.to_string()})
            }
            Self::Json(json) => json.clone(),
            Self::Masked => json!({"masked": true}),
            Self::Text(_)
            | Self::Decimal(_)
            | Self::Date(_)
            | Self::Timestamp(_)
            | Self::Reference(_)
            | Self::Attachment(_)
            | Self::Sensitive(_) => Json::String(self.to_text()),
        }
    }
}

fn text(kind: FieldKind, json: &Json) -> Result<&str, ValueError> {
    let text = json
        .as_str()
        .ok_or(ValueError::WrongType { expected: "a string" })?;
    check_text(kind, text)?;
    Ok(text)
}

fn integer(json: &Json) -> Result<i64, ValueError> {
    let wrong = ValueError::WrongType {
        expected: "a whole number of 64 bits",
    };
    match json {
        Json::Number(number) => number.as_i64().ok_or(wrong),
        Json::String(text) => text.parse().map_err(|_| wrong),
        _ => Err(wrong),
    }
}

fn decimal(json: &Json) -> Result<Decimal, ValueError> {
    let wrong = ValueError::WrongType {
        expected: "a decimal as a string such as \"1234.56\"",
    };
    match json {
        Json::Number(number) => number.as_i64().map(Decimal::from).ok_or(wrong),
        Json::String(text) => parse_decimal(text),
        _ => Err(wrong),
    }
}

fn members<'a, const N: usize>(
    json: &'a Json,
    names: [&str; N],
    expected: &'static str,
) -> Result<[&'a Json; N], ValueError> {
    let wrong = ValueError::WrongType { expected };
    let object = json
        .as_object()
        .filter(|object| object.len() == N)
        .ok_or(wrong.clone())?;
    let found: Vec<&Json> = names.iter().filter_map(|name| object.get(*name)).collect();
    found.try_into().map_err(|_| wrong)
}

fn money(json: &Json) -> Result<Value, ValueError> {
    if let Json::String(text) = json {
        return Value::from_text(FieldKind::Money, text);
    }
    let expected = "an object such as {\"amount\": \"12.50\", \"currency\": \"EUR\"}";
    let [amount, code] = members(json, ["amount", "currency"], expected)?;
    let currency = code.as_str().and_then(Currency::parse);
    let currency = currency.ok_or(ValueError::Malformed {
        expected: "an ISO 4217 currency code",
    })?;
    Ok(Value::Money(decimal(amount)?, currency))
}

fn point(json: &Json) -> Result<Value, ValueError> {
    let expected = "an object such as {\"latitude\": \"52.5\", \"longitude\": \"13.4\"}";
    let [latitude, longitude] = members(json, ["latitude", "longitude"], expected)?;
    check_degrees(decimal(latitude)?, decimal(longitude)?)
}

fn multiple(json: &Json) -> Result<Value, ValueError> {
    let wrong = ValueError::WrongType {
        expected: "an array of strings",
    };
    let items = json.as_array().ok_or(wrong.clone())?;
    let names: Option<Vec<String>> = items
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect();
    let names = names.ok_or(wrong)?;
    names
        .iter()
        .try_for_each(|name| check_text(FieldKind::Choice, name))?;
    if names.len() > 200 {
        return Err(ValueError::TooLong {
            max: 200,
            unit: "choices",
        });
    }
    Ok(choices(names))
}

fn any(json: &Json) -> Result<Value, ValueError> {
    if depth(json) > JSON_DEPTH_MAX {
        return Err(ValueError::TooLong {
            max: JSON_DEPTH_MAX,
            unit: "levels",
        });
    }
    let text = json.to_string();
    if text.len() > JSON_MAX {
        return Err(ValueError::TooLong {
            max: JSON_MAX,
            unit: "bytes",
        });
    }
    if text.contains("\\u0000") {
        return Err(ValueError::Nul);
    }
    Ok(Value::Json(json.clone()))
}

fn depth(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn large_money_is_not_rounded() {
        let json = json!({"amount": "12345678901234567890.12", "currency": "EUR"});
        let value = Value::from_json(FieldKind::Money, &json).unwrap();
        assert_eq!(value.to_json(), json);
    }

    #[test]
    fn fractional_json_numbers_are_refused_where_exactness_counts() {
        let error = Value::from_json(FieldKind::Decimal, &json!(0.1)).unwrap_err();
        assert_eq!(error.code(), "wrong-type");
        assert!(Value::from_json(FieldKind::Integer, &json!(1.0)).is_err());
    }

    #[test]
    fn integers_beyond_the_float_range_travel_as_strings() {
        let value = Value::from_json(FieldKind::Integer, &json!("9007199254740993")).unwrap();
        assert_eq!(value.to_json(), json!("9007199254740993"));
    }

    #[test]
    fn every_kind_round_trips_through_text_and_json() {
        let samples = [
            (FieldKind::Text, "a,\"b\" c"),
            (FieldKind::Integer, "-42"),
            (FieldKind::Decimal, "1234.5600"),
            (FieldKind::Money, "-12.50 EUR"),
            (FieldKind::Boolean, "true"),
            (FieldKind::Date, "2026-02-28"),
            (FieldKind::Timestamp, "2026-02-28T12:00:00.123456Z"),
            (FieldKind::MultipleChoice, "a; b"),
            (FieldKind::Email, "ann@example.org"),
            (FieldKind::Url, "https://example.org/a?b=c"),
            (FieldKind::Phone, "+442079460958"),
            (FieldKind::GeoPoint, "31.95376472, -89.23450472"),
            (FieldKind::Json, "{\"a\":[1,\"x\",null]}"),
            (FieldKind::SensitiveText, "DE89 3704 0044"),
        ];
        for (kind, text) in samples {
            let value = Value::from_text(kind, text).unwrap();
            assert_eq!(value.to_text(), text, "{kind}");
            assert_eq!(Value::from_json(kind, &value.to_json()).unwrap(), value, "{kind}");
        }
    }

    #[test]
    fn debug_never_shows_a_sensitive_text() {
        let value = Value::Sensitive("secret".into());
        assert!(!format!("{value:?}").contains("secret"));
    }

    #[test]
    fn nul_is_refused_everywhere() {
        for kind in [
            FieldKind::Text,
            FieldKind::LongText,
            FieldKind::Choice,
            FieldKind::SensitiveText,
        ] {
            assert_eq!(
                Value::from_json(kind, &json!("a\0b")).unwrap_err(),
                ValueError::Nul
            );
        }
        assert_eq!(
            Value::from_json(FieldKind::Json, &json!({"a": "\0"})).unwrap_err(),
            ValueError::Nul
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC{0,40}") {
            for kind in FieldKind::ALL {
                if let Ok(value) = Value::from_text(kind, &text) {
                    prop_assert_eq!(Value::from_text(kind, &value.to_text()).unwrap(), value);
                }
            }
        }
    }
}
