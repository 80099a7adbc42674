//! A field: one typed column of a dataset, with its rules.
//!
//! Invariant: [`Field::key`] and [`Field::kind`] agree with the column `f<id>` of the dataset's table; only making a
//! text field sensitive changes a kind.

use crate::{FieldId, FieldKey, id::DatasetId};
use serde::{Deserialize, Serialize};

/// The kinds of field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line, at most 1,000 characters.
    Text,
    /// Many lines, at most 100,000 characters.
    LongText,
    /// A whole number of 64 bits.
    Integer,
    /// An exact decimal of at most 28 digits.
    Decimal,
    /// An exact amount with its ISO 4217 currency.
    Money,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// An instant, to the microsecond, in UTC.
    Timestamp,
    /// One of a list.
    Choice,
    /// Any of a list, without order.
    MultipleChoice,
    /// An e-mail address.
    Email,
    /// An `http` or `https` address.
    Url,
    /// A telephone number in international form (ITU-T E.164), `+` and 7 to 15 digits.
    Phone,
    /// A record of another dataset.
    Reference,
    /// Latitude and longitude in degrees (WGS 84).
    GeoPoint,
    /// A stored file.
    Attachment,
    /// Any JSON, at most 64 KiB and 32 levels.
    Json,
    /// Text under the organization's own key; people see a mask unless their role may reveal it.
    SensitiveText,
    /// A number that the platform counts up.
    AutoNumber,
}

impl FieldKind {
    /// Every kind, in the order in which forms offer them.
    pub const ALL: [Self; 19] = [
        Self::Text,
        Self::LongText,
        Self::Integer,
        Self::Decimal,
        Self::Money,
        Self::Boolean,
        Self::Date,
        Self::Timestamp,
        Self::Choice,
        Self::MultipleChoice,
        Self::Email,
        Self::Url,
        Self::Phone,
        Self::Reference,
        Self::GeoPoint,
        Self::Attachment,
        Self::Json,
        Self::SensitiveText,
        Self::AutoNumber,
    ];

    /// The stable name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Money => "money",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Choice => "choice",
            Self::MultipleChoice => "multiple_choice",
            Self::Email => "email",
            Self::Url => "url",
            Self::Phone => "phone",
            Self::Reference => "reference",
            Self::GeoPoint => "geo_point",
            Self::Attachment => "attachment",
            Self::Json => "json",
            Self::SensitiveText => "sensitive_text",
            Self::AutoNumber => "auto_number",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// True for kinds that hold free text a person types: where a card number could hide and a search looks.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text | Self::LongText | Self::Choice | Self::Email | Self::Url | Self::Phone
        )
    }

    /// True where "smaller than" means something.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Integer
                | Self::Decimal
                | Self::Money
                | Self::Date
                | Self::Timestamp
                | Self::AutoNumber
                | Self::Boolean
                | Self::Choice
                | Self::Email
                | Self::Url
                | Self::Phone
        )
    }

    /// True where sum and average mean something.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Integer | Self::Decimal | Self::Money | Self::AutoNumber
        )
    }
}

impl std::fmt::Display for FieldKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a value must keep to beyond its kind. Bounds are inclusive; numbers are decimals as text, dates ISO 8601.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Smallest number, amount or date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// Greatest number, amount or date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// Fewest characters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_min: Option<u32>,
    /// Most characters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_max: Option<u32>,
    /// A regular expression (syntax of the `regex` crate) that the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The list of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The dataset that a reference points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
}

/// Must a field hold a value?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It may be empty.
    #[default]
    Optional,
    /// It must hold a value.
    Required,
}

/// May two records hold the same value?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uniqueness {
    /// They may.
    #[default]
    Repeatable,
    /// They may not; records in the trash count.
    Unique,
}

/// Does the database keep an index for quick filtering and sorting?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Indexing {
    /// No.
    #[default]
    None,
    /// Yes.
    Indexed,
}

/// One typed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its id; the column is `f<id>`.
    pub id: FieldId,
    /// Its immutable name for programs.
    pub key: FieldKey,
    /// Its name for people, at most 200 characters.
    pub label: String,
    /// Its kind.
    pub kind: FieldKind,
    /// Required or not.
    #[serde(default)]
    pub presence: Presence,
    /// Unique or not.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// Indexed or not.
    #[serde(default)]
    pub indexing: Indexing,
    /// Rules beyond the kind.
    #[serde(default)]
    pub rules: Rules,
    /// The value of a new record that names none, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// A sentence for whoever fills the form, at most 500 characters.
    #[serde(default)]
    pub help: String,
    /// Whoever this definition was narrowed for sees that there is a value, and never which, whatever the kind. Never stored.
    #[serde(skip)]
    pub is_masked: bool,
}

impl Field {
    /// The column that holds the value (of money the amount, of a point the latitude).
    #[must_use]
    pub fn column(&self) -> String {
        self.id.identifier()
    }

    /// The second column where a kind needs two: a currency, a longitude, a blind index.
    #[must_use]
    pub fn column_second(&self) -> Option<String> {
        match self.kind {
            FieldKind::Money => Some(format!("{}_currency", self.column())),
            FieldKind::GeoPoint => Some(format!("{}_longitude", self.column())),
            FieldKind::SensitiveText => Some(format!("{}_blind", self.column())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in FieldKind::ALL {
            assert_eq!(FieldKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(FieldKind::parse("Text"), None);
    }
}
