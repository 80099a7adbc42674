//! The components in a program itself, as cargo-auditable embeds them: read back and compared with the bill.
//!
//! The format is a section `.dep-v0` with JSON under zlib (github.com/rust-secure-code/cargo-auditable, PARSING.md). What
//! is read is our own build, so its size needs no bound.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::bill::{self, Component, Crate};
use crate::program;

const SECTION: &str = ".dep-v0";

/// As much of the format as is compared.
#[derive(Debug, Deserialize)]
struct Embedded {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    source: String,
    /// Only what builds it; not in the program.
    #[serde(default)]
    kind: Kind,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Runtime,
    Build,
}

/// Refuses a package whose programs hold no list, or one that says something else than the bill.
pub(super) fn check(package: &Path, programs: &[&str], components: &[Component]) -> Result<()> {
    let folder = package.with_extension("embedded");
    let mut unpack = Command::new("dpkg-deb");
    program::run(unpack.arg("--extract").arg(package).arg(&folder))?;
    let (mut inside, mut beside) = (BTreeSet::new(), BTreeSet::new());
    for name in programs {
        for one in read(&folder.join("usr/bin").join(name))? {
            let is_inside = one.kind == Kind::Runtime && one.source != "local";
            let set = if is_inside { &mut inside } else { &mut beside };
            set.insert((one.name, one.version));
        }
    }
    fs::remove_dir_all(&folder)?;
    let billed = components.iter().map(Component::key).collect();
    let lock = fs::read_to_string(program::root().join("Cargo.lock"))?;
    let locked = bill::checksums(&lock).into_keys().collect();
    compare(&inside, &beside, &billed, &locked)?;
    eprintln!(
        "deb: the programs name their {} components themselves",
        inside.len()
    );
    Ok(())
}

/// Every component of the bill must be named. The programs may name a few more: cargo-auditable does not know which
/// optional dependencies of another program or platform are left out; they must stand in `Cargo.lock` at least. The bill
/// also holds macros, which run while the program is built.
fn compare(
    inside: &BTreeSet<Crate>,
    beside: &BTreeSet<Crate>,
    billed: &BTreeSet<Crate>,
    locked: &BTreeSet<Crate>,
) -> Result<()> {
    let foreign: Vec<&Crate> = inside.difference(locked).collect();
    ensure!(
        foreign.is_empty(),
        "the programs name what Cargo.lock does not have: {foreign:?}"
    );
    let unknown: Vec<&Crate> = billed
        .iter()
        .filter(|one| !inside.contains(one) && !beside.contains(one))
        .collect();
    ensure!(
        unknown.is_empty(),
        "the bill lists what the programs do not name: {unknown:?}"
    );
    Ok(())
}

fn read(program: &Path) -> Result<Vec<Package>> {
    let section = program.with_extension("dep-v0");
    let mut objcopy = Command::new("objcopy");
    let dump = format!("{SECTION}={}", section.display());
    let output = objcopy
        .arg("--dump-section")
        .arg(dump)
        .arg(program)
        .arg("/dev/null")
        .output()?;
    ensure!(
        output.status.success() && section.exists(),
        "{} names no components (no section {SECTION}): build it by `cargo auditable build`: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    parse(&fs::read(&section)?).with_context(|| format!("the section {SECTION} of {}", program.display()))
}

fn parse(section: &[u8]) -> Result<Vec<Package>> {
    let mut json = String::new();
    ZlibDecoder::new(section).read_to_string(&mut json)?;
    let embedded: Embedded = serde_json::from_str(&json)?;
    ensure!(!embedded.packages.is_empty(), "it names nothing");
    Ok(embedded.packages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    fn section(json: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn crates(names: &[&str]) -> BTreeSet<Crate> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), "1.0.0".to_owned()))
            .collect()
    }

    #[test]
    fn a_section_is_read_and_what_only_builds_is_told_apart() {
        let json = r#"{"packages":[
            {"name":"cc","version":"1.2.0","source":"crates.io","kind":"build"},
            {"name":"serde","version":"1.0.228","source":"crates.io","dependencies":[0]},
            {"name":"strongroom","version":"0.1.0","source":"local","root":true}],"format":8}"#;
        let packages = parse(&section(json)).unwrap();
        assert_eq!(packages.len(), 3);
        assert_eq!(
            (&packages[0].kind, &packages[1].kind),
            (&Kind::Build, &Kind::Runtime)
        );
        assert!(parse(&section("{\"packages\":[]}")).is_err());
        assert!(parse(b"no zlib").is_err());
    }

    #[test]
    fn a_component_that_the_programs_do_not_name_or_the_lock_does_not_have_is_refused() {
        let (inside, beside) = (crates(&["errno", "serde"]), crates(&["serde_derive"]));
        let locked = crates(&["errno", "serde", "serde_derive", "zip"]);
        let compared = |billed: &[&str], locked| compare(&inside, &beside, &crates(billed), locked);
        compared(&["serde", "serde_derive"], &locked).unwrap();
        let unknown = compared(&["serde", "zip"], &locked).unwrap_err();
        assert!(unknown.to_string().contains("zip"), "{unknown}");
        let foreign = compared(&["serde"], &crates(&["serde"])).unwrap_err();
        assert!(foreign.to_string().contains("errno"), "{foreign}");
    }

    #[test]
    fn a_program_without_the_section_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("true");
        fs::copy("/bin/true", &program).unwrap();
        let refused = read(&program).unwrap_err();
        assert!(refused.to_string().contains("names no components"), "{refused}");
    }
}
