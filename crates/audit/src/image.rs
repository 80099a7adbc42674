//! An image: the values of one record after an act, as they are committed to and sealed.
//!
//! Invariants: field 0 is the record's state and no field's id; typed values that CBOR alone would not tell
//! apart are arrays that begin with a frozen number; there are no floats. See `vectors/image.json`.

mod decode;
mod glance;

use crate::cbor::{Integer, Writer};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Where the record is in its life. Stands in the image as field 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordState {
    /// Found by everyone who may read it.
    Live,
    /// In the trash, and can be restored.
    Trashed,
    /// Gone; the image has no values.
    Purged,
}

impl RecordState {
    fn number(self) -> u64 {
        match self {
            Self::Live => 0,
            Self::Trashed => 1,
            Self::Purged => 2,
        }
    }
}

/// A number as `mantissa * 10^exponent`. Written as given: 1.50 and 1.5 are two images, as they are two numerics
/// to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// The digits.
    pub mantissa: i128,
    /// The power of ten, negative for digits after the point.
    pub exponent: i32,
}

/// The value of one field.
#[derive(Clone, PartialEq, Eq)]
pub enum ImageValue {
    /// Nothing.
    Null,
    /// Text of any text-like field, sensitive text included (the image is sealed as a whole).
    Text(String),
    /// An integer or auto number.
    Integer(i64),
    /// A decimal.
    Decimal(Number),
    /// An amount with its ISO 4217 currency.
    Money(Number, String),
    /// True or false.
    Boolean(bool),
    /// A day, `YYYY-MM-DD`.
    Date(String),
    /// An instant in microseconds since 1970, UTC.
    Timestamp(i64),
    /// Several choices, in the order of the value.
    Choices(Vec<String>),
    /// Another record (UUID bytes).
    Reference([u8; 16]),
    /// Latitude and longitude in degrees.
    Point {
        /// Latitude.
        latitude: Number,
        /// Longitude.
        longitude: Number,
    },
    /// A stored file (UUID bytes).
    Attachment([u8; 16]),
    /// JSON as canonical text; what canonical means is the caller's.
    Json(String),
}

/// Images are sealed at rest because they hold sensitive fields, so a log line must not show one.
impl std::fmt::Debug for ImageValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImageValue(..)")
    }
}

/// Numbers of the typed values. Frozen.
mod kind {
    pub(super) const DECIMAL: u64 = 1;
    pub(super) const MONEY: u64 = 2;
    pub(super) const DATE: u64 = 3;
    pub(super) const TIMESTAMP: u64 = 4;
    pub(super) const CHOICES: u64 = 5;
    pub(super) const REFERENCE: u64 = 6;
    pub(super) const POINT: u64 = 7;
    pub(super) const ATTACHMENT: u64 = 8;
    pub(super) const JSON: u64 = 9;
}

/// The values of one record after an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Field 0.
    pub state: RecordState,
    /// Field id to value; a field without a value may be absent or [`ImageValue::Null`], as the caller decides.
    pub fields: BTreeMap<NonZeroU32, ImageValue>,
}

impl Image {
    /// An image without values.
    #[must_use]
    pub fn new(state: RecordState) -> Self {
        Self {
            state,
            fields: BTreeMap::new(),
        }
    }

    /// The bytes that are committed to and sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.map(1 + self.fields.len());
        writer.unsigned(0);
        writer.unsigned(self.state.number());
        for (field, value) in &self.fields {
            writer.unsigned(field.get().into());
            value.write(&mut writer);
        }
        writer.finish()
    }
}

impl ImageValue {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Null => writer.null(),
            Self::Text(text) => writer.text(text),
            Self::Integer(value) => writer.integer(Integer::from(*value)),
            Self::Boolean(value) => writer.bool(*value),
            Self::Decimal(number) => {
                write_head(writer, kind::DECIMAL, 2);
                number.write(writer);
            }
            Self::Money(amount, currency) => {
                write_head(writer, kind::MONEY, 3);
                amount.write(writer);
                writer.text(currency);
            }
            Self::Date(day) => write_text(writer, kind::DATE, day),
            Self::Timestamp(time_us) => {
                write_head(writer, kind::TIMESTAMP, 1);
                writer.integer(Integer::from(*time_us));
            }
            Self::Choices(choices) => {
                write_head(writer, kind::CHOICES, choices.len());
                choices.iter().for_each(|choice| writer.text(choice));
            }
            Self::Reference(id) => write_id(writer, kind::REFERENCE, id),
            Self::Point { latitude, longitude } => {
                write_head(writer, kind::POINT, 4);
                latitude.write(writer);
                longitude.write(writer);
            }
            Self::Attachment(id) => write_id(writer, kind::ATTACHMENT, id),
            Self::Json(text) => write_text(writer, kind::JSON, text),
        }
    }
}

impl Number {
    /// CBOR integers end at 64 bits; a longer mantissa stands as sixteen bytes, two's complement, big-endian,
    /// and only then, so that a number still has one encoding.
    fn write(self, writer: &mut Writer) {
        match Integer::new(self.mantissa) {
            Some(mantissa) => writer.integer(mantissa),
            None => writer.bytes(&self.mantissa.to_be_bytes()),
        }
        writer.integer(Integer::from(i64::from(self.exponent)));
    }
}

fn write_head(writer: &mut Writer, kind: u64, parts: usize) {
    writer.array(1 + parts);
    writer.unsigned(kind);
}

fn write_text(writer: &mut Writer, kind: u64, text: &str) {
    write_head(writer, kind, 1);
    writer.text(text);
}

fn write_id(writer: &mut Writer, kind: u64, id: &[u8; 16]) {
    write_head(writer, kind, 1);
    writer.bytes(id);
}

#[cfg(test)]
mod tests;
