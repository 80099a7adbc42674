//! Texts: lists of choices, keys with leading zeros, one line or many.

use super::{all_are, guess};
use crate::guess::tally::{CHOICES_MAX, Tally};
use crate::guess::{Confidence, Guess};
use crate::hint::count;
use types::FieldKind;
use types::card::carries_card_number;
use types::value::TEXT_MAX;

pub(super) fn texts(tally: &Tally) -> (Guess, Vec<Guess>) {
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
pub(super) fn choice(tally: &Tally) -> Option<Guess> {
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
