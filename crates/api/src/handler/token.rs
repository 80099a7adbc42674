//! API tokens in an organization: the caller's own, and a member's for whoever manages everybody's.

use crate::{
    answer::Answer,
    call::Call,
    read::members::read_as,
    refusal::Result,
    view::people::{TokenView, TokensView},
};
use access::Permission;
use actix_web::http::StatusCode;
use platform::token::{self, NewToken};

/// How long a token lives when nothing is said, in days.
const DAYS: u16 = 90;

/// The caller's tokens, newest first.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let tokens = token::list(call.workspace()?).await?;
    Ok(Answer::ok(&TokensView {
        tokens: tokens.iter().map(|token| TokenView::of(token, None)).collect(),
    }))
}

/// Makes a token; its secret is in this answer only.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let name = members.required_text("name");
    let days = members
        .integer("days")
        .map(|days| u16::try_from(days).unwrap_or(0));
    let permissions = members.texts("permissions", Permission::ALL.len());
    let networks = members.texts("networks", 50).unwrap_or_default();
    let narrowing = members.take("narrowing").map(read_as).transpose();
    let narrowing = members.note_all(narrowing).flatten().unwrap_or_default();
    members.finish()?;
    let new = NewToken {
        narrowing,
        networks,
        name,
        days: days.unwrap_or(DAYS),
        permissions,
    };
    let (made, secret) = token::create(call.workspace()?, new).await?;
    let location = format!("{}/{}", call.request.path(), made.id);
    let secret = secret.expose();
    Ok(Answer::created(&location, &TokenView::of(&made, Some(secret))))
}

/// A member's tokens, newest first.
pub(crate) async fn list_of(call: Call) -> Result<Answer> {
    let tokens = token::list_of(call.workspace()?, call.id("member")?).await?;
    Ok(Answer::ok(&TokensView {
        tokens: tokens.iter().map(|token| TokenView::of(token, None)).collect(),
    }))
}

/// Revokes a member's token.
pub(crate) async fn delete_of(call: Call) -> Result<Answer> {
    token::revoke_of(call.workspace()?, call.id("member")?, call.id("token")?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Revokes a token.
pub(crate) async fn delete(call: Call) -> Result<Answer> {
    token::revoke(call.workspace()?, call.id("token")?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
