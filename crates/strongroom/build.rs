//! Gathers the words of the program's own sentences, so that the support bundle can keep them and hide all others.
//!
//! Only string literals and what stands in the macros of `tracing` count, of sources that ship, without their tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Crates that are not in the program.
const LEFT_OUT: [&str; 2] = ["testkit", "xtask"];

fn main() -> io::Result<()> {
    let own = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let crates = own.parent().unwrap_or(&own);
    let mut words = BTreeSet::new();
    for entry in fs::read_dir(crates)? {
        let folder = entry?.path();
        let is_left_out = LEFT_OUT.iter().any(|name| folder.ends_with(name));
        if is_left_out || !folder.join("src").is_dir() {
            continue;
        }
        println!("cargo:rerun-if-changed={}", folder.join("src").display());
        gather(&folder.join("src"), &mut words)?;
    }
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("words.txt");
    fs::write(target, words.into_iter().collect::<Vec<_>>().join("\n"))
}

fn gather(folder: &Path, words: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            gather(&path, words)?;
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests" {
            add(&name, words);
            let text = fs::read_to_string(&path)?;
            let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
            literals(shipped, words);
            logged(shipped, words);
        }
    }
    Ok(())
}

/// Adds the words of string literals. A quote in a character literal or comment shifts what counts as a literal by one;
/// then code is taken for words, which hides less by a few identifiers of ours.
fn literals(text: &str, words: &mut BTreeSet<String>) {
    let mut literal = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut is_inside = false;
        let mut characters = line.chars();
        while let Some(next) = characters.next() {
            match next {
                '\\' if is_inside => drop(characters.next()),
                '"' => {
                    is_inside = !is_inside;
                    literal.push(' ');
                }
                other if is_inside => literal.push(other),
                _ => {}
            }
        }
        literal.push(' ');
        // The lines of a literal that goes on are prose too.
        if !line.contains('"') && line.trim_end().ends_with('\\') {
            literal.push_str(line);
        }
    }
    add(&literal, words);
}

/// Adds the names of fields that are logged.
fn logged(text: &str, words: &mut BTreeSet<String>) {
    for call in text.split("tracing::").skip(1) {
        add(call.split(");").next().unwrap_or_default(), words);
    }
}

fn add(text: &str, words: &mut BTreeSet<String>) {
    for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
        if word.len() > 1 {
            words.insert(word.to_ascii_lowercase());
        }
    }
}
