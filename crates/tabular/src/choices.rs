//! Several choices in one cell: `a; b`.
//!
//! A name that holds a semicolon, begins with a quotation mark or has blanks at its ends is written in quotation marks,
//! inner ones doubled, so that every list comes back exactly.

/// The names as one cell.
pub(crate) fn join(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
    quoted.join("; ")
}

fn quote(name: &str) -> String {
    if name.contains(';') || name.starts_with('"') || name.trim() != name {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

/// The names of one cell, blanks around them dropped, empty ones too.
pub(crate) fn split(cell: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = cell;
    loop {
        let (name, after) = quoted(rest.trim_start()).unwrap_or_else(|| plain(rest));
        if !name.is_empty() {
            names.push(name);
        }
        match after {
            Some(after) => rest = after,
            None => return names,
        }
    }
}

fn plain(text: &str) -> (String, Option<&str>) {
    match text.split_once(';') {
        Some((name, after)) => (name.trim().to_owned(), Some(after)),
        None => (text.trim().to_owned(), None),
    }
}

/// `None` unless the text begins with a well-formed quoted name.
fn quoted(text: &str) -> Option<(String, Option<&str>)> {
    let inner = text.strip_prefix('"')?;
    let mut end = 0;
    loop {
        end += inner[end..].find('"')?;
        if !inner[end + 1..].starts_with('"') {
            break;
        }
        end += 2;
    }
    let name = inner[..end].replace("\"\"", "\"");
    let after = inner[end + 1..].trim_start();
    match after.strip_prefix(';') {
        Some(after) => Some((name, Some(after))),
        None => after.is_empty().then_some((name, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_with_semicolons_are_quoted() {
        let names = ["a;b".to_owned(), "c".into(), "\"d\"".into(), "e \"f\"".into()];
        assert_eq!(join(&names), "\"a;b\"; c; \"\"\"d\"\"\"; e \"f\"");
        assert_eq!(split(&join(&names)), names);
        assert_eq!(split(" a;;b ; "), ["a", "b"]);
        assert_eq!(split("\"open; b"), ["\"open", "b"]);
    }

    proptest! {
        #[test]
        fn every_list_comes_back(names in proptest::collection::vec("[a;\" \t\n]{1,5}|\\PC{1,9}", 0..5)) {
            prop_assert_eq!(split(&join(&names)), names);
        }
    }
}
