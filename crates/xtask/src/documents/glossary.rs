//! The glossary in the order of its words, so that a word is found and is there once.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const GLOSSARY: &str = "docs/GLOSSARY.md";

/// What stands before a word that it should come after, or stands twice.
pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join(GLOSSARY)).context(GLOSSARY)?;
    Ok(out_of_order(&words(&text)))
}

/// The first cells of the table.
fn words(text: &str) -> Vec<String> {
    let rows = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split(" |").next());
    cells.map(str::to_lowercase).collect()
}

fn out_of_order(words: &[String]) -> Vec<String> {
    let pairs = words.windows(2).filter(|pair| pair[0] >= pair[1]);
    pairs
        .map(|pair| format!("{GLOSSARY}: {:?} comes before {:?}", pair[1], pair[0]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_out_of_its_place_or_twice_is_found() {
        let table = |words: &[&str]| {
            words
                .iter()
                .fold("| word | meaning |\n|---|---|\n".to_owned(), |text, word| {
                    text + &format!("| {word} | what |\n")
                })
        };
        let faults = |listed: &[&str]| out_of_order(&words(&table(listed))).len();
        assert_eq!(faults(&["account", "backup, restore point", "Key"]), 0);
        assert_eq!(faults(&["backup", "account", "key"]), 1);
        assert_eq!(faults(&["account", "account"]), 1);
    }
}
