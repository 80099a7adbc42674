//! The way back: a file of transactions read under the format's rules.
//!
//! Invariant: what is read is whole and balanced, or a fault with its line. It reads what any program wrote under these headers,
//! with columns in any order; other lists of the format (accounts, customers) are not read.

use encoding_rs::WINDOWS_1252;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Most bytes of a file.
const BYTES_MAX: usize = 256 << 20;
/// Most columns of a line.
const COLUMNS_MAX: usize = 100;

/// What is at fault with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct IifFault {
    /// From 1.
    pub line: usize,
    /// In words.
    pub why: &'static str,
}

/// One side of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IifPosting {
    /// The account.
    pub account: String,
    /// Positive for a debit.
    pub amount: Decimal,
}

/// A balanced transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IifTransaction {
    /// Its type.
    pub kind: String,
    /// Its day.
    pub date: Date,
    /// Customer, vendor or employee; empty for nobody.
    pub name: String,
    /// The document's number; empty for none.
    pub number: String,
    /// What for; empty for nothing.
    pub memo: String,
    /// The line TRNS, then the lines SPL.
    pub postings: Vec<IifPosting>,
}

type Columns = BTreeMap<String, usize>;

/// Reads a whole file.
///
/// # Errors
/// The first fault.
pub fn read(bytes: &[u8]) -> Result<Vec<IifTransaction>, IifFault> {
    if bytes.len() > BYTES_MAX {
        let why = "the file is larger than 256 MiB";
        return Err(IifFault { line: 1, why });
    }
    let (text, _, _) = WINDOWS_1252.decode(bytes);
    let mut headers: BTreeMap<&str, Columns> = BTreeMap::new();
    let mut open: Option<IifTransaction> = None;
    let mut found = Vec::new();
    let mut last = 0;
    for (place, line) in text.split_terminator("\r\n").enumerate() {
        last = place + 1;
        let fault = |why| IifFault { line: place + 1, why };
        let cells: Vec<&str> = line.split('\t').collect();
        if cells.len() > COLUMNS_MAX || line.contains('\n') {
            return Err(fault("too many columns, or a line that does not end with CR LF"));
        }
        match cells[0] {
            "!TRNS" | "!SPL" | "!ENDTRNS" if open.is_some() => {
                return Err(fault("a header within a transaction"));
            }
            "!TRNS" | "!SPL" | "!ENDTRNS" => {
                let columns = cells.iter().enumerate().skip(1);
                let columns = columns.map(|(at, name)| ((*name).to_owned(), at)).collect();
                headers.insert(&cells[0][1..], columns);
            }
            "TRNS" => {
                let line = Line::of(&headers, "TRNS", &cells).ok_or(fault("TRNS without its header"))?;
                if open.is_some() {
                    return Err(fault("a transaction within another"));
                }
                open = Some(line.begin().map_err(fault)?);
            }
            "SPL" => {
                let line = Line::of(&headers, "SPL", &cells).ok_or(fault("SPL without its header"))?;
                let transaction = open.as_mut().ok_or(fault("SPL outside of a transaction"))?;
                transaction.postings.push(line.posting().map_err(fault)?);
            }
            "ENDTRNS" if headers.contains_key("ENDTRNS") => {
                let transaction = open.take().ok_or(fault("ENDTRNS without a transaction"))?;
                found.push(balanced(transaction).map_err(fault)?);
            }
            _ => return Err(fault("no line of a transaction")),
        }
    }
    match open {
        None => Ok(found),
        Some(_) => Err(IifFault {
            line: last,
            why: "the last transaction has no end",
        }),
    }
}

fn balanced(transaction: IifTransaction) -> Result<IifTransaction, &'static str> {
    if transaction.postings.len() < 2 {
        return Err("a transaction without a line SPL");
    }
    let sum: Decimal = transaction.postings.iter().map(|posting| posting.amount).sum();
    match sum.is_zero() {
        true => Ok(transaction),
        false => Err("the amounts of the transaction do not sum to zero"),
    }
}

/// A line with the columns of its header.
struct Line<'a> {
    columns: &'a Columns,
    cells: &'a [&'a str],
}

impl<'a> Line<'a> {
    fn of(headers: &'a BTreeMap<&str, Columns>, keyword: &str, cells: &'a [&'a str]) -> Option<Self> {
        let columns = headers.get(keyword)?;
        Some(Self { columns, cells })
    }

    fn cell(&self, name: &str) -> &'a str {
        let place = self.columns.get(name).copied();
        place
            .and_then(|place| self.cells.get(place).copied())
            .unwrap_or("")
    }

    fn posting(&self) -> Result<IifPosting, &'static str> {
        let amount: Decimal = self.cell("AMOUNT").parse().map_err(|_| "AMOUNT is no amount")?;
        match self.cell("ACCNT") {
            "" => Err("ACCNT is empty"),
            _ if amount.scale() > 2 => Err("AMOUNT has more than two decimal places"),
            account => Ok(IifPosting {
                account: account.to_owned(),
                amount,
            }),
        }
    }

    fn begin(&self) -> Result<IifTransaction, &'static str> {
        let date = Date::strptime("%m/%d/%Y", self.cell("DATE")).map_err(|_| "DATE is no MM/DD/YYYY")?;
        let kind = match self.cell("TRNSTYPE") {
            "" => return Err("TRNSTYPE is empty"),
            kind => kind.to_owned(),
        };
        Ok(IifTransaction {
            kind,
            date,
            name: self.cell("NAME").to_owned(),
            number: self.cell("DOCNUM").to_owned(),
            memo: self.cell("MEMO").to_owned(),
            postings: vec![self.posting()?],
        })
    }
}
