//! The full paths that `use` items bring in, their braces taken apart.

/// `use a::{b, c::{d as e, self}};` gives `a::b`, `a::c::d` and `a::c::self`. Comments must be gone already.
pub(super) fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for statement in code.split(';') {
        if let Some(tree) = use_tree(statement) {
            expand("", tree.trim(), &mut paths);
        }
    }
    paths
}

/// What stands after the last `use` that begins a line, whatever visibility is before it.
fn use_tree(statement: &str) -> Option<&str> {
    let mut offset = 0;
    let mut found = None;
    for line in statement.split_inclusive('\n') {
        let code = line.trim_start();
        let visibility = code.strip_prefix("pub").map_or(code, |rest| {
            rest.trim_start()
                .strip_prefix('(')
                .and_then(|rest| rest.split_once(')'))
                .map_or(rest, |(_, rest)| rest)
        });
        if let Some(tree) = visibility.trim_start().strip_prefix("use ") {
            found = Some(offset + line.len() - tree.len());
        }
        offset += line.len();
    }
    found.map(|start| &statement[start..])
}

fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        if !name.is_empty() {
            paths.push(format!("{prefix}{name}"));
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    for branch in split_top(inner) {
        expand(&prefix, branch.trim(), paths);
    }
}

/// Splits at the commas that stand in no braces.
fn split_top(inner: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let commas = inner.char_indices().filter(|(_, character)| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *character == ','
    });
    let mut start = 0;
    let mut branches = Vec::new();
    for (comma, _) in commas.collect::<Vec<_>>() {
        branches.push(&inner[start..comma]);
        start = comma + 1;
    }
    branches.push(&inner[start..]);
    branches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_taken_apart() {
        let code = "mod a;\npub(crate) use std::{\n    fs::{self, File as F},\n    process::{Command, Stdio},\n};\nuse b::c;\nfn f() {}";
        let expected = [
            "std::fs::self",
            "std::fs::File",
            "std::process::Command",
            "std::process::Stdio",
            "b::c",
        ];
        assert_eq!(paths(code), expected);
    }
}
