//! The pages that talk to a passkey or security key: at the second step of a sign-in, for a fresh proof, to set one up.
//!
//! Invariants: a question is made by a form, never by opening a page; the answer comes back with the page's own form, so
//! it carries the same proofs of where it was sent from as any other.

use crate::{
    admission::with_next,
    confirm::{self, CONFIRM},
    factors::{self, ADD},
    form::Form,
    second_step::{self, SECOND_STEP},
    sign_in::{door_chrome, door_page, local_path, named_visitor},
    view::{FieldInput, InputKind, SecurityKeyPage},
    visit::{Answer, Visit},
};
use actix_web::http::StatusCode;
use platform::{factor::key, session, sign_in};

/// Where a key is set up; below it [`NEW_ANSWER`].
pub(crate) const NEW: &str = "/account/factors/keys";
/// Where the browser's answer goes.
pub(crate) const NEW_ANSWER: &str = "/account/factors/keys/answer";
/// Where a key is asked for a proof; below it [`PROOF_ANSWER`].
pub(crate) const PROOF: &str = "/account/confirm/key";
/// Where its answer goes.
pub(crate) const PROOF_ANSWER: &str = "/account/confirm/key/answer";
/// Where the answer at a sign-in goes.
const SIGN_IN_ANSWER: &str = "/sign-in/factor/key/answer";

/// What a page says around its question.
struct Words {
    title: &'static str,
    lead: &'static str,
    button: &'static str,
    ceremony: &'static str,
    action: &'static str,
    back: &'static str,
    fields: Vec<FieldInput>,
}

fn shown(title: &'static str, action: &'static str, back: &'static str) -> Words {
    Words {
        title,
        lead: "Touch your key, or follow what your device asks.",
        button: "Ask the key again",
        ceremony: "show",
        action,
        back,
        fields: Vec::new(),
    }
}

fn question_page(visit: &Visit, question: key::Question, words: Words, next: &str) -> Answer {
    let visitor = named_visitor(visit)?;
    let template = SecurityKeyPage {
        chrome: door_chrome(visit, words.title, &visitor)?,
        lead: words.lead,
        button: words.button,
        ceremony: words.ceremony,
        action: words.action,
        options: question.options,
        fields: words.fields,
        back: with_next(words.back, next),
        next: next.to_owned(),
    };
    door_page(visit, &visitor, StatusCode::OK, &template)
}

/// `POST /sign-in/factor/key`
pub(crate) async fn ask_at_sign_in(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    match sign_in::ask_key(visit.platform(), &visit.pending).await {
        Ok(question) => {
            let words = shown("Your second factor", SIGN_IN_ANSWER, SECOND_STEP);
            question_page(&visit, question, words, next)
        }
        Err(error) => second_step::refused(&visit, next, error).await,
    }
}

/// `POST /sign-in/factor/key/answer`
pub(crate) async fn sign_in(visit: Visit, form: Form) -> Answer {
    visit.event.borrow_mut().action = Some("sign-in-key");
    let next = local_path(form.text("next")).unwrap_or_default();
    let origin = visit.caller.origin.clone();
    let given = form.text("credential");
    let done = sign_in::with_key(visit.platform(), origin, &visit.pending, given).await;
    second_step::answer(&visit, next, done).await
}

/// `POST /account/confirm/key`
pub(crate) async fn ask_for_proof(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    match session::ask_key(visit.platform(), &visit.caller).await {
        Ok(question) => {
            let words = shown("Confirm that it is you", PROOF_ANSWER, CONFIRM);
            question_page(&visit, question, words, next)
        }
        Err(error) => confirm::refused(&visit, next, error).await,
    }
}

/// `POST /account/confirm/key/answer`
pub(crate) async fn prove(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or("/account");
    let done = session::prove_with_key(visit.platform(), &visit.caller, form.text("credential")).await;
    confirm::answer(&visit, next, done).await
}

/// `POST /account/factors/keys`
pub(crate) async fn ask_for_new(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    match key::begin(visit.platform(), &visit.caller).await {
        Ok(question) => {
            let words = Words {
                title: "Add a passkey or security key",
                lead: "Give it a name, then touch the key, or follow what your device asks.",
                button: "Go on",
                ceremony: "make",
                action: NEW_ANSWER,
                back: ADD,
                fields: vec![label_input("Security key")],
            };
            question_page(&visit, question, words, next)
        }
        Err(error) => factors::not_added(&visit, next, "The key was not added", error).await,
    }
}

fn label_input(label: &str) -> FieldInput {
    FieldInput::new("label", "Name", InputKind::Text)
        .with_value(label)
        .with_help("So that you know it again: “Phone”, “Key ring”.")
        .required()
}

/// `POST /account/factors/keys/answer`
pub(crate) async fn finish(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    let (label, given) = (form.text("label"), form.text("credential"));
    match key::finish(visit.platform(), &visit.caller, label, given).await {
        Ok(enrolled) => factors::added(&visit, next, enrolled),
        Err(error) => factors::not_added(&visit, next, "The key was not added", error).await,
    }
}
