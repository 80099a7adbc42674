//! From counts to a proposal, its alternatives and the sentences that say why.

mod numbers;
mod texts;

use super::candidate::Candidate;
use super::tally::{Score, Tally};
use super::words::{boolean_pair, is_zero_or_one};
use super::{ColumnGuess, Confidence, Guess};
use crate::hint::{count, sensitive_hint};
use crate::number::currency_of_header;
use crate::{DateFormat, Formats, NumberFormat};
use numbers::{money, numbers};
use texts::{choice, texts};
use types::FieldKind;
use types::field::{Presence, Rules};

pub(super) fn judge(column: usize, tally: Tally) -> ColumnGuess {
    let (best, mut alternatives) = propose(&tally);
    alternatives.extend(near_misses(&tally));
    let sensitive_hint = sensitive_hint(&tally.header);
    if let Some(hint) = &sensitive_hint {
        let guess = guess(FieldKind::SensitiveText, Confidence::Medium, hint.clone());
        alternatives.push(guess);
    }
    let mut judged = ColumnGuess {
        column,
        header: tally.header.clone(),
        best,
        alternatives,
        values: tally.values,
        blanks: tally.blanks,
        length_max: tally.length_max,
        spaced: tally.spaced,
        repeats: tally.repeats(),
        sensitive_hint,
    };
    note_blanks_and_keys(&mut judged);
    judged
}

fn note_blanks_and_keys(judged: &mut ColumnGuess) {
    if judged.values > 0 && judged.blanks > 0 {
        let note = format!("; {} blank", count(judged.blanks));
        judged.best.evidence.push_str(&note);
    }
    if judged.looks_like_key() {
        judged.best.presence = Presence::Required;
        judged
            .best
            .evidence
            .push_str("; no two are equal, so it looks like a key");
    }
}

fn guess(kind: FieldKind, confidence: Confidence, evidence: String) -> Guess {
    Guess {
        kind,
        rules: Rules::default(),
        presence: Presence::Optional,
        formats: Formats::default(),
        confidence,
        evidence,
    }
}

fn with_number(mut guess: Guess, format: NumberFormat) -> Guess {
    guess.formats.number = format;
    guess
}

fn with_date(mut guess: Guess, format: DateFormat) -> Guess {
    guess.formats.date = format;
    guess
}

fn propose(tally: &Tally) -> (Guess, Vec<Guess>) {
    if tally.values == 0 {
        let evidence = "there is no value to go by".to_owned();
        return (guess(FieldKind::Text, Confidence::Low, evidence), Vec::new());
    }
    boolean(tally)
        .or_else(|| whole(tally))
        .or_else(|| numbers(tally))
        .or_else(|| money(tally))
        .or_else(|| dates(tally))
        .or_else(|| shapes(tally))
        .unwrap_or_else(|| texts(tally))
}

/// `9,999 of 9,999 values are ...`
fn all_are(tally: &Tally, what: &str) -> String {
    format!("{} are {what}", of_all(tally))
}

fn of_all(tally: &Tally) -> String {
    let values = count(tally.values);
    format!("{values} of {values} values")
}

fn boolean(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    let words = boolean_pair(tally.distinct.as_ref()?)?;
    let best = guess(FieldKind::Boolean, Confidence::High, all_are(tally, &words));
    Some((best, choice(tally).into_iter().collect()))
}

fn from_to(tally: &Tally, format: NumberFormat) -> String {
    match tally.span_of(format) {
        Some(span) => format!(", from {} to {}", span.least, span.greatest),
        None => String::new(),
    }
}

fn whole(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    if !tally.all(Candidate::Whole) {
        return None;
    }
    let evidence = all_are(tally, "whole numbers") + &from_to(tally, NumberFormat::Point);
    let best = guess(FieldKind::Integer, Confidence::High, evidence);
    let mut alternatives = Vec::new();
    if tally.distinct.as_ref().is_some_and(is_zero_or_one) {
        let evidence = "every value is 0 or 1, which may mean no or yes".to_owned();
        alternatives.push(guess(FieldKind::Boolean, Confidence::Medium, evidence));
    }
    alternatives.extend(money_by_header(tally, NumberFormat::Point));
    alternatives.extend(choice(tally));
    Some((best, alternatives))
}

/// Numbers without a currency under a header that names one.
fn money_by_header(tally: &Tally, format: NumberFormat) -> Option<Guess> {
    let currency = currency_of_header(&tally.header)?;
    let evidence = format!("the header names a currency, so the numbers may be amounts in {currency}");
    let mut found = with_number(guess(FieldKind::Money, Confidence::Medium, evidence), format);
    found.formats.currency = Some(currency);
    Some(found)
}

/// Dates, or instants with a time of day.
fn dates(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    dates_as(tally, FieldKind::Date, Candidate::Date)
        .or_else(|| dates_as(tally, FieldKind::Timestamp, Candidate::Instant))
}

fn dates_as(
    tally: &Tally,
    kind: FieldKind,
    candidate: fn(DateFormat) -> Candidate,
) -> Option<(Guess, Vec<Guess>)> {
    let fits = |format: &DateFormat| tally.all(candidate(*format));
    let fitting: Vec<DateFormat> = DateFormat::ALL.into_iter().filter(fits).collect();
    let dated = |format: DateFormat, confidence| {
        let evidence = all_are(tally, &candidate(format).plural());
        with_date(guess(kind, confidence, evidence), format)
    };
    if fitting.len() > 1 {
        let evidence = format!(
            "{} may be dates, but no number is above 12, so day and month cannot be told apart: \
             choose date if you know the order",
            of_all(tally)
        );
        let alternatives = fitting.iter().map(|format| dated(*format, Confidence::Low));
        let best = guess(FieldKind::Text, Confidence::Low, evidence);
        return Some((best, alternatives.collect()));
    }
    let only = *fitting.first()?;
    let mut best = dated(only, Confidence::High);
    if let Some(other) = only.exchanged().and_then(|other| tally.score(candidate(other))) {
        let row = count(other.missed_row);
        let note = format!("; the order of day and month is certain from row {row}");
        best.evidence.push_str(&note);
    }
    Some((best, Vec::new()))
}

fn shapes(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    let score = tally
        .scores
        .iter()
        .find(|score| matches!(score.candidate, Candidate::Shape(_)) && tally.all(score.candidate))?;
    let Candidate::Shape(kind) = score.candidate else {
        return None;
    };
    let evidence = all_are(tally, &score.candidate.plural());
    Some((guess(kind, Confidence::High, evidence), Vec::new()))
}

/// Kinds that nearly every value has.
fn near_misses(tally: &Tally) -> Vec<Guess> {
    let nearly = |score: &&Score| {
        score.misses > 0
            && score.hits >= 20
            && score.hits >= 19 * score.misses
            && score.hits + score.misses == tally.values
    };
    let mut found: Vec<&Score> = tally.scores.iter().filter(nearly).collect();
    found.sort_by_key(|score| score.misses);
    found
        .iter()
        .take(2)
        .filter_map(|score| near_miss(tally, score))
        .collect()
}

fn near_miss(tally: &Tally, score: &Score) -> Option<Guess> {
    let evidence = format!(
        "{} of {} values are {}; row {} is the first that is not",
        count(score.hits),
        count(tally.values),
        score.candidate.plural(),
        count(score.missed_row)
    );
    let low = |kind| guess(kind, Confidence::Low, evidence.clone());
    match score.candidate {
        Candidate::Whole => Some(low(FieldKind::Integer)),
        Candidate::Number(format) => Some(with_number(low(FieldKind::Decimal), format)),
        Candidate::Money(format) => Some(with_number(low(FieldKind::Money), format)),
        // Where the other order fits every value, this one is simply wrong.
        Candidate::Date(format) => {
            let settled = format
                .exchanged()
                .is_some_and(|other| tally.all(Candidate::Date(other)));
            (!settled).then(|| with_date(low(FieldKind::Date), format))
        }
        Candidate::Instant(format) => {
            let settled = format
                .exchanged()
                .is_some_and(|other| tally.all(Candidate::Instant(other)));
            (!settled).then(|| with_date(low(FieldKind::Timestamp), format))
        }
        Candidate::Shape(kind) => Some(low(kind)),
    }
}
