//! The query of an address: `filter[amount][gte]=100&sort=-due_on&limit=50`.
//!
//! Invariant: what is not documented for the route is refused, and nothing is given twice except conditions.

use crate::{
    refusal::{Refusal, Result},
    route::Parameter,
};

/// Longest query, in bytes.
const LENGTH_MAX: usize = 16_384;
/// Most parameters.
const COUNT_MAX: usize = 200;

/// Parameters by name, and conditions `filter[name][operator]=text`.
#[derive(Debug, Default)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
    conditions: Vec<(String, String, String)>,
}

impl Query {
    /// Reads a query; `allowed` are the parameters that the route knows, `filter` stands for conditions.
    ///
    /// # Errors
    /// `malformed-request`, `invalid`; both name the parameter.
    pub(crate) fn parse(text: &str, allowed: &[Parameter]) -> Result<Self> {
        let mut query = Self::default();
        if text.is_empty() {
            return Ok(query);
        }
        if text.len() > LENGTH_MAX {
            let message = format!("the query may have {LENGTH_MAX} bytes at most; use POST .../query");
            return Err(Refusal::malformed("", "too-long", message));
        }
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        for (count, pair) in pairs.enumerate() {
            if count == COUNT_MAX {
                let message = format!("at most {COUNT_MAX} parameters");
                return Err(Refusal::malformed("", "too-long", message));
            }
            query.add(pair, allowed)?;
        }
        Ok(query)
    }

    fn add(&mut self, pair: &str, allowed: &[Parameter]) -> Result<()> {
        let knows = |name: &str| allowed.iter().any(|parameter| parameter.name == name);
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if let Some(inner) = name
            .strip_prefix("filter[")
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let condition = inner.split_once("][").unwrap_or((inner, "eq"));
            let plain = |part: &str| !part.is_empty() && !part.contains(['[', ']']);
            if !knows("filter") || !plain(condition.0) || !plain(condition.1) {
                return Err(unknown(&name));
            }
            let (field, operator) = (condition.0.to_owned(), condition.1.to_owned());
            self.conditions.push((field, operator, value));
            return Ok(());
        }
        if !knows(&name) || name == "filter" {
            return Err(unknown(&name));
        }
        if self.get(&name).is_some() {
            return Err(Refusal::invalid_at(
                name,
                "duplicate-parameter",
                "give the parameter once",
            ));
        }
        self.parameters.push((name, value));
        Ok(())
    }

    /// A parameter's text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter, parsed.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        let parsed = self.get(name).map(str::parse).transpose();
        parsed.map_err(|_| Refusal::invalid_at(name, "malformed", format!("expected {expected}")))
    }

    /// A parameter that is one of a few words.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let refused =
            || Refusal::invalid_at(name, "not-a-choice", format!("choose from: {}", known.join(", ")));
        found.map(|(_, value)| Some(*value)).ok_or_else(refused)
    }

    /// The conditions, as field, operator, text.
    pub(crate) fn conditions(&self) -> &[(String, String, String)] {
        &self.conditions
    }
}

fn unknown(name: &str) -> Refusal {
    let name: String = name.chars().take(80).collect();
    Refusal::invalid_at(name, "unknown-parameter", "this address has no such parameter")
}

/// Percent-decodes a part of a query, where `+` is a blank.
fn decode(text: &str) -> Result<String> {
    if !text.contains(['%', '+']) {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).ok_or_else(bad_escape)?;
                bytes.push(hex(digits).ok_or_else(bad_escape)?);
                rest = after;
            }
            other => bytes.push(*other),
        }
    }
    let text =
        String::from_utf8(bytes).map_err(|_| Refusal::malformed("", "not-utf8", "the query is not UTF-8"))?;
    if text.contains('\0') {
        return Err(Refusal::malformed(
            "",
            "nul",
            "the query contains the NUL character; remove it",
        ));
    }
    Ok(text)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let value = digit(digits.first()?)? * 16 + digit(digits.get(1)?)?;
    u8::try_from(value).ok()
}

fn bad_escape() -> Refusal {
    Refusal::malformed(
        "",
        "bad-escape",
        "the query has a `%` without two hexadecimal digits",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[Parameter] = &[
        Parameter {
            name: "filter",
            about: "",
        },
        Parameter {
            name: "sort",
            about: "",
        },
        Parameter {
            name: "limit",
            about: "",
        },
    ];

    fn refused(text: &str) -> String {
        Query::parse(text, NAMES).unwrap_err().errors[0].code.clone()
    }

    #[test]
    fn conditions_have_brackets_and_default_to_equality() {
        let text = "filter[amount][gte]=100&filter%5Bname%5D=a+b%2Bc&sort=-x&limit=5";
        let query = Query::parse(text, NAMES).unwrap();
        let of = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(
            query.conditions(),
            [of("amount", "gte", "100"), of("name", "eq", "a b+c")]
        );
        assert_eq!(query.get("sort"), Some("-x"));
        assert_eq!(query.parsed::<u16>("limit", "a number").unwrap(), Some(5));
    }

    #[test]
    fn what_is_not_documented_is_refused() {
        assert_eq!(refused("offset=5"), "unknown-parameter");
        assert_eq!(refused("filter[a][b][c]=5"), "unknown-parameter");
        assert_eq!(refused("filter[]=5"), "unknown-parameter");
        assert_eq!(refused("filter=5"), "unknown-parameter");
        assert_eq!(refused("sort=a&sort=b"), "duplicate-parameter");
    }

    #[test]
    fn bad_bytes_are_refused() {
        assert_eq!(refused("sort=%zz"), "bad-escape");
        assert_eq!(refused("sort=%f"), "bad-escape");
        assert_eq!(refused("sort=%ff"), "not-utf8");
        assert_eq!(refused("sort=a%00"), "nul");
        assert_eq!(refused(&format!("sort={}", "a".repeat(LENGTH_MAX))), "too-long");
        assert_eq!(refused(&"sort&".repeat(COUNT_MAX + 1)), "duplicate-parameter");
    }
}
