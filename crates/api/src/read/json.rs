//! JSON of our own strictness: UTF-8, at most [`DEPTH_MAX`] levels, no member twice, no NUL. Depth is counted before
//! anything is parsed.
//!
//! Invariant: an error says where and what, and never the parser's text.

use crate::refusal::{Refusal, Result};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::cell::RefCell;

/// Most levels of arrays and objects.
pub(crate) const DEPTH_MAX: usize = 64;

/// Reads a document.
///
/// # Errors
/// `malformed-request` or, for NUL, `invalid`; each with a JSON pointer.
pub(crate) fn read(bytes: &[u8]) -> Result<Json> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        Refusal::malformed("", "not-utf8", message)
    })?;
    if depth(text.as_bytes()) > DEPTH_MAX {
        let message = format!("the JSON has more than {DEPTH_MAX} levels");
        return Err(Refusal::malformed("", "too-deep", message));
    }
    let trail = RefCell::new(Trail::default());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Strict { trail: &trail }
        .deserialize(&mut deserializer)
        .and_then(|json| deserializer.end().map(|()| json));
    parsed.map_err(|error| trail.into_inner().refusal(error.line(), error.column()))
}

/// The deepest level, without regard to whether the text is JSON at all.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

enum Fault {
    Duplicate,
    Nul,
}

/// What went wrong and where; the path is built from the inside out while the error travels up.
#[derive(Default)]
struct Trail {
    fault: Option<Fault>,
    steps: Vec<String>,
}

impl Trail {
    fn refusal(self, line: usize, column: usize) -> Refusal {
        let pointer: String = self.steps.iter().rev().fold(String::new(), |pointer, step| {
            pointer + "/" + &crate::read::members::escape_pointer(step)
        });
        match self.fault {
            Some(Fault::Duplicate) => Refusal::malformed(
                pointer,
                "duplicate-member",
                "the member occurs twice in its object",
            ),
            Some(Fault::Nul) => Refusal::invalid_at(pointer, "nul", types::ValueError::Nul.to_string()),
            None => {
                let message = format!("not JSON at line {line}, column {column}");
                Refusal::malformed(pointer, "not-json", message)
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    trail: &'a RefCell<Trail>,
}

impl Strict<'_> {
    fn fault<E: Error>(self, fault: Fault) -> E {
        self.trail.borrow_mut().fault = Some(fault);
        E::custom("refused")
    }

    fn step(self, step: impl Into<String>) {
        self.trail.borrow_mut().steps.push(step.into());
    }

    fn check_text<E: Error>(self, text: &str) -> std::result::Result<(), E> {
        if text.contains('\0') {
            Err(self.fault(Fault::Nul))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> std::result::Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> std::result::Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> std::result::Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> std::result::Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> std::result::Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> std::result::Result<Json, E> {
        self.check_text(text)?;
        Ok(Json::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> std::result::Result<Json, A::Error> {
        let mut items = Vec::new();
        loop {
            match access.next_element_seed(self) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(Json::Array(items)),
                Err(error) => {
                    self.step(items.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                self.step(name);
                return Err(self.fault(Fault::Duplicate));
            }
            let value = self.check_text(&name).and_then(|()| access.next_value_seed(self));
            match value {
                Ok(value) => members.insert(name, value),
                Err(error) => {
                    self.step(name);
                    return Err(error);
                }
            };
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String, String) {
        let refusal = read(text.as_bytes()).unwrap_err();
        let problem = refusal.errors.into_iter().next().unwrap();
        (refusal.code.as_str().to_owned(), problem.code, problem.pointer)
    }

    #[test]
    fn what_is_fine_reads_as_it_stands() {
        let text = r#"{"a":[1,-2,1.5,"x\"[{",null,true],"b":{"a":{}},"n":18446744073709551615}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(read(text.as_bytes()).unwrap(), json);
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_with_its_place() {
        let (code, problem, pointer) = refused(r#"{"a":[{"x/y":1,"x/y":1}]}"#);
        assert_eq!(
            (code.as_str(), problem.as_str()),
            ("malformed-request", "duplicate-member")
        );
        assert_eq!(pointer, "/a/0/x~1y");
    }

    #[test]
    fn nul_is_refused_in_texts_and_names() {
        assert_eq!(refused("{\"a\":\"x\\u0000\"}").2, "/a");
        assert_eq!(refused("{\"a\\u0000\":1}").1, "nul");
    }

    #[test]
    fn depth_is_bounded_before_parsing() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(refused(&nested(DEPTH_MAX + 1)).1, "too-deep");
        assert_eq!(refused(&"[".repeat(100_000)).1, "too-deep");
    }

    #[test]
    fn what_is_no_json_says_where_and_not_how() {
        for text in ["", "{", "{\"a\":}", "[1,]", "nul", "{} {}", "1e999", "'a'"] {
            let refusal = read(text.as_bytes()).unwrap_err();
            assert_eq!(refusal.errors[0].code, "not-json", "{text}");
            assert!(
                refusal.detail.starts_with("not JSON at line 1, column "),
                "{}",
                refusal.detail
            );
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}").unwrap_err().errors[0].code, "not-utf8");
    }
}
