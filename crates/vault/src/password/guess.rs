//! How easily a password is guessed: how few things it is made of. A guesser knows the common passwords, the person's and
//! the organization's names, rows of keys and repetitions, and puts them together.
//!
//! Invariants: nothing leaves the machine; the measure is deterministic, so that the sentence a person gets is the same
//! tomorrow. It is a floor under bad choices and no estimate of good ones. Start at [`pieces`].

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest pieces of a password that is not guessed at once.
pub const PIECES_MIN: usize = 5;

/// Sorted by byte, one on each line; see the folder's README for where it comes from.
const COMMON: &str = include_str!("../../data/common-passwords.txt");
/// Lengths of the words in the list.
const COMMON_LENGTH: std::ops::RangeInclusive<usize> = 4..=32;
/// Shortest word of the context, sequence or repetition that counts as one piece.
const SHORT: usize = 3;
/// Rows that fingers walk along.
const ROWS: [&str; 9] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
];

/// The least number of pieces that a password can be put together from: common passwords, words of the context, rows of
/// keys, repetitions, single characters. Case does not matter, and `p4$$w0rd` is `password`.
#[must_use]
pub fn pieces(password: &str, context: &[&str]) -> usize {
    let lower: Zeroizing<Vec<char>> = Zeroizing::new(password.nfkc().flat_map(char::to_lowercase).collect());
    least(&lower, &words_of(context))
}

/// The letter that a digit or sign stands for.
fn unmasked(typed: char) -> char {
    match typed {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The words of names and addresses, as they are and unmasked.
fn words_of(context: &[&str]) -> Vec<Vec<char>> {
    let lower = context
        .iter()
        .map(|text| text.nfkc().collect::<String>().to_lowercase());
    let mut words = Vec::new();
    for text in lower {
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let word: Vec<char> = word.chars().collect();
            if word.len() >= SHORT {
                words.push(word.iter().map(|typed| unmasked(*typed)).collect());
                words.push(word);
            }
        }
    }
    words
}

/// Dynamic programming over the places of the text: `fewest[n]` pieces make its first `n` characters.
fn least(text: &[char], words: &[Vec<char>]) -> usize {
    let mut fewest = vec![usize::MAX; text.len() + 1];
    fewest[0] = 0;
    for start in 0..text.len() {
        let next = fewest[start] + 1;
        let rest = &text[start..];
        let lengths = (1..=rest.len()).filter(|length| is_piece(&text[..start], &rest[..*length], words));
        for length in lengths {
            let end = start + length;
            fewest[end] = fewest[end].min(next);
        }
    }
    fewest[text.len()]
}

fn is_piece(before: &[char], part: &[char], words: &[Vec<char>]) -> bool {
    if part.len() == 1 || repeats(before, part) {
        return true;
    }
    let plain: Zeroizing<Vec<char>> = Zeroizing::new(part.iter().map(|typed| unmasked(*typed)).collect());
    let is_word = |word: &Vec<char>| word == part || *word == *plain;
    part.len() >= SHORT && (is_run(part) || is_row(part) || words.iter().any(is_word))
        || COMMON_LENGTH.contains(&part.len()) && (is_common(part) || is_common(&plain))
}

/// What stands before it once more, or several times.
fn repeats(before: &[char], part: &[char]) -> bool {
    let is_whole =
        |unit: usize| part.len().is_multiple_of(unit) && part.chunks(unit).all(|one| *one == part[..unit]);
    (1..=part.len()).any(|unit| before.ends_with(&part[..unit]) && is_whole(unit))
}

/// One character again and again.
fn is_run(part: &[char]) -> bool {
    part.windows(2).all(|pair| pair[0] == pair[1])
}

/// Along a row, forwards or backwards.
fn is_row(part: &[char]) -> bool {
    let forwards: Zeroizing<String> = Zeroizing::new(part.iter().collect());
    let backwards: Zeroizing<String> = Zeroizing::new(part.iter().rev().collect());
    ROWS.iter()
        .any(|row| row.contains(forwards.as_str()) || row.contains(backwards.as_str()))
}

/// Bisection over the bytes of the list: no second copy of it lies in memory.
fn is_common(part: &[char]) -> bool {
    let word: Zeroizing<String> = Zeroizing::new(part.iter().collect());
    let (mut low, mut high) = (0, COMMON.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = COMMON[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = COMMON[middle..].find('\n').map_or(COMMON.len(), |at| middle + at);
        match COMMON[start..end].cmp(word.as_str()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_lower_case_ascii_and_every_line_is_found() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 40_000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        for line in lines {
            assert!(
                line.bytes()
                    .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()),
                "{line}"
            );
            assert!(COMMON_LENGTH.contains(&line.len()), "{line}");
            assert!(is_common(&line.chars().collect::<Vec<_>>()), "{line}");
        }
        for other in ["qqqjqqq", "passwordx~", "~~~~~~", "!!!!", ""] {
            assert!(!is_common(&other.chars().collect::<Vec<_>>()), "{other}");
        }
    }

    #[test]
    fn what_is_put_together_from_common_things_has_few_pieces() {
        let context = [
            "ada.okonkwo@northwind.example",
            "Ada Okonkwo",
            "Northwind Telecom",
            "Strongroom",
        ];
        for (guessable, most) in [
            ("passwordpassword", 2),
            ("P4$$w0rd1234567", 2),
            ("aaaaaaaaaaaaaaaaaaaa", 1),
            ("abcdefghijklmnop", 1),
            ("qwertzuiopasdfghjkl", 2),
            ("xkxkxkxkxkxkxkxkxk", 3),
            ("Okonkwo-Northwind1", 4),
            ("Strongroom123456", 2),
            ("sunshine99", 3),
            ("ｐａｓｓｗｏｒｄ１２３４", 2),
        ] {
            let found = pieces(guessable, &context);
            assert!(found <= most && found < PIECES_MIN, "{guessable}: {found}");
        }
    }

    #[test]
    fn sentences_and_random_characters_pass() {
        let context = ["ada@northwind.example", "Ada"];
        for good in [
            "correct horse battery staple",
            "seven quiet herons at dawn",
            "nine green bottles hanging",
            "fünf kluge Eulen im Moor",
            "x7Kq9-pZ",
            "Tr0ub4dor&3",
        ] {
            assert!(
                pieces(good, &context) >= PIECES_MIN,
                "{good}: {}",
                pieces(good, &context)
            );
        }
    }

    #[test]
    fn the_longest_password_is_measured_quickly_enough() {
        let long: String = "north wind "
            .repeat(24)
            .chars()
            .take(super::super::PASSWORD_CHARS_MAX)
            .collect();
        assert!(pieces(&long, &["north"]) > 0);
    }
}
