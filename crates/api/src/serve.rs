//! The path of a request: id, origin, caller, rate, needs, body, idempotency key, handler, answer, access log.
//!
//! Invariant: every request to `/api/v1`, also one that matches no route, takes a place in the access log first and ends
//! in [`Visit::leave`], so that none is missing from the log and none is answered without a request id.

use crate::{
    answer::Answer,
    api::Api,
    call::{Body, Call},
    credential, idempotency, origin,
    rate::{Allowance, Payer},
    read::{body, json, query::Query},
    refusal::{Refusal, Result},
    route::{Effect, Needs, Route, Takes, Verb},
    table::ROUTES,
};
use access::Permission;
use actix_web::{
    HttpRequest, HttpResponse, guard,
    http::header::{HeaderName, HeaderValue},
    web::{self, Payload, ServiceConfig},
};
use bytes::Bytes;
use jiff::Timestamp;
use platform::{
    Caller, Origin, Workspace,
    access_log::{AccessEvent, Place},
    caller::Identity,
};
use std::{net::IpAddr, net::Ipv6Addr, time::Instant};
use types::{AccountId, OrganizationId, ProblemCode};

/// Where everything lies.
pub(crate) const BASE: &str = "/api/v1";
/// Longest body of a route that takes large JSON, in bytes.
const LARGE_JSON_MAX: u64 = 8 << 20;

/// Mounts every route of the table under `/api/v1`.
pub fn configure(config: &mut ServiceConfig, api: &Api) {
    let mut scope = web::scope(BASE);
    let mut paths: Vec<&'static str> = Vec::new();
    for route in ROUTES {
        if !paths.contains(&route.path) {
            paths.push(route.path);
            scope = scope.service(resource(route.path, api));
        }
    }
    let nowhere = api.clone();
    let scope = scope.default_service(web::to(move |request: HttpRequest| {
        let api = nowhere.clone();
        async move {
            let refusal = Refusal::new(
                ProblemCode::NotFound,
                "there is no such address; see /api/v1/openapi.json",
            );
            refuse(&api, &request, refusal).await
        }
    }));
    config.service(scope);
}

fn resource(path: &'static str, api: &Api) -> actix_web::Resource {
    let here = || ROUTES.iter().filter(move |route| route.path == path);
    let mut resource = web::resource(path);
    for route in here() {
        let api = api.clone();
        let method = match route.verb {
            Verb::Get => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
            verb => web::method(verb.method()),
        };
        resource = resource.route(method.to(move |request: HttpRequest, payload: Payload| {
            let api = api.clone();
            Box::pin(serve(api, route, request, payload))
        }));
    }
    let allow: Vec<&str> = here().map(|route| route.verb.as_str()).collect();
    let (allow, api) = (allow.join(", "), api.clone());
    resource.default_service(web::to(move |request: HttpRequest| {
        let (allow, api) = (allow.clone(), api.clone());
        async move {
            let detail = format!("this address supports {allow}");
            let refusal = Refusal {
                allow: Some(allow),
                ..Refusal::new(ProblemCode::MethodNotAllowed, detail)
            };
            refuse(&api, &request, refusal).await
        }
    }))
}

/// A request on its way, and what became known of it.
struct Visit {
    at: Timestamp,
    request_id: String,
    address: IpAddr,
    origin: Origin,
    account: Option<AccountId>,
    /// How the caller was known: `session`, `token` or `none`.
    method: &'static str,
    organization: Option<OrganizationId>,
    allowance: Option<Allowance>,
    /// Where its event will stand; none when the log has no room.
    place: Option<Place>,
}

impl Visit {
    fn enter(api: &Api, request: &HttpRequest) -> Self {
        let at = Timestamp::now();
        let request_id = origin::request_id(at);
        let address = origin::address(request, &api.settings().trusted_proxies);
        let origin = Origin {
            address: address.map(|address| address.to_string()),
            device: origin::device(request),
            request_id: Some(request_id.clone()),
        };
        Self {
            at,
            request_id,
            address: address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            origin,
            account: None,
            method: "none",
            organization: None,
            allowance: None,
            place: None,
        }
    }

    /// Takes a place in the access log, without which nothing is carried out.
    async fn reserve(&mut self, api: &Api) -> Result<()> {
        self.place = Some(api.platform().recorder().place().await?);
        Ok(())
    }

    /// Remembers who asks.
    fn know(&mut self, caller: &Caller) {
        self.account = caller.account().map(|account| account.id);
        self.method = match &caller.identity {
            Identity::Person { .. } => "session",
            Identity::Token { .. } => "token",
            Identity::Anonymous | Identity::Held { .. } | Identity::Host | Identity::System => "none",
        };
    }

    /// Counts the request, against the account if it is known.
    fn pay(&mut self, api: &Api) -> Result<()> {
        let payer = self
            .account
            .map_or_else(|| Payer::address(self.address), Payer::Account);
        self.allowance = Some(api.limiter().take(payer, Instant::now())?);
        Ok(())
    }

    /// The response, after the access log was told.
    fn leave(self, action: &str, result: Result<Answer>) -> HttpResponse {
        let limited = matches!(&result, Err(refusal) if refusal.code == ProblemCode::TooMany);
        let mut answer = result.unwrap_or_else(|refusal| refusal.into_answer(&self.request_id, action));
        let remaining = if limited {
            Some(0)
        } else {
            self.allowance.map(|allowance| allowance.remaining)
        };
        if let Some(remaining) = remaining
            && let Ok(value) = HeaderValue::from_str(&format!("\"default\";r={remaining};t=60"))
        {
            answer.set(HeaderName::from_static("ratelimit"), value);
        }
        let response_id = self.request_id.clone();
        self.record(action, answer.status.as_u16());
        answer.into_response(&response_id)
    }

    fn record(self, action: &str, status: u16) {
        let Some(place) = self.place else {
            return;
        };
        let outcome = match status {
            0..400 => "done",
            400..500 => "refused",
            _ => "failed",
        };
        place.record(AccessEvent {
            at: self.at,
            account: self.account,
            organization: self.organization,
            action: action.to_owned(),
            outcome: outcome.to_owned(),
            status: Some(status),
            method: self.method.to_owned(),
            address: self.origin.address.unwrap_or_default(),
            device: self.origin.device.unwrap_or_default(),
            request_id: self.request_id,
        });
    }
}

/// Answers a request that matches no route. It is counted, so that probing is as slow as asking.
async fn refuse(api: &Api, request: &HttpRequest, refusal: Refusal) -> HttpResponse {
    let mut visit = Visit::enter(api, request);
    let counted = match visit.reserve(api).await {
        Ok(()) => visit.pay(api),
        full => full,
    };
    let refusal = counted.err().unwrap_or(refusal);
    visit.leave("api.unknown", Err(refusal))
}

async fn serve(api: Api, route: &'static Route, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut visit = Visit::enter(&api, &request);
    let result = carry_out(&api, route, &mut visit, request, payload).await;
    visit.leave(route.operation, result)
}

async fn carry_out(
    api: &Api,
    route: &'static Route,
    visit: &mut Visit,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer> {
    visit.reserve(api).await?;
    let identified = credential::identify(api.platform(), &request, visit.origin.clone()).await;
    if let Ok(caller) = &identified {
        visit.know(caller);
    }
    visit.pay(api)?;
    let caller = identified?;
    let workspace = admit(api, route, &request, &caller).await?;
    visit.organization = workspace.as_ref().map(|workspace| workspace.organization().id);
    if workspace
        .as_ref()
        .is_some_and(|workspace| workspace.caller().grant.is_some())
    {
        visit.method = "operator-grant";
    }
    if route.effect == Effect::Changes {
        platform::maintenance::refuse_changes(api.platform()).await?;
    }
    let query = Query::parse(request.query_string(), route.query)?;
    let key = idempotency::key(&request).filter(|_| caller.account().is_some() && route.keeps_answers());
    let (body, bytes) = take_body(api, route, &request, payload).await?;
    let fingerprint = key.as_ref().map(|_| idempotency::fingerprint(&request, &bytes));
    drop(bytes);
    let call = Call {
        api: api.clone(),
        route,
        request,
        caller,
        query,
        workspace,
        body,
    };
    match key.zip(fingerprint) {
        Some((key, fingerprint)) => {
            idempotency::once(call, &key, fingerprint, visit.request_id.clone()).await
        }
        None => (route.handler)(call).await,
    }
}

/// Checks what the route needs, before anything of the body is read.
async fn admit(
    api: &Api,
    route: &Route,
    request: &HttpRequest,
    caller: &Caller,
) -> Result<Option<Workspace>> {
    let signed_in = caller.account().is_some();
    match route.needs {
        Needs::Public => Ok(None),
        _ if !signed_in => Err(Refusal::new(
            ProblemCode::NotSignedIn,
            "send an API token: Authorization: Bearer srt_...",
        )),
        Needs::SignedIn => Ok(None),
        Needs::Operator => {
            platform::operator::require(caller)?;
            Ok(None)
        }
        Needs::Permission(permission) => enter(api, request, caller, permission).await.map(Some),
    }
}

async fn enter(
    api: &Api,
    request: &HttpRequest,
    caller: &Caller,
    permission: Permission,
) -> Result<Workspace> {
    let slug = request.match_info().get("organization").unwrap_or_default();
    let workspace = api.platform().enter(caller, slug).await?;
    workspace.require(permission).await?;
    Ok(workspace)
}

/// The body as the route takes it, with its bytes, where they were read.
async fn take_body(
    api: &Api,
    route: &Route,
    request: &HttpRequest,
    payload: Payload,
) -> Result<(Body, Bytes)> {
    let limit = match route.takes {
        Takes::File => return Ok((Body::File(payload), Bytes::new())),
        Takes::Nothing => {
            body::refuse_body(request)?;
            return Ok((Body::Nothing, Bytes::new()));
        }
        Takes::Json(_) => api.settings().body_bytes_max,
        Takes::LargeJson(_) => LARGE_JSON_MAX.max(api.settings().body_bytes_max),
    };
    let bytes = body::read_json(request, payload, limit).await?;
    Ok((Body::Json(json::read(&bytes)?), bytes))
}
