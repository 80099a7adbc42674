//! From a cell to a checked value of a field.
//!
//! A value that is refused here is refused for the reason that any other way in would give ([`types::rule`]).
//! Start at [`Converter`], made once per column.

use crate::number::split_currency;
use crate::{DateFormat, Formats, Whitespace};
use types::card::carries_card_number;
use types::rule::{check_value, compile_pattern};
use types::{Field, FieldKind, Value, ValueError};

/// Reads the cells of one column.
pub struct Converter {
    /// Without its pattern where that compiles: compiled once, it costs a row nothing.
    field: Field,
    pattern: Option<(regex::Regex, String)>,
    formats: Formats,
}

impl Converter {
    /// For one column that goes into `field`.
    #[must_use]
    pub fn new(field: &Field, formats: Formats) -> Self {
        let mut field = field.clone();
        let compiled = field
            .rules
            .pattern
            .as_deref()
            .and_then(|pattern| compile_pattern(pattern).ok());
        let pattern = compiled.and_then(|regex| field.rules.pattern.take().map(|text| (regex, text)));
        Self {
            field,
            pattern,
            formats,
        }
    }

    /// Reads one cell.
    ///
    /// # Errors
    /// What the cell should have been, or the first rule of the field that it breaks.
    pub fn convert(&self, cell: &str) -> Result<Value, ValueError> {
        let value = self.read(cell)?;
        check_value(&self.field, &value)?;
        if let (Some((regex, pattern)), Value::Text(text) | Value::Sensitive(text)) = (&self.pattern, &value)
            && !regex.is_match(text)
        {
            return Err(ValueError::Pattern {
                pattern: pattern.clone(),
            });
        }
        Ok(value)
    }

    fn read(&self, cell: &str) -> Result<Value, ValueError> {
        let kind = self.field.kind;
        let trimmed = cell.trim();
        match kind {
            FieldKind::Text | FieldKind::LongText | FieldKind::Choice => {
                Value::from_text(kind, self.text(cell))
            }
            FieldKind::SensitiveText => self.sensitive(cell),
            _ if trimmed.is_empty() => Ok(Value::Empty),
            FieldKind::Integer | FieldKind::AutoNumber => self.integer(trimmed),
            FieldKind::Decimal => self.number(trimmed, kind, "a number"),
            FieldKind::Money => self.money(trimmed),
            FieldKind::Date => self.date(trimmed),
            FieldKind::Timestamp => self.instant(trimmed),
            FieldKind::MultipleChoice => {
                Value::from_json(kind, &serde_json::json!(crate::choices::split(trimmed)))
            }
            FieldKind::Boolean
            | FieldKind::Email
            | FieldKind::Url
            | FieldKind::Phone
            | FieldKind::Reference
            | FieldKind::GeoPoint
            | FieldKind::Attachment
            | FieldKind::Json => Value::from_text(kind, trimmed),
        }
    }

    fn text<'a>(&self, cell: &'a str) -> &'a str {
        match self.formats.whitespace {
            Whitespace::Trim => cell.trim(),
            Whitespace::Keep => cell,
        }
    }

    /// The dots of an export by someone who may not reveal the field are not its value.
    fn sensitive(&self, cell: &str) -> Result<Value, ValueError> {
        let text = self.text(cell);
        if text == Value::Masked.to_text() {
            return Err(ValueError::Malformed {
                expected: "a value but the mask of one",
            });
        }
        Value::from_text(FieldKind::SensitiveText, text)
    }

    /// A card number is one without separators too, although the kind is a number.
    fn integer(&self, text: &str) -> Result<Value, ValueError> {
        if carries_card_number(text) {
            return Err(ValueError::CardNumber);
        }
        self.number(text, self.field.kind, "a whole number")
    }

    fn number(&self, text: &str, kind: FieldKind, expected: &'static str) -> Result<Value, ValueError> {
        match self.formats.number.canonical(text) {
            Some(number) => Value::from_text(kind, &number),
            None => Err(ValueError::Malformed { expected }),
        }
    }

    fn money(&self, text: &str) -> Result<Value, ValueError> {
        let (mark, amount) = split_currency(text);
        let currency = match mark {
            Some(mark) => mark.resolve(self.formats.currency),
            None => self.formats.currency,
        };
        let currency = currency.ok_or(ValueError::Malformed {
            expected: "an amount and a currency such as 12.50 EUR",
        })?;
        match self.number(&amount, FieldKind::Decimal, "an amount such as 12.50 EUR")? {
            Value::Decimal(amount) => Ok(Value::Money(amount, currency)),
            other => Ok(other),
        }
    }

    fn date(&self, text: &str) -> Result<Value, ValueError> {
        let expected = match self.formats.date {
            DateFormat::Iso => "a date written YYYY-MM-DD",
            DateFormat::YearSlash => "a date written YYYY/MM/DD",
            DateFormat::DayPoint => "a date written DD.MM.YYYY",
            DateFormat::DaySlash => "a date written DD/MM/YYYY",
            DateFormat::MonthSlash => "a date written MM/DD/YYYY",
            DateFormat::DayHyphen => "a date written DD-MM-YYYY",
            DateFormat::MonthHyphen => "a date written MM-DD-YYYY",
        };
        let date = self.formats.date.parse(text);
        date.map(Value::Date).ok_or(ValueError::Malformed { expected })
    }

    fn instant(&self, text: &str) -> Result<Value, ValueError> {
        match self.formats.date.instant(text) {
            Some(iso) if self.formats.date != DateFormat::Iso => Value::from_text(FieldKind::Timestamp, &iso),
            Some(_) | None => Value::from_text(FieldKind::Timestamp, text),
        }
    }
}

/// Reads one cell for a field; for many cells make a [`Converter`].
///
/// # Errors
/// What the cell should have been, or the first rule of the field that it breaks.
pub fn convert(cell: &str, field: &Field, formats: Formats) -> Result<Value, ValueError> {
    Converter::new(field, formats).convert(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewField, NumberFormat};
    use types::{FieldId, currency::Currency};

    fn field(kind: FieldKind) -> Field {
        NewField::plain("x".parse().unwrap(), "x", kind).with_id(FieldId(1))
    }

    fn text_of(kind: FieldKind, cell: &str, formats: Formats) -> Result<String, &'static str> {
        let value = convert(cell, &field(kind), formats);
        value.map(|value| value.to_text()).map_err(|error| error.code())
    }

    #[test]
    fn cells_become_values_in_the_columns_format() {
        let formats = Formats {
            date: DateFormat::DayPoint,
            number: NumberFormat::Comma,
            currency: Currency::parse("EUR"),
            whitespace: Whitespace::Trim,
        };
        for (kind, cell, text) in [
            (FieldKind::Text, " a ", "a"),
            (FieldKind::Text, "  ", ""),
            (FieldKind::Decimal, " 1.234,50 ", "1234.50"),
            (FieldKind::Decimal, " ", ""),
            (FieldKind::Integer, "1.234", "1234"),
            (FieldKind::Money, "12,5", "12.5 EUR"),
            (FieldKind::Money, "12,5 USD", "12.5 USD"),
            (FieldKind::Money, "€ 12", "12 EUR"),
            (FieldKind::Date, "31.12.2026", "2026-12-31"),
            (FieldKind::Timestamp, "31.12.2026 10:00", "2026-12-31T10:00:00Z"),
            (FieldKind::Boolean, " Yes", "true"),
            (FieldKind::GeoPoint, "1.5, 2.5", "1.5, 2.5"),
        ] {
            assert_eq!(
                text_of(kind, cell, formats).as_deref(),
                Ok(text),
                "{kind} {cell:?}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let euros = Formats {
            currency: Currency::parse("EUR"),
            ..Formats::default()
        };
        for (kind, cell, code) in [
            (FieldKind::Integer, "1.5", "malformed"),
            (FieldKind::Integer, "99999999999999999999", "malformed"),
            (FieldKind::Integer, "4111111111111111", "card-number"),
            (FieldKind::Text, "4111 1111 1111 1111", "card-number"),
            (FieldKind::SensitiveText, "4111111111111111", "card-number"),
            (FieldKind::SensitiveText, "••••••", "malformed"),
            (FieldKind::Money, "$5", "malformed"),
            (FieldKind::Date, "31.12.2026", "malformed"),
            (FieldKind::Choice, "a", "not-a-choice"),
        ] {
            assert_eq!(text_of(kind, cell, euros), Err(code), "{kind} {cell:?}");
        }
        assert_eq!(
            text_of(FieldKind::Money, "5", Formats::default()),
            Err("malformed")
        );
    }

    #[test]
    fn patterns_and_presence_are_checked() {
        let mut strict = field(FieldKind::Text);
        strict.rules.pattern = Some("[A-Z]{2}".into());
        strict.presence = types::field::Presence::Required;
        let converter = Converter::new(&strict, Formats::default());
        assert!(converter.convert("AB").is_ok());
        assert_eq!(converter.convert("ABC").unwrap_err().code(), "pattern");
        assert_eq!(converter.convert(" ").unwrap_err().code(), "required");
        strict.rules.pattern = Some("(".into());
        assert_eq!(
            convert("AB", &strict, Formats::default()).unwrap_err().code(),
            "pattern"
        );
    }

    #[test]
    fn blanks_are_kept_where_an_export_comes_back() {
        let formats = Formats {
            whitespace: Whitespace::Keep,
            ..Formats::default()
        };
        assert_eq!(text_of(FieldKind::Text, " a\n", formats).as_deref(), Ok(" a\n"));
        assert_eq!(text_of(FieldKind::Integer, " 5 ", formats).as_deref(), Ok("5"));
    }
}
