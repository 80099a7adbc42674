//! What a check brings back.
//!
//! Invariant: a check reports facts and faults; it never reports a state. Only [`crate::judge`] does, for all alike.

use serde::{Deserialize, Serialize};

/// One run of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// When it finished, in microseconds since 1970-01-01 UTC.
    pub checked_at_us: i64,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// What it saw.
    pub outcome: Outcome,
}

/// Whether a check could look, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// It looked.
    Looked {
        /// What it saw; a look without a fact proves nothing.
        facts: Vec<Fact>,
        /// What it found wrong; any one breaks the promise.
        faults: Vec<Fault>,
    },
    /// It could not look.
    CouldNotLook {
        /// What kept it from looking.
        why: String,
    },
}

/// One thing that a check saw: `protocol = TLSv1.3`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What was looked at.
    pub name: String,
    /// What it was, with its unit.
    pub value: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What is wrong.
    pub what: String,
    /// On which thing. Never a value of an organization's record.
    #[serde(rename = "where")]
    pub where_: String,
    /// What to do next.
    pub advice: String,
}

impl Outcome {
    /// A check that could not look.
    pub fn could_not_look(why: impl Into<String>) -> Self {
        Outcome::CouldNotLook { why: why.into() }
    }

    /// A look that has seen nothing yet; add facts and faults to it.
    pub const fn looked() -> Self {
        Outcome::Looked {
            facts: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Adds a fact; nothing is added to a check that could not look.
    #[must_use]
    pub fn with_fact(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        if let Outcome::Looked { facts, .. } = &mut self {
            facts.push(Fact {
                name: name.into(),
                value: value.to_string(),
            });
        }
        self
    }

    /// Adds a fault; nothing is added to a check that could not look.
    #[must_use]
    pub fn with_fault(
        mut self,
        what: impl Into<String>,
        where_: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        if let Outcome::Looked { faults, .. } = &mut self {
            faults.push(Fault {
                what: what.into(),
                where_: where_.into(),
                advice: advice.into(),
            });
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_in_json_has_this_shape_and_reads_back() {
        let outcome = Outcome::looked().with_fact("protocol", "TLSv1.3").with_fault(
            "the certificate expired",
            "/etc/strongroom/tls/server.pem",
            "renew it",
        );
        let observation = Observation {
            checked_at_us: 1,
            took_ms: 2,
            outcome,
        };
        let json = serde_json::to_value(&observation).unwrap();
        let expected = serde_json::json!({
            "checked_at_us": 1,
            "took_ms": 2,
            "outcome": {
                "kind": "looked",
                "facts": [{"name": "protocol", "value": "TLSv1.3"}],
                "faults": [{
                    "what": "the certificate expired",
                    "where": "/etc/strongroom/tls/server.pem",
                    "advice": "renew it",
                }],
            },
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Observation>(json).unwrap(), observation);
        let blind = serde_json::to_value(Outcome::could_not_look("no database")).unwrap();
        assert_eq!(
            blind,
            serde_json::json!({"kind": "could_not_look", "why": "no database"})
        );
    }

    #[test]
    fn a_check_that_could_not_look_gathers_no_facts() {
        let blind = Outcome::could_not_look("no database")
            .with_fact("rows", 3)
            .with_fault("a", "b", "c");
        assert_eq!(blind, Outcome::could_not_look("no database"));
    }
}
