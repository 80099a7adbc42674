//! The account's own page: password, sessions, colours.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    openid,
    session::{theme_cookie, theme_of},
    sign_in::{door_chrome, door_page},
    view::{
        AccountPage, DoorLink, ErrorSummary, FieldInput, IdentityRow, InputKind, Nav, OldPasswordPage,
        SessionRow,
    },
    visit::{Answer, Visit, page, page_with, see_other, see_other_with},
    words::{device, moment},
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    caller::Lacks,
    session::{self, SessionView},
};
use types::SessionId;
use vault::SecretText;

/// Where a password is changed.
pub(crate) const PASSWORD: &str = "/account/password";

pub(crate) fn password_inputs() -> Vec<FieldInput> {
    let input = |name: &str, label: &str| FieldInput::new(name, label, InputKind::Password).required();
    vec![
        input("old_password", "Present password").with_autocomplete("current-password"),
        input("new_password", "New password")
            .with_autocomplete("new-password")
            .with_help("At least 15 characters; a sentence of a few unrelated words does well."),
        input("again", "New password again").with_autocomplete("new-password"),
    ]
}

pub(crate) async fn account_page(
    visit: &Visit,
    password_fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<AccountPage, Fault> {
    let account = visit.account()?;
    let mut sessions = session::list_own(visit.platform(), &visit.caller).await?;
    sessions.sort_by_key(|session| !session.current);
    let identities = platform::identity::list_own(visit.platform(), &visit.caller).await?;
    let doors = platform::provider::doors(visit.platform()).await?;
    let free = doors
        .into_iter()
        .filter(|door| identities.iter().all(|own| own.key != door.key));
    Ok(AccountPage {
        doors: free.map(door).collect(),
        identities: identities.into_iter().map(identity_row).collect(),
        identity_fields: openid::inputs(),
        chrome: visit.chrome("Account", Nav::Account).await?,
        login: account.email.clone(),
        name: account.name.clone(),
        password_fields,
        failure,
        sessions: sessions.into_iter().map(row).collect(),
    })
}

fn door(door: platform::provider::Door) -> DoorLink {
    DoorLink {
        href: format!("/account/identities/{}/tie", door.key),
        key: door.key,
        label: door.label,
    }
}

fn identity_row(identity: platform::identity::OwnIdentity) -> IdentityRow {
    IdentityRow {
        key: identity.key,
        label: identity.label,
        since: moment(identity.since),
    }
}

fn row(session: SessionView) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        device: device(&session.device),
        address: session.address,
        started: moment(session.created_at),
        last_used: moment(session.last_seen_at),
        current: session.current,
    }
}

/// `GET /account`
pub(crate) async fn show(visit: Visit) -> Answer {
    page(&account_page(&visit, password_inputs(), None).await?)
}

/// `GET /account/password`: for whoever must change it before anything else.
pub(crate) async fn ask_password(visit: Visit) -> Answer {
    if visit.caller.lacks() != Some(Lacks::Password) {
        visit.account()?;
        return see_other("/account");
    }
    old_password_page(&visit, password_inputs(), None, StatusCode::OK)
}

fn old_password_page(
    visit: &Visit,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
    status: StatusCode,
) -> Answer {
    let template = OldPasswordPage {
        chrome: door_chrome(visit, "Change your password", &visit.visitor)?,
        fields,
        failure,
    };
    door_page(visit, &visit.visitor, status, &template)
}

/// `POST /account/password`
pub(crate) async fn change_password(visit: Visit, form: Form) -> Answer {
    let secret = |name: &str| SecretText::new(form.text(name).to_owned());
    let done = if form.text("new_password") == form.text("again") {
        let (old, new) = (secret("old_password"), secret("new_password"));
        platform::account::change_password(visit.platform(), &visit.caller, old, new).await
    } else {
        let message = "not the same as the new password";
        Err(platform::PlatformError::invalid_at(
            "/again",
            "malformed",
            message,
        ))
    };
    match done {
        Ok(()) => see_other("/account?notice=password-changed"),
        Err(error) => {
            let (fields, failure) = with_problems("Your password was not changed", error, password_inputs())?;
            if visit.caller.lacks().is_some() {
                return old_password_page(&visit, fields, Some(failure), StatusCode::UNPROCESSABLE_ENTITY);
            }
            let template = account_page(&visit, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// `POST /account/appearance`
pub(crate) async fn choose_colours(visit: Visit, form: Form) -> Answer {
    visit.account()?;
    let theme = theme_of(form.get("theme"));
    see_other_with("/account?notice=saved", vec![theme_cookie(theme)])
}

/// `POST /account/sessions/{session}/end`
pub(crate) async fn end_session(visit: Visit, id: Path<String>, _form: Form) -> Answer {
    let id = id.parse::<SessionId>();
    let id = id.map_err(|_| Fault::not_found("session"))?;
    session::end_own(visit.platform(), &visit.caller, id).await?;
    see_other("/account?notice=sessions-ended")
}

/// `POST /account/sessions/end-others`
pub(crate) async fn end_others(visit: Visit, _form: Form) -> Answer {
    session::end_others(visit.platform(), &visit.caller).await?;
    see_other("/account?notice=sessions-ended")
}
