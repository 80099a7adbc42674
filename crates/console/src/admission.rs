//! What a sign-in has led to, as an answer to the browser: the same for every door.
//!
//! Invariant: after a sign-in the browser holds a session that did not exist before, and the one it had is over.

use crate::{
    session::{VISITOR, removed, session_cookie},
    visit::{Answer, Visit, see_other_with},
};
use platform::{Caller, session, sign_in::Admission};
use vault::SessionToken;

/// Lets the person in, to `next` or to their organizations.
pub(crate) async fn answer(visit: &Visit, admission: Admission, next: &str) -> Answer {
    match admission {
        Admission::Session { token, caller } => begin(visit, &token, &caller, next).await,
    }
}

/// Gives the browser its session.
pub(crate) async fn begin(visit: &Visit, token: &SessionToken, caller: &Caller, next: &str) -> Answer {
    visit.event.borrow_mut().account = caller.account().map(|account| account.id);
    session::sign_out(visit.platform(), &visit.caller).await?;
    let seconds = visit.platform().settings().session_absolute_seconds_max;
    let cookies = vec![session_cookie(token.expose(), seconds), removed(VISITOR)];
    see_other_with(if next.is_empty() { "/o" } else { next }, cookies)
}
