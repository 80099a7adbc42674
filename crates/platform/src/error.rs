//! What a use case answers when it does not do what was asked: a stable code, a sentence, and the values at fault.
//! The faces turn it into problem+json or a page; the source goes to the journal and never to the caller.

use access::Denial;
use store::StoreError;
use types::{FieldProblem, ProblemCode};

/// Short for the result of a use case.
pub type Result<T, E = PlatformError> = std::result::Result<T, E>;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct PlatformError {
    /// The stable code.
    pub code: ProblemCode,
    /// A sentence: what failed, on which thing, what to do next.
    pub detail: String,
    /// The values at fault.
    pub errors: Vec<FieldProblem>,
    /// The record as it is now, where a stale version was refused.
    pub current: Option<Box<types::Record>>,
    /// Seconds until trying again makes sense, where that is known.
    pub retry_after_seconds: Option<u32>,
    /// What lies beneath; for the journal only.
    #[source]
    pub source: Option<Failure>,
}

/// What lies beneath an internal error.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// A key or a sealed value.
    #[error("the vault failed: {0}")]
    Vault(String),
    /// Our own assumptions.
    #[error("an invariant does not hold: {0}")]
    Invariant(String),
}

impl PlatformError {
    /// An error of a code with a sentence.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            current: None,
            retry_after_seconds: None,
            source: None,
        }
    }

    /// What was asked for is not there, or not visible to the caller: the same answer for both.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ProblemCode::NotFound,
            format!("there is no such {what}, or you cannot see it"),
        )
    }

    /// Values that break their rules.
    #[must_use]
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.first() {
            Some(first) if errors.len() == 1 => format!("{}: {}", first.pointer, first.message),
            _ => format!("{} values are not valid", errors.len()),
        };
        Self {
            errors,
            ..Self::new(ProblemCode::Invalid, detail)
        }
    }

    /// One value that breaks a rule.
    #[must_use]
    pub fn invalid_at(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem::new(pointer, code, message)])
    }

    /// A bug of ours; the sentence says nothing of the cause.
    #[must_use]
    pub fn internal(source: Failure) -> Self {
        let detail = "the error was logged; tell your administrator the request id";
        Self {
            source: Some(source),
            ..Self::new(ProblemCode::Internal, detail)
        }
    }

    /// A broken assumption of ours.
    #[must_use]
    pub fn invariant(what: impl Into<String>) -> Self {
        Self::internal(Failure::Invariant(what.into()))
    }
}

impl From<StoreError> for PlatformError {
    fn from(error: StoreError) -> Self {
        let answer = match &error {
            StoreError::NotFound => return Self::not_found("thing"),
            StoreError::Taken { .. } => Self::new(ProblemCode::Taken, "this name or value is taken already"),
            StoreError::Dangling { .. } => Self::new(
                ProblemCode::Conflict,
                "something refers to it, or it refers to something that is not there",
            ),
            StoreError::Redefined => Self::new(
                ProblemCode::Conflict,
                "the dataset was redefined meanwhile; try again",
            ),
            StoreError::Maintenance => crate::maintenance::refused_by_database(),
            StoreError::Cancelled => Self::new(
                ProblemCode::Cancelled,
                "the organization is cancelled: it can be read and exported, and nothing in it changes",
            ),
            StoreError::Held => Self::new(
                ProblemCode::Held,
                "a legal hold is in force: nothing of the organization is deleted until it is lifted",
            ),
            StoreError::Unavailable(_) => Self::new(
                ProblemCode::Unavailable,
                "the database is not available; try again in a moment",
            ),
            StoreError::Timeout => Self::new(
                ProblemCode::Timeout,
                "the operation took too long; nothing was changed",
            ),
            StoreError::Refused { .. } | StoreError::Unaudited | StoreError::Internal(_) => {
                return Self::internal(Failure::Store(error));
            }
        };
        Self {
            source: Some(Failure::Store(error)),
            ..answer
        }
    }
}

impl From<Denial> for PlatformError {
    fn from(denial: Denial) -> Self {
        match denial.answer() {
            access::Answer::SignIn => {
                Self::new(ProblemCode::NotSignedIn, "sign in, or send a valid API token")
            }
            access::Answer::NotFound => Self::not_found("organization"),
            access::Answer::Forbidden if matches!(denial, Denial::Cancelled { .. }) => {
                Self::new(ProblemCode::Cancelled, denial.to_string())
            }
            access::Answer::Forbidden => Self::new(ProblemCode::NotAllowed, denial.to_string()),
        }
    }
}

impl From<access::PermitMismatch> for PlatformError {
    fn from(mismatch: access::PermitMismatch) -> Self {
        Self::invariant(mismatch.to_string())
    }
}
