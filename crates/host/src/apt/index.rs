//! The signed indices that apt has accepted: `/var/lib/apt/lists/*InRelease`.
//!
//! apt verifies a signature when it fetches and leaves the file as it was when that fails, so an index that grows old
//! is how a repository signed by a stranger shows here. Only the fields are read; nothing is verified anew.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use jiff::{Timestamp, fmt::rfc2822};
use serde::Serialize;

/// Where apt keeps them.
pub const LISTS: &str = "/var/lib/apt/lists";
/// No index of ours or Debian's is longer.
const BYTES_MAX: u64 = 1 << 20;
/// A machine with more sources than this is looked at no further.
const INDICES_MAX: usize = 200;

/// One repository's signed index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Index {
    /// The file's name, which tells the address.
    pub name: String,
    /// `Origin`: `Debian`, `Strongroom`.
    pub origin: String,
    /// `Label`: `Debian-Security`.
    pub label: String,
    /// `Codename` or else `Suite`: `trixie-security`.
    pub codename: String,
    /// `Date`: when it was signed; none where it does not say.
    pub signed_at: Option<Timestamp>,
    /// `Valid-Until`; none where it may be used for ever.
    pub valid_until: Option<Timestamp>,
}

impl Index {
    /// Whether apt refuses it by now.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until < now)
    }

    /// Whole days since it was signed.
    #[must_use]
    pub fn age_days(&self, now: Timestamp) -> Option<i64> {
        let age = now.as_second() - self.signed_at?.as_second();
        Some(age.div_euclid(86_400))
    }

    /// Whether Debian's security team signs it.
    #[must_use]
    pub fn is_debian_security(&self) -> bool {
        self.origin == "Debian" && self.label == "Debian-Security"
    }
}

/// Every index in a folder, by name.
///
/// # Errors
/// The folder or a file cannot be read.
pub fn indices(lists: &Path) -> io::Result<Vec<Index>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(lists)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with("InRelease") && !name.ends_with("_Release") {
            continue;
        }
        let mut text = String::new();
        File::open(entry.path())?
            .take(BYTES_MAX)
            .read_to_string(&mut text)?;
        found.push(parse(name, &text));
        if found.len() == INDICES_MAX {
            break;
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The fields stand at the beginning of a line; the armour before and behind has none of these names.
fn parse(name: String, text: &str) -> Index {
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.map(str::trim).unwrap_or_default().to_owned()
    };
    let codename = Some(value("Codename")).filter(|name| !name.is_empty());
    Index {
        name,
        origin: value("Origin"),
        label: value("Label"),
        codename: codename.unwrap_or_else(|| value("Suite")),
        signed_at: time(&value("Date")),
        valid_until: time(&value("Valid-Until")),
    }
}

/// `Sat, 28 Nov 2026 12:00:00 UTC` (RFC 5322 would write `+0000`).
fn time(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("UTC").map(|text| format!("{text}+0000"));
    rfc2822::DateTimeParser::new().parse_timestamp(text?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Strongroom\nLabel: Strongroom\n\
                        Suite: stable\nCodename: stable\nDate: Sat, 28 Nov 2026 12:00:00 UTC\n\
                        Valid-Until: Sat, 05 Dec 2026 12:00:00 UTC\nSHA256:\n 00 1 main/binary-amd64/Packages\n\
                        -----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_index_says_who_signed_when_and_until_when() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file_srv_dists_stable_InRelease"), OURS).unwrap();
        fs::write(folder.path().join("file_srv_dists_stable_main_Packages"), "").unwrap();
        let found = indices(folder.path()).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let index = &found[0];
        assert_eq!(
            (index.origin.as_str(), index.codename.as_str()),
            ("Strongroom", "stable")
        );
        assert_eq!(index.age_days(at("2026-11-30T13:00:00Z")), Some(2));
        assert!(!index.is_expired(at("2026-12-05T11:59:59Z")));
        assert!(index.is_expired(at("2026-12-05T12:00:01Z")));
    }

    #[test]
    fn an_index_without_dates_has_no_age_and_a_folder_that_is_not_there_is_an_error() {
        let index = parse(
            "x_InRelease".to_owned(),
            "Origin: Debian\nLabel: Debian-Security\n",
        );
        assert!(index.is_debian_security() && index.age_days(at("2026-11-30T13:00:00Z")).is_none());
        assert!(
            !index.is_expired(at("2099-01-01T00:00:00Z")),
            "it may be used for ever"
        );
        assert!(indices(Path::new("/no/such/folder")).is_err());
    }
}
