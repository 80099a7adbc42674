//! LDAP directories, for operators.

use crate::{
    answer::Answer,
    call::Call,
    read::members::Members,
    refusal::{Refusal, Result},
    view::directory::{ChangesView, DirectoriesView, DirectoryJson, ExplainedView, MappingsView, ReportView},
};
use actix_web::http::StatusCode;
use platform::{
    directories::{
        self, DirectoryChange, DirectoryState, Draft, NewDirectory,
        settings::{Product, Server, Settings},
        sync::{self, Mode},
    },
    provider::FirstSignIn,
};
use serde::{Deserialize, Serialize};

/// What becomes of newcomers, in words.
pub(crate) const FIRST_SIGN_INS: &[(&str, FirstSignIn)] = &[
    ("refuse", FirstSignIn::Refuse),
    ("wait", FirstSignIn::Wait),
    ("create", FirstSignIn::Create),
];

const STATES: &[(&str, DirectoryState)] = &[
    ("active", DirectoryState::Active),
    ("disabled", DirectoryState::Disabled),
];

/// What is asked for where the usual settings of a product are wanted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetInput {
    product: Product,
    server: Server,
    service_dn: String,
    base: String,
    #[serde(default)]
    authorities: Option<String>,
}

impl PresetInput {
    fn settings(self) -> Settings {
        Settings {
            authorities: self.authorities,
            ..Settings::preset(self.product, self.server, self.service_dn, self.base)
        }
    }
}

/// Takes `settings` or `preset`, exactly one of them.
fn take_settings(members: &mut Members) -> Option<Settings> {
    let both = members.has("settings") && members.has("preset");
    let settings = members.part::<Settings>("settings");
    let preset = members.part::<PresetInput>("preset").map(PresetInput::settings);
    if both || (settings.is_none() && preset.is_none() && members.is_sound()) {
        members.note("settings", "required", "send either `settings` or `preset`");
    }
    settings.or(preset)
}

/// What is missing was noted, so that this is reached by nobody.
fn required<T>(part: Option<T>, name: &str) -> Result<T> {
    part.ok_or_else(|| Refusal::invalid_at(format!("/{name}"), "required", "a value is required"))
}

/// Every directory.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let found = directories::list(call.platform(), &call.caller).await?;
    Ok(Answer::ok(&DirectoriesView {
        directories: found.iter().map(DirectoryJson::from).collect(),
    }))
}

/// One of them.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let found = directories::get(call.platform(), &call.caller, call.part("directory")).await?;
    Ok(Answer::ok(&DirectoryJson::from(&found)))
}

/// Adds one.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let key = members.required_text("key");
    let settings = take_settings(&mut members);
    let secret = members.secret("secret");
    let client_key = members.secret("client_key");
    let first_sign_in = members.word("first_sign_in", FIRST_SIGN_INS).unwrap_or_default();
    members.finish()?;
    let new = NewDirectory {
        key,
        settings: required(settings, "settings")?,
        secret,
        client_key,
        first_sign_in,
    };
    let made = directories::add(call.platform(), &call.caller, new).await?;
    let location = format!("{}/{}", call.request.path(), made.key);
    Ok(Answer::created(&location, &DirectoryJson::from(&made)))
}

/// Changes what is sent.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let change = DirectoryChange {
        state: members.word("state", STATES),
        settings: members.part("settings"),
        secret: members.secret("secret"),
        client_key: members.secret("client_key"),
        first_sign_in: members.word("first_sign_in", FIRST_SIGN_INS),
    };
    members.finish()?;
    let key = call.part("directory");
    let changed = directories::alter(call.platform(), &call.caller, key, change).await?;
    Ok(Answer::ok(&DirectoryJson::from(&changed)))
}

/// Removes one.
pub(crate) async fn delete(call: Call) -> Result<Answer> {
    directories::remove(call.platform(), &call.caller, call.part("directory")).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Tests one as it is.
pub(crate) async fn test(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let login = members.text("login");
    members.finish()?;
    let key = call.part("directory");
    let (stages, person) = directories::test(call.platform(), &call.caller, key, login.as_deref()).await?;
    Ok(Answer::ok(&ReportView::of(&stages, person.as_ref())))
}

/// Tests one as it would be.
pub(crate) async fn test_draft(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let key = members.text("directory");
    let login = members.text("login");
    let settings = take_settings(&mut members);
    let secret = members.secret("secret");
    let client_key = members.secret("client_key");
    members.finish()?;
    let draft = Draft {
        settings: required(settings, "settings")?,
        secret,
        client_key,
    };
    let (platform, caller) = (call.platform(), &call.caller);
    let (stages, person) =
        directories::test_draft(platform, caller, key.as_deref(), draft, login.as_deref()).await?;
    Ok(Answer::ok(&ReportView::of(&stages, person.as_ref())))
}

/// Which group gives a person which role.
pub(crate) async fn explain(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let login = members.required_text("login");
    members.finish()?;
    let key = call.part("directory");
    let explained = directories::explain(call.platform(), &call.caller, key, &login).await?;
    Ok(Answer::ok(&ExplainedView::from(&explained)))
}

/// Which groups give which roles.
pub(crate) async fn mappings(call: Call) -> Result<Answer> {
    let found = directories::mappings(call.platform(), &call.caller, call.part("directory")).await?;
    Ok(Answer::ok(&MappingsView::of(&found)))
}

/// Who would gain and lose what.
pub(crate) async fn preview(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let settings = members.part::<Settings>("settings");
    let secret = members.secret("secret");
    let client_key = members.secret("client_key");
    if settings.is_none() && (secret.is_some() || client_key.is_some()) && members.is_sound() {
        members.note(
            "settings",
            "required",
            "a password or a key is tried with settings",
        );
    }
    members.finish()?;
    let (platform, caller, key) = (call.platform(), &call.caller, call.part("directory"));
    let changes = match settings {
        Some(settings) => {
            let draft = Draft {
                settings,
                secret,
                client_key,
            };
            sync::preview(platform, caller, key, draft).await?
        }
        None => sync::run(platform, caller, key, Mode::DryRun).await?,
    };
    Ok(Answer::ok(&ChangesView { changes: &changes }))
}

/// Compares now.
pub(crate) async fn compare(call: Call) -> Result<Answer> {
    let (platform, caller) = (call.platform(), &call.caller);
    let changes = sync::run(platform, caller, call.part("directory"), Mode::Guarded).await?;
    Ok(Answer::ok(&ChangesView { changes: &changes }))
}
