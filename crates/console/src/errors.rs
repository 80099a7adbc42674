//! What went wrong, as a page: code, sentence, what to do next, request id.
//!
//! Invariant: the page says nothing of the cause beneath; that goes to the journal, once, in [`crate::frame`].

use crate::{
    view::{Chrome, ErrorPage},
    visit::{Answer, Visit},
    words::sentence,
};
use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use platform::PlatformError;
use types::ProblemCode;

/// Why a page was not shown.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct Fault {
    pub(crate) problem: PlatformError,
    /// Seconds to wait before the next try.
    pub(crate) retry_after: Option<u64>,
}

impl Fault {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        PlatformError::new(code, detail).into()
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Malformed, detail)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        PlatformError::not_found(what).into()
    }

    pub(crate) fn code(&self) -> ProblemCode {
        self.problem.code
    }

    /// A fault of a framework's answer that has no words of its own.
    pub(crate) fn of_status(status: u16) -> Self {
        let code = match status {
            404 => return Self::not_found("page"),
            401 => ProblemCode::NotSignedIn,
            403 => ProblemCode::NotAllowed,
            405 => ProblemCode::MethodNotAllowed,
            413 => ProblemCode::TooLarge,
            415 => ProblemCode::MediaType,
            429 => ProblemCode::TooMany,
            503 => ProblemCode::Unavailable,
            408 | 504 => ProblemCode::Timeout,
            status if status >= 500 => ProblemCode::Internal,
            _ => ProblemCode::Malformed,
        };
        Self::new(code, code.title())
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<PlatformError> for Fault {
    fn from(problem: PlatformError) -> Self {
        Self {
            retry_after: problem.retry_after_seconds.map(u64::from),
            problem,
        }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The frame puts the page in its place.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

/// The page of a fault.
pub(crate) fn page_of(visit: &Visit, fault: &Fault) -> ErrorPage {
    let code = fault.code();
    let (back_href, back_text) = if visit.caller.account().is_some() {
        ("/o", "To your organizations")
    } else {
        ("/sign-in", "To the sign-in")
    };
    ErrorPage {
        chrome: Chrome {
            title: code.title().to_owned(),
            account_name: visit.caller.account().map(|account| account.name.clone()),
            csrf: visit.form_token().unwrap_or_default(),
            theme: visit.theme,
            maintenance: visit.maintenance.clone(),
            ..Chrome::default()
        },
        status: code.status(),
        code: code.as_str().to_owned(),
        detail: sentence(&fault.problem.detail),
        next: advice(code, fault.retry_after),
        back_href: back_href.to_owned(),
        back_text: back_text.to_owned(),
        request_id: visit.request_id.clone(),
    }
}

fn advice(code: ProblemCode, retry_after: Option<u64>) -> String {
    let text = match code {
        ProblemCode::NotFound => "Check the address, or start again from the list it belongs to.",
        ProblemCode::NotAllowed => "Ask an administrator of the organization if you need this.",
        ProblemCode::FactorRequired => "Set up or show your second factor first.",
        ProblemCode::ProofRequired => "Confirm that it is you, and try again.",
        ProblemCode::ForgedRequest => {
            "Nothing was changed. Open the page again and send its form from there."
        }
        ProblemCode::NotSignedIn => "Sign in and try again.",
        ProblemCode::BadCursor => "Start again from the first page of the list.",
        ProblemCode::Cancelled => "An owner of the organization can take the cancellation back.",
        ProblemCode::Held => "Nothing was deleted. It can be done when the hold is lifted.",
        ProblemCode::Stale | ProblemCode::Conflict | ProblemCode::Taken | ProblemCode::LastOwner => {
            "Nothing was changed. Go back, look at how things stand now, and try again."
        }
        ProblemCode::TooMany => match retry_after {
            Some(seconds) => return format!("Wait {seconds} seconds and try again."),
            None => "Wait a little and try again.",
        },
        ProblemCode::Maintenance => {
            "Nothing was changed. Keep what you typed: go back, copy it, and send it when maintenance is over."
        }
        ProblemCode::Unavailable | ProblemCode::Timeout => {
            "Try again in a moment. If it goes on, tell your operator the request below."
        }
        ProblemCode::Internal => "Nothing you did is at fault. Tell your operator the request below.",
        ProblemCode::TooLarge => "Send less at once.",
        ProblemCode::Malformed
        | ProblemCode::MethodNotAllowed
        | ProblemCode::IdempotencyMismatch
        | ProblemCode::IdempotencyRunning
        | ProblemCode::MediaType
        | ProblemCode::Invalid
        | ProblemCode::PreconditionRequired => "Go back and try again from the page itself.",
    };
    text.to_owned()
}

/// Where no page is.
pub(crate) async fn nothing_here(visit: Visit) -> Answer {
    if visit.caller.account().is_none() {
        return Err(Fault::new(ProblemCode::NotSignedIn, "sign in first"));
    }
    Err(Fault::not_found("page"))
}
