//! The page for whatever went wrong.

use super::Chrome;
use askama::Template;

/// An error as people see it; programs get problem+json with the same `code` and `request_id`.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame; its title is the error's title.
    pub chrome: Chrome,
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// What failed, on which thing.
    pub detail: String,
    /// What to do next.
    pub next: String,
    /// Where `Back` leads.
    pub back_href: String,
    /// What that link is called.
    pub back_text: String,
    /// Request id to quote.
    pub request_id: String,
}
