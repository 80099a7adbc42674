//! The bill of materials: which crates of others are in the program, in CycloneDX 1.5, and their licences' texts.
//!
//! Made from what cargo knows, without another tool: `cargo tree` says which crates are compiled in, `cargo metadata`
//! where they lie and their licences, `Cargo.lock` their checksums. No time stands in it, so two builds are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::licences;
use crate::program;

/// Name and version.
pub(super) type Crate = (String, String);

/// What `cargo metadata` says of all crates.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Component>,
}

/// A crate that is compiled in.
#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) version: String,
    /// An expression of SPDX; older crates write a slash for "or".
    license: Option<String>,
    /// None for crates of the house.
    source: Option<String>,
    manifest_path: PathBuf,
}

impl Component {
    /// The licence as an expression of SPDX.
    pub(super) fn licence(&self) -> String {
        let said = self.license.as_deref().unwrap_or("NOASSERTION");
        said.replace('/', " OR ").replace("  ", " ")
    }

    /// Name and version.
    pub(super) fn key(&self) -> Crate {
        (self.name.clone(), self.version.clone())
    }

    /// Where its files lie.
    pub(super) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }
}

/// Writes the bill and the licences into a folder.
pub(super) fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let components = components()?;
    let checksums = checksums(&fs::read_to_string(program::root().join("Cargo.lock"))?);
    let bill = serde_json::to_string_pretty(&bill(&components, &checksums))?;
    fs::write(folder.join("bill-of-materials.cdx.json"), bill + "\n")?;
    fs::write(
        folder.join("third-party-licences.txt"),
        licences::text(&components)?,
    )?;
    Ok(())
}

/// The crates of others in the program, by name and version.
pub(super) fn components() -> Result<Vec<Component>> {
    let packages: Vec<String> = super::PROGRAMS
        .iter()
        .map(|name| format!("--package={name}"))
        .collect();
    let mut tree = vec![
        "tree",
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
        "--locked",
    ];
    tree.extend(packages.iter().map(String::as_str));
    let shipped = shipped(&said(&tree)?);
    let metadata: Metadata = serde_json::from_str(&said(&["metadata", "--format-version=1", "--locked"])?)?;
    let mut components = metadata.packages;
    components.retain(|component| component.source.is_some() && shipped.contains(&component.key()));
    components.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    ensure!(!components.is_empty(), "cargo names no crate that is compiled in");
    Ok(components)
}

fn said(arguments: &[&str]) -> Result<String> {
    let output = program::cargo().args(arguments).output()?;
    let what = arguments.first().copied().unwrap_or_default();
    ensure!(
        output.status.success(),
        "cargo {what} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).with_context(|| format!("cannot read what cargo {what} says"))
}

/// From lines like `serde v1.0.228 (*)`.
fn shipped(tree: &str) -> BTreeSet<Crate> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        Some((name, words.next()?.strip_prefix('v')?.to_owned()))
    };
    tree.lines().filter_map(line).collect()
}

/// From the `[[package]]` tables of `Cargo.lock`, whose lines stand in this order.
pub(super) fn checksums(lock: &str) -> BTreeMap<Crate, String> {
    let (mut name, mut version) = ("", "");
    let mut checksums = BTreeMap::new();
    for line in lock.lines() {
        match line.split_once(" = ") {
            Some(("name", value)) => name = value.trim_matches('"'),
            Some(("version", value)) => version = value.trim_matches('"'),
            Some(("checksum", value)) => {
                let key = (name.to_owned(), version.to_owned());
                checksums.insert(key, value.trim_matches('"').to_owned());
            }
            _ => {}
        }
    }
    checksums
}

fn bill(components: &[Component], checksums: &BTreeMap<Crate, String>) -> Value {
    let component = |component: &Component| {
        let purl = format!("pkg:cargo/{}@{}", component.name, component.version);
        let key = (component.name.clone(), component.version.clone());
        json!({
            "type": "library",
            "bom-ref": purl,
            "name": component.name,
            "version": component.version,
            "purl": purl,
            "licenses": [{"expression": component.licence()}],
            "hashes": checksums.get(&key).map(|sum| json!({"alg": "SHA-256", "content": sum})).into_iter()
                .collect::<Vec<_>>(),
        })
    };
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "bom-ref": "strongroom",
            "name": "strongroom",
            "version": env!("CARGO_PKG_VERSION"),
            "licenses": [{"expression": "Apache-2.0"}],
        }},
        "components": components.iter().map(component).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_names_each_crate_once_whatever_stands_behind_it() {
        let tree = "strongroom v0.1.0 (/planted)\nserde v1.0.228\nserde v1.0.228 (*)\nclap_derive v4.5.0 (proc-macro)\n\n";
        let found: Vec<Crate> = shipped(tree).into_iter().collect();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["clap_derive", "serde", "strongroom"]);
    }

    #[test]
    fn a_checksum_belongs_to_the_crate_above_it() {
        let lock = "[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"hex\"\nversion = \"0.4.3\"\nsource = \"registry\"\nchecksum = \"7f24\"\n";
        let sums = checksums(lock);
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[&("hex".to_owned(), "0.4.3".to_owned())], "7f24");
    }

    #[test]
    fn the_program_holds_serde_with_licence_and_checksum_and_nothing_of_the_tests() {
        let components = components().unwrap();
        let sums = checksums(&fs::read_to_string(program::root().join("Cargo.lock")).unwrap());
        let bill = bill(&components, &sums);
        let named = |name: &str| {
            let all = bill["components"].as_array().unwrap();
            all.iter().find(|component| component["name"] == name).cloned()
        };
        let serde = named("serde").unwrap();
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(serde["hashes"][0]["content"].as_str().unwrap().len(), 64);
        assert!(
            named("fantoccini").is_none(),
            "a browser driver is not in the program"
        );
        assert!(
            named("strongroom-store").is_none(),
            "crates of the house are not others'"
        );
    }
}
