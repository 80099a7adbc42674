//! The words that a person is found by, and how they are found in values.
//!
//! A word of several parts (a full name) is found in a record in which each part occurs, in whatever fields; a number or an address
//! also where it is written with other blanks and signs. Too much is found rather than too little: people look at each hit.

use crate::error::{PlatformError, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use types::FieldProblem;
use unicode_normalization::UnicodeNormalization;

/// Most words of a request.
pub const WORDS_MAX: usize = 20;
/// Fewest characters of a word.
const CHARACTERS_MIN: usize = 3;
/// Most.
const CHARACTERS_MAX: usize = 200;
/// From so many letters and digits on, a word is also looked for without the signs between them.
const DENSE_MIN: usize = 5;

/// Words to look for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Vec<String>);

/// They are what a person is known by, so no log line shows them.
impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Words({})", self.0.len())
    }
}

impl Words {
    /// Checks what was typed; empty lines are left out.
    ///
    /// # Errors
    /// `invalid` names each word at fault.
    pub fn check(typed: &[String]) -> Result<Self> {
        let words: Vec<String> = typed
            .iter()
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        if words.is_empty() || words.len() > WORDS_MAX {
            let message = format!("1 to {WORDS_MAX} names, addresses or numbers");
            return Err(PlatformError::invalid_at("/words", "too-long", message));
        }
        let is_fine = |word: &str| {
            let letters = word.chars().filter(|c| c.is_alphanumeric()).count();
            letters >= CHARACTERS_MIN
                && word.chars().count() <= CHARACTERS_MAX
                && !word.chars().any(char::is_control)
        };
        let faults = words.iter().enumerate().filter(|(_, word)| !is_fine(word));
        let message =
            format!("{CHARACTERS_MIN} letters or digits to {CHARACTERS_MAX} characters on one line");
        let faults: Vec<FieldProblem> = faults
            .map(|(number, _)| FieldProblem::new(format!("/words/{number}"), "malformed", message.clone()))
            .collect();
        match faults.is_empty() {
            true => Ok(Self(words)),
            false => Err(PlatformError::invalid(faults)),
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.0
    }

    pub(super) fn needles(&self) -> Vec<Needle> {
        self.0.iter().map(|word| Needle::of(word)).collect()
    }
}

/// A word ready to be looked for.
pub(super) struct Needle {
    whole: String,
    parts: Vec<String>,
    dense: Option<String>,
}

impl Needle {
    fn of(word: &str) -> Self {
        let whole = fold(word);
        let dense = dense(&whole);
        Self {
            parts: whole
                .split(|c: char| c.is_whitespace() || c == ',')
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            dense: (dense.chars().count() >= DENSE_MIN).then_some(dense),
            whole,
        }
    }

    /// Where in a record's values it is.
    pub(super) fn find<'a>(&self, values: &'a [Text]) -> BTreeSet<&'a str> {
        let is_dense = |value: &&Text| {
            let dense = self.dense.as_deref();
            dense.is_some_and(|dense| value.dense.contains(dense))
        };
        let mut places: BTreeSet<&str> = values
            .iter()
            .filter(is_dense)
            .map(|value| &*value.place)
            .collect();
        let holds = |part: &String| values.iter().any(|value| value.folded.contains(part.as_str()));
        if self.parts.iter().all(holds) {
            let any = |value: &&Text| self.parts.iter().any(|part| value.folded.contains(part.as_str()));
            places.extend(values.iter().filter(any).map(|value| &*value.place));
        }
        places
    }

    /// Whether a long text has it as a whole: parts of names occur in every long text.
    pub(super) fn is_in(&self, text: &Text) -> bool {
        let is_dense = |needle: &String| text.dense.contains(needle.as_str());
        text.folded.contains(&self.whole) || self.dense.as_ref().is_some_and(is_dense)
    }

    /// Bytes by which a text that is read in pieces must overlap.
    pub(super) fn overlap(&self) -> usize {
        self.whole.len() * 4
    }
}

/// A value's text, with where it stands.
pub(super) struct Text {
    place: String,
    folded: String,
    dense: String,
}

impl Text {
    pub(super) fn new(place: &str, text: &str) -> Self {
        let folded = fold(text);
        Self {
            place: place.to_owned(),
            dense: dense(&folded),
            folded,
        }
    }
}

/// Without regard to case and to how letters are put together (Unicode NFKC).
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Letters and digits alone.
fn dense(folded: &str) -> String {
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(word: &str, values: &[(&str, &str)]) -> Vec<String> {
        let values: Vec<Text> = values
            .iter()
            .map(|(place, text)| Text::new(place, text))
            .collect();
        let found = Needle::of(word).find(&values);
        found.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_is_found_in_whatever_order_case_and_fields() {
        for values in [
            [("name", "Erika Mustermann"), ("city", "Köln")],
            [("name", "MUSTERMANN, Erika"), ("city", "Köln")],
        ] {
            assert_eq!(places("erika mustermann", &values), ["name"]);
        }
        let apart = [("first", "Erika"), ("last", "Mustermann"), ("city", "Köln")];
        assert_eq!(places("Erika Mustermann", &apart), ["first", "last"]);
        let other = [("first", "Erika"), ("last", "Musterfrau")];
        assert!(places("Erika Mustermann", &other).is_empty());
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        let spaced = [("iban", "DE89 3704 0044 0532 0130 00")];
        assert_eq!(places("DE89370400440532013000", &spaced), ["iban"]);
        let plain = [("iban", "DE89370400440532013000")];
        assert_eq!(places("de89 3704 0044 0532 0130 00", &plain), ["iban"]);
        assert_eq!(
            places("+49 221 555-010", &[("phone", "+49 (221) 555010")]),
            ["phone"]
        );
        assert!(places("+49 221 555-011", &[("phone", "+49 (221) 555010")]).is_empty());
    }

    #[test]
    fn letters_put_together_in_other_ways_are_the_same() {
        assert_eq!(places("Köln", &[("city", "Ko\u{308}ln")]), ["city"]);
    }

    #[test]
    fn a_long_text_needs_the_whole_word() {
        let needle = Needle::of("Erika Mustermann");
        assert!(needle.is_in(&Text::new("", "id,name\n7,erika MUSTERMANN\n")));
        let others = "id,name\n7,Erika Musterfrau\n8,Max Mustermann\n";
        assert!(!needle.is_in(&Text::new("", others)));
    }

    #[test]
    fn words_that_fit_everybody_and_too_many_are_refused() {
        for typed in [
            vec!["ab".to_owned()],
            vec!["- -".to_owned()],
            vec!["x".repeat(201)],
            vec![],
        ] {
            assert!(Words::check(&typed).is_err());
        }
        assert!(Words::check(&vec!["abc".to_owned(); WORDS_MAX + 1]).is_err());
        let words = Words::check(&["  Erika  ".to_owned(), String::new()]).unwrap();
        assert_eq!(words.clone().into_list(), ["Erika"]);
        assert_eq!(format!("{words:?}"), "Words(1)");
    }
}
