//! Which PostgreSQL: the folder of its programs, found once and passed on.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::process;
use crate::state::state_folder;

/// Where Debian puts the servers, one folder for each major version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// A folder that holds `postgres` and `initdb`, and the major version of what is in it.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// What tests run on: `STRONGROOM_TEST_PG_BIN` (a folder), else `STRONGROOM_TEST_PG` (a major version), else the
    /// newest of this machine.
    pub fn for_tests() -> Result<Self> {
        if let Some(folder) = env::var_os("STRONGROOM_TEST_PG_BIN").filter(|value| !value.is_empty()) {
            return Self::in_folder(Path::new(&folder));
        }
        match env::var("STRONGROOM_TEST_PG") {
            Ok(version) if !version.is_empty() => {
                let major = version
                    .parse()
                    .with_context(|| format!("STRONGROOM_TEST_PG={version} is no number"))?;
                Self::of_major(major)
            }
            _ => Self::newest(),
        }
    }

    /// The newest of Debian's servers.
    pub fn newest() -> Result<Self> {
        let entries = fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
        let majors = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let installed = majors.filter(|major| debian_folder(*major).join("postgres").exists());
        let newest = installed.max().with_context(|| {
            format!("there is no PostgreSQL server under {DEBIAN_FOLDER}: apt-get install postgresql")
        })?;
        Self::in_folder(&debian_folder(newest))
    }

    /// Debian's server of that major version, else the one that `cargo xtask test` fetched.
    pub fn of_major(major: u32) -> Result<Self> {
        for folder in [debian_folder(major), fetched_folder(major)?.join("native/bin")] {
            if folder.join("postgres").exists() {
                return Self::in_folder(&folder);
            }
        }
        bail!("there is no PostgreSQL {major} on this machine: `cargo xtask test --all` fetches 17")
    }

    /// The server in a folder.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let output = process::run(Command::new(folder.join("postgres")).arg("--version"))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let major = parse_major(&version)?;
        ensure!(
            major >= 15,
            "PostgreSQL 15 or newer is needed, {} has {version}",
            folder.display()
        );
        Ok(Self {
            folder: folder.to_owned(),
            major,
        })
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of a program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Where a fetched server of that major version is kept.
pub fn fetched_folder(major: u32) -> Result<PathBuf> {
    Ok(state_folder()?.join(format!("postgresql-{major}")))
}

fn debian_folder(major: u32) -> PathBuf {
    Path::new(DEBIAN_FOLDER).join(major.to_string()).join("bin")
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_major(version: &str) -> Result<u32> {
    let number = version.strip_prefix("postgres (PostgreSQL) ").unwrap_or_default();
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits
        .parse()
        .with_context(|| format!("cannot read a version out of {version:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)").unwrap(),
            15
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1").unwrap(), 18);
        assert!(parse_major("psql (PostgreSQL) 15.18").is_err());
    }
}
