//! Refusals: why a request was not carried out, as problem+json (RFC 9457).
//!
//! Invariant: nothing of SQL, paths or parsers leaves; the cause of a 5xx goes to the journal, once, here.

use crate::{answer::Answer, view::record::RecordView};
use actix_web::http::{
    StatusCode,
    header::{self, HeaderValue},
};
use platform::{Failure, PlatformError, record::Found};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::error::Error;
use types::{FieldProblem, ProblemCode};

/// Short for what handlers return.
pub(crate) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// Why a request was not carried out.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ProblemCode,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldProblem>,
    /// The record as it is now, where a stale version was refused.
    pub(crate) current: Option<Box<Found>>,
    /// The methods that the address has, of a 405.
    pub(crate) allow: Option<String>,
    /// Seconds until trying again makes sense.
    pub(crate) retry_after: Option<u32>,
    pub(crate) source: Option<Box<Failure>>,
}

impl Refusal {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            current: None,
            allow: None,
            retry_after: None,
            source: None,
        }
    }

    /// A request that cannot be read, with the place and a stable code for programs.
    pub(crate) fn malformed(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            errors: vec![FieldProblem::new(pointer, code, message.clone())],
            ..Self::new(ProblemCode::Malformed, message)
        }
    }

    /// Values that break their rules.
    pub(crate) fn invalid(errors: Vec<FieldProblem>) -> Self {
        PlatformError::invalid(errors).into()
    }

    /// One value that breaks a rule.
    pub(crate) fn invalid_at(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        PlatformError::invalid_at(pointer, code, message).into()
    }

    /// The answer. A 5xx is logged here, with its chain, and nowhere else.
    pub(crate) fn into_answer(self, request_id: &str, operation: &str) -> Answer {
        // Maintenance is no failure: somebody wanted it.
        if self.code.status() >= 500 && self.code != ProblemCode::Maintenance {
            tracing::error!(
                request.id = request_id,
                request.operation = operation,
                problem.code = self.code.as_str(),
                error = chain(self.source.as_deref()),
                "a request failed"
            );
        }
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let view = ProblemView {
            refusal: &self,
            request_id,
        };
        let mut answer = Answer::json(status, &view);
        answer.set(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match self.code {
            ProblemCode::NotSignedIn => {
                answer.set(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"strongroom\""),
                );
            }
            ProblemCode::Unavailable => answer.set(header::RETRY_AFTER, HeaderValue::from_static("2")),
            _ => {}
        }
        if let Some(seconds) = self.retry_after {
            answer.set(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self
            .allow
            .as_deref()
            .and_then(|allow| HeaderValue::from_str(allow).ok())
        {
            answer.set(header::ALLOW, allow);
        }
        answer
    }
}

/// A failure with all that lies beneath it, for the journal.
pub(crate) fn chain(failure: Option<&Failure>) -> String {
    let mut next = failure.map(|failure| failure as &dyn Error);
    let mut texts = Vec::new();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts.join(": ")
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self {
            errors: error.errors,
            retry_after: error.retry_after_seconds,
            source: error.source.map(Box::new),
            ..Self::new(error.code, error.detail)
        }
    }
}

/// A refusal as problem+json.
struct ProblemView<'a> {
    refusal: &'a Refusal,
    request_id: &'a str,
}

impl Serialize for ProblemView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Refusal {
            code,
            detail,
            errors,
            current,
            ..
        } = self.refusal;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &format_args!("urn:strongroom:problem:{}", code.as_str()))?;
        map.serialize_entry("title", code.title())?;
        map.serialize_entry("status", &code.status())?;
        map.serialize_entry("detail", detail)?;
        map.serialize_entry("code", code.as_str())?;
        map.serialize_entry("request_id", self.request_id)?;
        if !errors.is_empty() {
            map.serialize_entry("errors", errors)?;
        }
        if let Some(found) = current {
            map.serialize_entry("current", &RecordView::of(found))?;
        }
        map.end()
    }
}
