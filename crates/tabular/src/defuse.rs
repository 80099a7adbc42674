//! Formula injection: a spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`. Such a text gets a leading
//! apostrophe, which spreadsheets take as "this is text".
//!
//! Invariant: [`undo`] of [`defuse`] is the text again, for every text. A text that already begins with apostrophes
//! before a trigger gets one more, so that one can be taken away again.

use std::borrow::Cow;

/// True where a spreadsheet might run the text: a trigger at its start, perhaps behind blanks or invisible characters.
fn is_dangerous(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start_matches(is_skipped)
            .starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// Blanks, controls and zero-width characters, which programs drop before they look.
fn is_skipped(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The text as a cell that no spreadsheet runs.
#[must_use]
pub fn defuse(text: &str) -> Cow<'_, str> {
    if is_dangerous(text.trim_start_matches('\'')) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that [`defuse`] made this cell of.
#[must_use]
pub fn undo(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_dangerous(text.trim_start_matches('\'')) => text,
        Some(_) | None => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_known_trigger_is_defused() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\rx",
            "\nx",
            " =1",
            "\u{a0}=1",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\u{200b}=1",
            "\u{feff}=1",
        ] {
            assert_eq!(defuse(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "a=1", "'", "'tis", "1-2", "''a", " a"] {
            assert_eq!(defuse(text), text, "{text:?}");
        }
    }

    #[test]
    fn a_text_that_looks_defused_already_comes_back_exactly() {
        assert_eq!(defuse("'=1"), "''=1");
        assert_eq!(undo("''=1"), "'=1");
        assert_eq!(undo("'tis"), "'tis");
    }

    proptest! {
        #[test]
        fn undoing_gives_the_text_again(text in "['=+@\\- \t\r\na\u{ff1d}\u{200b}]{0,6}|\\PC{0,20}") {
            let cell = defuse(&text).into_owned();
            prop_assert_eq!(undo(&cell), &text);
            prop_assert!(!is_dangerous(&cell));
        }
    }
}
