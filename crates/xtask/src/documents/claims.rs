//! docs/ASVS.md against the code: each row is met by a test or a document that is there, or says that it is not met. Other
//! documents against it too: a test that they name by its sentence is there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const TABLE: &str = "docs/ASVS.md";
/// Documents that name tests.
const NAMING: [&str; 2] = ["docs/TESTING.md", "docs/THREAT-MODEL.md"];
/// Fewest underscores of a name that is a sentence.
const UNDERSCORES_MIN: usize = 3;
/// Columns of a row: number, level, requirement, whether it is met, by what.
const COLUMNS: usize = 5;

/// Rows that claim what nothing shows.
pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let Ok(table) = fs::read_to_string(root.join(TABLE)) else {
        return Ok(Vec::new());
    };
    let mut code = String::new();
    for folder in ["crates", "tests"] {
        gather(&root.join(folder), &mut code)?;
    }
    let mut faults: Vec<String> = rows(&table).flat_map(|row| row_faults(&row, &code)).collect();
    for document in NAMING {
        let text = fs::read_to_string(root.join(document)).with_context(|| document.to_owned())?;
        let gone = sentences(&text).filter(|name| !is_function(name, &code));
        faults.extend(gone.map(|name| format!("{document}: names the test {name}, which is not there")));
    }
    Ok(faults)
}

/// What stands between backticks and is a sentence, as tests are called.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let is_sentence = |name: &&str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        name.bytes().all(plain) && name.matches('_').count() >= UNDERSCORES_MIN
    };
    text.split('`').skip(1).step_by(2).filter(is_sentence)
}

fn gather(folder: &Path, code: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            gather(&path, code)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The cells of each row that begins with a requirement's number.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = lines.map(|line| line.trim_end_matches(" |").split(" | ").collect::<Vec<_>>());
    rows.filter(|cells| cells[0].split('.').all(|part| part.parse::<u32>().is_ok()))
}

fn row_faults(cells: &[&str], code: &str) -> Vec<String> {
    let [number, _, _, state, shown] = cells else {
        return vec![format!(
            "{TABLE}: {} has {} columns, not {COLUMNS}",
            cells[0],
            cells.len()
        )];
    };
    let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
    let mut faults: Vec<String> = tests
        .iter()
        .filter(|name| !is_function(name, code))
        .map(|name| format!("{TABLE}: {number} names the test {name}, which is not there"))
        .collect();
    match *state {
        "met" | "in part" if tests.is_empty() && !shown.contains("](") => {
            faults.push(format!(
                "{TABLE}: {number} is {state} by neither a test nor a document"
            ));
        }
        "met" | "in part" | "not met" => {}
        other => faults.push(format!(
            "{TABLE}: {number} is {other:?}; write met, in part or not met"
        )),
    }
    faults
}

/// A function, or the name that a macro gives one.
fn is_function(name: &str, code: &str) -> bool {
    [format!("fn {name}("), format!("_test!({name},")]
        .iter()
        .any(|form| code.contains(form.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(row: &str) -> String {
        let code = "fn a_door_is_shut() {}\nsite_test!(a_window_is_shut, site, {";
        let faults = rows(row).flat_map(|cells| row_faults(&cells, code));
        faults.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_row_is_met_by_what_is_there() {
        assert_eq!(
            found("| 6.1.1 | 1 | Doors | met | `a_door_is_shut`, `a_window_is_shut` |"),
            ""
        );
        assert_eq!(
            found("| 6.1.1 | 1 | Doors | met | [OPERATIONS](OPERATIONS.md) |"),
            ""
        );
        assert_eq!(found("| 6.1.1 | 1 | Doors | not met | there are none |"), "");
        assert_eq!(found("| what | level |\n|---|---|\nprose"), "");
    }

    #[test]
    fn a_row_that_claims_what_nothing_shows_is_found() {
        assert!(found("| 6.1.1 | 1 | Doors | met | `a_gate_is_shut` |").contains("a_gate_is_shut"));
        assert!(found("| 6.1.1 | 1 | Doors | met | surely |").contains("by neither"));
        assert!(found("| 6.1.1 | 1 | Doors | nearly | `a_door_is_shut` |").contains("nearly"));
        assert!(found("| 6.1.1 | 1 | Doors |").contains("3 columns"));
    }

    #[test]
    fn a_test_is_named_by_its_sentence_and_by_nothing_else() {
        let text =
            "`a_door_is_shut`, `crates/x.rs`, `tests`, `two_words`, a_gate_is_open, `a window is shut`";
        assert_eq!(sentences(text).collect::<Vec<_>>(), ["a_door_is_shut"]);
    }
}
