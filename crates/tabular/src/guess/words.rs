//! Words that mean true and false.

use std::collections::HashMap;

const PAIRS: [(&str, &str); 5] = [
    ("yes", "no"),
    ("true", "false"),
    ("on", "off"),
    ("y", "n"),
    ("t", "f"),
];

/// `Yes/No` when every value is one of such a pair. Of single letters both must occur: a column of nothing but `F` is
/// hardly false.
pub(super) fn boolean_pair(distinct: &HashMap<String, u64>) -> Option<String> {
    let lower: Vec<String> = distinct.keys().map(|word| word.to_lowercase()).collect();
    let has = |word: &str| lower.iter().any(|other| other == word);
    let pair = PAIRS.iter().find(|(yes, no)| {
        let only = !lower.is_empty() && lower.iter().all(|word| word == yes || word == no);
        only && (yes.len() > 1 || (has(yes) && has(no)))
    });
    pair.map(|(yes, no)| format!("{yes} or {no}"))
}

/// True when every value is 0 or 1 and both occur.
pub(super) fn is_zero_or_one(distinct: &HashMap<String, u64>) -> bool {
    distinct.len() == 2 && distinct.contains_key("0") && distinct.contains_key("1")
}
