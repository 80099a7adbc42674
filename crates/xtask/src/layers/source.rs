//! What a crate's own code may touch: processes, the environment, the outside world.
//!
//! A reading of the text, not of the types: it finds what is written plainly, as people write it. Tests are exempt
//! (`tests.rs`, folders `tests`, and everything from `#[cfg(test)]` before a module on).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::edges::PURE;
use super::uses;

/// A thing that only some crates may do.
struct Firewall {
    allowed: fn(&str) -> bool,
    paths: &'static [&'static str],
    reason: &'static str,
}

const FIREWALLS: &[Firewall] = &[
    Firewall {
        allowed: |name| ["host", "hostd", "continuity", "testkit", "xtask"].contains(&name),
        paths: &[
            "process::Command",
            "tokio::process",
            "nix::unistd::exec",
            "unistd::fork",
            "CommandExt",
        ],
        reason: "only host, hostd and continuity start processes",
    },
    Firewall {
        allowed: |name| ["config", "testkit", "xtask"].contains(&name),
        paths: &[
            "env::var",
            "env::vars",
            "env::var_os",
            "env::vars_os",
            "env::set_var",
            "env::remove_var",
        ],
        reason: "only config reads the environment",
    },
    Firewall {
        allowed: |name| !PURE.contains(&name),
        paths: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "std::thread",
            "std::os",
            "io::stdin",
            "io::stdout",
            "io::stderr",
            "tokio",
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "TimeZone::system",
            "Uuid::now_v7",
            "Uuid::new_v4",
            "openssl::rand",
            "rand::rand_bytes",
            "File::open",
            "File::create",
        ],
        reason: "types, audit, access and promises do no I/O; time and randomness come in as parameters",
    },
];

/// The Rust files below a folder that are shipped.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The violations of one file of a crate.
pub(super) fn check(package: &str, text: &str) -> Vec<String> {
    let code = shipped_code(text);
    let dense: String = code
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let imported = uses::paths(&code);
    let used = |path: &str| mentions(&dense, path) || imported.iter().any(|import| mentions(import, path));
    let walls = FIREWALLS.iter().filter(|wall| !(wall.allowed)(package));
    walls
        .flat_map(|wall| {
            wall.paths
                .iter()
                .filter(|path| used(path))
                .map(|path| format!("{path}: {}", wall.reason))
        })
        .collect()
}

/// The text up to the tests, without comments.
fn shipped_code(text: &str) -> String {
    let end = ["#[cfg(test)]\nmod ", "#[cfg(test)]\nimpl "]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    let lines = text[..end.unwrap_or(text.len())].lines();
    lines
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether the path stands in the text as whole names: `env::var` is not in `env::variant`, nor in `myenv::var`.
fn mentions(text: &str, path: &str) -> bool {
    let part_of_name =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(path).any(|(start, _)| {
        let bytes = text.as_bytes();
        let before = start.checked_sub(1).and_then(|place| bytes.get(place));
        // Without its spaces `use std::fs` reads `usestd::fs`, so a word before `std` does not count.
        let begins = path.starts_with("std::") || !part_of_name(before);
        begins && !part_of_name(bytes.get(start + path.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(package: &str, text: &str) -> String {
        check(package, text).join("; ")
    }

    #[test]
    fn a_process_started_outside_its_crates_is_found() {
        for text in [
            "use std::process::Command;",
            "use std::{fs, process::{Command, Stdio}};",
            "fn f() { std::process::Command::new(\"ls\"); }",
            "use std::process;\nfn f() { process::Command::new(\"ls\"); }",
            "use tokio::process::Command;",
        ] {
            assert!(reasons("platform", text).contains("start processes"), "{text}");
            assert!(reasons("continuity", text).is_empty(), "{text}");
        }
        assert!(reasons("strongroom", "use clap::Command;\nuse std::process::ExitCode;").is_empty());
    }

    #[test]
    fn a_look_at_the_environment_outside_config_is_found() {
        for text in [
            "fn f() { std::env::var(\"HOME\"); }",
            "use std::env;\nfn f() { env::var_os(\"HOME\"); }",
        ] {
            assert!(reasons("api", text).contains("reads the environment"), "{text}");
            assert!(reasons("config", text).is_empty(), "{text}");
        }
        assert!(
            reasons(
                "api",
                "const V: &str = env!(\"CARGO_PKG_VERSION\"); fn f() { env::args(); }"
            )
            .is_empty()
        );
    }

    #[test]
    fn input_output_and_clocks_in_a_pure_crate_are_found() {
        for text in [
            "use std::fs;",
            "use std::{collections::BTreeMap, net::IpAddr};",
            "fn f() { jiff::Timestamp::now(); }",
            "use uuid::Uuid;\nfn f() { Uuid::now_v7(); }",
            "async fn f() { tokio::spawn(g()); }",
        ] {
            assert!(reasons("audit", text).contains("do no I/O"), "{text}");
            assert!(reasons("vault", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn comments_tests_and_longer_names_do_not_count() {
        let text = "//! Never std::fs.\nfn token() {}\nfn f(instant: X) { instant.known() }\n\
                    #[cfg(test)]\nmod tests { use std::fs; }";
        assert!(reasons("types", text).is_empty(), "{}", reasons("types", text));
    }

    #[test]
    fn test_files_are_not_shipped() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lib.rs", "tests.rs", "notes.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(files(folder.path()).unwrap(), [folder.path().join("lib.rs")]);
    }
}
