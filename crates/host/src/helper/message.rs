//! One message: a call, or what is answered to it.
//!
//! Invariant: before a message is parsed its depth is bounded, because a parser's stack is not; a member that stands
//! twice refuses it, because two readers could take another one of the two.

use std::fmt;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Deeper than any message of the interface.
const DEPTH_MAX: usize = 8;

/// A call as it comes, its parameters not yet read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) method: String,
    #[serde(default)]
    pub(super) parameters: Option<Members>,
    #[serde(default)]
    pub(super) more: bool,
    #[serde(default)]
    pub(super) oneway: bool,
    #[serde(default)]
    pub(super) upgrade: bool,
}

/// An object none of whose members stands twice.
#[derive(Debug, Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.0))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
                text.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member stands twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

/// What is answered to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The method's reply.
    Done(Value),
    /// Why not.
    Refused(Refusal),
}

/// The errors of the interface, by their names on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorName {
    /// No such interface.
    InterfaceNotFound,
    /// No such method.
    MethodNotFound,
    /// A parameter is missing, unknown or out of its bounds, or the message is no call.
    InvalidParameter,
    /// The caller may not do this.
    NotAllowed,
    /// Too many calls or connections.
    TooOften,
    /// The helper tried, and could not.
    Failed,
    /// No ruleset waits to be confirmed.
    NothingToConfirm,
    /// The login that applied it is the one that confirms it.
    SameSession,
}

impl ErrorName {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::InterfaceNotFound,
        Self::MethodNotFound,
        Self::InvalidParameter,
        Self::NotAllowed,
        Self::TooOften,
        Self::Failed,
        Self::NothingToConfirm,
        Self::SameSession,
    ];

    /// As it goes over the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InterfaceNotFound => "org.varlink.service.InterfaceNotFound",
            Self::MethodNotFound => "org.varlink.service.MethodNotFound",
            Self::InvalidParameter => "org.varlink.service.InvalidParameter",
            Self::NotAllowed => "org.strongroom.Host.NotAllowed",
            Self::TooOften => "org.strongroom.Host.TooOften",
            Self::Failed => "org.strongroom.Host.Failed",
            Self::NothingToConfirm => "org.strongroom.Host.NothingToConfirm",
            Self::SameSession => "org.strongroom.Host.SameSession",
        }
    }

    /// What its one parameter is called.
    fn parameter(self) -> &'static str {
        match self {
            Self::InterfaceNotFound => "interface",
            Self::MethodNotFound => "method",
            Self::InvalidParameter => "parameter",
            Self::NotAllowed | Self::TooOften | Self::Failed | Self::NothingToConfirm | Self::SameSession => {
                "why"
            }
        }
    }
}

/// A refusal, with the sentence that a person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which error.
    pub name: ErrorName,
    /// What was wrong, on which thing.
    pub why: String,
}

impl Refusal {
    /// One with its sentence.
    #[must_use]
    pub fn new(name: ErrorName, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { name, why }
    }
}

impl Answer {
    /// The message of an answer.
    #[must_use]
    pub fn to_message(&self) -> Vec<u8> {
        let value = match self {
            Self::Done(parameters) => serde_json::json!({"parameters": parameters}),
            Self::Refused(refusal) => serde_json::json!({
                "error": refusal.name.as_str(),
                "parameters": {refusal.name.parameter(): refusal.why},
            }),
        };
        value.to_string().into_bytes()
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn parse(message: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire {
            #[serde(default)]
            error: Option<String>,
            #[serde(default)]
            parameters: Value,
            #[serde(default)]
            continues: bool,
        }
        check_shape(message).map_err(serde_json::Error::custom)?;
        let wire: Wire = serde_json::from_slice(message)?;
        if wire.continues {
            return Err(serde_json::Error::custom("one answer was asked for"));
        }
        let Some(error) = wire.error else {
            return Ok(Self::Done(wire.parameters));
        };
        let known = ErrorName::ALL.into_iter().find(|name| name.as_str() == error);
        let name = known.ok_or_else(|| serde_json::Error::custom("an error that is not known"))?;
        let why = wire.parameters[name.parameter()].as_str().unwrap_or_default();
        Ok(Self::Refused(Refusal::new(name, why)))
    }
}

/// The message of a call.
pub(super) fn call(method: &str, parameters: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let parameters = serde_json::to_value(parameters)?;
    serde_json::to_vec(&serde_json::json!({"method": method, "parameters": parameters}))
}

/// Refuses what is no object, or nested too deeply. The parser would take a list for the members of a struct.
pub(super) fn check_shape(message: &[u8]) -> Result<(), &'static str> {
    if message.trim_ascii_start().first() != Some(&b'{') {
        return Err("it is no object");
    }
    check_depth(message)
}

/// Refuses what is nested deeper than any message of ours, without parsing it.
pub(super) fn check_depth(message: &[u8]) -> Result<(), &'static str> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in message {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err("it is nested too deeply");
        }
    }
    Ok(())
}
