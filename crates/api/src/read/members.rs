//! The members of a JSON object, read one by one. Every fault is noted with its pointer, also members that nobody
//! asked for; `finish` reports them all.

use crate::refusal::{Refusal, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};
use types::FieldProblem;
use vault::SecretText;

/// Most faults that one answer lists.
const PROBLEMS_MAX: usize = 100;

/// The members that were not read yet, and the faults so far.
pub(crate) struct Members {
    at: String,
    left: Map<String, Json>,
    errors: Vec<FieldProblem>,
}

/// RFC 6901 section 3; bounded, because it is the caller's text.
pub(crate) fn escape_pointer(name: &str) -> String {
    let name: String = name.chars().take(80).collect();
    name.replace('~', "~0").replace('/', "~1")
}

impl Members {
    /// The members of the object at the pointer `at`.
    pub(crate) fn of(json: Json, at: impl Into<String>) -> Result<Self> {
        let at = at.into();
        match json {
            Json::Object(left) => Ok(Self {
                at,
                left,
                errors: Vec::new(),
            }),
            _ => Err(Refusal::invalid_at(at, "wrong-type", "expected an object")),
        }
    }

    /// The pointer of a member.
    pub(crate) fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.at, escape_pointer(name))
    }

    /// Was no fault noted so far?
    pub(crate) fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }

    /// Notes a fault at a member.
    pub(crate) fn note(&mut self, name: &str, code: &str, message: impl Into<String>) {
        let pointer = self.pointer(name);
        self.errors.push(FieldProblem::new(pointer, code, message));
    }

    /// Notes the faults of a part.
    pub(crate) fn note_all<T>(&mut self, part: Result<T>) -> Option<T> {
        match part {
            Ok(part) => Some(part),
            Err(refusal) => {
                self.errors.extend(refusal.errors);
                None
            }
        }
    }

    /// Takes a part whose shape the platform defines, as [`read_as`] does; its faults are noted below this member.
    pub(crate) fn part<T: DeserializeOwned + Serialize>(&mut self, name: &str) -> Option<T> {
        match read_as(self.take(name)?) {
            Ok(part) => Some(part),
            Err(refusal) => {
                let at = self.pointer(name);
                self.errors
                    .extend(refusal.errors.into_iter().map(|problem| FieldProblem {
                        pointer: format!("{at}{}", problem.pointer),
                        ..problem
                    }));
                None
            }
        }
    }

    /// Takes a part that must be there.
    pub(crate) fn required_part<T: DeserializeOwned + Serialize>(&mut self, name: &str) -> Option<T> {
        if !self.require(name) {
            return None;
        }
        self.part(name)
    }

    /// Whether a member that must be there is; it is noted when it is not, or is `null`.
    pub(crate) fn require(&mut self, name: &str) -> bool {
        let is_there = self.left.get(name).is_some_and(|json| !json.is_null());
        if !is_there {
            self.left.remove(name);
            self.note(name, "required", "a value is required");
        }
        is_there
    }

    /// Takes a password, which must not be told to anybody.
    pub(crate) fn secret(&mut self, name: &str) -> Option<SecretText> {
        self.text(name).map(SecretText::new)
    }

    /// Takes a member; `null` counts as missing.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        self.left.remove(name).filter(|json| !json.is_null())
    }

    /// Is the member there, `null` or not?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Takes a text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Json::String(text) => Some(text),
            _ => self.wrong(name, "a string"),
        }
    }

    /// Takes a text that must be there; the empty text stands for a fault that was noted.
    pub(crate) fn required_text(&mut self, name: &str) -> String {
        if !self.require(name) {
            return String::new();
        }
        self.text(name).unwrap_or_default()
    }

    /// Takes a whole number.
    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        match self.take(name)?.as_i64() {
            Some(number) => Some(number),
            None => self.wrong(name, "a whole number"),
        }
    }

    /// Takes true or false.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Json::Bool(truth) => Some(truth),
            _ => self.wrong(name, "true or false"),
        }
    }

    /// Takes a list of at most `max` items.
    pub(crate) fn list(&mut self, name: &str, max: usize) -> Option<Vec<Json>> {
        match self.take(name)? {
            Json::Array(items) if items.len() <= max => Some(items),
            Json::Array(_) => {
                self.note(name, "too-long", format!("at most {max} items"));
                None
            }
            _ => self.wrong(name, "an array"),
        }
    }

    /// Takes a list of texts.
    pub(crate) fn texts(&mut self, name: &str, max: usize) -> Option<Vec<String>> {
        let items = self.list(name, max)?;
        let texts: Option<Vec<String>> = items
            .into_iter()
            .map(|item| {
                if let Json::String(text) = item {
                    Some(text)
                } else {
                    None
                }
            })
            .collect();
        if texts.is_none() {
            return self.wrong(name, "an array of strings");
        }
        texts
    }

    /// Takes a text that is one of a few words.
    pub(crate) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.note(name, "not-a-choice", format!("choose from: {}", known.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// Takes a text that must be there and is one of a few words.
    pub(crate) fn required_word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        if !self.require(name) {
            return None;
        }
        self.word(name, words)
    }

    fn wrong<T>(&mut self, name: &str, expected: &str) -> Option<T> {
        self.note(name, "wrong-type", format!("expected {expected}"));
        None
    }

    /// Reports every fault, and every member that nobody asked for.
    ///
    /// # Errors
    /// `invalid`.
    pub(crate) fn finish(mut self) -> Result<()> {
        let unknown: Vec<String> = self.left.keys().take(PROBLEMS_MAX).cloned().collect();
        for name in unknown {
            self.note(&name, "unknown-member", "there is no such member");
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        self.errors.truncate(PROBLEMS_MAX);
        Err(Refusal::invalid(self.errors))
    }

    /// As [`Members::finish`]; gives what a member that must be there said, for which a fault was noted where there is nothing.
    ///
    /// # Errors
    /// `invalid`.
    pub(crate) fn finish_with<T>(self, required: Option<T>) -> Result<T> {
        self.finish()?;
        required.ok_or_else(|| Refusal::invalid_at("", "required", "a value is required"))
    }
}

/// Reads a document whose shape the platform defines. What its type does not know is found by writing the result
/// again: a member that does not come back was not understood.
///
/// # Errors
/// `invalid`.
pub(crate) fn read_as<T: DeserializeOwned + Serialize>(json: Json) -> Result<T> {
    let shape = || {
        Refusal::invalid_at(
            "",
            "wrong-type",
            "not of the documented shape; change what an answer gave you",
        )
    };
    let read = T::deserialize(&json).map_err(|_| shape())?;
    let known = serde_json::to_value(&read).map_err(|_| shape())?;
    let mut errors = Vec::new();
    find_unknown(&json, &known, "", &mut errors);
    if errors.is_empty() {
        Ok(read)
    } else {
        Err(Refusal::invalid(errors))
    }
}

fn find_unknown(sent: &Json, known: &Json, at: &str, errors: &mut Vec<FieldProblem>) {
    match (sent, known) {
        (Json::Object(sent), Json::Object(known)) => {
            for (name, value) in sent {
                let at = format!("{at}/{}", escape_pointer(name));
                match known.get(name) {
                    Some(known) => find_unknown(value, known, &at, errors),
                    None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
                    None if errors.len() < PROBLEMS_MAX => {
                        errors.push(FieldProblem::new(at, "unknown-member", "there is no such member"));
                    }
                    None => {}
                }
            }
        }
        (Json::Array(sent), Json::Array(known)) => {
            for (place, (sent, known)) in sent.iter().zip(known).enumerate() {
                find_unknown(sent, known, &format!("{at}/{place}"), errors);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_is_reported_with_its_pointer() {
        let document = json!({"label": 5, "days": "x", "other": 1, "kind": "b"});
        let mut members = Members::of(document, "/x").unwrap();
        assert_eq!(members.text("label"), None);
        assert_eq!(members.integer("days"), None);
        assert_eq!(members.required_text("name"), "");
        assert_eq!(members.word("kind", &[("a", 1)]), None);
        let refusal = members.finish().unwrap_err();
        let found: Vec<(&str, &str)> = refusal
            .errors
            .iter()
            .map(|problem| (problem.pointer.as_str(), problem.code.as_str()))
            .collect();
        let expected = [
            ("/x/label", "wrong-type"),
            ("/x/days", "wrong-type"),
            ("/x/name", "required"),
            ("/x/kind", "not-a-choice"),
            ("/x/other", "unknown-member"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_member_that_a_type_does_not_know_is_found() {
        let rules = json!({"min": "1", "choices": [], "max": null});
        assert!(read_as::<types::field::Rules>(rules).is_ok());
        let plan = json!([{"a": 1, "b": {"c": 2}}]);
        let mut errors = Vec::new();
        find_unknown(&plan, &json!([{"a": 1, "b": {}}]), "", &mut errors);
        assert_eq!(errors[0].pointer, "/0/b/c");
    }

    #[test]
    fn null_is_a_missing_member() {
        let mut members = Members::of(json!({"a": null}), "").unwrap();
        assert!(members.has("a"));
        assert_eq!(members.text("a"), None);
        assert!(members.finish().is_ok());
    }

    #[test]
    fn null_is_no_word_that_must_be_there() {
        for document in [json!({}), json!({"a": null}), json!({"a": "z"}), json!({"a": 5})] {
            let mut members = Members::of(document.clone(), "").unwrap();
            let word = members.required_word("a", &[("x", 1)]);
            let refusal = members.finish_with(word).unwrap_err();
            assert_eq!(refusal.errors.len(), 1, "{document}");
            assert_eq!(refusal.errors[0].pointer, "/a", "{document}");
        }
        let mut members = Members::of(json!({"a": "x"}), "").unwrap();
        let word = members.required_word("a", &[("x", 1)]);
        assert_eq!(members.finish_with(word).unwrap(), 1);
    }
}
