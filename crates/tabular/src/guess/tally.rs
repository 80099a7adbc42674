//! What is counted of one column while its values go by. Invariant: bounded, whatever the values.

use super::Repeats;
use super::candidate::{Candidate, has_leading_zero, number, whole};
use crate::NumberFormat;
use crate::number::{CurrencyMark, split_currency};
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use types::currency::Currency;

/// Most different values of a choice.
pub(super) const CHOICES_MAX: usize = 60;
/// Most characters of a choice.
const CHOICE_LENGTH_MAX: u64 = 100;
/// A candidate is given up after this many misses that hits do not outweigh.
const MISSES_MAX: u64 = 1_000;

/// How often one candidate fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Score {
    pub(super) candidate: Candidate,
    pub(super) hits: u64,
    pub(super) misses: u64,
    /// The row of the first value that did not fit.
    pub(super) missed_row: u64,
}

impl Score {
    /// One in twenty may miss, for an alternative; more than that and testing on is wasted.
    fn is_alive(&self) -> bool {
        self.misses <= MISSES_MAX.saturating_add(self.hits / 20)
    }
}

/// The smallest and the greatest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) least: Decimal,
    pub(super) greatest: Decimal,
}

/// Numbers by the marks in them, which decide between `1,234.56` and `1.234,56`.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) points: u64,
    pub(super) commas: u64,
    pub(super) leading_zeros: u64,
    pub(super) too_long: u64,
}

pub(super) struct Tally {
    pub(super) header: String,
    pub(super) values: u64,
    pub(super) blanks: u64,
    pub(super) length_max: u64,
    pub(super) spaced: u64,
    pub(super) lines_max: u64,
    pub(super) scores: Vec<Score>,
    pub(super) marks: Marks,
    span: [Option<Span>; 2],
    /// Every currency found, up to a few.
    pub(super) currencies: Vec<Currency>,
    /// The different values and how often each occurs; `None` when there are too many.
    pub(super) distinct: Option<HashMap<String, u64>>,
    hashes: Option<HashSet<u64>>,
    repeated: bool,
}

impl Tally {
    pub(super) fn new(header: &str) -> Self {
        let score = |candidate| Score {
            candidate,
            hits: 0,
            misses: 0,
            missed_row: 0,
        };
        Self {
            header: header.to_owned(),
            values: 0,
            blanks: 0,
            length_max: 0,
            spaced: 0,
            lines_max: 0,
            scores: Candidate::all().into_iter().map(score).collect(),
            marks: Marks::default(),
            span: [None; 2],
            currencies: Vec::new(),
            distinct: Some(HashMap::new()),
            hashes: Some(HashSet::new()),
            repeated: false,
        }
    }

    pub(super) fn see(&mut self, cell: &str, row: u64) {
        let text = cell.trim();
        if text.is_empty() {
            self.blanks += 1;
            return;
        }
        self.values += 1;
        let length = text.chars().count() as u64;
        self.length_max = self.length_max.max(length);
        self.lines_max = self.lines_max.max(text.split('\n').count() as u64);
        self.spaced += u64::from(text.contains(char::is_whitespace));
        self.see_distinct(text, length);
        self.see_marks(text);
        for score in self.scores.iter_mut().filter(|score| score.is_alive()) {
            if score.candidate.fits(text) {
                score.hits += 1;
            } else {
                score.misses += 1;
                if score.misses == 1 {
                    score.missed_row = row;
                }
            }
        }
        self.see_span(text);
    }

    fn see_distinct(&mut self, text: &str, length: u64) {
        if let Some(hashes) = &mut self.hashes {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            if !hashes.insert(hasher.finish()) {
                self.repeated = true;
                self.hashes = None;
            }
        }
        let Some(distinct) = &mut self.distinct else {
            return;
        };
        if let Some(times) = distinct.get_mut(text) {
            *times += 1;
        } else if distinct.len() == CHOICES_MAX || length > CHOICE_LENGTH_MAX {
            self.distinct = None;
        } else {
            distinct.insert(text.to_owned(), 1);
        }
    }

    fn see_marks(&mut self, text: &str) {
        self.marks.points += u64::from(text.contains('.'));
        self.marks.commas += u64::from(text.contains(','));
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.marks.leading_zeros += u64::from(has_leading_zero(digits));
            self.marks.too_long += u64::from(digits.len() >= 19 && whole(text).is_none());
        }
    }

    /// The span is for the evidence only, so a column that fails as numbers needs none.
    fn see_span(&mut self, text: &str) {
        for (place, format) in [NumberFormat::Point, NumberFormat::Comma].into_iter().enumerate() {
            let amounts = self
                .score(Candidate::Money(format))
                .is_some_and(|score| score.misses == 0);
            let numbers = self
                .score(Candidate::Number(format))
                .is_some_and(|score| score.misses == 0);
            let found = if amounts {
                let (mark, amount) = split_currency(text);
                self.see_currency(mark);
                number(&amount, format)
            } else if numbers {
                number(text, format)
            } else {
                None
            };
            let Some(found) = found else { continue };
            let span = self.span[place].get_or_insert(Span {
                least: found,
                greatest: found,
            });
            span.least = span.least.min(found);
            span.greatest = span.greatest.max(found);
        }
    }

    fn see_currency(&mut self, mark: Option<CurrencyMark>) {
        let currency = mark.and_then(|mark| mark.resolve(None));
        if let Some(currency) = currency.filter(|currency| !self.currencies.contains(currency))
            && self.currencies.len() < 10
        {
            self.currencies.push(currency);
        }
    }

    pub(super) fn score(&self, candidate: Candidate) -> Option<&Score> {
        self.scores.iter().find(|score| score.candidate == candidate)
    }

    /// True when there are values and all of them fit.
    pub(super) fn all(&self, candidate: Candidate) -> bool {
        self.score(candidate)
            .is_some_and(|score| score.misses == 0 && score.hits > 0)
    }

    /// The smallest and greatest number, read that way.
    pub(super) fn span_of(&self, format: NumberFormat) -> Option<Span> {
        self.span[usize::from(format == NumberFormat::Comma)]
    }

    pub(super) fn hashes(&self) -> usize {
        self.hashes.as_ref().map_or(0, HashSet::len)
    }

    pub(super) fn forget_hashes(&mut self) {
        self.hashes = None;
    }

    pub(super) fn repeats(&self) -> Repeats {
        match &self.hashes {
            Some(_) => Repeats::Never,
            None if self.repeated => Repeats::Sometimes,
            None => Repeats::Unknown,
        }
    }
}
