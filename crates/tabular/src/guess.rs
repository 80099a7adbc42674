//! What kind of field a column is, guessed from its values and with the evidence.
//!
//! The guess is careful: a kind is proposed only if every value is of it and none would lose anything (a leading zero,
//! the order of day and month). What is merely likely becomes an alternative. Memory does not grow with the rows.
//! Start at [`Guesser`].

mod candidate;
mod tally;
mod verdict;
mod words;

use crate::{Formats, Row};
use serde::{Deserialize, Serialize};
use tally::Tally;
use types::FieldKind;
use types::field::{Presence, Rules};

/// How sure a guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// There is little to go by.
    Low,
    /// Something else is possible.
    Medium,
    /// Nothing speaks against it.
    High,
}

/// One way to read a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// The kind of field.
    pub kind: FieldKind,
    /// Rules that go with it: the choices.
    pub rules: Rules,
    /// Required where the column looks like a key.
    pub presence: Presence,
    /// How the values are written.
    pub formats: Formats,
    /// How sure it is.
    pub confidence: Confidence,
    /// A sentence with numbers, such as `9,999 of 9,999 values are whole numbers, from 0 to 300`.
    pub evidence: String,
}

/// Does a value occur twice in a column?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// No value does.
    Never,
    /// Some value does.
    Sometimes,
    /// There were too many values to tell.
    Unknown,
}

/// What is known of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnGuess {
    /// Its place, from 0.
    pub column: usize,
    /// Its name in the file.
    pub header: String,
    /// The proposal.
    pub best: Guess,
    /// Other ways to read it, the likeliest first.
    pub alternatives: Vec<Guess>,
    /// Cells with something in them.
    pub values: u64,
    /// Cells with nothing but blanks.
    pub blanks: u64,
    /// Most characters of a value.
    pub length_max: u64,
    /// Values with a blank inside: words, not keys.
    pub spaced: u64,
    /// See [`ColumnGuess::looks_like_key`].
    pub repeats: Repeats,
    /// Why the column might deserve a sensitive field.
    pub sensitive_hint: Option<String>,
}

impl ColumnGuess {
    /// True when every cell has one word or whole number and no two are equal.
    /// The field is not made unique unless a person says so.
    #[must_use]
    pub fn looks_like_key(&self) -> bool {
        let named = matches!(
            self.best.kind,
            FieldKind::Text | FieldKind::Integer | FieldKind::Email
        );
        named
            && self.repeats == Repeats::Never
            && self.blanks == 0
            && self.spaced == 0
            && self.values >= KEY_VALUES_MIN
    }
}

/// Fewer different values say nothing about a key.
const KEY_VALUES_MIN: u64 = 10;
/// Hashes kept to notice repeated values, all columns together: eight bytes each and some room.
const HASHES_MAX: usize = 1 << 19;

/// Watches rows go by and says in the end what the columns hold.
pub struct Guesser {
    columns: Vec<Tally>,
    hashes: usize,
}

impl Guesser {
    /// For the columns of that reader.
    #[must_use]
    pub fn new(headers: &[String]) -> Self {
        Self {
            columns: headers.iter().map(|header| Tally::new(header)).collect(),
            hashes: 0,
        }
    }

    /// Looks at one row. Let it see every row: choices and formats are only as good as what was seen.
    pub fn see(&mut self, row: &Row) {
        for (tally, cell) in self.columns.iter_mut().zip(row.iter()) {
            tally.see(cell, row.number());
        }
        // Every 1024 rows is often enough: a row adds at most one hash per column.
        if row.number().is_multiple_of(1024) {
            self.bound_hashes();
        }
    }

    fn bound_hashes(&mut self) {
        self.hashes = self.columns.iter().map(Tally::hashes).sum();
        while self.hashes > HASHES_MAX {
            let Some(largest) = self.columns.iter_mut().max_by_key(|tally| tally.hashes()) else {
                return;
            };
            self.hashes -= largest.hashes();
            largest.forget_hashes();
        }
    }

    /// One guess per column.
    #[must_use]
    pub fn finish(self) -> Vec<ColumnGuess> {
        let columns = self.columns.into_iter().enumerate();
        columns
            .map(|(place, tally)| verdict::judge(place, tally))
            .collect()
    }
}

#[cfg(test)]
mod tests;
