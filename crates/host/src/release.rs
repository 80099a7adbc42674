//! The operating system's release, from os-release(5).

pub mod support;

use std::fs;
use std::path::Path;

/// What the machine runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `ID`: `debian`.
    pub id: String,
    /// `VERSION_ID`: `13`; none in Debian's testing.
    pub version: Option<String>,
    /// `PRETTY_NAME`, for people.
    pub name: String,
}

impl Release {
    /// The release of this machine; none where the file is not there or does not say.
    #[must_use]
    pub fn of_machine() -> Option<Self> {
        Self::of_root(Path::new("/"))
    }

    /// The same of the system under another root.
    #[must_use]
    pub fn of_root(root: &Path) -> Option<Self> {
        let text = ["etc/os-release", "usr/lib/os-release"]
            .iter()
            .find_map(|file| fs::read_to_string(root.join(file)).ok())?;
        Self::parse(&text)
    }

    /// Reads the text of the file.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
            Some(line.trim().trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
        };
        let id = value("ID")?;
        Some(Self {
            version: value("VERSION_ID"),
            name: value("PRETTY_NAME").unwrap_or_else(|| id.clone()),
            id,
        })
    }

    /// Debian's major version; none on anything else.
    #[must_use]
    pub fn debian(&self) -> Option<u32> {
        let version = self.version.as_deref().filter(|_| self.id == "debian")?;
        version.split('.').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_told_from_others_and_a_release_without_number_has_none() {
        let stable =
            Release::parse("PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_ID=\"13\"\nID=debian\n");
        let stable = stable.unwrap();
        assert_eq!(
            (stable.debian(), stable.name.as_str()),
            (Some(13), "Debian GNU/Linux 13 (trixie)")
        );
        assert_eq!(Release::parse("ID=debian\n").unwrap().debian(), None);
        assert_eq!(
            Release::parse("ID=ubuntu\nVERSION_ID=\"24.04\"\n")
                .unwrap()
                .debian(),
            None
        );
        assert_eq!(Release::parse("NAME=x\nID=\n"), None);
    }

    #[test]
    fn a_root_without_the_file_has_no_release() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Release::of_root(root.path()), None);
    }
}
