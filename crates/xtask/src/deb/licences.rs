//! The licences' texts of the crates in the program, each text once with the crates that carry it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::bill::Component;

/// How the files are called that crates put their licences and notices into.
const NAMES: &[&str] = &[
    "license",
    "licence",
    "copying",
    "copyright",
    "notice",
    "unlicense",
];

/// All of them, for /usr/share/doc. A crate without a file is listed with its licence's name.
pub(super) fn text(components: &[Component]) -> Result<String> {
    let mut carriers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut bare = Vec::new();
    for component in components {
        let shown = format!(
            "{} {} ({})",
            component.name,
            component.version,
            component.licence()
        );
        let files = files(component.folder())?;
        if files.is_empty() {
            bare.push(shown.clone());
        }
        for file in files {
            let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let text = String::from_utf8_lossy(&text)
                .replace("\r\n", "\n")
                .trim()
                .to_owned();
            let carriers = carriers.entry(text).or_default();
            if carriers.last() != Some(&shown) {
                carriers.push(shown.clone());
            }
        }
    }
    Ok(shown(&carriers, &bare))
}

fn shown(carriers: &BTreeMap<String, Vec<String>>, bare: &[String]) -> String {
    let rule = "=".repeat(80);
    let mut shown = String::from("Licences of the Rust crates in Strongroom.\n");
    // By their crates, so that the list is easily read.
    let mut texts: Vec<(&Vec<String>, &String)> =
        carriers.iter().map(|(text, names)| (names, text)).collect();
    texts.sort();
    for (names, text) in texts {
        shown.push_str(&format!("\n{rule}\n{}\n{rule}\n\n{text}\n", names.join("\n")));
    }
    if !bare.is_empty() {
        shown.push_str(&format!(
            "\n{rule}\nThese crates carry no text of their own, only their licence's name:\n{}\n{rule}\n",
            bare.join("\n")
        ));
    }
    shown
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.file_type()?.is_file() && NAMES.iter().any(|known| name.starts_with(known)) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_and_notices_are_found_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["LICENSE-MIT", "NOTICE", "README.md", "Cargo.toml"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("licenses")).unwrap();
        let found = files(folder.path()).unwrap();
        let names: Vec<_> = found
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .collect();
        assert_eq!(names, ["LICENSE-MIT", "NOTICE"]);
    }

    #[test]
    fn a_text_that_many_carry_stands_once() {
        let carriers = BTreeMap::from([(
            "the text".to_owned(),
            vec!["a 1 (MIT)".to_owned(), "b 2 (MIT)".to_owned()],
        )]);
        let shown = shown(&carriers, &["c 3 (ISC)".to_owned()]);
        assert_eq!(shown.matches("the text").count(), 1);
        assert!(
            shown.contains("a 1 (MIT)\nb 2 (MIT)") && shown.contains("c 3 (ISC)"),
            "{shown}"
        );
    }
}
