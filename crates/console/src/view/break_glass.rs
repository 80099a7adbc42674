//! Signing in by a link that the operator made.

use super::Chrome;
use askama::Template;

/// `/break-glass/{token}`: posts `csrf` to itself. The form names no address, so that the token is nowhere on the page.
#[derive(Debug, Clone, Template)]
#[template(path = "break_glass.html")]
pub struct BreakGlassPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// Whom it lets in; none when the link does not work.
    pub name: Option<String>,
}
