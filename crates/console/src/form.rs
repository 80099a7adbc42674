//! A posted form.
//!
//! Invariant: a [`Form`] exists only for a request that carried the token of the page it was sent from; a handler that
//! takes one cannot be reached by a forged request.

use crate::{
    break_glass::BREAK_GLASS,
    errors::Fault,
    invitation::INVITATION,
    password_reset::PASSWORD_RESET,
    query::{PAIRS_MAX, Pairs},
    second_step::SECOND_STEP,
    visit::Visit,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE};
use futures_util::{StreamExt, future::LocalBoxFuture};
use std::ops::Deref;
use types::ProblemCode;

/// Most bytes of a form that is no upload.
pub(crate) const BYTES_MAX: usize = 2 * 1024 * 1024;

/// Names and values of a form that was sent from our own page.
#[derive(Debug)]
pub(crate) struct Form(Pairs);

impl Deref for Form {
    type Target = Pairs;

    fn deref(&self) -> &Pairs {
        &self.0
    }
}

impl Form {
    /// A form that came in parts, whose token [`check_token`] took.
    pub(crate) fn of_checked_parts(pairs: Pairs) -> Self {
        Self(pairs)
    }
}

/// Refuses a form without the token of its page; sends away whose session has ended meanwhile.
pub(crate) fn check_token(visit: &Visit, token: &str, may_be_anonymous: bool) -> Result<(), Fault> {
    let is_known = visit.caller.holder().is_some();
    if !is_known && !may_be_anonymous {
        return Err(Fault::new(ProblemCode::NotSignedIn, "your session has ended"));
    }
    // A token for a nameless visitor is everybody's.
    let is_named = is_known || !visit.visitor.is_empty();
    if is_named && platform::form::check_form_token(visit.platform(), &visit.caller, &visit.visitor, token) {
        return Ok(());
    }
    Err(Fault::new(
        ProblemCode::ForgedRequest,
        "the form does not belong to your session",
    ))
}

/// Names and values that a program sent, where no page of ours does and no cookie counts.
#[derive(Debug)]
pub(crate) struct BareForm(Pairs);

impl Deref for BareForm {
    type Target = Pairs;

    fn deref(&self) -> &Pairs {
        &self.0
    }
}

impl FromRequest for BareForm {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (is_form, payload) = (is_urlencoded(request), payload.take());
        Box::pin(async move { Ok(Self(pairs_of(is_form, payload).await?)) })
    }
}

fn is_urlencoded(request: &HttpRequest) -> bool {
    let media = request.headers().get(CONTENT_TYPE);
    let media = media.and_then(|value| value.to_str().ok());
    media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded"))
}

async fn pairs_of(is_urlencoded: bool, payload: Payload) -> Result<Pairs, Fault> {
    if !is_urlencoded {
        return Err(Fault::new(
            ProblemCode::MediaType,
            "this page takes its own form only",
        ));
    }
    let bytes = read(payload).await?;
    let unreadable =
        format!("the form holds characters that cannot be read, or more than {PAIRS_MAX} values");
    Pairs::parse(&bytes).ok_or_else(|| Fault::malformed(unreadable))
}

async fn read(mut payload: Payload) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Fault::malformed("the form could not be read to its end"))?;
        if bytes.len() + chunk.len() > BYTES_MAX {
            let detail = format!("a form may hold at most {} MiB", BYTES_MAX / 1024 / 1024);
            return Err(Fault::new(ProblemCode::TooLarge, detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl FromRequest for Form {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visit = Visit::extract(request);
        let (is_form, payload) = (is_urlencoded(request), payload.take());
        let path = request.path();
        let is_door = path == "/sign-in" || path.starts_with(SECOND_STEP);
        let links = [INVITATION, BREAK_GLASS, PASSWORD_RESET];
        let may_be_anonymous = is_door || links.iter().any(|link| path.starts_with(link));
        Box::pin(async move {
            let visit = visit.await?;
            let pairs = pairs_of(is_form, payload).await?;
            check_token(&visit, pairs.text("csrf"), may_be_anonymous)?;
            Ok(Self(pairs))
        })
    }
}
