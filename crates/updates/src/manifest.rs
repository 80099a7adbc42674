//! The list of a bundle: for whom it is, when it counts, and every file in it.
//!
//! Invariant: a list that was read names each file once, within bounds, and holds the program itself.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::name::TargetName;
use crate::refusal::Refusal;
use crate::signed::check_bound;
use crate::version::DebianVersion;

/// Most bytes of the list.
pub const MANIFEST_BYTES_MAX: u32 = 4 << 20;
/// Most files.
pub const TARGETS_MAX: usize = 4096;
/// Most bytes of one file.
pub const TARGET_BYTES_MAX: u64 = 2 << 30;
/// Most bytes of all files.
pub const BUNDLE_BYTES_MAX: u64 = 8 << 30;
/// The form of the list that this program understands.
pub const FORMAT: u32 = 1;

/// The list of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of this list: 1.
    pub format: u32,
    /// Whose updates: `strongroom`, which is also the name of the package of the program.
    pub product: String,
    /// Debian's release: `trixie`.
    pub release: String,
    /// Debian's architecture: `amd64`.
    pub architecture: String,
    /// The version of the program in the bundle.
    pub version: DebianVersion,
    /// The oldest version that it updates.
    pub from_oldest: DebianVersion,
    /// Its number; each bundle has a higher one than the one before.
    pub sequence: u64,
    /// The SHA-256 of the bundle's roots as they lie in the file.
    pub roots_sha256: Digest,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it may be taken.
    pub not_before: Timestamp,
    /// Until when it may be taken.
    pub not_after: Timestamp,
    /// Every file, in the order of the file.
    pub targets: Vec<Target>,
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name.
    pub name: TargetName,
    /// Its length.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Digest,
    /// What it is.
    pub content: Content,
}

/// What a file of a bundle is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Content {
    /// A Debian package.
    Package {
        /// Its name.
        package: String,
        /// Its version.
        version: DebianVersion,
        /// `amd64` or `all`.
        architecture: String,
    },
    /// Debian's signed `InRelease` and the lists that it vouches for, as proof of where packages came from.
    Proof,
    /// The data of Debian's security tracker.
    Tracker {
        /// When it was fetched.
        as_of: Timestamp,
        /// How many pairs of package and vulnerability it holds.
        records: u64,
    },
    /// Advisories about components of the program, one OSV record to a line.
    Advisories {
        /// When they were fetched.
        as_of: Timestamp,
        /// How many.
        records: u64,
    },
    /// What the program is made of, in CycloneDX.
    Bill,
    /// What changed, for people.
    Notes,
}

impl Manifest {
    /// Reads a list whose signatures hold.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], [`Refusal::List`], [`Refusal::TooLong`].
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let what = "the list of files".to_owned();
        let manifest: Self =
            serde_json::from_slice(body).map_err(|source| Refusal::Malformed { what, source })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Whether it contradicts itself; the builder asks too.
    ///
    /// # Errors
    /// [`Refusal::List`], [`Refusal::TooLong`].
    pub fn check(&self) -> Result<(), Refusal> {
        let unsound = |why: String| Err(Refusal::List { why });
        if self.format != FORMAT {
            return unsound(format!(
                "it has the form {}, and {FORMAT} is understood here",
                self.format
            ));
        }
        if self.sequence == 0 {
            return unsound("its number is 0; the first one is 1".to_owned());
        }
        if self.not_after <= self.not_before || self.made_at > self.not_after {
            return unsound("its time ends before it begins".to_owned());
        }
        if self.from_oldest > self.version {
            return unsound("it updates from a newer version than its own".to_owned());
        }
        self.check_targets()?;
        match self.program() {
            Some(_) => Ok(()),
            None => unsound(format!("it does not hold {} {}", self.product, self.version)),
        }
    }

    fn check_targets(&self) -> Result<(), Refusal> {
        check_bound(
            "the bundle",
            "files of",
            self.targets.len() as u64,
            TARGETS_MAX as u64,
        )?;
        let mut names = HashSet::new();
        let mut packages = HashSet::new();
        let mut bytes = 0_u64;
        for target in &self.targets {
            let name = &target.name;
            check_bound(name.as_str(), "bytes of", target.bytes, TARGET_BYTES_MAX)?;
            bytes = bytes.saturating_add(target.bytes);
            if !names.insert(name) {
                return Err(Refusal::List {
                    why: format!("{name} stands twice in it"),
                });
            }
            if let Content::Package {
                package,
                architecture,
                ..
            } = &target.content
            {
                check_name(package)?;
                self.check_package(target, architecture)?;
                if !packages.insert(package) {
                    return Err(Refusal::List {
                        why: format!("it holds the package {package} twice"),
                    });
                }
            }
        }
        check_bound("the bundle", "bytes of", bytes, BUNDLE_BYTES_MAX)
    }

    fn check_package(&self, target: &Target, architecture: &str) -> Result<(), Refusal> {
        let name = &target.name;
        if !name.as_str().ends_with(".deb") {
            return Err(Refusal::List {
                why: format!("{name} is a package and does not end in .deb"),
            });
        }
        if architecture != "all" && architecture != self.architecture {
            return Err(Refusal::OtherArchitecture {
                found: format!("{architecture} ({name})"),
                here: self.architecture.clone(),
            });
        }
        Ok(())
    }

    /// The package of the program itself.
    #[must_use]
    pub fn program(&self) -> Option<&Target> {
        let is_program = |target: &&Target| match &target.content {
            Content::Package { package, version, .. } => *package == self.product && *version == self.version,
            _ => false,
        };
        self.targets.iter().find(is_program)
    }

    /// All bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.targets.iter().map(|target| target.bytes).sum()
    }
}

/// Debian Policy 5.6.7: it stands in command lines of apt, where another one could be an option.
fn check_name(package: &str) -> Result<(), Refusal> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let begins = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_name =
        package.len() >= 2 && package.bytes().all(is_part) && package.as_bytes().first().is_some_and(begins);
    match is_name {
        true => Ok(()),
        false => Err(Refusal::List {
            why: format!("{package:?} is no name of a package"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_apt_is_no_name_of_a_package() {
        for name in ["libssl3", "g++", "a.b-c", "0ad"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "a",
            "-o",
            "--allow-unauthenticated",
            "+b",
            "A",
            "a b",
            "a=1",
            "a*",
            "a/trixie",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
