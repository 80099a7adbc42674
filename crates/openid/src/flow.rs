//! What ties a provider's answer to the browser that asked: state, nonce and the verifier of PKCE; and that answer, as it
//! stands in the address the browser comes back to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{memcmp, sha::sha256};
use serde::{Deserialize, Serialize};
use std::fmt;
use vault::crypto::CryptoError;

/// Most bytes of a code, an issuer or an error in an answer.
const PART_BYTES_MAX: usize = 4_096;

/// The three random values of one sign-in, 256 bits each. Whoever holds them keeps them sealed; they have no readable
/// `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Flow {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

impl fmt::Debug for Flow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Flow(..)")
    }
}

impl Flow {
    /// Draws new values.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn draw() -> Result<Self, CryptoError> {
        Ok(Self {
            state: random_text()?,
            nonce: random_text()?,
            verifier: random_text()?,
        })
    }

    /// SHA-256 of the state: under which an answer is marked as used.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(self.state.as_bytes())
    }

    /// RFC 7636, section 4.2.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.verifier.as_bytes()))
    }

    pub(crate) fn holds(&self, state: &str) -> bool {
        self.state.len() == state.len() && memcmp::eq(self.state.as_bytes(), state.as_bytes())
    }
}

fn random_text() -> Result<String, CryptoError> {
    let random: [u8; 32] = vault::random::random_array()?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// Why an answer in an address is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A part stands there twice: which one counts would be anybody's choice.
    #[error("{name} stands in the answer twice")]
    Twice {
        /// Which part.
        name: &'static str,
    },
    /// A part is missing.
    #[error("the answer has no {name}")]
    Missing {
        /// Which part.
        name: &'static str,
    },
    /// A part is longer than any provider makes it.
    #[error("{name} of the answer is longer than {PART_BYTES_MAX} bytes")]
    TooLong {
        /// Which part.
        name: &'static str,
    },
}

/// A provider's answer (RFC 6749, sections 4.1.2 and 4.1.2.1; RFC 9207).
#[derive(Clone)]
pub struct Answer {
    pub(crate) state: String,
    pub(crate) issuer: Option<String>,
    pub(crate) outcome: Outcome,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Answer(..)")
    }
}

#[derive(Clone)]
pub(crate) enum Outcome {
    Code(String),
    Refused(String),
}

impl Answer {
    /// Reads the parts of an address; those that are not of the answer are passed over.
    ///
    /// # Errors
    /// A part is there twice, missing or too long.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, AnswerError> {
        const NAMES: [&str; 4] = ["state", "iss", "code", "error"];
        let mut parts: [Option<&str>; 4] = [None; 4];
        for (key, value) in pairs {
            for (name, slot) in NAMES.into_iter().zip(&mut parts) {
                if name != key {
                    continue;
                }
                if value.len() > PART_BYTES_MAX {
                    return Err(AnswerError::TooLong { name });
                }
                if slot.replace(value).is_some() {
                    return Err(AnswerError::Twice { name });
                }
            }
        }
        let [state, issuer, code, error] = parts;
        let outcome = match (error, code) {
            (Some(error), _) => Outcome::Refused(error.chars().take(80).collect()),
            (None, Some(code)) => Outcome::Code(code.to_owned()),
            (None, None) => return Err(AnswerError::Missing { name: "code" }),
        };
        Ok(Self {
            state: state.ok_or(AnswerError::Missing { name: "state" })?.to_owned(),
            issuer: issuer.map(str::to_owned),
            outcome,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let flow = Flow {
            state: String::new(),
            nonce: String::new(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        };
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn flows_differ_and_tell_nothing() {
        let (one, other) = (Flow::draw().unwrap(), Flow::draw().unwrap());
        assert_ne!(one.state, other.state);
        assert_ne!(one.state, one.nonce);
        assert_eq!(format!("{one:?}"), "Flow(..)");
    }

    #[test]
    fn an_answer_has_each_part_once() {
        let good = [("state", "s"), ("code", "c"), ("session_state", "x")];
        assert!(Answer::read(good).is_ok());
        let twice = [("state", "s"), ("code", "c"), ("code", "d")];
        assert_eq!(
            Answer::read(twice).unwrap_err(),
            AnswerError::Twice { name: "code" }
        );
        let without = [("code", "c")];
        assert_eq!(
            Answer::read(without).unwrap_err(),
            AnswerError::Missing { name: "state" }
        );
        let long = "x".repeat(PART_BYTES_MAX + 1);
        let huge = [("state", "s"), ("code", long.as_str())];
        assert_eq!(
            Answer::read(huge).unwrap_err(),
            AnswerError::TooLong { name: "code" }
        );
    }
}
