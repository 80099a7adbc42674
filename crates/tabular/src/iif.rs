//! Records out as QuickBooks' Intuit Interchange Format (IIF), for datasets that are ledgers: each record is one balanced
//! transaction of a line TRNS and a line SPL.
//!
//! Invariants: nothing is written for a record that cannot be mapped, and the reason names what is at fault; the amounts of a
//! transaction sum to zero; one file holds one currency, because the format has no place for another. Source: Intuit's "IIF
//! Overview: import kit, sample files, and headers" for QuickBooks Desktop: tab-separated text in Windows-1252, lines that end
//! with CR LF, headers that begin with "!". Start at [`IifExport::new`]; [`read`] is the way back, which checks the rules.

mod reader;

pub use reader::{IifFault, IifTransaction, read};

use encoding_rs::WINDOWS_1252;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use types::{Field, FieldKind, Record, Value};

/// The type of every transaction: an entry of the general journal takes any two accounts.
pub const TRANSACTION_TYPE: &str = "GENERAL JOURNAL";
/// Columns after the first, the same for TRNS and SPL.
pub(crate) const COLUMNS: [&str; 7] = ["TRNSTYPE", "DATE", "ACCNT", "NAME", "AMOUNT", "DOCNUM", "MEMO"];
/// Most characters of one level of an account's name; levels are parted by colons.
pub const ACCOUNT_LEVEL_CHARACTERS_MAX: usize = 31;
/// Most levels of an account.
pub const ACCOUNT_LEVELS_MAX: usize = 5;
/// Most characters of a name.
pub const NAME_CHARACTERS_MAX: usize = 41;
/// Most characters of a document's number.
pub const NUMBER_CHARACTERS_MAX: usize = 11;
/// Most characters of a memo.
pub const MEMO_CHARACTERS_MAX: usize = 4_095;
/// The largest amount that the program takes.
const AMOUNT_MAX: i64 = 9_999_999_999;

/// Which fields of a ledger say what, by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IifMapping {
    /// The day: a date.
    pub date: String,
    /// The account that the amount is posted to: a text or a choice.
    pub account: String,
    /// The account that balances it: a text or a choice.
    pub contra: String,
    /// The amount, positive for a debit: money, a decimal or an integer.
    pub amount: String,
    /// Customer, vendor or employee: a text or a choice.
    #[serde(default)]
    pub name: Option<String>,
    /// The document's number: a text, an integer or an auto number.
    #[serde(default)]
    pub number: Option<String>,
    /// What for: a text.
    #[serde(default)]
    pub memo: Option<String>,
}

/// What is at fault with a mapping or a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IifError {
    /// The mapping names a field that is not there.
    #[error("there is no field {key}")]
    NoField {
        /// The key.
        key: String,
    },
    /// The mapping names a field of a kind that cannot be it.
    #[error("{key} is no {expected}")]
    WrongKind {
        /// The field's key.
        key: String,
        /// What would be right, in words.
        expected: &'static str,
    },
    /// A record has no value where one is needed.
    #[error("{key} is empty")]
    Empty {
        /// The field's key.
        key: String,
    },
    /// A text does not fit the format.
    #[error("{key} {why}")]
    Text {
        /// The field's key.
        key: String,
        /// In words.
        why: &'static str,
    },
    /// A text is too long.
    #[error("{key} has more than {max} characters")]
    TooLong {
        /// The field's key.
        key: String,
        /// Most characters.
        max: usize,
    },
    /// An amount does not fit the format.
    #[error("{key} has more than two decimal places, or more than ten digits before them")]
    Amount {
        /// The field's key.
        key: String,
    },
    /// A file holds one currency.
    #[error(
        "{key} is in {found}, and the file is in {currency}; export one currency at a time, with a filter"
    )]
    Currency {
        /// The field's key.
        key: String,
        /// The record's.
        found: String,
        /// The file's.
        currency: String,
    },
}

/// Where in a record's values each part stands.
struct Places {
    date: usize,
    account: usize,
    contra: usize,
    amount: usize,
    name: Option<usize>,
    number: Option<usize>,
    memo: Option<usize>,
}

/// An export in progress.
pub struct IifExport<W> {
    write: W,
    keys: Vec<String>,
    places: Places,
    currency: Option<String>,
}

const TEXTS: &[FieldKind] = &[FieldKind::Text, FieldKind::LongText, FieldKind::Choice];
const AMOUNTS: &[FieldKind] = &[FieldKind::Money, FieldKind::Decimal, FieldKind::Integer];
const NUMBERS: &[FieldKind] = &[FieldKind::Text, FieldKind::Integer, FieldKind::AutoNumber];

fn place(
    fields: &[Field],
    key: &str,
    kinds: &[FieldKind],
    expected: &'static str,
) -> Result<usize, IifError> {
    let key = key.to_owned();
    let Some(place) = fields.iter().position(|field| field.key.as_str() == key) else {
        return Err(IifError::NoField { key });
    };
    match kinds.contains(&fields[place].kind) {
        true => Ok(place),
        false => Err(IifError::WrongKind { key, expected }),
    }
}

impl Places {
    fn of(fields: &[Field], mapping: &IifMapping) -> Result<Self, IifError> {
        let text = |key: &str| place(fields, key, TEXTS, "text or choice");
        let maybe = |key: Option<&String>| key.map(|key| text(key)).transpose();
        let number = mapping.number.as_ref();
        let number = number.map(|key| place(fields, key, NUMBERS, "text or whole number"));
        Ok(Self {
            date: place(fields, &mapping.date, &[FieldKind::Date], "date")?,
            account: text(&mapping.account)?,
            contra: text(&mapping.contra)?,
            amount: place(fields, &mapping.amount, AMOUNTS, "amount")?,
            name: maybe(mapping.name.as_ref())?,
            number: number.transpose()?,
            memo: maybe(mapping.memo.as_ref())?,
        })
    }
}

impl<W: Write> IifExport<W> {
    /// Writes the headers.
    ///
    /// # Errors
    /// What is at fault with the mapping; when writing fails, in the outer result.
    pub fn new(mut write: W, fields: &[Field], mapping: &IifMapping) -> io::Result<Result<Self, IifError>> {
        let places = match Places::of(fields, mapping) {
            Ok(places) => places,
            Err(error) => return Ok(Err(error)),
        };
        let columns = COLUMNS.join("\t");
        write!(
            write,
            "!TRNS\tTRNSID\t{columns}\r\n!SPL\tSPLID\t{columns}\r\n!ENDTRNS\r\n"
        )?;
        Ok(Ok(Self {
            write,
            keys: fields.iter().map(|field| field.key.to_string()).collect(),
            places,
            currency: None,
        }))
    }

    /// Writes a record as a transaction; nothing of one that cannot be mapped.
    ///
    /// # Errors
    /// What is at fault with the record; when writing fails, in the outer result.
    pub fn record(&mut self, record: &Record) -> io::Result<Result<(), IifError>> {
        match self.transaction(record) {
            Ok(text) => self.write.write_all(&text).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    fn transaction(&mut self, record: &Record) -> Result<Vec<u8>, IifError> {
        let Places {
            date,
            account,
            contra,
            amount,
            name,
            number,
            memo,
        } = self.places;
        let day = match &record.values[date] {
            Value::Date(day) => format!("{:02}/{:02}/{:04}", day.month(), day.day(), day.year()),
            _ => return Err(IifError::Empty { key: self.key(date) }),
        };
        let (account, contra) = (self.account(record, account)?, self.account(record, contra)?);
        let amount = self.amount(record, amount)?;
        let name = self.text(record, name, NAME_CHARACTERS_MAX)?;
        let number = self.text(record, number, NUMBER_CHARACTERS_MAX)?;
        let memo = self.text(record, memo, MEMO_CHARACTERS_MAX)?;
        let line = |keyword: &str, account: &str, amount: Decimal| {
            format!(
                "{keyword}\t\t{TRANSACTION_TYPE}\t{day}\t{account}\t{name}\t{amount:.2}\t{number}\t{memo}\r\n"
            )
        };
        let text =
            line("TRNS", &account, amount) + &line("SPL", &contra, Decimal::ZERO - amount) + "ENDTRNS\r\n";
        let (bytes, _, _) = WINDOWS_1252.encode(&text);
        Ok(bytes.into_owned())
    }

    fn key(&self, place: usize) -> String {
        self.keys[place].clone()
    }

    fn account(&self, record: &Record, place: usize) -> Result<String, IifError> {
        let most = (ACCOUNT_LEVEL_CHARACTERS_MAX + 1) * ACCOUNT_LEVELS_MAX;
        let text = self.text(record, Some(place), most)?;
        let key = || self.key(place);
        if text.is_empty() {
            return Err(IifError::Empty { key: key() });
        }
        let levels: Vec<&str> = text.split(':').collect();
        let fits = |level: &&str| {
            (1..=ACCOUNT_LEVEL_CHARACTERS_MAX).contains(&level.chars().count()) && level.trim() == *level
        };
        if levels.len() > ACCOUNT_LEVELS_MAX || !levels.iter().all(fits) {
            let why = "is no account: up to 5 levels parted by colons, each of 1 to 31 characters";
            return Err(IifError::Text { key: key(), why });
        }
        Ok(text)
    }

    /// A text of one line; the empty text for nothing.
    fn text(&self, record: &Record, place: Option<usize>, max: usize) -> Result<String, IifError> {
        let Some(place) = place else {
            return Ok(String::new());
        };
        let text = match &record.values[place] {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => String::new(),
        };
        let key = || self.key(place);
        if text.chars().count() > max {
            return Err(IifError::TooLong { key: key(), max });
        }
        // The format has no way to write these: it parts by tabs and lines, and reads quotes at its own discretion.
        if text.chars().any(|c| c.is_control() || c == '"') {
            let why = "has line breaks, tabs or double quotes, which the format cannot hold";
            return Err(IifError::Text { key: key(), why });
        }
        if WINDOWS_1252.encode(&text).2 {
            let why = "has characters that Windows-1252 does not have";
            return Err(IifError::Text { key: key(), why });
        }
        Ok(text)
    }

    fn amount(&mut self, record: &Record, place: usize) -> Result<Decimal, IifError> {
        let key = self.key(place);
        let amount = match &record.values[place] {
            Value::Decimal(amount) => *amount,
            Value::Integer(amount) => Decimal::from(*amount),
            Value::Money(amount, currency) => {
                let found = currency.to_string();
                match &self.currency {
                    None => self.currency = Some(found),
                    Some(known) if *known == found => {}
                    Some(known) => {
                        let currency = known.clone();
                        return Err(IifError::Currency { key, found, currency });
                    }
                }
                *amount
            }
            _ => return Err(IifError::Empty { key }),
        };
        let amount = amount.normalize();
        if amount.scale() > 2 || amount.abs() >= Decimal::from(AMOUNT_MAX + 1) {
            return Err(IifError::Amount { key });
        }
        Ok(amount)
    }
}

#[cfg(test)]
mod tests;
