//! Text of strangers inside a message: shown on one line, escaped, and cut on a character.
//!
//! Invariant: what comes out holds no control character, no separator of lines, and nothing that turns text around, so that
//! neither a collector's parser nor a person's terminal is led astray by it.

use std::borrow::Cow;

/// What stands where something was cut off.
const CUT: char = '…';

/// The character, or a picture of it: U+2400 and those after it are the pictures of the control characters.
fn shown(character: char) -> char {
    match character {
        '\u{0}'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        // C1, separators of lines, marks and overrides of direction, and the mark of byte order.
        '\u{80}'..='\u{9f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

/// A parameter's value without its quotes: `"`, `\` and `]` escaped (RFC 5424 6.3.3), at most `bytes_max` bytes.
pub(crate) fn value(text: &str, bytes_max: usize) -> String {
    written(text, bytes_max, |character| match character {
        '"' => Cow::Borrowed("\\\""),
        '\\' => Cow::Borrowed("\\\\"),
        ']' => Cow::Borrowed("\\]"),
        other => Cow::Owned(other.to_string()),
    })
}

/// Free text, at most `bytes_max` bytes.
pub(crate) fn free(text: &str, bytes_max: usize) -> String {
    written(text, bytes_max, |character| Cow::Owned(character.to_string()))
}

/// A name of the header: printable ASCII without spaces, at most `characters_max`; `-` where nothing is left.
pub(crate) fn name(text: &str, characters_max: usize) -> String {
    let printable = text.chars().filter(char::is_ascii_graphic).take(characters_max);
    let found: String = printable.collect();
    if found.is_empty() { "-".to_owned() } else { found }
}

fn written(text: &str, bytes_max: usize, write: impl Fn(char) -> Cow<'static, str>) -> String {
    let mut out = String::new();
    // Where the text would have to be cut, should it turn out to be too long.
    let mut cut_at = 0;
    for character in text.chars() {
        let piece = write(shown(character));
        if out.len() + piece.len() > bytes_max {
            out.truncate(cut_at);
            if bytes_max >= CUT.len_utf8() {
                out.push(CUT);
            }
            return out;
        }
        out.push_str(&piece);
        if out.len() + CUT.len_utf8() <= bytes_max {
            cut_at = out.len();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_ends_with_an_ellipsis_and_never_within_an_escape() {
        assert_eq!(value("abc", 3), "abc");
        assert_eq!(value("abcd", 3), "…");
        assert_eq!(value("abcde", 4), "a…");
        assert_eq!(value("]]]]", 6), "\\]…");
        assert_eq!(value("]]]", 6), "\\]\\]\\]");
        assert_eq!(value("ab", 1), "");
        assert_eq!(free("äöü", 6), "äöü");
        assert_eq!(free("äöüx", 6), "ä…");
    }

    #[test]
    fn control_characters_and_what_turns_text_around_are_shown() {
        assert_eq!(value("a\r\n\u{1b}[31m\0\u{7f}", 100), "a␍␊␛[31m␀␡");
        assert_eq!(
            free("\u{85}\u{2028}\u{202e}\u{2066}\u{feff}", 100),
            "\u{fffd}".repeat(5)
        );
    }

    #[test]
    fn a_name_holds_what_may_stand_in_a_header() {
        assert_eq!(name("records.example.com", 255), "records.example.com");
        assert_eq!(name("a b\n<1>ü", 48), "ab<1>");
        assert_eq!(name("\n ", 48), "-");
        assert_eq!(name("abc", 2), "ab");
    }
}
