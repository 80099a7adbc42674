//! Installed packages, as dpkg says: which are held, and which are not wholly installed.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::path::Path;

use serde::Serialize;

use crate::run::{Call, Program, RunError};

/// What is asked for (dpkg-query(1)).
const SHOWN: &str =
    "--showformat=${Package}\\t${Version}\\t${db:Status-Want}\\t${db:Status-Eflag}\\t${db:Status-Status}\\n";

/// What dpkg knows of all packages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Packages {
    /// How many are installed, wholly or not.
    pub total: usize,
    /// Packages that somebody holds at their version.
    pub held: Vec<String>,
    /// Packages whose installation did not end: name and state.
    pub unfinished: Vec<String>,
    /// Our own packages that are installed, with their versions.
    pub own: Vec<(String, String)>,
}

/// Asks dpkg for the packages of the system under a root.
///
/// # Errors
/// [`RunError`]; there is no such system.
pub fn packages(root: &Path) -> Result<Packages, RunError> {
    let mut call = Call::new(Program::DpkgQuery);
    if root != Path::new("/") {
        call = call.with([OsString::from("--admindir"), root.join("var/lib/dpkg").into()]);
    }
    Ok(parse(&call.with(["--show", SHOWN]).run()?))
}

/// The version of a package that is wholly installed; none where it is not.
///
/// # Errors
/// [`RunError`]; dpkg itself does not answer.
pub fn version(name: &str) -> Result<Option<String>, RunError> {
    let shown = "--showformat=${Version} ${db:Status-Status}\n";
    let said = Call::new(Program::DpkgQuery)
        .with(["--show", shown, "--", name])
        .ask()?;
    let installed = said
        .output
        .lines()
        .find_map(|line| line.strip_suffix(" installed"));
    Ok(installed.map(str::to_owned))
}

/// From lines of [`SHOWN`].
fn parse(text: &str) -> Packages {
    let mut found = Packages::default();
    for line in text.lines() {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (name, version, want, flag, state) = (next(), next(), next(), next(), next());
        if name.is_empty() || matches!(state, "not-installed" | "config-files") {
            continue;
        }
        found.total += 1;
        if want == "hold" {
            found.held.push(name.to_owned());
        }
        if flag != "ok" || state != "installed" {
            found.unfinished.push(format!("{name} ({state})"));
        }
        if super::OWN.contains(&name) {
            found.own.push((name.to_owned(), version.to_owned()));
        }
    }
    found
}

/// Compares two versions as dpkg does (deb-version(7)).
///
/// # Errors
/// [`RunError`]; a version that is none counts as the smallest.
pub fn compare(one: &str, other: &str) -> Result<Ordering, RunError> {
    for (relation, ordering) in [("lt", Ordering::Less), ("gt", Ordering::Greater)] {
        let call = Call::new(Program::Dpkg).with(["--compare-versions", one, relation, other]);
        if call.ask()?.code == Some(0) {
            return Ok(ordering);
        }
    }
    Ok(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_and_half_installed_packages_are_found_and_removed_ones_are_not() {
        let text = "openssl\t3.5.1-1\thold\tok\tinstalled\ncurl\t8.1\tinstall\tok\thalf-configured\n\
                    gone\t1\thold\tok\tconfig-files\nstrongroom\t0.1.0\tinstall\tok\tinstalled\n";
        let found = parse(text);
        assert_eq!(found.held, ["openssl"]);
        assert_eq!(found.unfinished, ["curl (half-configured)"]);
        assert_eq!(found.own, [("strongroom".to_owned(), "0.1.0".to_owned())]);
    }

    #[test]
    fn the_version_of_an_installed_package_is_known_and_of_no_other() {
        assert!(
            version("dpkg")
                .unwrap()
                .is_some_and(|version| version.starts_with('1'))
        );
        assert_eq!(version("no-such-package-anywhere").unwrap(), None);
    }

    #[test]
    fn versions_are_compared_as_dpkg_does() {
        assert_eq!(compare("0.1.10", "0.1.9").unwrap(), Ordering::Greater);
        assert_eq!(compare("0.2.0~rc1", "0.2.0").unwrap(), Ordering::Less);
        assert_eq!(compare("1:1", "1:1").unwrap(), Ordering::Equal);
    }
}
