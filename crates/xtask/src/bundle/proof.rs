//! Debian's word for Debian's packages: InRelease is signed by Debian and still valid, it names the lists by digest,
//! and the lists name every package by digest.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use updates::build::Source;
use updates::digest::Digest;
use updates::manifest::Content;

use super::PRODUCT;

/// Checks all of it. Our own package is vouched for by our own signatures.
pub(super) fn check(
    in_release: &Path,
    indexes: &[PathBuf],
    keyring: &Path,
    sources: &[Source],
    now: Timestamp,
) -> Result<()> {
    let text = signed_text(in_release, keyring)?;
    let until = valid_until(&text)?;
    ensure!(
        until > now,
        "{} was valid until {until} only; fetch Debian's lists again",
        in_release.display()
    );
    let vouched = digests(&text);
    let mut packages = HashSet::new();
    for index in indexes {
        let list = fs::read(index).with_context(|| index.display().to_string())?;
        let digest = Digest::of(&list);
        ensure!(
            vouched.contains(&digest),
            "{} is not a list that InRelease vouches for",
            index.display()
        );
        let list = String::from_utf8(list)?;
        let lines = list
            .lines()
            .filter_map(|line| Digest::parse(line.strip_prefix("SHA256: ")?));
        packages.extend(lines);
    }
    for source in sources {
        let Content::Package { package, .. } = &source.content else {
            continue;
        };
        let digest = Digest::of(&fs::read(&source.path)?);
        let is_vouched = package == PRODUCT || packages.contains(&digest);
        ensure!(
            is_vouched,
            "{} stands in no list of Debian's",
            source.path.display()
        );
    }
    Ok(())
}

/// The text inside the signature, as gpgv gives it out: what stands outside is not signed.
fn signed_text(in_release: &Path, keyring: &Path) -> Result<String> {
    let output = Command::new("gpgv")
        .args(["--output", "-", "--keyring"])
        .arg(keyring)
        .arg(in_release)
        .output()
        .context("cannot start gpgv")?;
    ensure!(
        output.status.success(),
        "{} is not signed by a key in {}: {}",
        in_release.display(),
        keyring.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// A release without an end is refused: it could be any old one.
fn valid_until(text: &str) -> Result<Timestamp> {
    let value = text.lines().find_map(|line| line.strip_prefix("Valid-Until: "));
    let value = value.context("InRelease says not until when it is valid")?;
    let value = value.trim().replace("UTC", "+0000");
    let parsed = jiff::fmt::rfc2822::parse(&value).with_context(|| format!("{value:?} is no date"))?;
    Ok(parsed.timestamp())
}

/// The digests in the section `SHA256:`, whose lines are digest, length and name.
fn digests(text: &str) -> HashSet<Digest> {
    let after = text
        .lines()
        .skip_while(|line| line.trim_end() != "SHA256:")
        .skip(1);
    let section = after.take_while(|line| line.starts_with(' '));
    section
        .filter_map(|line| Digest::parse(line.split_whitespace().next()?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_and_the_digests_of_a_release_are_read() {
        let digest = Digest::of(b"list");
        let text = format!(
            "Origin: Debian\nValid-Until: Sat, 05 Dec 2026 14:51:01 UTC\nMD5Sum:\n aa 1 main/x\nSHA256:\n {digest} 4 main/Packages\nOther: x\n"
        );
        let expected: Timestamp = "2026-12-05T14:51:01Z".parse().unwrap();
        assert_eq!(valid_until(&text).unwrap(), expected);
        assert_eq!(digests(&text), HashSet::from([digest]));
        assert!(
            valid_until("Origin: Debian\n").is_err(),
            "without an end it could be any old one"
        );
    }
}
