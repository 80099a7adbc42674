//! The mail server as JSON. Whether a secret is stored is told, never the secret.

use platform::mail::{MailSettings, MailView};
use serde::Serialize;

/// How mail is set, and how it goes; without settings there is none.
#[derive(Serialize)]
pub(crate) struct MailJson<'a> {
    settings: Option<&'a MailSettings>,
    has_secret: bool,
    waiting: i64,
    failed: i64,
    last_failure: Option<&'a str>,
}

impl<'a> MailJson<'a> {
    pub(crate) fn of(view: Option<&'a MailView>) -> Self {
        Self {
            settings: view.map(|view| &view.settings),
            has_secret: view.is_some_and(|view| view.has_secret),
            waiting: view.map_or(0, |view| view.waiting),
            failed: view.map_or(0, |view| view.failed),
            last_failure: view.and_then(|view| view.last_failure.as_deref()),
        }
    }
}
