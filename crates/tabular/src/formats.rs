//! How a column writes its values: what stands between a cell and its field.

use crate::{DateFormat, NumberFormat};
use serde::{Deserialize, Serialize};
use types::currency::Currency;

/// What happens to blanks around a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whitespace {
    /// They go; a cell of nothing but blanks is empty. Right for files from elsewhere.
    #[default]
    Trim,
    /// They stay in text kinds. Right for our own exports, which come back exactly.
    Keep,
}

/// How a column writes its values. The default reads what Strongroom exports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Formats {
    /// Dates, and the date part of timestamps.
    pub date: DateFormat,
    /// Numbers and amounts.
    pub number: NumberFormat,
    /// The currency of amounts that name none, or only a sign.
    #[serde(with = "currency_code", skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Blanks around texts.
    pub whitespace: Whitespace,
}

mod currency_code {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use types::currency::Currency;

    pub(super) fn serialize<S: Serializer>(currency: &Option<Currency>, to: S) -> Result<S::Ok, S::Error> {
        currency.as_ref().map(Currency::as_str).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Currency>, D::Error> {
        let Some(code) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let unknown = || D::Error::custom("unknown ISO 4217 currency code");
        Currency::parse(&code).map(Some).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_survive_the_job_row() {
        let formats = Formats {
            currency: Currency::parse("EUR"),
            number: NumberFormat::Comma,
            ..Formats::default()
        };
        let json = serde_json::to_string(&formats).unwrap();
        assert_eq!(serde_json::from_str::<Formats>(&json).unwrap(), formats);
        assert_eq!(serde_json::from_str::<Formats>("{}").unwrap(), Formats::default());
        assert!(serde_json::from_str::<Formats>("{\"currency\":\"EURO\"}").is_err());
    }
}
