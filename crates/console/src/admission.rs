//! What a sign-in has led to, as an answer to the browser: the same for every door.
//!
//! Invariant: after a sign-in the browser holds a session that did not exist before, and the one it had is over.

use crate::{
    held::way_out,
    query::encode,
    second_step::SECOND_STEP,
    session::{PENDING, VISITOR, pending_cookie, removed, session_cookie},
    visit::{Answer, Visit, see_other_with},
};
use platform::{Caller, session, sign_in::Admission};
use vault::SessionToken;

/// Lets the person in, to `next` or to their organizations.
pub(crate) async fn answer(visit: &Visit, admission: Admission, next: &str) -> Answer {
    match admission {
        Admission::Session { token, caller } | Admission::Enrol { token, caller } => {
            begin(visit, &token, &caller, next).await
        }
        Admission::Factor { pending } => {
            visit.event.borrow_mut().action = Some("sign-in-begun");
            let to = with_next(SECOND_STEP, next);
            see_other_with(&to, vec![pending_cookie(pending.expose())])
        }
    }
}

/// A path that remembers where the person wanted to go.
pub(crate) fn with_next(path: &str, next: &str) -> String {
    match next {
        "" => path.to_owned(),
        next => format!("{path}?next={}", encode(next)),
    }
}

/// Gives the browser its session.
pub(crate) async fn begin(visit: &Visit, token: &SessionToken, caller: &Caller, next: &str) -> Answer {
    visit.event.borrow_mut().account = caller.holder().map(|(account, _)| account.id);
    session::sign_out(visit.platform(), &visit.caller).await?;
    let seconds = visit.platform().settings().session_absolute_seconds_max;
    let cookies = vec![
        session_cookie(token.expose(), seconds),
        removed(VISITOR),
        removed(PENDING),
    ];
    let next = if next.is_empty() { "/o" } else { next };
    match caller.lacks() {
        Some(lacks) => see_other_with(&with_next(way_out(lacks), next), cookies),
        None => see_other_with(next, cookies),
    }
}
