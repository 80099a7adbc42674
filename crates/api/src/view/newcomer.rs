//! People who wait to be let in, as JSON.

use jiff::Timestamp;
use platform::provider::Newcomer;
use serde::Serialize;

/// Who waits, oldest first.
#[derive(Serialize)]
pub(crate) struct NewcomersView<'a> {
    newcomers: Vec<NewcomerView<'a>>,
}

#[derive(Serialize)]
struct NewcomerView<'a> {
    subject: &'a str,
    name: Option<&'a str>,
    email: Option<&'a str>,
    asked_at: Timestamp,
}

impl<'a> NewcomersView<'a> {
    pub(crate) fn of(found: &'a [Newcomer]) -> Self {
        let newcomer = |one: &'a Newcomer| NewcomerView {
            subject: &one.subject,
            name: one.name.as_deref(),
            email: one.email.as_deref(),
            asked_at: one.asked_at,
        };
        Self {
            newcomers: found.iter().map(newcomer).collect(),
        }
    }
}
