//! From counts to a proposal, its alternatives and the sentences that say why.

use super::candidate::Candidate;
use super::tally::{CHOICES_MAX, Score, Tally};
use super::words::{boolean_pair, is_zero_or_one};
use super::{ColumnGuess, Confidence, Guess};
use crate::hint::{count, sensitive_hint};
use crate::number::currency_of_header;
use crate::{DateFormat, Formats, NumberFormat};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use types::FieldKind;
use types::card::carries_card_number;
use types::field::{Presence, Rules};
use types::value::TEXT_MAX;

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
    let values = count(tally.values);
    format!("{values} of {values} values are {what}")
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

/// Numbers with a fraction or thousands marks, in one of the two ways of writing them.
fn numbers(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    if tally.marks.too_long > 0 && tally.marks.points + tally.marks.commas == 0 {
        return None;
    }
    let fits = |format| tally.all(Candidate::Number(format));
    let found = |format| number_guess(tally, format, Confidence::High);
    match (fits(NumberFormat::Point), fits(NumberFormat::Comma)) {
        (false, false) => None,
        (true, false) => Some((
            found(NumberFormat::Point),
            money_by_header(tally, NumberFormat::Point).into_iter().collect(),
        )),
        (false, true) => Some((
            found(NumberFormat::Comma),
            money_by_header(tally, NumberFormat::Comma).into_iter().collect(),
        )),
        // 1.234 everywhere: programs write decimals so, people write thousands so.
        (true, true) if tally.marks.commas == 0 => {
            let best = number_guess(tally, NumberFormat::Point, Confidence::Medium);
            Some((
                best,
                vec![number_guess(tally, NumberFormat::Comma, Confidence::Low)],
            ))
        }
        // 1,234 everywhere: either reading is off by a thousand if wrong, so a person decides.
        (true, true) => {
            let evidence = "every comma stands before exactly three digits, so 1,234 may be a thousand or a little over one: \
                choose number if you know which"
                .to_owned();
            let both = [NumberFormat::Point, NumberFormat::Comma];
            let alternatives = both
                .map(|format| number_guess(tally, format, Confidence::Low))
                .to_vec();
            Some((guess(FieldKind::Text, Confidence::Low, evidence), alternatives))
        }
    }
}

fn decimals(tally: &Tally, format: NumberFormat) -> String {
    match format {
        NumberFormat::Point if tally.marks.commas == 0 => "numbers written like 1234.56".into(),
        NumberFormat::Comma if tally.marks.points == 0 => "numbers written like 1234,56".into(),
        NumberFormat::Point | NumberFormat::Comma => Candidate::Number(format).plural(),
    }
}

fn number_guess(tally: &Tally, format: NumberFormat, confidence: Confidence) -> Guess {
    let marks = match format {
        NumberFormat::Point => tally.marks.points,
        NumberFormat::Comma => tally.marks.commas,
    };
    let within = |number: Decimal| number.to_i64().is_some();
    let fits = tally
        .span_of(format)
        .is_none_or(|span| within(span.least) && within(span.greatest));
    let (kind, what) = if marks > 0 || !fits {
        (FieldKind::Decimal, decimals(tally, format))
    } else {
        let other = if format == NumberFormat::Point {
            "1,234"
        } else {
            "1.234"
        };
        (
            FieldKind::Integer,
            format!("whole numbers with thousands marks, as in {other}"),
        )
    };
    let evidence = all_are(tally, &what) + &from_to(tally, format);
    with_number(guess(kind, confidence, evidence), format)
}

fn money(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    let fits = |format| tally.all(Candidate::Money(format));
    let (format, confidence) = match (fits(NumberFormat::Point), fits(NumberFormat::Comma)) {
        (false, false) => return None,
        (true, false) => (NumberFormat::Point, Confidence::High),
        (false, true) => (NumberFormat::Comma, Confidence::High),
        (true, true) if tally.marks.points + tally.marks.commas == 0 => {
            (NumberFormat::Point, Confidence::High)
        }
        (true, true) if tally.marks.commas == 0 => (NumberFormat::Point, Confidence::Medium),
        (true, true) => {
            let evidence = "every comma stands before exactly three digits, so 1,234 may be a thousand or a little over one: \
                choose money if you know which"
                .to_owned();
            let both = [NumberFormat::Point, NumberFormat::Comma];
            let alternatives = both
                .map(|format| money_guess(tally, format, Confidence::Low))
                .to_vec();
            return Some((guess(FieldKind::Text, Confidence::Low, evidence), alternatives));
        }
    };
    Some((money_guess(tally, format, confidence), Vec::new()))
}

fn money_guess(tally: &Tally, format: NumberFormat, confidence: Confidence) -> Guess {
    let codes: Vec<&str> = tally
        .currencies
        .iter()
        .map(|currency| currency.as_str())
        .collect();
    let evidence = format!(
        "{}{}; in {}",
        all_are(tally, &Candidate::Money(format).plural()),
        from_to(tally, format),
        codes.join(", ")
    );
    let mut found = with_number(guess(FieldKind::Money, confidence, evidence), format);
    if let [only] = tally.currencies.as_slice() {
        found.formats.currency = Some(*only);
    }
    found
}

fn dates(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
    let kinds = [
        (FieldKind::Date, Candidate::Date as fn(DateFormat) -> Candidate),
        (
            FieldKind::Timestamp,
            Candidate::Instant as fn(DateFormat) -> Candidate,
        ),
    ];
    kinds.into_iter().find_map(|(kind, candidate)| {
        let fitting: Vec<DateFormat> = DateFormat::ALL.into_iter().filter(|format| tally.all(candidate(*format))).collect();
        let dated = |format: DateFormat, confidence| {
            let evidence = all_are(tally, &candidate(format).plural());
            with_date(guess(kind, confidence, evidence), format)
        };
        match fitting.as_slice() {
            [] => None,
            [only] => {
                let mut best = dated(*only, Confidence::High);
                if let Some(other) = only.exchanged().and_then(|other| tally.score(candidate(other))) {
                    let note = format!("; the order of day and month is certain from row {}", count(other.missed_row));
                    best.evidence.push_str(&note);
                }
                Some((best, Vec::new()))
            }
            several => {
                let evidence = format!(
                    "{} of {} values may be dates, but no number is above 12, so day and month cannot be told apart: \
                     choose date if you know the order",
                    count(tally.values),
                    count(tally.values)
                );
                let alternatives = several.iter().map(|format| dated(*format, Confidence::Low)).collect();
                Some((guess(FieldKind::Text, Confidence::Low, evidence), alternatives))
            }
        }
    })
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

fn texts(tally: &Tally) -> (Guess, Vec<Guess>) {
    let mut reason = String::new();
    if tally.marks.leading_zeros > 0 {
        let zeros = count(tally.marks.leading_zeros);
        reason = format!("; {zeros} begin with a zero that a number would lose");
    } else if tally.marks.too_long > 0 {
        let long = count(tally.marks.too_long);
        reason = format!("; {long} are whole numbers beyond 64 bits");
    }
    let numeric = tally.marks.leading_zeros + tally.marks.too_long > tally.values / 2;
    if let Some(mut best) = choice(tally).filter(|_| !numeric) {
        best.evidence.push_str(&reason);
        return (best, several_choices(tally).into_iter().collect());
    }
    let (kind, what) = if tally.length_max > TEXT_MAX as u64 || tally.lines_max > 1 {
        (
            FieldKind::LongText,
            "text of several lines or more than 1,000 characters",
        )
    } else {
        (FieldKind::Text, "text")
    };
    let evidence = format!(
        "{}, at most {} characters long{reason}",
        all_are(tally, what),
        count(tally.length_max)
    );
    let alternatives = choice(tally).into_iter().chain(several_choices(tally)).collect();
    (guess(kind, Confidence::High, evidence), alternatives)
}

/// Few different values, each of them four times or more on average. Never a list that would keep a card number.
fn choice(tally: &Tally) -> Option<Guess> {
    let distinct = tally.distinct.as_ref().filter(|distinct| !distinct.is_empty())?;
    if tally.values < 4 * distinct.len() as u64 || tally.lines_max > 1 {
        return None;
    }
    if distinct.keys().any(|value| carries_card_number(value)) {
        return None;
    }
    let mut choices: Vec<String> = distinct.keys().cloned().collect();
    choices.sort();
    let evidence = match choices.as_slice() {
        [_] => format!("all {} values are the same", count(tally.values)),
        several => format!(
            "only {} different values among {}",
            several.len(),
            count(tally.values)
        ),
    };
    let mut found = guess(FieldKind::Choice, Confidence::Medium, evidence);
    found.rules.choices = choices;
    Some(found)
}

/// Lists parted by semicolons, as our own exports write them.
fn several_choices(tally: &Tally) -> Option<Guess> {
    let distinct = tally.distinct.as_ref()?;
    let lists = distinct.keys().filter(|value| value.contains(';')).count();
    let mut choices: Vec<String> = distinct
        .keys()
        .flat_map(|value| crate::choices::split(value))
        .collect();
    choices.sort();
    choices.dedup();
    let useful = lists > 0 && choices.len() <= CHOICES_MAX && choices.len() < distinct.len() * 2;
    if !useful || choices.iter().any(|value| carries_card_number(value)) {
        return None;
    }
    let evidence = format!(
        "{lists} different values are lists parted by semicolons, of {} names",
        choices.len()
    );
    let mut found = guess(FieldKind::MultipleChoice, Confidence::Medium, evidence);
    found.rules.choices = choices;
    Some(found)
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
