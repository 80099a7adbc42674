//! Members of an organization.

use crate::{
    chrome::role_label,
    errors::Fault,
    fields::with_problems,
    form::Form,
    query::href,
    view::{
        Badge, Choice, ErrorSummary, FieldInput, FreshInvitation, InputKind, MemberRow, MembersPage, Nav,
        Tone,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{day, moment},
};
use access::{MemberState, Permission, Role};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    account::NewPerson,
    factor,
    invitation::{self, Invitation},
    member::{self, Ways},
    people,
};
use types::{AccountId, ProblemCode};

/// Roles as choices.
pub(crate) fn role_choices(selected: Role) -> Vec<Choice> {
    let choice = |role: Role| Choice::new(role.as_str(), role_label(role)).selected_if(selected.as_str());
    Role::ALL.into_iter().map(choice).collect()
}

fn new_inputs(form: Option<&Form>) -> Vec<FieldInput> {
    let value = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let role = value("role").parse().unwrap_or(Role::Viewer);
    vec![
        FieldInput::new("name", "Name", InputKind::Text)
            .with_value(value("name"))
            .required(),
        FieldInput::new("email", "E-mail address", InputKind::Email)
            .with_value(value("email"))
            .with_autocomplete("off")
            .with_help("What the person signs in with. Somebody new gets a link to set a password.")
            .required(),
        FieldInput::new("role", "Role", InputKind::Choice(role_choices(role))).required(),
    ]
}

async fn members_page(
    room: &Room,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<MembersPage, Fault> {
    let after = room.visit.query.get("after").and_then(|text| text.parse().ok());
    let found = member::list(&room.workspace, after).await?;
    let may_administer = room.may(Permission::MemberManage);
    let own = room.visit.account()?.id;
    let next = found.next.map(|next| {
        href(
            &format!("{}/members", room.base()),
            [("after", next.to_string().as_str())],
        )
    });
    let rank = room.workspace.role();
    let mut ways = member::ways(&room.workspace, &found.members).await?;
    Ok(MembersPage {
        chrome: room.chrome("Members", Nav::Members).await?,
        organization: room.slug().to_owned(),
        members: found
            .members
            .into_iter()
            .map(|member| {
                let ways = ways.remove(&member.account).unwrap_or_default();
                row(member, &ways, own, may_administer, rank)
            })
            .collect(),
        fresh: None,
        fields,
        add_open: failure.is_some(),
        failure,
        may_administer,
        next_href: next,
    })
}

/// Who vouches for a member, in words.
fn source_of(has_password: bool, ways: &Ways) -> String {
    let password = has_password.then(|| "a password here".to_owned());
    let directories = ways.directories.iter().map(|key| format!("directory {key}"));
    let providers = ways.providers.iter().map(|label| format!("provider {label}"));
    let all: Vec<String> = password.into_iter().chain(directories).chain(providers).collect();
    match all.as_slice() {
        [] => "nothing yet".to_owned(),
        all => all.join(", "),
    }
}

/// A member's second factors, in words.
fn factors_of(ways: &Ways) -> String {
    let word = |kind: &String| match kind.as_str() {
        "totp" => "authenticator app".to_owned(),
        "passkey" => "passkey or security key".to_owned(),
        kind => kind.to_owned(),
    };
    match ways.factors.as_slice() {
        [] => "no second factor".to_owned(),
        factors => factors.iter().map(word).collect::<Vec<_>>().join(", "),
    }
}

fn row(
    member: member::Member,
    ways: &Ways,
    own: AccountId,
    may_administer: bool,
    rank: Option<Role>,
) -> MemberRow {
    // Whoever a directory or a provider vouches for comes in without a password.
    let has_way = member.has_password || !ways.directories.is_empty() || !ways.providers.is_empty();
    let state = match member.state {
        MemberState::Active if !has_way => Badge::new("Invited", Tone::Accent),
        MemberState::Active => Badge::new("Active", Tone::Good),
        MemberState::Invited => Badge::new("Invited", Tone::Accent),
        MemberState::Disabled => Badge::new("Disabled", Tone::Neutral),
    };
    let is_self = member.account == own;
    // Only an owner makes or changes owners; the form offers nobody what would be refused.
    let is_owner = rank == Some(Role::Owner);
    let changeable = may_administer && !is_self && (is_owner || member.role != Role::Owner);
    let mut roles = role_choices(member.role);
    roles.retain(|choice| changeable && (is_owner || choice.value != Role::Owner.as_str()));
    MemberRow {
        id: member.account.to_string(),
        name: member.name,
        login: member.email,
        role: role_label(member.role).to_owned(),
        roles,
        state,
        source: source_of(member.has_password, ways),
        factors: factors_of(ways),
        since: day(member.joined_at),
        is_self,
        disabled: member.state == MemberState::Disabled,
        may_change: changeable,
        may_invite: changeable && !has_way && member.state != MemberState::Disabled,
    }
}

/// `GET /o/{organization}/members`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&members_page(&room, new_inputs(None), None).await?)
}

/// `POST /o/{organization}/members`
pub(crate) async fn add(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let role = form.text("role").parse::<Role>();
    let role = role.map_err(|_| Fault::malformed("the form names no role"))?;
    let person = NewPerson {
        email: form.text("email").trim().to_owned(),
        name: form.text("name").to_owned(),
        password: None,
    };
    match member::add(&room.workspace, person, role).await {
        Ok((_, None)) => back(&room, "member-added"),
        Ok((member, Some(invitation))) => fresh_page(&room, &member.name, &invitation).await,
        Err(error) if error.code == ProblemCode::NotAllowed => Err(error.into()),
        Err(error) => {
            let (fields, failure) =
                with_problems("The member was not added", error, new_inputs(Some(&form)))?;
            let template = members_page(&room, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// The page with the link is the answer itself, so that no address leads to it.
async fn fresh_page(room: &Room, name: &str, invitation: &Invitation) -> Answer {
    let mut template = members_page(room, new_inputs(None), None).await?;
    template.fresh = Some(FreshInvitation {
        name: name.to_owned(),
        url: invitation.url.expose().to_owned(),
        expires: moment(invitation.expires_at),
    });
    page(&template)
}

/// `POST .../members/{account}/invitation`
pub(crate) async fn invite(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let account = account_of(&path)?;
    let made = invitation::create(&room.workspace, account).await?;
    let name = people::names(&room.workspace, &[account]).await?.remove(&account);
    fresh_page(&room, &name.unwrap_or_default(), &made).await
}

fn back(room: &Room, notice: &str) -> Answer {
    see_other(&format!("{}/members?notice={notice}", room.base()))
}

fn account_of(path: &Path<(String, String)>) -> Result<AccountId, Fault> {
    path.1.parse().map_err(|_| Fault::not_found("member"))
}

/// `POST .../members/{account}/role`
pub(crate) async fn set_role(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let role = form.text("role").parse::<Role>();
    let role = role.map_err(|_| Fault::malformed("the form names no role"))?;
    member::set_role(&room.workspace, account_of(&path)?, role).await?;
    back(&room, "role-set")
}

/// `POST .../members/{account}/disable`
pub(crate) async fn disable(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    member::set_state(&room.workspace, account_of(&path)?, MemberState::Disabled).await?;
    back(&room, "member-disabled")
}

/// `POST .../members/{account}/enable`
pub(crate) async fn enable(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    member::set_state(&room.workspace, account_of(&path)?, MemberState::Active).await?;
    back(&room, "member-enabled")
}

/// `POST .../members/{account}/factors/reset`
pub(crate) async fn reset_factors(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    factor::reset(&room.workspace, account_of(&path)?).await?;
    back(&room, "factors-reset")
}

/// `POST .../members/{account}/remove`
pub(crate) async fn remove(visit: Visit, path: Path<(String, String)>, _form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    member::remove(&room.workspace, account_of(&path)?).await?;
    back(&room, "member-removed")
}
