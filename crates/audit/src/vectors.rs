//! Reads the frozen vectors: one JSON object of names and hexadecimal bytes per file.

use std::collections::BTreeMap;

pub(crate) fn load(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).expect("the vectors are a JSON object of strings")
}
