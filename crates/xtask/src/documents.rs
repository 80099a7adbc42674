//! The documentation against the checkout: relative links lead somewhere, the code map names every crate, the list of
//! changes has the version of Cargo and of the package, claims are backed by tests that are there, and the glossary is in order.

mod claims;
mod glossary;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::deb::versions;
use crate::program;
use crate::workspace::Workspace;

const CODE_MAP: &str = "docs/ARCHITECTURE.md";

/// Prints each broken link and each crate that the code map leaves out.
pub(crate) fn run() -> Result<()> {
    let documents = documents(program::root())?;
    let mut faults = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document).with_context(|| document.display().to_string())?;
        faults.extend(broken_links(document, &text));
    }
    faults.extend(missing_from_map()?);
    faults.extend(versions::faults()?);
    faults.extend(claims::faults(program::root())?);
    faults.extend(glossary::faults(program::root())?);
    if faults.is_empty() {
        eprintln!("documents: {} files, all links lead somewhere", documents.len());
        return Ok(());
    }
    bail!("{} faults in the documents:\n{}", faults.len(), faults.join("\n"))
}

/// README.md, docs/**/*.md and the crates' READMEs.
fn documents(root: &Path) -> Result<Vec<PathBuf>> {
    let mut documents = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    let crates = fs::read_dir(root.join("crates"))?.flatten();
    documents.extend(crates.map(|entry| entry.path().join("README.md")));
    documents.retain(|document| document.exists());
    if root.join("docs").exists() {
        collect(&root.join("docs"), &mut documents)?;
    }
    documents.sort();
    Ok(documents)
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, documents)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    Ok(())
}

fn broken_links(document: &Path, text: &str) -> Vec<String> {
    let folder = document.parent().unwrap_or(Path::new("."));
    let relative = links(text)
        .into_iter()
        .filter(|link| !link.contains(':') && !link.starts_with('#'));
    let broken = relative.filter(|link| {
        let path = link.split(['#', '?']).next().unwrap_or_default();
        !folder.join(path.replace("%20", " ")).exists()
    });
    broken
        .map(|link| format!("{}: the link {link} leads nowhere", document.display()))
        .collect()
}

/// The targets of `[text](target)`, code aside.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        // Every second piece between backticks is code.
        let prose = if fenced {
            String::new()
        } else {
            line.split('`').step_by(2).collect::<Vec<_>>().join("`")
        };
        for piece in prose.split("](").skip(1) {
            let target = piece.split([')', ' ']).next().unwrap_or_default();
            links.push(target.trim_matches(['<', '>']).to_owned());
        }
    }
    links
}

/// Crates that the code map does not name as `crates/NAME`, `` `NAME` `` or `NAME/`.
fn missing_from_map() -> Result<Vec<String>> {
    let Ok(map) = fs::read_to_string(program::root().join(CODE_MAP)) else {
        return Ok(Vec::new());
    };
    let workspace = Workspace::read()?;
    let missing = workspace
        .packages
        .iter()
        .map(|package| package.name())
        .filter(|name| !names(&map, name));
    Ok(missing
        .map(|name| format!("{CODE_MAP}: the code map does not name the crate {name}"))
        .collect())
}

fn names(map: &str, name: &str) -> bool {
    [format!("crates/{name}"), format!("`{name}`"), format!(" {name}/")]
        .iter()
        .any(|form| map.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("there.md"), "").unwrap();
        let text = "[a](there.md#part) [b](gone.md) [c](https://example.org) [d](#part)\n\
                    `[e](code.md)`\n```\n[f](fenced.md)\n```\n![g](gone.png \"title\")";
        let found = broken_links(&folder.path().join("README.md"), text).join("\n");
        assert_eq!(found.lines().count(), 2, "{found}");
        assert!(found.contains("gone.md") && found.contains("gone.png"), "{found}");
    }

    #[test]
    fn a_crate_is_named_by_folder_or_as_code_only() {
        assert!(names("| `vault` | keys |", "vault"));
        assert!(names("crates/vault holds keys", "vault"));
        assert!(!names("a vault of keys", "vault"));
    }
}
