//! The caller.

use crate::{
    answer::Answer,
    call::Call,
    refusal::{Refusal, Result},
    view::organization::MeView,
};
use platform::caller::Identity;
use types::ProblemCode;

/// The caller's account.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let account = call.caller.account();
    let account = account.ok_or_else(|| Refusal::new(ProblemCode::NotSignedIn, "sign in first"))?;
    let signed_in_by = match &call.caller.identity {
        Identity::Token { .. } => "token",
        _ => "session",
    };
    Ok(Answer::ok(&MeView {
        account: account.id,
        email: &account.email,
        name: &account.name,
        signed_in_by,
    }))
}
