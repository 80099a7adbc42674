//! Values, numbers and times in words.
//!
//! Invariant: a masked value becomes a masked cell, whatever it is shown in.

use crate::view::{CellKind, Moment, TableCell};
use jiff::Timestamp;
use platform::list::{Count, Counting};
use types::{Dataset, Field, FieldKind, Record, Value};

/// Longest text of a table's cell, in characters.
const CELL_MAX: usize = 120;

/// How much of a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// As much as a table's cell holds.
    Cell,
    /// All of it.
    Whole,
}

/// A point in time; the console speaks UTC.
pub(crate) fn moment(at: Timestamp) -> Moment {
    Moment {
        text: at.strftime("%-d %b %Y, %H:%M UTC").to_string(),
        iso: at.to_string(),
    }
}

/// The day alone, where the hour is of no interest.
pub(crate) fn day(at: Timestamp) -> Moment {
    Moment {
        text: at.strftime("%-d %b %Y").to_string(),
        iso: at.to_string(),
    }
}

/// The same to the second, for what happened one after the other.
pub(crate) fn exact_moment(at: Timestamp) -> Moment {
    Moment {
        text: at.strftime("%-d %b %Y, %H:%M:%S UTC").to_string(),
        iso: at.to_string(),
    }
}

/// A whole number with its thousands parted.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", group_digits(&digits))
}

fn group_digits(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How far pages count by themselves: a dataset may have millions, and a page is opened many times a day.
pub(crate) const COUNTED: Counting = Counting::UpTo(10_000);

/// `7,043`, or `10,000+` where counting stopped.
pub(crate) fn counted(count: Count) -> String {
    match count {
        Count::Exactly(number) => grouped(number),
        Count::MoreThan(number) => format!("{}+", grouped(number)),
    }
}

/// `1 record`, `10,000+ records`.
pub(crate) fn plural_of(count: Count, one: &str, many: &str) -> String {
    match count {
        Count::Exactly(number) => plural(number, one, many),
        Count::MoreThan(_) => format!("{} {many}", counted(count)),
    }
}

/// `812 bytes`, `1.4 kB`, `23 MB`: a size as people compare it.
pub(crate) fn size(bytes: i64) -> String {
    let mut scaled = bytes.max(0);
    let mut tenths = 0;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if scaled < 1_000 || unit == "GB" {
            return match tenths {
                tenths if unit != "bytes" && scaled < 10 => format!("{scaled}.{tenths} {unit}"),
                _ => format!("{} {unit}", grouped(scaled)),
            };
        }
        tenths = scaled % 1_000 / 100;
        scaled /= 1_000;
    }
    grouped(bytes)
}

/// `1 record`, `7,043 records`.
pub(crate) fn plural(number: i64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", grouped(number))
}

/// A message of the platform as a sentence: a capital and a period.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let head: String = characters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{head}{}{end}", characters.as_str())
}

/// A text that fits, with an ellipsis where it was cut.
pub(crate) fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let head: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

/// A value as a cell.
pub(crate) fn cell(kind: FieldKind, value: &Value, extent: Extent) -> TableCell {
    let text = match extent {
        Extent::Cell => shortened(&value.to_text().replace(['\r', '\n'], " "), CELL_MAX),
        Extent::Whole => value.to_text(),
    };
    match value {
        Value::Empty => TableCell::empty(),
        Value::Masked | Value::Sensitive(_) => TableCell::masked(),
        Value::Integer(_) | Value::Decimal(_) => TableCell::new(text, CellKind::Number),
        Value::Money(amount, currency) => {
            let amount = amount.to_string();
            let (whole, cents) = amount.split_once('.').unwrap_or((&amount, ""));
            let (sign, digits) = whole.split_at(whole.len() - whole.trim_start_matches('-').len());
            let point = if cents.is_empty() { "" } else { "." };
            let shown = format!("{sign}{}{point}{cents} {currency}", group_digits(digits));
            TableCell::new(shown, CellKind::Money)
        }
        Value::Boolean(_) => TableCell::new(text, CellKind::Boolean),
        Value::Date(_) => TableCell::new(text, CellKind::Date),
        Value::Timestamp(at) => TableCell::new(moment(*at).text, CellKind::Date),
        Value::Text(_) if kind == FieldKind::Choice => TableCell::new(text, CellKind::Tag),
        Value::Text(address) if kind == FieldKind::Url && extent == Extent::Whole && is_web(address) => {
            TableCell::new(
                text,
                CellKind::Link {
                    href: address.clone(),
                },
            )
        }
        Value::Json(_) | Value::Reference(_) | Value::Attachment(_) => TableCell::new(text, CellKind::Code),
        Value::Text(_) | Value::Choices(_) | Value::Point(..) => TableCell::new(text, CellKind::Text),
    }
}

fn is_web(address: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        address
            .get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    })
}

/// A value in the clear, for the one page that reveals it.
pub(crate) fn revealed(value: &Value) -> TableCell {
    match value {
        Value::Empty => TableCell::empty(),
        other => TableCell::new(other.to_text(), CellKind::Text),
    }
}

/// What a record is called: its first text, else the first value at hand.
pub(crate) fn title(dataset: &Dataset, record: &Record) -> String {
    let pairs = || dataset.fields.iter().zip(&record.values);
    let shown = |(_, value): &(&Field, &Value)| !matches!(value, Value::Empty | Value::Masked);
    let text = pairs()
        .filter(shown)
        .find(|(field, _)| field.kind.is_text() && field.kind != FieldKind::Choice);
    let text = text.or_else(|| pairs().find(shown));
    match text {
        Some((_, value)) => shortened(value.to_text().lines().next().unwrap_or_default(), 80),
        None => format!("Record {}", &record.id.to_string()[..8]),
    }
}

/// A kind of field as people read it.
pub(crate) fn kind_label(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "Text",
        FieldKind::LongText => "Long text",
        FieldKind::Integer => "Whole number",
        FieldKind::Decimal => "Decimal number",
        FieldKind::Money => "Money",
        FieldKind::Boolean => "Yes or no",
        FieldKind::Date => "Date",
        FieldKind::Timestamp => "Date and time",
        FieldKind::Choice => "Choice",
        FieldKind::MultipleChoice => "Multiple choice",
        FieldKind::Email => "E-mail address",
        FieldKind::Url => "Web address",
        FieldKind::Phone => "Telephone number",
        FieldKind::Reference => "Reference to a record",
        FieldKind::GeoPoint => "Point on the map",
        FieldKind::Attachment => "File",
        FieldKind::Json => "JSON",
        FieldKind::SensitiveText => "Sensitive text",
        FieldKind::AutoNumber => "Automatic number",
    }
}

/// A browser or program in words, for example `Firefox on Linux`.
pub(crate) fn device(text: &str) -> String {
    platform::access_log::device_type(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parted_at_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(plural(1, "record", "records"), "1 record");
        assert_eq!(
            plural_of(Count::MoreThan(10_000), "record", "records"),
            "10,000+ records"
        );
    }

    #[test]
    fn a_size_has_two_digits_or_more() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_449, "1.4 kB"),
            (23_900_000, "23 MB"),
            (4_000_000_000_000, "4,000 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn money_keeps_its_digits() {
        let value = Value::from_text(FieldKind::Money, "-1234567.50 EUR").unwrap();
        let shown = cell(FieldKind::Money, &value, Extent::Cell);
        assert_eq!(shown, TableCell::new("-1,234,567.50 EUR", CellKind::Money));
    }

    #[test]
    fn a_sensitive_value_is_masked_even_in_the_clear() {
        let value = Value::Sensitive("secret".into());
        for extent in [Extent::Cell, Extent::Whole] {
            assert_eq!(
                cell(FieldKind::SensitiveText, &value, extent),
                TableCell::masked()
            );
        }
    }

    #[test]
    fn only_web_addresses_become_links() {
        let kind = |text: &str| cell(FieldKind::Url, &Value::Text(text.into()), Extent::Whole).kind;
        assert!(matches!(kind("https://a.example/"), CellKind::Link { .. }));
        assert_eq!(kind("javascript:alert(1)"), CellKind::Text);
    }

    #[test]
    fn a_device_is_named_by_browser_and_system() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(device(firefox), "Firefox on Linux");
        assert_eq!(device(""), "unknown");
    }
}
