//! Which crate may depend on which.

use crate::workspace::{Dependency, Package};

/// A crate depends only on what stands before it. Development dependencies are free.
const ORDER: &[&str] = &[
    "types",
    "audit",
    "access",
    "promises",
    "tabular",
    "syslog",
    "config",
    "vault",
    "store",
    "directory",
    "openid",
    "host",
    "jobs",
    "continuity",
    "updates",
    "watch",
    "platform",
    "api",
    "console",
    "strongroom",
    "hostd",
    "verify",
    "testkit",
    "xtask",
    "tests",
];

/// What people and programs talk to: they go through `platform`, which authorizes and audits.
const FACES: &[&str] = &["api", "console", "strongroom"];

/// Crates that speak SQL, and the only ones that may depend on a database client.
const SQL_SPEAKERS: &[&str] = &["store", "testkit", "xtask"];
const SQL_CLIENTS: &[&str] = &[
    "diesel",
    "diesel-async",
    "diesel_migrations",
    "postgres",
    "postgres-protocol",
    "sqlx",
    "tokio-postgres",
];

/// Crates without I/O, and all they may depend on: values, encodings, hashes.
pub(super) const PURE: &[&str] = &["types", "audit", "access", "promises", "syslog"];
const PURE_DEPENDENCIES: &[&str] = &[
    "base64",
    "hex",
    "jiff",
    "openssl",
    "regex",
    "rust_decimal",
    "serde",
    "serde_json",
    "thiserror",
    "toml",
    "unicode-normalization",
    "url",
    "uuid",
    "zeroize",
];

/// What root's program may be made of: whatever more there is, runs as root.
const ROOTS_DEPENDENCIES: &[&str] = &["host", "nix", "serde", "serde_json", "thiserror"];

/// The violations of one crate's manifest.
pub(super) fn check(package: &Package) -> Vec<String> {
    let name = package.name();
    let Some(place) = ORDER.iter().position(|other| *other == name) else {
        return vec![format!(
            "{name}: the crate has no place in the order; give it one in crates/xtask/src/layers/edges.rs"
        )];
    };
    let shipped = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.is_shipped());
    shipped
        .filter_map(|dependency| check_edge(name, place, dependency))
        .collect()
}

fn check_edge(name: &str, place: usize, dependency: &Dependency) -> Option<String> {
    let other = dependency.name();
    if dependency.is_ours() && !ORDER[..place].contains(&other) {
        return Some(format!(
            "{name} depends on {other}, which does not stand before it in the order"
        ));
    }
    if FACES.contains(&name) && other == "store" {
        return Some(format!(
            "{name} depends on store; faces go through platform, which authorizes and audits"
        ));
    }
    if SQL_CLIENTS.contains(&other) && !SQL_SPEAKERS.contains(&name) {
        return Some(format!("{name} depends on {other}; only store speaks SQL"));
    }
    if name == "hostd" && !ROOTS_DEPENDENCIES.contains(&other) {
        return Some(format!(
            "hostd depends on {other}, which would run as root; let the caller do it"
        ));
    }
    if PURE.contains(&name) && !dependency.is_ours() && !PURE_DEPENDENCIES.contains(&other) {
        return Some(format!(
            "{name} depends on {other}, but it does no I/O and {other} is not known to be pure"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_violation(package: &Package) -> String {
        let mut violations = check(package);
        assert_eq!(violations.len(), 1, "{violations:?}");
        violations.remove(0)
    }

    #[test]
    fn a_face_that_uses_the_store_is_found() {
        let found = only_violation(&Package::planted(
            "console",
            &[("platform", true), ("store", true)],
            &[],
        ));
        assert!(found.starts_with("console depends on store"), "{found}");
    }

    #[test]
    fn a_dependency_on_a_later_crate_is_found() {
        let found = only_violation(&Package::planted(
            "vault",
            &[("types", true), ("store", true)],
            &[],
        ));
        assert!(found.contains("does not stand before it"), "{found}");
    }

    #[test]
    fn a_test_may_use_any_crate() {
        assert!(check(&Package::planted("store", &[("testkit", false)], &["diesel"])).is_empty());
    }

    #[test]
    fn sql_outside_the_store_is_found() {
        let found = only_violation(&Package::planted(
            "platform",
            &[("store", true)],
            &["tokio-postgres"],
        ));
        assert!(found.ends_with("only store speaks SQL"), "{found}");
    }

    #[test]
    fn an_impure_dependency_of_a_pure_crate_is_found() {
        let found = only_violation(&Package::planted(
            "access",
            &[("types", true)],
            &["serde", "tokio"],
        ));
        assert!(found.contains("tokio is not known to be pure"), "{found}");
    }

    #[test]
    fn more_than_root_needs_in_its_program_is_found() {
        for (ours, others) in [
            (&[("platform", true)][..], &[][..]),
            (&[("host", true)], &["tokio"]),
        ] {
            let found = only_violation(&Package::planted("hostd", ours, others));
            assert!(found.contains("would run as root"), "{found}");
        }
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert!(only_violation(&Package::planted("attic", &[], &[])).contains("no place in the order"));
    }
}
