//! Numbers and amounts: `1,234.56` or `1.234,56`?

use super::{all_are, from_to, guess, money_by_header, with_number};
use crate::NumberFormat;
use crate::guess::candidate::Candidate;
use crate::guess::tally::Tally;
use crate::guess::{Confidence, Guess};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use types::FieldKind;

/// Numbers with a fraction or thousands marks, in one of the two ways of writing them.
pub(super) fn numbers(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
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
            let both = [NumberFormat::Point, NumberFormat::Comma];
            let alternatives = both
                .map(|format| number_guess(tally, format, Confidence::Low))
                .to_vec();
            Some((undecided("number"), alternatives))
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

pub(super) fn money(tally: &Tally) -> Option<(Guess, Vec<Guess>)> {
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
            let both = [NumberFormat::Point, NumberFormat::Comma];
            let alternatives = both
                .map(|format| money_guess(tally, format, Confidence::Low))
                .to_vec();
            return Some((undecided("money"), alternatives));
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

fn undecided(kind: &str) -> Guess {
    let evidence = format!(
        "every comma stands before exactly three digits, so 1,234 may be a thousand or a little over one: \
         choose {kind} if you know which"
    );
    guess(FieldKind::Text, Confidence::Low, evidence)
}
