//! A route: method, address, what it needs, what it takes and gives. The table of them is [`crate::table`].
//!
//! Invariant: no route without [`Needs`]: every constructor asks for it.

use crate::{answer::Answer, call::Call, refusal::Result};
use access::Permission;
use actix_web::http::Method;
use std::pin::Pin;

/// What a handler gives.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<Answer>>>>;

/// What a caller needs to be or to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Public,
    /// To be known. What is shown is the caller's own, or the same for all who are known.
    SignedIn,
    /// To be an operator of the appliance, in a session of their own: no token reaches it.
    Operator,
    /// This permission in the organization of the address.
    Permission(Permission),
}

impl Needs {
    /// The text of `x-permission` in the OpenAPI document.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed-in",
            Self::Operator => "operator",
            Self::Permission(permission) => permission.code(),
        }
    }
}

/// The methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Reads; answers HEAD too.
    Get,
    /// Creates or acts.
    Post,
    /// Sets as a whole.
    Put,
    /// Changes what is named.
    Patch,
    /// Removes.
    Delete,
}

impl Verb {
    /// Its name in HTTP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    pub(crate) fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

/// What a route does to what is stored; maintenance refuses changes only. Acts that leave no more than a trace in the
/// audit log are reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Reads,
    /// It changes something.
    Changes,
}

/// The body that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// None.
    Nothing,
    /// JSON of the named schema, up to the configured size.
    Json(&'static str),
    /// JSON of the named schema, up to 8 MiB.
    LargeJson(&'static str),
    /// A file's bytes, streamed.
    File,
}

/// The answer that a route gives when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// 204.
    Nothing,
    /// JSON of the named schema under a status.
    Json(u16, &'static str),
    /// A download of the media type.
    File(&'static str),
}

/// A conditional header that a route knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    None,
    /// `If-None-Match`: 304 when nothing changed.
    IfNoneMatch,
    /// `If-Match`, without which the request is refused.
    IfMatch,
    /// `If-Match`, which may be left out.
    IfMatchMay,
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
}

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) needs: Needs,
    pub(crate) summary: &'static str,
    pub(crate) query: &'static [Parameter],
    pub(crate) takes: Takes,
    pub(crate) gives: Gives,
    pub(crate) condition: Condition,
    pub(crate) effect: Effect,
    pub(crate) handler: fn(Call) -> Handling,
}

impl Route {
    pub(crate) const fn new(
        verb: Verb,
        path: &'static str,
        operation: &'static str,
        needs: Needs,
        summary: &'static str,
        handler: fn(Call) -> Handling,
    ) -> Self {
        Self {
            verb,
            path,
            operation,
            needs,
            summary,
            query: &[],
            takes: Takes::Nothing,
            gives: Gives::Nothing,
            condition: Condition::None,
            effect: match verb {
                Verb::Get => Effect::Reads,
                Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => Effect::Changes,
            },
            handler,
        }
    }

    pub(crate) const fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    pub(crate) const fn takes(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }

    pub(crate) const fn gives(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    pub(crate) const fn condition(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }

    /// Of a POST that changes nothing.
    pub(crate) const fn reads(self) -> Self {
        Self {
            effect: Effect::Reads,
            ..self
        }
    }

    /// Whether answers are kept under idempotency keys. A value in the clear is not: asked for again, it is shown and entered again.
    pub(crate) fn keeps_answers(&self) -> bool {
        self.needs != Needs::Permission(Permission::RecordReveal)
    }

    /// The method.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The address below `/api/v1`, with names in braces.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The stable operation id, such as `record.create`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether it changes something.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// What the caller needs.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }
}
