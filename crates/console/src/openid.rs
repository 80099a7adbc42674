//! The door for whoever comes from an OpenID provider, tying an account to somebody there, and the provider's own word that they left.
//!
//! Invariants: a browser is sent to a provider by a link and never by a form's answer, since `form-action` of our content
//! security policy goes for redirects as well; what it keeps meanwhile is one `__Host-` cookie, sealed; that cookie is
//! taken away when it comes back. The address that it comes back to holds a code, so it is no referrer.

use crate::{
    account, admission,
    errors::Fault,
    fields::with_problems,
    form::{BareForm, Form},
    session::{OPENID, openid_cookie, removed},
    sign_in::{form, local_path},
    view::{FieldInput, InputKind, Nav, TieGoPage},
    visit::{Answer, Visit, page, page_with, see_other, see_other_with},
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use platform::{identity, provider, sign_in::openid};
use serde_json::json;
use std::time::Instant;
use types::ProblemCode;
use vault::SecretText;

/// What the address that a provider sends browsers back to begins with.
pub(crate) const CALLBACK: &str = "/callback/";

/// `GET /sign-in/openid/{provider}`
pub(crate) async fn begin(visit: Visit, key: Path<String>) -> Answer {
    let next = local_path(visit.query.text("next")).unwrap_or_default();
    check_pace(&visit)?;
    match openid::begin(visit.platform(), &key, next).await {
        Ok(begun) => see_other_with(&begun.url, vec![openid_cookie(begun.cookie.expose())]),
        Err(error) if error.code == ProblemCode::Unavailable => {
            form(
                &visit,
                next,
                "",
                Some(error.detail),
                StatusCode::SERVICE_UNAVAILABLE,
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /callback/{provider}`
pub(crate) async fn come_back(visit: Visit, key: Path<String>, request: HttpRequest) -> Answer {
    visit.event.borrow_mut().action = Some("openid");
    check_pace(&visit)?;
    let cookie = request.cookie(OPENID).map(|cookie| cookie.value().to_owned());
    let answer = visit.query.pairs();
    let returned = openid::finish(visit.platform(), &visit.caller, &key, cookie.as_deref(), answer).await;
    let mut response = match returned {
        Ok(openid::Return::Admitted(admission, next)) => admission::answer(&visit, *admission, &next).await?,
        Ok(openid::Return::Tied) => see_other("/account?notice=identity-tied")?,
        Ok(openid::Return::Waits) => see_other("/sign-in?notice=waits")?,
        Err(error) => refused(&visit, error).await?,
    };
    let gone = response.add_cookie(&removed(OPENID));
    gone.map_err(|error| platform::PlatformError::invariant(error.to_string()))?;
    Ok(response)
}

/// Whether a path is that of [`leave`].
pub(crate) fn is_word_of_provider(path: &str) -> bool {
    path.strip_prefix(CALLBACK)
        .and_then(|rest| rest.strip_suffix("/logout"))
        .is_some_and(|key| !key.is_empty() && !key.contains('/'))
}

/// `POST /callback/{provider}/logout` (OpenID Connect Back-Channel Logout 1.0, section 2.5): a provider's word and no browser's. Its proof is
/// the signed token; answers are as section 2.8 has them.
pub(crate) async fn leave(visit: Visit, key: Path<String>, sent: BareForm) -> Answer {
    visit.event.borrow_mut().action = Some("openid-logout");
    check_pace(&visit)?;
    let logout_token = sent.text("logout_token").to_owned();
    let origin = visit.caller.origin.clone();
    match openid::leave(visit.platform(), origin, &key, logout_token).await {
        Ok(account) => {
            visit.event.borrow_mut().account = account;
            Ok(HttpResponse::Ok().finish())
        }
        Err(error) if error.code == ProblemCode::Invalid => Ok(not_taken(
            &visit,
            "the logout token is not to be trusted, or came before",
        )),
        Err(error) => Err(error.into()),
    }
}

fn not_taken(visit: &Visit, why: &str) -> HttpResponse {
    let throttle = visit.console.throttle();
    throttle.note_failure(&throttle_name(visit), visit.address, Instant::now());
    HttpResponse::BadRequest().json(json!({ "error": "invalid_request", "error_description": why }))
}

async fn refused(visit: &Visit, error: platform::PlatformError) -> Answer {
    let status = match error.code {
        ProblemCode::NotSignedIn => StatusCode::UNAUTHORIZED,
        ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => return Err(error.into()),
    };
    let throttle = visit.console.throttle();
    throttle.note_failure(&throttle_name(visit), visit.address, Instant::now());
    if visit.caller.account().is_some() {
        return Err(Fault::new(ProblemCode::Conflict, error.detail));
    }
    form(visit, "", "", Some(error.detail), status).await
}

/// Tries are counted by address: who it would be is known only afterwards.
fn throttle_name(visit: &Visit) -> String {
    let address = visit.address.map(|address| address.to_string());
    format!("{CALLBACK}{}", address.unwrap_or_default())
}

fn check_pace(visit: &Visit) -> Result<(), Fault> {
    let throttle = visit.console.throttle();
    let wait = throttle.wait(&throttle_name(visit), visit.address, Instant::now());
    if wait.is_zero() {
        return Ok(());
    }
    Err(Fault {
        retry_after: Some(wait.as_secs().max(1)),
        ..Fault::new(ProblemCode::TooMany, "too many sign-ins failed from this address")
    })
}

/// The inputs of the form on the account page that ties or unties.
pub(crate) fn inputs() -> Vec<FieldInput> {
    vec![
        FieldInput::new("identity.password", "Present password", InputKind::Password)
            .required()
            .with_autocomplete("current-password"),
    ]
}

/// `POST /account/identities/{provider}/tie`: the answer is a page with the link, see above.
pub(crate) async fn tie(visit: Visit, key: Path<String>, sent: Form) -> Answer {
    let password = SecretText::new(sent.text("identity.password").to_owned());
    let wanted = provider::doors(visit.platform()).await?;
    let label = wanted
        .into_iter()
        .find(|door| door.key == *key)
        .map(|door| door.label);
    match openid::begin_tie(visit.platform(), &visit.caller, &key, password).await {
        Ok(begun) => {
            let mut response = page(&TieGoPage {
                chrome: visit.chrome("One more step", Nav::Account).await?,
                label: label.unwrap_or_default(),
                url: begun.url,
            })?;
            let kept = response.add_cookie(&openid_cookie(begun.cookie.expose()));
            kept.map_err(|error| platform::PlatformError::invariant(error.to_string()))?;
            Ok(response)
        }
        Err(error) => not_done(&visit, "Nothing was tied", error).await,
    }
}

/// `POST /account/identities/{provider}/untie`
pub(crate) async fn untie(visit: Visit, key: Path<String>, sent: Form) -> Answer {
    let password = SecretText::new(sent.text("identity.password").to_owned());
    match identity::untie_own(visit.platform(), &visit.caller, &key, password).await {
        Ok(()) => see_other("/account?notice=identity-untied"),
        Err(error) => not_done(&visit, "Nothing was untied", error).await,
    }
}

async fn not_done(visit: &Visit, title: &str, error: platform::PlatformError) -> Answer {
    let (fields, failure) = with_problems(title, error, inputs())?;
    let mut template = account::account_page(visit, account::password_inputs(), Some(failure)).await?;
    template.identity_fields = fields;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
}
