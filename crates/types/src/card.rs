//! Payment card numbers (ISO/IEC 7812), which Strongroom never stores: a run of 13 to 19 digits, with or without
//! separators, in a known issuer range and with a right Luhn check digit.
//!
//! Numbers without a known range, such as an article number that happens to pass Luhn, are left alone.

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
    if text.len() < 13 {
        return false;
    }
    let mut run = Run::default();
    for c in text.chars() {
        if let Some(digit) = digit(c) {
            run.push(digit);
        } else if is_separator(c) && !run.after_separator {
            run.after_separator = true;
        } else if run.carries_card() {
            return true;
        } else {
            run = Run::default();
        }
    }
    run.carries_card()
}

/// Digits in groups, at most one separator between two groups.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// Where each group begins.
    groups: Vec<usize>,
    after_separator: bool,
}

impl Run {
    fn push(&mut self, digit: u8) {
        if self.after_separator || self.digits.is_empty() {
            self.groups.push(self.digits.len());
            self.after_separator = false;
        }
        self.digits.push(digit);
    }

    /// A card number begins and ends with a group ("order 12 4111 1111 1111 1111"), or begins or ends one group that
    /// is longer than any card number.
    fn carries_card(&self) -> bool {
        let ends = || {
            self.groups
                .iter()
                .skip(1)
                .copied()
                .chain(std::iter::once(self.digits.len()))
        };
        let whole_groups = self.groups.iter().enumerate().any(|(place, start)| {
            let lengths = ends()
                .skip(place)
                .map(|end| end - start)
                .take_while(|length| *length <= 19);
            lengths
                .filter(|length| *length >= 13)
                .any(|length| is_card(&self.digits[*start..start + length]))
        });
        whole_groups
            || self
                .groups
                .iter()
                .zip(ends())
                .any(|(start, end)| long_group_carries(&self.digits[*start..end]))
    }
}

fn long_group_carries(group: &[u8]) -> bool {
    group.len() > 19
        && (13..=19).any(|length| is_card(&group[..length]) || is_card(&group[group.len() - length..]))
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
}
