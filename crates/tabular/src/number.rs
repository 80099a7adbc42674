//! How people write numbers and amounts: `1,234.56`, `1.234,56`, `1 234,56`, `€12.50`, `12,50 EUR`.
//!
//! Invariant: thousands marks stand exactly between groups of three digits and are all the same, so that `1,5` never
//! becomes fifteen.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use types::currency::Currency;

/// Which mark parts the fraction. The thousands mark is the other one, a blank or an apostrophe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `1234.56` or `1,234.56`.
    #[default]
    Point,
    /// `1234,56` or `1.234,56`.
    Comma,
}

impl NumberFormat {
    /// An example for people.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Point => "1,234.56",
            Self::Comma => "1.234,56",
        }
    }

    pub(crate) fn mark(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    fn is_thousands(self, c: char) -> bool {
        let other = match self {
            Self::Point => ',',
            Self::Comma => '.',
        };
        c == other || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}')
    }

    /// The number as `-1234.56`; `None` when it is not written this way.
    #[must_use]
    pub fn canonical(self, text: &str) -> Option<Cow<'_, str>> {
        let (sign, unsigned) = split_sign(text);
        let (whole, fraction) = match unsigned.rsplit_once(self.mark()) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if fraction.is_some_and(|fraction| !all_digits(fraction)) {
            return None;
        }
        if all_digits(whole) || (whole.is_empty() && fraction.is_some()) {
            let as_is = self == Self::Point && !matches!(sign, Some('\u{2212}'));
            if as_is || (fraction.is_none() && sign.is_none()) {
                return Some(Cow::Borrowed(text));
            }
            return Some(Cow::Owned(assemble(sign, whole, fraction)));
        }
        let whole = self.without_thousands(whole)?;
        Some(Cow::Owned(assemble(sign, &whole, fraction)))
    }

    /// Groups of three digits, the first of one to three that does not begin with zero, parted by one kind of mark.
    fn without_thousands(self, whole: &str) -> Option<String> {
        let mark = whole.chars().find(|c| !c.is_ascii_digit())?;
        if !self.is_thousands(mark) {
            return None;
        }
        let mut digits = String::with_capacity(whole.len());
        for (place, group) in whole.split(mark).enumerate() {
            let right_length = if place == 0 {
                (1..=3).contains(&group.len()) && !group.starts_with('0')
            } else {
                group.len() == 3
            };
            if !right_length || !group.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            digits.push_str(group);
        }
        Some(digits)
    }
}

fn split_sign(text: &str) -> (Option<char>, &str) {
    match text.chars().next() {
        Some(sign @ ('-' | '+' | '\u{2212}')) => (Some(sign), &text[sign.len_utf8()..]),
        Some(_) | None => (None, text),
    }
}

fn assemble(sign: Option<char>, whole: &str, fraction: Option<&str>) -> String {
    let sign = match sign {
        Some('-' | '\u{2212}') => "-",
        Some(_) | None => "",
    };
    match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    }
}

/// Currency signs and what they may mean, the likeliest first.
const SIGNS: [(&str, &[&str]); 14] = [
    ("€", &["EUR"]),
    (
        "$",
        &[
            "USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "BRL", "XCD", "BBD",
            "BSD", "JMD", "TTD",
        ],
    ),
    ("£", &["GBP", "EGP", "GIP", "FKP", "SHP", "LBP", "SYP"]),
    ("¥", &["JPY", "CNY"]),
    ("₹", &["INR"]),
    ("₩", &["KRW", "KPW"]),
    ("₺", &["TRY"]),
    ("₽", &["RUB"]),
    ("₴", &["UAH"]),
    ("₪", &["ILS"]),
    ("₫", &["VND"]),
    ("₱", &["PHP"]),
    ("฿", &["THB"]),
    ("zł", &["PLN"]),
];

/// What a cell says of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurrencyMark {
    /// A sign that one or several currencies use, the likeliest first.
    Sign(&'static [&'static str]),
    /// An ISO 4217 code.
    Code(Currency),
}

impl CurrencyMark {
    /// The currency meant, given the one that the column is in.
    /// `None` when the sign cannot mean the column's currency.
    #[must_use]
    pub fn resolve(self, column: Option<Currency>) -> Option<Currency> {
        match (self, column) {
            (Self::Code(code), _) => Some(code),
            (Self::Sign(codes), Some(column)) => codes.contains(&column.as_str()).then_some(column),
            (Self::Sign(codes), None) => codes.first().and_then(|code| Currency::parse(code)),
        }
    }
}

/// Parts an amount into its currency and its number: `€-12`, `-€12`, `12,50 EUR`, `EUR 12.50`, `$12`.
#[must_use]
pub fn split_currency(text: &str) -> (Option<CurrencyMark>, Cow<'_, str>) {
    let text = text.trim();
    if let Some((mark, number)) = leading_mark(text).or_else(|| trailing_mark(text)) {
        return (Some(mark), Cow::Borrowed(number.trim()));
    }
    if let Some((mark, number)) = text.strip_prefix('-').and_then(leading_mark) {
        return (Some(mark), Cow::Owned(format!("-{}", number.trim())));
    }
    (None, Cow::Borrowed(text))
}

fn leading_mark(text: &str) -> Option<(CurrencyMark, &str)> {
    if let Some((code, number)) = text.split_at_checked(3)
        && let Some(currency) = Currency::parse(code)
    {
        return Some((CurrencyMark::Code(currency), number));
    }
    SIGNS.iter().find_map(|(sign, codes)| {
        text.strip_prefix(sign)
            .map(|number| (CurrencyMark::Sign(codes), number))
    })
}

fn trailing_mark(text: &str) -> Option<(CurrencyMark, &str)> {
    if let Some((number, code)) = text.split_at_checked(text.len().saturating_sub(3))
        && let Some(currency) = Currency::parse(code)
    {
        return Some((CurrencyMark::Code(currency), number));
    }
    SIGNS.iter().find_map(|(sign, codes)| {
        text.strip_suffix(sign)
            .map(|number| (CurrencyMark::Sign(codes), number))
    })
}

/// The currency that a header names by sign or code: `Cost Total $`, `Amount (EUR)`.
#[must_use]
pub fn currency_of_header(header: &str) -> Option<Currency> {
    let sign = SIGNS.iter().find(|(sign, _)| header.contains(sign));
    let by_sign = sign
        .and_then(|(_, codes)| codes.first())
        .and_then(|code| Currency::parse(code));
    by_sign.or_else(|| {
        header
            .split(|c: char| !c.is_ascii_alphanumeric())
            .find_map(Currency::parse)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ways_of_writing_numbers_are_read() {
        for (format, text, number) in [
            (NumberFormat::Point, "1234.56", "1234.56"),
            (NumberFormat::Point, "1,234.56", "1234.56"),
            (NumberFormat::Point, "-1,234,567", "-1234567"),
            (NumberFormat::Point, "1 234.5", "1234.5"),
            (NumberFormat::Point, "1'234.5", "1234.5"),
            (NumberFormat::Point, "\u{2212}5", "-5"),
            (NumberFormat::Comma, "1.234,56", "1234.56"),
            (NumberFormat::Comma, "-0,5", "-0.5"),
            (NumberFormat::Comma, "1.234", "1234"),
            (NumberFormat::Comma, "12\u{a0}345,6", "12345.6"),
        ] {
            assert_eq!(format.canonical(text).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn misplaced_thousands_are_no_number() {
        for text in [
            "1,5",
            "1,2345",
            "1234,567",
            "0,123",
            "1,234 567",
            ",123",
            "1,,234",
            "1.",
            "",
            "-",
            ".",
            "1.2.3",
            "a",
        ] {
            assert_eq!(NumberFormat::Point.canonical(text), None, "{text}");
        }
    }

    #[test]
    fn currencies_are_found_on_either_side() {
        let eur = Currency::parse("EUR");
        for text in ["12.50 EUR", "EUR 12.50", "€12.50", "12.50 €", "€ 12.50"] {
            let (mark, number) = split_currency(text);
            assert_eq!(mark.unwrap().resolve(None), eur, "{text}");
            assert_eq!(number, "12.50", "{text}");
        }
        assert_eq!(split_currency("-$5").1, "-5");
        assert_eq!(split_currency("12.50"), (None, "12.50".into()));
        let dollar = split_currency("$5").0.unwrap();
        assert_eq!(dollar.resolve(Currency::parse("CAD")), Currency::parse("CAD"));
        assert_eq!(dollar.resolve(eur), None);
        assert_eq!(currency_of_header("Cost Total $"), Currency::parse("USD"));
        assert_eq!(currency_of_header("Amount (EUR)"), eur);
        assert_eq!(currency_of_header("amount"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-0-9.,' €$]{0,9}|\\PC{0,9}") {
            let _ = split_currency(&text);
            for format in [NumberFormat::Point, NumberFormat::Comma] {
                let _ = format.canonical(&text);
            }
        }
    }
}
