//! Codes by mail and SMS: sent at the second step of a sign-in or for a fresh proof, and set up.
//!
//! Invariants: nothing is sent by opening a page; where nothing could be sent, the page says so and offers the rest.

use crate::{
    confirm::{self, CONFIRM},
    errors::Fault,
    factors::{self, ADD},
    form::Form,
    query::href,
    second_step::{self, SECOND_STEP},
    sign_in::local_path,
    view::{ErrorSummary, SendWay},
    visit::{Answer, Visit, see_other},
};
use platform::{
    PlatformError,
    factor::{
        Ways,
        sent::{self, Channel},
    },
    session, sign_in,
};
use types::ProblemCode;

/// Where an address or a number is set up.
pub(crate) const NEW: &str = "/account/factors/messages";
/// Where its first code goes.
pub(crate) const NEW_ANSWER: &str = "/account/factors/messages/answer";
/// Where a code for a proof is asked for.
pub(crate) const PROOF: &str = "/account/confirm/send";

/// The buttons that send a code.
pub(crate) fn sends(ways: &Ways) -> Vec<SendWay> {
    let way = |channel: Channel, to: &String| SendWay {
        channel: channel.as_str(),
        to: to.clone(),
    };
    let mail = ways.mail.as_ref().map(|to| way(Channel::Mail, to));
    mail.into_iter()
        .chain(ways.sms.as_ref().map(|to| way(Channel::Sms, to)))
        .collect()
}

fn channel(form: &Form) -> Result<Channel, Fault> {
    Channel::parse(form.text("channel")).ok_or_else(|| Fault::malformed("there is no such way to send codes"))
}

/// Back to the page with the field for the code.
fn sent_to(path: &str, next: &str) -> Answer {
    let pairs = [("next", next), ("notice", "code-sent")];
    see_other(&href(
        path,
        pairs.into_iter().filter(|(_, value)| !value.is_empty()),
    ))
}

/// What is told on the page itself: that nothing could be sent, or that it was enough.
pub(crate) fn unsent(error: &PlatformError) -> Option<ErrorSummary> {
    let is_told = matches!(error.code, ProblemCode::Unavailable | ProblemCode::TooMany);
    (is_told && error.source.is_none()).then(|| ErrorSummary {
        title: crate::words::sentence(&error.detail),
        failures: Vec::new(),
    })
}

/// `POST /sign-in/factor/send`
pub(crate) async fn at_sign_in(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    let origin = visit.caller.origin.clone();
    match sign_in::ask_code(visit.platform(), origin, &visit.pending, channel(&form)?).await {
        Ok(_) => sent_to(SECOND_STEP, next),
        Err(error) => second_step::refused(&visit, next, error).await,
    }
}

/// `POST /account/confirm/send`
pub(crate) async fn for_proof(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    match session::ask_code(visit.platform(), &visit.caller, channel(&form)?).await {
        Ok(_) => sent_to(CONFIRM, next),
        Err(error) => confirm::refused(&visit, next, error).await,
    }
}

/// `POST /account/factors/messages`
pub(crate) async fn begin(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    let number = form.text("number");
    match sent::begin(visit.platform(), &visit.caller, channel(&form)?, number).await {
        Ok(_) => sent_to(ADD, next),
        Err(error) => factors::not_added(&visit, next, "Nothing was set up", error).await,
    }
}

/// `POST /account/factors/messages/answer`
pub(crate) async fn finish(visit: Visit, form: Form) -> Answer {
    let next = local_path(form.text("next")).unwrap_or_default();
    match sent::finish(visit.platform(), &visit.caller, form.text("code")).await {
        Ok(enrolled) => factors::added(&visit, next, enrolled),
        Err(error) => factors::not_added(&visit, next, "Nothing was set up", error).await,
    }
}
