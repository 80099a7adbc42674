//! Deletions and holds of organizations, for operators.

use super::{Badge, Chrome, Moment};
use askama::Template;

/// `/appliance/endings`
#[derive(Debug, Clone, Template)]
#[template(path = "endings.html")]
pub struct EndingsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Ordered deletions, then cancelled organizations.
    pub to_come: Vec<EndingRow>,
    /// Holds in force.
    pub holds: Vec<EndingRow>,
    /// What was deleted, newest first.
    pub deleted: Vec<CertificateRow>,
}

/// An organization that ends, or is held.
#[derive(Debug, Clone)]
pub struct EndingRow {
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub state: Badge,
    /// Why, in a sentence.
    pub why: String,
    /// When it is deleted; since when it is held.
    pub at: Option<Moment>,
}

/// A deletion with its certificate.
#[derive(Debug, Clone)]
pub struct CertificateRow {
    /// What the organization was called.
    pub name: String,
    /// When it was deleted.
    pub at: Moment,
    /// When the last copy ends, as the certificate says it.
    pub copies: String,
    /// What it says of copies beside that.
    pub note: String,
    /// The deletion's id.
    pub id: String,
    /// The signed text.
    pub text: String,
    /// Its signature in base64.
    pub signature: String,
}
