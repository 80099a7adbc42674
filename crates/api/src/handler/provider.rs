//! OpenID providers, for operators.

use crate::{
    answer::Answer,
    call::Call,
    refusal::{Refusal, Result},
    view::provider::{ProviderJson, ProviderReportView, ProvidersView},
};
use actix_web::http::StatusCode;
use platform::provider::{self, NewProvider, ProviderChange, ProviderSettings, ProviderState};

const STATES: &[(&str, ProviderState)] = &[
    ("active", ProviderState::Active),
    ("disabled", ProviderState::Disabled),
];

/// What is missing was noted, so that this is reached by nobody.
fn required(settings: Option<ProviderSettings>) -> Result<ProviderSettings> {
    settings.ok_or_else(|| Refusal::invalid_at("/settings", "required", "a value is required"))
}

/// Every provider.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let found = provider::list(call.platform(), &call.caller).await?;
    Ok(Answer::ok(&ProvidersView {
        providers: found.iter().map(ProviderJson::from).collect(),
    }))
}

/// One of them.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let found = provider::get(call.platform(), &call.caller, call.part("provider")).await?;
    Ok(Answer::ok(&ProviderJson::from(&found)))
}

/// Adds one.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let key = members.required_text("key");
    let label = members.text("label").unwrap_or_else(|| key.clone());
    let issuer = members.required_text("issuer");
    let settings = members.required_part("settings");
    let secret = members.secret("secret");
    members.finish()?;
    let new = NewProvider {
        key,
        label,
        issuer,
        settings: required(settings)?,
        secret,
    };
    let made = provider::add(call.platform(), &call.caller, new).await?;
    let location = format!("{}/{}", call.request.path(), made.key);
    Ok(Answer::created(&location, &ProviderJson::from(&made)))
}

/// Changes what is sent.
pub(crate) async fn update(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let change = ProviderChange {
        label: members.text("label"),
        state: members.word("state", STATES),
        settings: members.part("settings"),
        secret: members.secret("secret"),
    };
    members.finish()?;
    let key = call.part("provider");
    let changed = provider::alter(call.platform(), &call.caller, key, change).await?;
    Ok(Answer::ok(&ProviderJson::from(&changed)))
}

/// Removes one.
pub(crate) async fn delete(call: Call) -> Result<Answer> {
    provider::remove(call.platform(), &call.caller, call.part("provider")).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Tests one as it is.
pub(crate) async fn test(call: Call) -> Result<Answer> {
    let report = provider::test(call.platform(), &call.caller, call.part("provider")).await?;
    Ok(Answer::ok(&ProviderReportView::from(&report)))
}

/// Tests one as it would be.
pub(crate) async fn test_draft(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let issuer = members.required_text("issuer");
    let settings = members.required_part("settings");
    members.finish()?;
    let settings = required(settings)?;
    let report = provider::test_draft(call.platform(), &call.caller, &issuer, &settings).await?;
    Ok(Answer::ok(&ProviderReportView::from(&report)))
}
