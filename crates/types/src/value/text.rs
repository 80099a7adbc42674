//! Values from and to text: form inputs, CSV cells, filter values of an address.
//!
//! Round trip: `Value::from_text(kind, &value.to_text())` is the value again, for every kind.

use super::{Value, ValueError, check_degrees, check_instant, check_text, choices};
use crate::{AttachmentId, EmailAddress, FieldKind, RecordId, currency::Currency};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use std::str::FromStr;

impl Value {
    /// Reads a text as a value of `kind`. The empty text is [`Value::Empty`].
    ///
    /// # Errors
    /// What the text should have been.
    pub fn from_text(kind: FieldKind, text: &str) -> Result<Self, ValueError> {
        if text.is_empty() {
            return Ok(Self::Empty);
        }
        check_text(
            if kind == FieldKind::Json {
                FieldKind::LongText
            } else {
                kind
            },
            text,
        )?;
        match kind {
            FieldKind::Text | FieldKind::LongText | FieldKind::Choice => Ok(Self::Text(text.to_owned())),
            FieldKind::SensitiveText => Ok(Self::Sensitive(text.to_owned())),
            FieldKind::Integer | FieldKind::AutoNumber => {
                text.trim()
                    .parse()
                    .map(Self::Integer)
                    .map_err(|_| ValueError::Malformed {
                        expected: "a whole number",
                    })
            }
            FieldKind::Decimal => parse_decimal(text).map(Self::Decimal),
            FieldKind::Money => parse_money(text),
            FieldKind::Boolean => parse_boolean(text),
            FieldKind::Date => parse_date(text),
            FieldKind::Timestamp => parse_timestamp(text),
            FieldKind::MultipleChoice => Ok(choices(
                text.split(';').map(|name| name.trim().to_owned()).collect(),
            )),
            FieldKind::Email => parse_email(text),
            FieldKind::Url => parse_url(text),
            FieldKind::Phone => parse_phone(text),
            FieldKind::Reference => parse_id(text, RecordId::from_str).map(Self::Reference),
            FieldKind::Attachment => parse_id(text, AttachmentId::from_str).map(Self::Attachment),
            FieldKind::GeoPoint => parse_point(text),
            FieldKind::Json => {
                let json = serde_json::from_str(text).map_err(|_| ValueError::Malformed {
                    expected: "valid JSON",
                })?;
                Self::from_json(kind, &json)
            }
        }
    }

    /// The value as text; [`Value::Empty`] is the empty text and a masked value dots.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Sensitive(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Money(amount, currency) => format!("{amount} {currency}"),
            Self::Boolean(truth) => truth.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Timestamp(instant) => instant.to_string(),
            Self::Choices(names) => names.join("; "),
            Self::Reference(id) => id.to_string(),
            Self::Attachment(id) => id.to_string(),
            Self::Point(latitude, longitude) => format!("{latitude}, {longitude}"),
            Self::Json(json) => json.to_string(),
            Self::Masked => "••••••".into(),
        }
    }
}

pub(super) fn parse_decimal(text: &str) -> Result<Decimal, ValueError> {
    let malformed = ValueError::Malformed {
        expected: "a decimal number such as 1234.56",
    };
    let text = text.trim();
    let shape = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    if !text.chars().all(shape) || !text.contains(|c: char| c.is_ascii_digit()) {
        return Err(malformed);
    }
    Decimal::from_str_exact(text).map_err(|error| match error {
        rust_decimal::Error::ExceedsMaximumPossibleValue
        | rust_decimal::Error::LessThanMinimumPossibleValue
        | rust_decimal::Error::Underflow
        | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => ValueError::OutOfRange {
            bound: "at most 28 digits".into(),
        },
        rust_decimal::Error::ErrorString(_) | rust_decimal::Error::ConversionTo(_) => malformed,
    })
}

fn parse_money(text: &str) -> Result<Value, ValueError> {
    let malformed = ValueError::Malformed {
        expected: "an amount and a currency such as 12.50 EUR",
    };
    let (amount, code) = text.trim().rsplit_once(' ').ok_or(malformed)?;
    let currency = Currency::parse(code.trim()).ok_or(ValueError::Malformed {
        expected: "an ISO 4217 currency code",
    })?;
    Ok(Value::Money(parse_decimal(amount)?, currency))
}

fn parse_boolean(text: &str) -> Result<Value, ValueError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "1" | "on" => Ok(Value::Boolean(true)),
        "false" | "no" | "n" | "f" | "0" | "off" => Ok(Value::Boolean(false)),
        _ => Err(ValueError::Malformed {
            expected: "true or false",
        }),
    }
}

pub(super) fn parse_date(text: &str) -> Result<Value, ValueError> {
    let text = text.trim();
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = shape.then(|| Date::from_str(text).ok()).flatten();
    date.map(Value::Date).ok_or(ValueError::Malformed {
        expected: "a date such as 2026-03-31",
    })
}

pub(super) fn parse_timestamp(text: &str) -> Result<Value, ValueError> {
    let malformed = ValueError::Malformed {
        expected: "an instant such as 2026-03-31T12:00:00Z",
    };
    let text = text.trim();
    if let Ok(instant) = Timestamp::from_str(text) {
        return check_instant(instant);
    }
    let local = jiff::civil::DateTime::from_str(text).map_err(|_| malformed.clone())?;
    if text.len() <= 10 {
        return Err(malformed);
    }
    let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| malformed)?;
    check_instant(zoned.timestamp())
}

pub(super) fn parse_email(text: &str) -> Result<Value, ValueError> {
    EmailAddress::from_str(text.trim())
        .map(|_| Value::Text(text.trim().to_owned()))
        .map_err(|_| ValueError::Malformed {
            expected: "an e-mail address",
        })
}

pub(super) fn parse_url(text: &str) -> Result<Value, ValueError> {
    let malformed = ValueError::Malformed {
        expected: "an http or https address",
    };
    let parsed = url::Url::parse(text.trim()).map_err(|_| malformed.clone())?;
    let ok =
        matches!(parsed.scheme(), "http" | "https") && parsed.host().is_some() && parsed.password().is_none();
    if ok {
        Ok(Value::Text(text.trim().to_owned()))
    } else {
        Err(malformed)
    }
}

pub(super) fn parse_phone(text: &str) -> Result<Value, ValueError> {
    let malformed = ValueError::Malformed {
        expected: "a phone number such as +44 20 7946 0958",
    };
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/'))
        .collect();
    let number = digits.strip_prefix('+').ok_or_else(|| malformed.clone())?;
    if (7..=15).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) {
        Ok(Value::Text(digits))
    } else {
        Err(malformed)
    }
}

pub(super) fn parse_id<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, ValueError> {
    parse(text.trim()).map_err(|_| ValueError::Malformed { expected: "an id" })
}

fn parse_point(text: &str) -> Result<Value, ValueError> {
    let malformed = ValueError::Malformed {
        expected: "latitude, longitude",
    };
    let (latitude, longitude) = text.split_once(',').ok_or(malformed)?;
    check_degrees(parse_decimal(latitude)?, parse_decimal(longitude)?)
}
