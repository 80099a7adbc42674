//! Idempotency keys: a change that is sent again with the same key gets the first answer again.
//!
//! Invariant: a request with a key runs to its end even when the client goes away, so that a key is never left between
//! "running" and "done". Only answers below 500 are kept: after a 5xx the request may be sent again.

use crate::{answer::Answer, call::Call, refusal::Result};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use openssl::sha::Sha256;
use platform::{
    PlatformError,
    idempotency::{self, Begun, Ticket},
};
use types::ProblemCode;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key of a request that changes something.
pub(crate) fn key(request: &HttpRequest) -> Option<String> {
    let value = request
        .headers()
        .get(KEY)
        .filter(|_| !request.method().is_safe())?;
    // A key of other bytes fails the platform's check of its shape.
    Some(value.to_str().unwrap_or_default().to_owned())
}

/// What makes two requests the same: method, address, precondition, body. Of a stream the declared length and type.
pub(crate) fn fingerprint(request: &HttpRequest, body: &[u8]) -> [u8; 32] {
    let header = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .map_or(&b""[..], |value| value.as_bytes())
    };
    let parts = [
        request.method().as_str().as_bytes(),
        request.path().as_bytes(),
        request.query_string().as_bytes(),
        header(header::IF_MATCH),
        header(header::CONTENT_TYPE),
        header(header::CONTENT_LENGTH),
        body,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finish()
}

/// Carries a call out once.
pub(crate) async fn once(call: Call, key: &str, fingerprint: [u8; 32], request_id: String) -> Result<Answer> {
    let route = format!("{} {}", call.request.method(), call.request.path());
    let organization = call
        .workspace
        .as_ref()
        .map(|workspace| workspace.organization().id);
    match idempotency::begin(
        call.platform(),
        &call.caller,
        organization,
        &route,
        key,
        fingerprint,
    )
    .await?
    {
        Begun::Replay(kept) => {
            let answer = Answer::from_kept(&kept)
                .ok_or_else(|| PlatformError::invariant("a kept answer is broken"))?;
            Ok(answer.with(REPLAYED, "true"))
        }
        Begun::Fresh(ticket) => {
            let task = actix_web::rt::spawn(carry_out(call, ticket, request_id));
            let done = task
                .await
                .map_err(|error| PlatformError::invariant(error.to_string()))?;
            Ok(done?)
        }
    }
}

async fn carry_out(call: Call, ticket: Ticket, request_id: String) -> Result<Answer, PlatformError> {
    let api = call.api.clone();
    let operation = call.route.operation;
    let answer = match (call.route.handler)(call).await {
        Ok(answer) => answer,
        Err(refusal) => {
            let forgotten = refusal.code.status() >= 500 || refusal.code == ProblemCode::TooMany;
            let answer = refusal.into_answer(&request_id, operation);
            if forgotten {
                idempotency::abandon(api.platform(), ticket).await?;
                return Ok(answer);
            }
            answer
        }
    };
    match answer.to_kept() {
        Some(kept) => idempotency::finish(api.platform(), ticket, &kept).await?,
        None => idempotency::abandon(api.platform(), ticket).await?,
    }
    Ok(answer)
}
