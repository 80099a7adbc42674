//! The functions that the steps make, as the newest step to say so leaves them.
//!
//! Invariant: bodies stand in the steps between `$$`, so that they are the bytes that PostgreSQL keeps as `prosrc`.

use super::{Scope, Steps, source};
use std::collections::BTreeMap;

/// What stands for an organization's schema in the text of a step.
pub(crate) const SCHEMA: &str = "{{schema}}";

/// One function of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    /// Without its schema.
    pub(crate) name: String,
    /// SHA-256 of its body in hexadecimal, with [`SCHEMA`] in the place of an organization's.
    pub(crate) digest: String,
    /// Whether it acts with its owner's rights (`SECURITY DEFINER`).
    pub(crate) is_definer: bool,
}

/// The functions of every schema of a scope, by name. No step drops one so far; the one that does has to be told here.
pub(crate) fn list(steps: Steps, scope: Scope) -> Vec<Function> {
    let mut functions = BTreeMap::new();
    for text in steps.of(scope).iter().map(|step| step.up) {
        for (at, word) in text.match_indices("FUNCTION ") {
            let after = text.get(at + word.len()..).unwrap_or_default();
            if let Some(function) = read(after, scope) {
                functions.insert(function.name.clone(), function);
            }
        }
    }
    functions.into_values().collect()
}

/// What follows the word, where it makes a function: triggers, grants and settings of functions have no body.
fn read(after: &str, scope: Scope) -> Option<Function> {
    let (head, rest) = after.split_once("AS $$")?;
    // Up to a statement that is about another function or about none.
    if head.contains(';') {
        return None;
    }
    let (body, _) = rest.split_once("$$")?;
    let home = match scope {
        Scope::Control => "strongroom",
        Scope::Organization => SCHEMA,
    };
    let (name, _) = head.strip_prefix(home)?.strip_prefix('.')?.split_once('(')?;
    Some(Function {
        name: name.to_owned(),
        digest: source::hexadecimal(&openssl::sha::sha256(body.as_bytes())),
        is_definer: head.contains("SECURITY DEFINER"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_body_of_a_name_counts_and_what_has_none_does_not() {
        let step = |version, up| source::Migration {
            scope: Scope::Control,
            version,
            name: "",
            up,
            down: "",
        };
        let first = "CREATE FUNCTION strongroom.f(a text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$one EXECUTE FUNCTION strongroom.f() $$;
            GRANT EXECUTE ON FUNCTION strongroom.f TO x; CREATE FUNCTION strongroom.g() RETURNS void AS $$two$$;";
        let second = "CREATE TRIGGER t AFTER INSERT ON u EXECUTE FUNCTION strongroom.f(); CREATE OR REPLACE FUNCTION strongroom.g() RETURNS void AS $$three$$;";
        let steps = Steps {
            control: Box::leak(Box::new([step(1, first), step(2, second)])),
            organization: &[],
        };
        let found: Vec<_> = list(steps, Scope::Control)
            .into_iter()
            .map(|function| (function.name, function.digest, function.is_definer))
            .collect();
        let digest = |body: &str| source::hexadecimal(&openssl::sha::sha256(body.as_bytes()));
        let wanted = [
            (
                "f".to_owned(),
                digest("one EXECUTE FUNCTION strongroom.f() "),
                true,
            ),
            ("g".to_owned(), digest("three"), false),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn no_function_of_a_step_is_overlooked() {
        for scope in [Scope::Control, Scope::Organization] {
            let lines = || Steps::OWN.of(scope).iter().flat_map(|step| step.up.lines());
            let count = |begin: &str| {
                lines()
                    .filter(|line| line.trim_start().starts_with(begin))
                    .count()
            };
            let found = list(Steps::OWN, scope).len();
            assert_eq!(
                (found, 0),
                (count("CREATE FUNCTION "), count("DROP FUNCTION ")),
                "{scope}"
            );
        }
    }
}
