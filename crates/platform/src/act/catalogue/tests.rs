//! The list held against the source: what looks like an act there is one here, and the other way round.

use super::{ACTIONS, is_action};
use std::{collections::BTreeSet, fs, path::Path};

/// Texts of the same form that are no acts: kinds of jobs, files, units, events of the journal.
const OTHERS: [&str; 17] = [
    "access-log.lost",
    "audit-note.send",
    "backup.alert-test",
    "history.jsonl",
    "import.check",
    "mail.alert",
    "mail.send",
    "manifest.json",
    "organization.json",
    "password-reset.ask",
    "refused-rows.csv",
    "strongroom-hostd.service",
    "strongroom-worker.service",
    "strongroom.act",
    "strongroom.service",
    "trash.jsonl",
    "update-record.json",
];

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "catalogue.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            found.push(code.to_owned());
        }
    }
}

/// Whether it is `thing.done` in the form that acts have.
fn has_form(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    text.split_once('.')
        .is_some_and(|(object, verb)| is_word(object) && is_word(verb))
}

#[test]
fn the_list_is_in_order_and_names_what_the_source_names() {
    assert!(ACTIONS.is_sorted() && ACTIONS.iter().all(|action| is_action(action)));
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let texts: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| file.split('"'))
        .filter(|text| has_form(text))
        .collect();
    let known: BTreeSet<&str> = ACTIONS.into_iter().chain(OTHERS).collect();
    let forgotten: Vec<_> = texts.difference(&known).collect();
    let dead: Vec<_> = known.difference(&texts).collect();
    assert!(
        forgotten.is_empty(),
        "in the source and not in the list: {forgotten:?}"
    );
    assert!(dead.is_empty(), "in the list and not in the source: {dead:?}");
}
