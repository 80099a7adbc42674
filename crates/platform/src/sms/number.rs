//! Telephone numbers as every gateway takes them (ITU-T E.164): `+`, the country, the rest.

use std::{fmt, str::FromStr};

/// Fewest and most digits (E.164 section 6: fifteen at most).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// A number. Has no `Debug` that shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number with its country in front: +49 151 23456789")]
pub struct InvalidNumber;

impl FromStr for PhoneNumber {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let between = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '/' | '.');
        let bare: String = text.trim().chars().filter(|c| !between(*c)).collect();
        let digits = bare.strip_prefix('+').ok_or(InvalidNumber)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        // No country begins with 0.
        if !is_number || !DIGITS.contains(&digits.len()) || digits.starts_with('0') {
            return Err(InvalidNumber);
        }
        Ok(Self(bare))
    }
}

impl PhoneNumber {
    /// With its `+`, without anything between the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// So that its owner knows it again, and nobody else does: `+49 … 89`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (head, tail) = (&self.0[..3], &self.0[self.0.len() - 2..]);
        format!("{head} … {tail}")
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_country_and_is_shown_masked() {
        let number: PhoneNumber = " +49 (151) 2345-6789 ".parse().unwrap();
        assert_eq!(
            (number.as_str(), number.masked().as_str()),
            ("+4915123456789", "+49 … 89")
        );
        assert_eq!(format!("{number:?}"), "+49 … 89");
        for text in [
            "",
            "0151 23456789",
            "+0151 23456789",
            "+49",
            "+491512345678901234",
            "+49151x456789",
            "+49151\n23456789",
            "++4915123456789",
            "+４９15123456789",
        ] {
            assert_eq!(
                text.parse::<PhoneNumber>().unwrap_err(),
                InvalidNumber,
                "{text:?}"
            );
        }
    }
}
