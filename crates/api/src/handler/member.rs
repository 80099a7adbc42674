//! Members.

use crate::{
    answer::Answer,
    call::Call,
    read::members::read_as,
    refusal::Result,
    view::{
        people::{InvitationView, MemberView, MembersView},
        record::Links,
    },
};
use access::{MemberState, Role};
use actix_web::http::StatusCode;
use platform::{account::NewPerson, invitation, member, narrowing::NamedNarrowing};
use serde::Serialize;
use types::AccountId;

const STATES: &[(&str, MemberState)] = &[
    ("active", MemberState::Active),
    ("disabled", MemberState::Disabled),
];

pub(super) fn roles() -> Vec<(&'static str, Role)> {
    Role::ALL.iter().map(|role| (role.as_str(), *role)).collect()
}

/// The members, a page at a time.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let after = call.query.parsed::<AccountId>("after", "an account id")?;
    let page = member::list(call.workspace()?, after).await?;
    let next = page.next.map(|account| account.to_string());
    let link = next.as_deref().map(|next| call.link("after", next));
    Ok(Answer::ok(&MembersView {
        members: page.members.iter().map(MemberView::from).collect(),
        links: Links {
            next: link.as_deref(),
            prev: None,
        },
        next,
    }))
}

/// Makes a person a member. Somebody without an account gets one without a password, and a link to set it, which is in
/// this answer only.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let email = members.required_text("email");
    let name = members.required_text("name");
    let role = members.required_word("role", &roles());
    let role = members.finish_with(role)?;
    let person = NewPerson {
        email,
        name,
        password: None,
    };
    let (made, invitation) = member::add(call.workspace()?, person, role).await?;
    let location = format!("{}/{}", call.request.path(), made.account);
    let view = MemberView::invited(&made, invitation.as_ref());
    Ok(Answer::created(&location, &view))
}

/// Makes a new link for a member without a password; the old one is void. The link is in this answer only.
pub(crate) async fn invite(call: Call) -> Result<Answer> {
    let made = invitation::create(call.workspace()?, call.id("member")?).await?;
    Ok(Answer::json(StatusCode::CREATED, &InvitationView::from(&made)))
}

/// Changes the role or the state; one of them a request, since each is an act of its own.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let role = members.word("role", &roles());
    let state = members.word("state", STATES);
    if role.is_some() == state.is_some() {
        members.note("role", "required", "send either `role` or `state`");
    }
    members.finish()?;
    let account = call.id("member")?;
    let workspace = call.workspace()?;
    let changed = match (role, state) {
        (Some(role), _) => member::set_role(workspace, account, role).await?,
        (None, state) => member::set_state(workspace, account, state.unwrap_or(MemberState::Active)).await?,
    };
    Ok(Answer::ok(&MemberView::from(&changed)))
}

/// Sets what is taken away from a member's role, in the place of what was.
pub(crate) async fn narrow(mut call: Call) -> Result<Answer> {
    let named: NamedNarrowing = read_as(call.take_json()?)?;
    let changed = member::set_narrowing(call.workspace()?, call.id("member")?, &named).await?;
    Ok(Answer::ok(&MemberView::from(&changed)))
}

#[derive(Serialize)]
struct EndedSessionsView {
    ended: usize,
}

/// Ends every session of a member.
pub(crate) async fn end_sessions(call: Call) -> Result<Answer> {
    let ended = member::end_sessions(call.workspace()?, call.id("member")?).await?;
    Ok(Answer::ok(&EndedSessionsView { ended }))
}

/// Removes a member; the account stays.
pub(crate) async fn delete(call: Call) -> Result<Answer> {
    member::remove(call.workspace()?, call.id("member")?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
