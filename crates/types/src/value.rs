//! A value: what one field of one record holds.
//!
//! Invariants: money and decimals are never floats; a value that exists has passed its kind's own checks
//! (the field's rules are [`crate::rule`]'s). Text carries no NUL, which PostgreSQL cannot store.

mod json;
mod text;

use crate::{AttachmentId, FieldKind, RecordId, currency::Currency};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

/// What one field of one record holds.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Empty,
    /// Text, long text, a choice, an e-mail address, a URL, a phone number.
    Text(String),
    /// An integer or an auto number.
    Integer(i64),
    /// A decimal.
    Decimal(Decimal),
    /// An amount of money.
    Money(Decimal, Currency),
    /// True or false.
    Boolean(bool),
    /// A calendar day.
    Date(Date),
    /// An instant, whole microseconds.
    Timestamp(Timestamp),
    /// Several choices, sorted, none twice.
    Choices(Vec<String>),
    /// A record of another dataset.
    Reference(RecordId),
    /// Latitude and longitude in degrees.
    Point(Decimal, Decimal),
    /// A stored file.
    Attachment(AttachmentId),
    /// Any JSON.
    Json(serde_json::Value),
    /// Sensitive text in the clear. It lives in memory only, and `Debug` does not show it.
    Sensitive(String),
    /// A sensitive text that is there but not shown to this reader.
    Masked,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sensitive(_) => f.write_str("Sensitive(..)"),
            Self::Masked => f.write_str("Masked"),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

impl Value {
    /// True for [`Value::Empty`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Why a value was refused. `Display` is a sentence for people; [`ValueError::code`] is for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The JSON has another type.
    #[error("expected {expected}")]
    WrongType {
        /// What would be right, in words.
        expected: &'static str,
    },
    /// The text is not of this kind.
    #[error("not {expected}")]
    Malformed {
        /// What would be right, in words.
        expected: &'static str,
    },
    /// A number that the kind cannot hold.
    #[error("out of range: {bound}")]
    OutOfRange {
        /// The bound, in words.
        bound: String,
    },
    /// Too many characters, bytes or levels.
    #[error("too long: at most {max} {unit}")]
    TooLong {
        /// The bound.
        max: usize,
        /// Of what.
        unit: &'static str,
    },
    /// Too few characters.
    #[error("too short: at least {min} characters")]
    TooShort {
        /// The bound.
        min: usize,
    },
    /// Not in the list.
    #[error("not one of the choices; choose from: {choices}")]
    NotAChoice {
        /// The first choices, joined.
        choices: String,
    },
    /// A required field without a value.
    #[error("a value is required")]
    Required,
    /// The text does not match the field's pattern.
    #[error("does not match the pattern {pattern}")]
    Pattern {
        /// The regular expression.
        pattern: String,
    },
    /// A payment card number (see [`crate::card`]).
    #[error(
        "looks like a payment card number, which Strongroom never stores; remove it or keep its last four digits only"
    )]
    CardNumber,
    /// The NUL character.
    #[error("contains the NUL character; remove it")]
    Nul,
    /// The platform sets this field itself.
    #[error("is set by the platform; leave it out")]
    ReadOnly,
    /// Another record has the value already.
    #[error("another record has this value already")]
    NotUnique,
    /// The record it points to does not exist.
    #[error("the record it refers to does not exist")]
    Dangling,
}

impl ValueError {
    /// The stable code of `errors[].code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongType { .. } => "wrong-type",
            Self::Malformed { .. } => "malformed",
            Self::OutOfRange { .. } => "out-of-range",
            Self::TooLong { .. } => "too-long",
            Self::TooShort { .. } => "too-short",
            Self::NotAChoice { .. } => "not-a-choice",
            Self::Required => "required",
            Self::Pattern { .. } => "pattern",
            Self::CardNumber => "card-number",
            Self::Nul => "nul",
            Self::ReadOnly => "read-only",
            Self::NotUnique => "not-unique",
            Self::Dangling => "dangling-reference",
        }
    }
}

/// Most characters of a [`FieldKind::Text`].
pub const TEXT_MAX: usize = 1_000;
/// Most characters of a [`FieldKind::LongText`].
pub const LONG_TEXT_MAX: usize = 100_000;
/// Most bytes of a [`FieldKind::Json`].
pub const JSON_MAX: usize = 65_536;
/// Most levels of a [`FieldKind::Json`].
pub const JSON_DEPTH_MAX: usize = 32;

fn check_text(kind: FieldKind, text: &str) -> Result<(), ValueError> {
    let max = if kind == FieldKind::LongText {
        LONG_TEXT_MAX
    } else {
        TEXT_MAX
    };
    if text.contains('\0') {
        return Err(ValueError::Nul);
    }
    if text.len() > max && text.chars().count() > max {
        return Err(ValueError::TooLong {
            max,
            unit: "characters",
        });
    }
    Ok(())
}

fn check_degrees(latitude: Decimal, longitude: Decimal) -> Result<Value, ValueError> {
    let within = |value: Decimal, bound: i64| value.abs() <= Decimal::from(bound);
    if !within(latitude, 90) || !within(longitude, 180) {
        return Err(ValueError::OutOfRange {
            bound: "latitude -90 to 90, longitude -180 to 180".into(),
        });
    }
    Ok(Value::Point(latitude, longitude))
}

fn check_instant(instant: Timestamp) -> Result<Value, ValueError> {
    Timestamp::from_microsecond(instant.as_microsecond())
        .map(Value::Timestamp)
        .map_err(|_| ValueError::OutOfRange {
            bound: "years -9999 to 9999".into(),
        })
}

fn choices(mut names: Vec<String>) -> Value {
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    if names.is_empty() {
        Value::Empty
    } else {
        Value::Choices(names)
    }
}
