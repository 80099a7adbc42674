//! Around every request: its id, who asks, whether it may come from where it does, the error page, the headers, the
//! access log. Start at [`frame`].

use crate::{
    admission::with_next,
    confirm::CONFIRM,
    csrf::{self, Provenance, provenance},
    errors::{Fault, page_of},
    headers::protect,
    held, maintenance, openid,
    query::encode,
    state::Console,
    visit::{Visit, page_with},
};
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
};
use jiff::Timestamp;
use platform::access_log::{AccessEvent, Place};
use types::ProblemCode;

/// Wraps every page.
pub(crate) async fn frame(
    console: Console,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let request_id = new_request_id();
    let (visit, known) = Visit::begin(&console, &request, request_id).await;
    request.extensions_mut().insert(visit.clone());
    let (place, admitted) = match place_in_log(&visit, &request).await {
        Ok(place) => {
            let open = || held::admit(&visit, request.path());
            let admitted = match known
                .and_then(|()| admit(&console, &request))
                .and_then(|()| open())
            {
                Ok(()) => maintenance::admit(&console, &request).await,
                refused => refused,
            };
            (place, admitted)
        }
        Err(full) => (None, Err(full)),
    };
    let is_get = request.method() == Method::GET;
    let path = request.uri().path_and_query().map(ToString::to_string);
    let came_from = csrf::own_referer(request.headers(), &console.platform().settings().base_url);
    let asked = Asked {
        get_path: path.filter(|_| is_get),
        came_from,
    };
    let response = match admitted {
        Ok(()) => next.call(request).await?,
        Err(fault) => request.error_response(fault),
    };
    let mut response = with_error_page(&visit, response, asked);
    if let Some(place) = place {
        record(&visit, &response, place);
    }
    let path = response.request().path().to_owned();
    protect(response.headers_mut(), &visit.request_id, &path);
    Ok(response)
}

/// A place in the access log, without which nothing is carried out. Assets are the same for everybody and not logged.
async fn place_in_log(visit: &Visit, request: &ServiceRequest) -> Result<Option<Place>, Fault> {
    if request.path().starts_with("/assets/") {
        return Ok(None);
    }
    Ok(Some(visit.platform().recorder().place().await?))
}

fn new_request_id() -> String {
    let random: Option<[u8; 16]> = vault::random::random_array().ok();
    hex::encode(random.unwrap_or_default())
}

/// A request that changes something must come from a page of ours.
fn admit(console: &Console, request: &ServiceRequest) -> Result<(), Fault> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    // No browser sends it, and no cookie counts there.
    if openid::is_word_of_provider(request.path()) {
        return Ok(());
    }
    match provenance(request.headers(), &console.platform().settings().base_url) {
        Provenance::Own => Ok(()),
        Provenance::Foreign => Err(Fault::new(
            ProblemCode::ForgedRequest,
            "the request did not come from a page of this console",
        )),
    }
}

/// Puts the page in the place of an error that is none yet.
fn with_error_page(
    visit: &Visit,
    response: ServiceResponse<BoxBody>,
    asked: Asked,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let of_status = Fault::of_status(status.as_u16());
    let answer = {
        let error = response.response().error();
        let fault = error.and_then(|error| error.as_error::<Fault>());
        let is_page = response.headers().get(header::CONTENT_TYPE).is_some();
        if error.is_none() && is_page {
            None
        } else {
            Some(answer_to(visit, fault.unwrap_or(&of_status), asked))
        }
    };
    match answer {
        Some(answer) => response.into_response(answer),
        None => response,
    }
}

/// Where a request leads back to.
struct Asked {
    /// Its own address, if it asked for a page.
    get_path: Option<String>,
    /// The page of ours that sent it.
    came_from: Option<String>,
}

fn go(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

fn answer_to(visit: &Visit, fault: &Fault, asked: Asked) -> HttpResponse {
    log(visit, fault);
    let Asked { get_path, came_from } = asked;
    if fault.code() == ProblemCode::FactorRequired
        && let Some(lacks) = visit.caller.lacks()
    {
        return go(&with_next(held::way_out(lacks), &get_path.unwrap_or_default()));
    }
    if fault.code() == ProblemCode::ProofRequired {
        let back = get_path.or(came_from).unwrap_or_else(|| "/account".to_owned());
        return go(&with_next(CONFIRM, &back));
    }
    if fault.code() == ProblemCode::NotSignedIn {
        let to = match get_path {
            Some(path) if path != "/" => format!("/sign-in?next={}", encode(&path)),
            Some(_) => "/sign-in".to_owned(),
            None => "/sign-in?notice=session-ended".to_owned(),
        };
        return go(&to);
    }
    let mut response = page_with(fault.status(), &page_of(visit, fault))
        .unwrap_or_else(|_| HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR));
    if let Some(seconds) = fault.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
    response
}

/// A failure of ours is logged once, here, with its chain.
fn log(visit: &Visit, fault: &Fault) {
    // Maintenance is no failure: somebody wanted it.
    if fault.status().is_server_error() && fault.code() != ProblemCode::Maintenance {
        let source = fault
            .problem
            .source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static));
        tracing::error!(
            http.request.id = visit.request_id.as_str(),
            error.code = fault.code().as_str(),
            error = source,
            "a page could not be shown"
        );
    }
}

fn record(visit: &Visit, response: &ServiceResponse<BoxBody>, place: Place) {
    let request = response.request();
    let event = visit.event.borrow().clone();
    let status = response.status();
    let outcome = match status.as_u16() {
        200..=399 => "done",
        400..=499 => "refused",
        _ => "failed",
    };
    let route = request.match_pattern().unwrap_or_else(|| "/".to_owned());
    let method = match (event.action, visit.caller.account()) {
        (Some("sign-in" | "sign-in-begun"), _) => "password",
        (Some("sign-in-code"), _) => "code",
        (Some("sign-in-key"), _) => "key",
        (Some("break-glass"), _) => "break-glass",
        (Some("openid"), _) => "openid",
        (_, Some(_)) if event.by_grant => "operator-grant",
        (_, Some(_)) => "session",
        (_, None) => "none",
    };
    let origin = &visit.caller.origin;
    place.record(AccessEvent {
        at: Timestamp::now(),
        account: event
            .account
            .or(visit.caller.holder().map(|(account, _)| account.id)),
        organization: event.organization,
        action: event
            .action
            .map_or_else(|| format!("{} {route}", request.method()), str::to_owned),
        outcome: outcome.to_owned(),
        status: Some(status.as_u16()),
        method: method.to_owned(),
        address: origin.address.clone().unwrap_or_default(),
        device: origin.device.clone().unwrap_or_default(),
        request_id: visit.request_id.clone(),
    });
}
