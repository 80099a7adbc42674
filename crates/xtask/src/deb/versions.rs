//! One version in three places: Cargo's, the package's and the list of changes.

use std::fs;

use anyhow::{Result, bail};

use crate::program;

const PACKAGE: &str = "debian/changelog";
const CHANGES: &str = "CHANGELOG.md";

/// A version and whether it has been handed out.
#[derive(Debug, PartialEq, Eq)]
struct Version<'a> {
    number: &'a str,
    is_released: bool,
}

/// Fails when the three disagree.
pub(crate) fn check() -> Result<()> {
    let faults = faults()?;
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// What the three disagree about, as lines.
pub(crate) fn faults() -> Result<Vec<String>> {
    let root = program::root();
    let package = fs::read_to_string(root.join(PACKAGE))?;
    let changes = fs::read_to_string(root.join(CHANGES))?;
    // Every crate of the workspace has the same version, so ours is the program's.
    Ok(compare(env!("CARGO_PKG_VERSION"), &package, &changes))
}

fn compare(cargo: &str, package: &str, changes: &str) -> Vec<String> {
    let (Some(package), Some(changes)) = (newest_of_package(package), newest_of_changes(changes)) else {
        return vec![format!("{PACKAGE} or {CHANGES} does not begin with a version")];
    };
    let mut faults = Vec::new();
    for (file, version) in [(PACKAGE, &package), (CHANGES, &changes)] {
        if version.number != cargo {
            faults.push(format!(
                "{file}: the newest version is {}, Cargo.toml says {cargo}",
                version.number
            ));
        }
    }
    if package.is_released != changes.is_released {
        faults.push(format!(
            "{PACKAGE} and {CHANGES} disagree on whether {cargo} is released"
        ));
    }
    faults
}

/// From `strongroom (0.1.0) UNRELEASED; urgency=medium` (deb-changelog(5)).
fn newest_of_package(text: &str) -> Option<Version<'_>> {
    let (_, rest) = text.lines().next()?.split_once('(')?;
    let (number, rest) = rest.split_once(')')?;
    Some(Version {
        number,
        is_released: !rest.trim_start().starts_with("UNRELEASED"),
    })
}

/// From the first `## 0.1.0 (unreleased)`.
fn newest_of_changes(text: &str) -> Option<Version<'_>> {
    let line = text.lines().find_map(|line| line.strip_prefix("## "))?;
    let number = line.split_whitespace().next()?;
    Some(Version {
        number,
        is_released: !line.contains("(unreleased)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = "strongroom (0.2.0) UNRELEASED; urgency=medium\n";
    const CHANGES: &str = "# Changes\n\n## 0.2.0 (unreleased)\n\n## 0.1.0 (2026-11-28)\n";

    #[test]
    fn three_places_that_agree_are_in_order() {
        assert_eq!(compare("0.2.0", PACKAGE, CHANGES), Vec::<String>::new());
    }

    #[test]
    fn each_place_that_lags_behind_is_named() {
        let faults = compare("0.3.0", PACKAGE, CHANGES).join("\n");
        assert!(
            faults.contains("debian/changelog") && faults.contains("CHANGELOG.md"),
            "{faults}"
        );
    }

    #[test]
    fn a_package_is_not_released_before_the_list_of_changes_says_so() {
        let faults = compare("0.2.0", "strongroom (0.2.0) bookworm; urgency=medium\n", CHANGES);
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
}
