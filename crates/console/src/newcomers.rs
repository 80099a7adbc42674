//! People who wait to be let in by a directory or a provider: how they are listed, and what was decided.

use crate::{errors::Fault, form::Form, view::NewcomerRow, words::moment};
use platform::provider::Newcomer;

/// Somebody in the list.
pub(crate) fn row(newcomer: Newcomer) -> NewcomerRow {
    NewcomerRow {
        name: newcomer.name.unwrap_or_else(|| "without a name".to_owned()),
        email: newcomer.email.unwrap_or_default(),
        subject: newcomer.subject,
        asked: moment(newcomer.asked_at),
    }
}

/// What was decided about somebody.
pub(crate) enum Decision<'a> {
    /// They get an account of this address.
    LetIn(&'a str),
    /// They do not.
    TurnAway,
}

/// Whom a form is about, and what it decides.
///
/// # Errors
/// `malformed` for a form that is not ours.
pub(crate) fn read(form: &Form) -> Result<(&str, Decision<'_>), Fault> {
    let decision = match form.text("decision") {
        "let-in" => Decision::LetIn(form.text("email").trim()),
        "turn-away" => Decision::TurnAway,
        _ => return Err(Fault::malformed("the decision is let-in or turn-away")),
    };
    Ok((form.text("subject"), decision))
}
