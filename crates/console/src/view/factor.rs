//! Second factors: the second step of a sign-in, a fresh proof, one's own factors, setting one up, recovery codes.

use super::{Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/sign-in/factor`: posts `code`, `next` and `csrf` to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "second_step.html")]
pub struct SecondStepPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// The field `code`.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Path to go to afterwards; empty for the default.
    pub next: String,
    /// How many codes may still be tried.
    pub tries_left: i16,
    /// How many recovery codes still work.
    pub recovery_codes_left: i64,
    /// Whether the account has a key that answers here.
    pub has_key: bool,
}

/// `/account/confirm`: posts `proof` or `code`, `next` and `csrf` to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// The field for the password or the code.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Path to go to afterwards.
    pub next: String,
    /// Whether the account has a key that answers here.
    pub has_key: bool,
}

/// A question to a passkey or security key: posts `credential`, `next`, `csrf` and the fields to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "security_key.html")]
pub struct SecurityKeyPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// What the person does.
    pub lead: &'static str,
    /// What the button says.
    pub button: &'static str,
    /// `make` or `show`.
    pub ceremony: &'static str,
    /// Where the answer goes.
    pub action: &'static str,
    /// What `navigator.credentials` is asked, as JSON.
    pub options: String,
    /// The field `label` of a new key.
    pub fields: Vec<FieldInput>,
    /// The page with the other ways.
    pub back: String,
    /// Path to go to afterwards; empty for the default.
    pub next: String,
}

/// `/account/password`, for whoever must change it first: posts `old_password`, `new_password` and `again` to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "old_password.html")]
pub struct OldPasswordPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// Inputs to change the password.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// `/account/factors`: posts to `/account/factors/{id}/rename`, `.../remove` and `/account/factors/recovery-codes`.
#[derive(Debug, Clone, Template)]
#[template(path = "factors.html")]
pub struct FactorsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The factors, the oldest first.
    pub factors: Vec<FactorRow>,
    /// How many recovery codes still work.
    pub recovery_codes_left: i64,
    /// Whether one is required of this account.
    pub required: bool,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A factor in the list.
#[derive(Debug, Clone)]
pub struct FactorRow {
    /// Factor id.
    pub id: String,
    /// What its holder calls it.
    pub label: String,
    /// What it is, in words.
    pub kind: &'static str,
    /// The name that a key is bound to, when it is not the appliance's.
    pub bound_elsewhere: Option<String>,
    /// Set up at.
    pub created: Moment,
    /// Last used at; `None` for never.
    pub last_used: Option<Moment>,
}

/// `/account/factors/add`: posts `next` to itself to begin, then `code`, `label` and `next` to `/account/factors/finish`.
#[derive(Debug, Clone, Template)]
#[template(path = "factor_add.html")]
pub struct FactorAddPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// Whether nothing else is open to this account before.
    pub held: bool,
    /// What is being set up; `None` before it was begun.
    pub set_up: Option<SetUp>,
    /// Whether keys can be used under the appliance's name.
    pub offers_keys: bool,
    /// The fields `code` and `label`.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Path to go to afterwards; empty for the default.
    pub next: String,
}

/// An app that is being set up. Has no `Debug` that shows the secret.
#[derive(Clone)]
pub struct SetUp {
    /// The QR code, an SVG element of our own making.
    pub picture: String,
    /// The secret in groups of four characters.
    pub secret: String,
}

impl std::fmt::Debug for SetUp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SetUp").finish_non_exhaustive()
    }
}

/// The page that answers what made recovery codes: they are shown this once. Has no `Debug` that shows them.
#[derive(Clone, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// The codes.
    pub codes: Vec<String>,
    /// Where to go on.
    pub next: String,
}

impl std::fmt::Debug for RecoveryCodesPage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RecoveryCodesPage")
            .finish_non_exhaustive()
    }
}
