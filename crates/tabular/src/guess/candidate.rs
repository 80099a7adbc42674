//! The tests that a value takes: is it a whole number, a date in this order, an e-mail address?

use crate::number::split_currency;
use crate::{DateFormat, NumberFormat};
use rust_decimal::Decimal;
use types::{FieldKind, Value};

/// Something that every value of a column may turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Candidate {
    Whole,
    Number(NumberFormat),
    Money(NumberFormat),
    Date(DateFormat),
    Instant(DateFormat),
    Shape(FieldKind),
}

const SHAPES: [FieldKind; 5] = [
    FieldKind::Email,
    FieldKind::Url,
    FieldKind::Phone,
    FieldKind::GeoPoint,
    FieldKind::Json,
];

impl Candidate {
    pub(super) fn all() -> Vec<Self> {
        let formats = [NumberFormat::Point, NumberFormat::Comma];
        let numbers = formats
            .into_iter()
            .flat_map(|format| [Self::Number(format), Self::Money(format)]);
        let dates = DateFormat::ALL
            .into_iter()
            .flat_map(|format| [Self::Date(format), Self::Instant(format)]);
        std::iter::once(Self::Whole)
            .chain(numbers)
            .chain(dates)
            .chain(SHAPES.map(Self::Shape))
            .collect()
    }

    /// True when the value, without blanks around it, is one without losing anything.
    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Self::Whole => whole(text).is_some(),
            Self::Number(format) => number(text, format).is_some(),
            Self::Money(format) => match split_currency(text) {
                (Some(_), amount) => number(&amount, format).is_some(),
                (None, _) => false,
            },
            Self::Date(format) => format.parse(text).is_some(),
            Self::Instant(format) => is_instant(text, format),
            Self::Shape(kind) => has_shape(kind, text),
        }
    }

    /// The plural for evidence.
    pub(super) fn plural(self) -> String {
        match self {
            Self::Whole => "whole numbers".into(),
            Self::Number(format) => format!("numbers written like {}", format.example()),
            Self::Money(format) => format!("amounts with a currency, written like {}", format.example()),
            Self::Date(format) => format!("dates written {format}"),
            Self::Instant(format) => {
                format!("instants written {format} with a time of day, UTC where none is named")
            }
            Self::Shape(FieldKind::Email) => "e-mail addresses".into(),
            Self::Shape(FieldKind::Url) => "web addresses".into(),
            Self::Shape(FieldKind::Phone) => "international phone numbers".into(),
            Self::Shape(FieldKind::GeoPoint) => "points of latitude and longitude".into(),
            Self::Shape(FieldKind::Json) => "JSON objects or lists".into(),
            Self::Shape(kind) => kind.to_string(),
        }
    }
}

/// A whole number of 64 bits that looks the same when it is written again.
pub(super) fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let same = plain && !has_leading_zero(digits);
    same.then(|| text.parse().ok()).flatten()
}

/// A decimal of at most 28 digits without a leading zero that would be lost.
pub(super) fn number(text: &str, format: NumberFormat) -> Option<Decimal> {
    if text.starts_with('+') || text.len() > 48 || has_leading_zero(text.strip_prefix('-').unwrap_or(text)) {
        return None;
    }
    let canonical = format.canonical(text)?;
    let digits = canonical.bytes().filter(u8::is_ascii_digit).count();
    (digits <= 28)
        .then(|| Decimal::from_str_exact(&canonical).ok())
        .flatten()
}

/// `007`, but not `0` or `0.7`.
pub(super) fn has_leading_zero(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0', second, ..] if second.is_ascii_digit())
}

fn is_instant(text: &str, format: DateFormat) -> bool {
    text.len() > 10
        && format
            .instant(text)
            .is_some_and(|iso| Value::from_text(FieldKind::Timestamp, &iso).is_ok())
}

fn has_shape(kind: FieldKind, text: &str) -> bool {
    let looks_right = match kind {
        FieldKind::Email => text.contains('@'),
        FieldKind::Url => text.starts_with("http"),
        FieldKind::Phone => text.starts_with('+'),
        FieldKind::GeoPoint => text
            .split_once(',')
            .is_some_and(|(latitude, longitude)| latitude.contains('.') && longitude.contains('.')),
        FieldKind::Json => text.starts_with(['{', '[']),
        _ => false,
    };
    looks_right && Value::from_text(kind, text).is_ok()
}
