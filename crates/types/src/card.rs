//! Payment card numbers (ISO/IEC 7812), which Strongroom never stores: a run of 13 to 19 digits, with or without
//! separators, in a known issuer range and with a right Luhn check digit.
//!
//! Numbers without a known range, such as an article number that happens to pass Luhn, are left alone; so are the digits
//! of a valid IBAN, of which some would pass for a card number.

use crate::iban::find_ibans;
use std::{cell::LazyCell, ops::Range};

/// Digits of the shortest card number.
const LENGTH_MIN: usize = 13;
/// Digits of the longest.
const LENGTH_MAX: usize = 19;

/// Separators that people and programs put between the groups of a card number.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | '_' | '/' | '\u{a0}' | '\u{2009}' | '\u{200b}' | '\u{202f}' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}'
    )
}

/// True when the text carries a payment card number anywhere.
#[must_use]
pub fn carries_card_number(text: &str) -> bool {
    if text.len() < LENGTH_MIN {
        return false;
    }
    let ibans = LazyCell::new(|| find_ibans(text, is_separator));
    let in_iban = |card: Range<usize>| {
        ibans
            .iter()
            .any(|iban| iban.start <= card.start && card.end <= iban.end)
    };
    let mut run = Run::default();
    for (place, c) in text.char_indices() {
        if let Some(digit) = digit(c) {
            run.push(digit, place);
        } else if is_separator(c) && !run.after_separator {
            run.after_separator = true;
        } else if run.carries_card(&in_iban) {
            return true;
        } else {
            run = Run::default();
        }
    }
    run.carries_card(&in_iban)
}

/// Digits in groups, at most one separator between two groups.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// Where each digit stands in the text.
    places: Vec<usize>,
    /// Where each group begins.
    groups: Vec<usize>,
    after_separator: bool,
}

impl Run {
    fn push(&mut self, digit: u8, place: usize) {
        if self.after_separator || self.digits.is_empty() {
            self.groups.push(self.digits.len());
            self.after_separator = false;
        }
        self.digits.push(digit);
        self.places.push(place);
    }

    /// A card number begins and ends with a group ("order 12 4111 1111 1111 1111"), or begins or ends one group that
    /// is longer than any card number. One that lies within something else altogether is none.
    fn carries_card(&self, is_other: &impl Fn(Range<usize>) -> bool) -> bool {
        let is_card = |digits: Range<usize>| {
            let within = || is_other(self.places[digits.start]..self.places[digits.end - 1] + 1);
            is_card(&self.digits[digits.clone()]) && !within()
        };
        self.spans().any(is_card)
    }

    /// Every run of digits that may be a card number.
    fn spans(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = || {
            self.groups
                .iter()
                .skip(1)
                .copied()
                .chain(std::iter::once(self.digits.len()))
        };
        let whole_groups = self
            .groups
            .iter()
            .enumerate()
            .flat_map(move |(place, start)| {
                ends()
                    .skip(place)
                    .map(move |end| *start..end)
                    .take_while(|span| span.len() <= LENGTH_MAX)
            })
            .filter(|span| span.len() >= LENGTH_MIN);
        let long_groups = self.groups.iter().copied().zip(ends());
        whole_groups.chain(long_groups.flat_map(|(start, end)| ends_of_long(start..end)))
    }
}

/// The beginnings and ends of a group that is longer than any card number.
fn ends_of_long(group: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let lengths = (group.len() > LENGTH_MAX).then_some(LENGTH_MIN..=LENGTH_MAX);
    lengths
        .into_iter()
        .flatten()
        .flat_map(move |length| [group.start..group.start + length, group.end - length..group.end])
}

/// ASCII, full-width and Arabic-Indic digits alike.
fn digit(c: char) -> Option<u8> {
    let value = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        '\u{ff10}'..='\u{ff19}' => u32::from(c) - 0xff10,
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        _ => return None,
    };
    u8::try_from(value).ok()
}

fn is_card(digits: &[u8]) -> bool {
    in_issuer_range(digits) && passes_luhn(digits)
}

fn prefix(digits: &[u8], length: usize) -> u32 {
    digits[..length]
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(*digit))
}

/// Issuer ranges with the lengths they use.
fn in_issuer_range(digits: &[u8]) -> bool {
    let length = digits.len();
    let two = prefix(digits, 2);
    let four = prefix(digits, 4);
    match four {
        4000..=4999 => matches!(length, 13 | 16 | 19), // Visa
        5100..=5599 | 2221..=2720 => length == 16,     // Mastercard
        _ if two == 34 || two == 37 => length == 15,   // American Express
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&length), // Diners Club
        6011 | 6440..=6599 => (16..=19).contains(&length), // Discover
        3528..=3589 => (16..=19).contains(&length),    // JCB
        6200..=6299 | 8100..=8171 => (16..=19).contains(&length), // UnionPay
        2200..=2204 => (16..=19).contains(&length),    // Mir
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => (13..=19).contains(&length), // Maestro
        _ => false,
    }
}

/// ISO/IEC 7812-1 annex B.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let doubled = u32::from(*digit) << (place % 2);
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iban::tests::{any_iban, grouped};
    use proptest::prelude::*;

    #[test]
    fn published_test_numbers_are_found_with_any_separator() {
        for number in [
            "4111111111111111",
            "4012888888881881",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "30569309025904",
            "6011111111111117",
            "3530111333300000",
            "6200000000000005",
            "4222222222222",
        ] {
            assert!(carries_card_number(number), "{number}");
        }
        for text in [
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "pay with 4111 1111 1111 1111 please",
            "4111\u{a0}1111\u{a0}1111\u{a0}1111",
            "4111–1111–1111–1111",
            "４１１１１１１１１１１１１１１１",
            "x4111111111111111y",
            "3782-822463-10005",
            "order 12 4111 1111 1111 1111 of 3",
            "41111111111111110000",
            "\u{200b}4111\u{200b}111111111111",
        ] {
            assert!(carries_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_pass() {
        for text in [
            "4111111111111112",
            "1234567890123",
            "DE89 3704 0044 0532 0130 00",
            "+44 20 7946 0958",
            "2026-03-31 12:00:00",
            "978-3-16-148410-0",
            "",
            "4111",
            "0000000000000000",
            "7590-VHVEG",
        ] {
            assert!(!carries_card_number(text), "{text}");
        }
    }

    /// Digits of a card number and its right check digit.
    fn card(digits: &[u8]) -> String {
        let text = |check: u8| {
            let digits = [&[4], digits, &[check]].concat();
            digits
                .iter()
                .map(|digit| char::from(b'0' + digit))
                .collect::<String>()
        };
        (0..10)
            .map(text)
            .find(|text| carries_card_number(text))
            .unwrap_or_default()
    }

    #[test]
    fn an_iban_whose_digits_pass_for_a_card_number_is_stored_and_a_card_number_beside_it_is_not() {
        // 4111 1111 1111 1111, as a whole Lithuanian and within a German account number.
        let ibans = ["LT684111111111111111", "DE95 4111 1111 1111 1111 00"];
        assert!(ibans.iter().all(|iban| !carries_card_number(iban)), "{ibans:?}");
        for text in [
            "LT68 4111 1111 1111 1111, or 4111 1111 1111 1111",
            "4111 1111 1111 1111 LT684111111111111111",
            "LT68 4111 1111 1111 1111 4111 1111 1111 1111",
            "LT13 4111 1111 1111 1111",
            "xLT68 4111 1111 1111 1111",
            "LT68 4111 1111 1111 1111x",
            "ZZ12 4111 1111 1111 1111",
            "LT4111111111111111",
        ] {
            assert!(carries_card_number(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_iban_of_any_country_passes_however_it_is_written(iban in any_iban(), lower: bool) {
            let iban = if lower { iban.to_lowercase() } else { iban };
            for separator in ["", " ", "-", "\u{a0}"] {
                let text = format!("pay to {}.", grouped(&iban, separator));
                prop_assert!(!carries_card_number(&text), "{}", text);
            }
        }

        #[test]
        fn a_card_number_behind_letters_is_refused(
            letters in "[A-Za-z]{1,4}",
            check in proptest::option::of(0..100_u8),
            digits in proptest::collection::vec(0..10_u8, 14),
            groups: bool,
        ) {
            let card = card(&digits);
            let card = if groups { grouped(&card, " ") } else { card };
            let text = check.map_or(format!("{letters}{card}"), |check| format!("{letters}{check:02} {card}"));
            let is_iban = !find_ibans(&text, is_separator).is_empty();
            prop_assert_eq!(carries_card_number(&text), !is_iban, "{}", text);
        }

        #[test]
        fn a_card_number_beside_an_iban_is_refused(
            iban in any_iban(),
            digits in proptest::collection::vec(0..10_u8, 14),
            separator in "[ ,;]",
        ) {
            let card = card(&digits);
            let (before, behind) = (format!("{card}{separator}{iban}"), format!("{iban}{separator}{card}"));
            prop_assert!(carries_card_number(&before) && carries_card_number(&behind), "{} {}", before, behind);
        }
    }
}
