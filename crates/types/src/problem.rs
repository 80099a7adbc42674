//! The stable codes of everything that can be refused, with the HTTP status that each stands for (RFC 9457).

use serde::Serialize;

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// A stable code; once published it never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kebab-case code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// A short sentence for people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

problem_codes! {
    /// The request is not well-formed HTTP, JSON or UTF-8.
    Malformed = "malformed-request", 400, "The request cannot be read";
    /// A cursor that this appliance did not issue for this query.
    BadCursor = "bad-cursor", 400, "The cursor is not valid for this query";
    /// No or bad credentials.
    NotSignedIn = "not-signed-in", 401, "Sign in first";
    /// Known, but not allowed.
    NotAllowed = "not-allowed", 403, "Your role does not permit this";
    /// The organization is cancelled: it can be read and exported, and nothing in it changes.
    Cancelled = "organization-cancelled", 403, "The organization is cancelled";
    /// The account must show or set up a second factor before anything else.
    FactorRequired = "factor-required", 403, "A second factor is needed first";
    /// What is asked for needs a fresh proof of who asks.
    ProofRequired = "proof-required", 403, "Confirm first that it is you";
    /// The form's or cookie's origin check failed.
    ForgedRequest = "forged-request", 403, "The request did not come from this console";
    /// Not there, or not visible to the caller.
    NotFound = "not-found", 404, "There is nothing here";
    /// The route exists for other methods.
    MethodNotAllowed = "method-not-allowed", 405, "This address does not support the method";
    /// Another state of things forbids it.
    Conflict = "conflict", 409, "The current state does not permit this";
    /// A name or value is taken.
    Taken = "already-taken", 409, "This name is taken already";
    /// The idempotency key was used with another body.
    IdempotencyMismatch = "idempotency-key-reused", 409, "This idempotency key was used with another request";
    /// The first request with the idempotency key is still running.
    IdempotencyRunning = "idempotency-key-in-use", 409, "A request with this idempotency key is still running";
    /// The last owner cannot be removed.
    LastOwner = "last-owner", 409, "An organization always has an owner";
    /// A legal hold is in force: nothing of the organization is deleted.
    Held = "legal-hold", 409, "A legal hold is in force";
    /// The record was changed since it was read.
    Stale = "stale-version", 412, "What was to be changed was changed by someone else";
    /// The body is larger than the route permits.
    TooLarge = "too-large", 413, "The request is too large";
    /// The media type is not supported.
    MediaType = "unsupported-media-type", 415, "The media type is not supported";
    /// Values break their rules; `errors` says which.
    Invalid = "invalid", 422, "Some values are not valid";
    /// `If-Match` is missing where it is needed.
    PreconditionRequired = "precondition-required", 428, "Send If-Match with the version you read";
    /// Too many requests.
    TooMany = "too-many-requests", 429, "Too many requests; wait and try again";
    /// Our bug.
    Internal = "internal", 500, "Something went wrong on our side";
    /// Maintenance is on: what is there can be read, and nothing can be changed.
    Maintenance = "maintenance", 503, "Nothing can be changed during maintenance";
    /// The database or a needed part is away.
    Unavailable = "unavailable", 503, "The service is not available at the moment";
    /// It took too long.
    Timeout = "timeout", 504, "The operation took too long";
}

/// What is wrong with one value: a JSON pointer (RFC 6901), a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Where, as a JSON pointer into the request, such as `/fields/amount` or `/operations/3/fields/amount`.
    pub pointer: String,
    /// What, for programs.
    pub code: String,
    /// What, for people.
    pub message: String,
}

impl FieldProblem {
    /// A problem at `pointer`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}
