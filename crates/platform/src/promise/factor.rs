//! Where a second factor is required nobody gets past enrolment: of every live session and API token of whoever must have
//! one, the function that decides at a request is asked whether it is held.
//!
//! A session that came by break-glass is past the factor by design, and one whose provider saw a factor has shown it there:
//! both are told and not judged by what the account has here.

use super::look::Look;
use crate::{
    Platform,
    error::Result,
    session::{lacks_of_program, lacks_of_session},
};
use promises::Outcome;
use store::control::{
    evidence::LIST_MAX,
    factor_evidence::{self as rows, SessionFact, TokenFact},
    session::PassedFactor,
};

pub(super) const ID: &str = "mfa-required";

/// No operator can mend this.
const BUG: &str = "report this as a bug; it should not happen";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let mut read = platform.control().read().await?;
    let asked = rows::count_requirements(&mut read).await?;
    let sessions = rows::list_sessions(&mut read, platform.now()).await?;
    let tokens = rows::list_tokens(&mut read, platform.now()).await?;
    drop(read);
    let most = usize::try_from(LIST_MAX).unwrap_or(usize::MAX);
    if sessions.len().max(tokens.len()) >= most {
        return Ok(Outcome::could_not_look(
            "there are too many live sessions or tokens to look at each",
        ));
    }
    let of = |passed: PassedFactor| {
        sessions
            .iter()
            .filter(move |found| has_passed(found, passed))
            .count()
    };
    let (glass, elsewhere) = (of(PassedFactor::BreakGlass), of(PassedFactor::Provider));
    let mut held = 0;
    for found in &sessions {
        held += usize::from(judge_session(found, &mut look));
    }
    for found in &tokens {
        held += usize::from(judge_token(found, &mut look));
    }
    Ok(look
        .fact("organizations that require a second factor", asked.organizations)
        .fact("the appliance requires one of everybody", asked.appliance)
        .fact("accounts that must have one", asked.accounts)
        .fact("accounts of those that have one", asked.enrolled)
        .fact(
            "live sessions and tokens of those accounts",
            sessions.len() + tokens.len(),
        )
        .fact("of those, held until a factor is shown", held)
        .fact("sessions that came by break-glass", glass)
        .fact("sessions that showed one at their provider", elsewhere)
        .done())
}

fn has_passed(found: &SessionFact, passed: PassedFactor) -> bool {
    found.factor.as_deref() == Some(passed.as_str())
}

/// True when it is held.
fn judge_session(found: &SessionFact, look: &mut Look) -> bool {
    let place = || format!("session {}", found.id);
    let is_held = lacks_of_session(found.factor.as_deref(), found.standing()).is_some();
    if !is_held && found.factor.is_none() {
        look.fault(
            "a session is past the requirement without a second factor",
            place(),
            BUG,
        );
    }
    let is_elsewhere = [PassedFactor::BreakGlass, PassedFactor::Provider]
        .into_iter()
        .any(|passed| has_passed(found, passed));
    if !is_held && !found.standing().enrolled && !is_elsewhere {
        look.fault(
            "a session says that it passed a second factor, and its account has none",
            place(),
            "end the session: its row was changed, or the factor was removed from the database by hand",
        );
    }
    is_held
}

/// True when it is held.
fn judge_token(found: &TokenFact, look: &mut Look) -> bool {
    let is_held = lacks_of_program(found.standing()).is_some();
    if !is_held && !found.standing().suffices() {
        let place = format!("API token {}", found.id);
        look.fault("an API token is past the requirement of its account", place, BUG);
    }
    is_held
}
