//! A call: what a handler sees of a request that passed every check of [`crate::serve`].

use crate::{
    api::Api,
    read::{members::Members, query::Query},
    refusal::{Refusal, Result},
    route::Route,
};
use actix_web::{HttpRequest, web::Payload};
use platform::{Caller, Platform, PlatformError, Workspace};
use serde_json::Value as Json;
use types::{PageSize, RecordId};

/// The body, as the route takes it.
pub(crate) enum Body {
    Nothing,
    Json(Json),
    File(Payload),
}

/// A request that passed the checks.
pub(crate) struct Call {
    pub(crate) api: Api,
    pub(crate) route: &'static Route,
    pub(crate) request: HttpRequest,
    pub(crate) caller: Caller,
    pub(crate) query: Query,
    pub(crate) workspace: Option<Workspace>,
    pub(crate) body: Body,
}

impl Call {
    pub(crate) fn platform(&self) -> &Platform {
        self.api.platform()
    }

    /// The caller inside the organization of the address.
    pub(crate) fn workspace(&self) -> Result<&Workspace> {
        let missing = || PlatformError::invariant(format!("{} has no organization", self.route.operation));
        self.workspace.as_ref().ok_or_else(|| missing().into())
    }

    /// A part of the address; names there hold no character that would be escaped.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// An id of the address; one of another shape is answered like one that does not exist.
    pub(crate) fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T> {
        let parsed = self.part(name).parse();
        parsed.map_err(|_| PlatformError::not_found(name).into())
    }

    pub(crate) fn record(&self) -> Result<RecordId> {
        self.id("record")
    }

    /// Takes the JSON body.
    pub(crate) fn take_json(&mut self) -> Result<Json> {
        match std::mem::replace(&mut self.body, Body::Nothing) {
            Body::Json(json) => Ok(json),
            Body::Nothing | Body::File(_) => Err(PlatformError::invariant("the route takes no JSON").into()),
        }
    }

    /// Takes the JSON body as an object.
    pub(crate) fn take_members(&mut self) -> Result<Members> {
        Members::of(self.take_json()?, "")
    }

    /// Takes the uploaded file.
    pub(crate) fn take_file(&mut self) -> Result<Payload> {
        match std::mem::replace(&mut self.body, Body::Nothing) {
            Body::File(payload) => Ok(payload),
            Body::Nothing | Body::Json(_) => Err(PlatformError::invariant("the route takes no file").into()),
        }
    }

    /// The `limit` parameter.
    pub(crate) fn limit(&self) -> Result<PageSize> {
        let expected = || format!("expected a whole number from 1 to {}", PageSize::MAX);
        let Some(text) = self.query.get("limit") else {
            return Ok(PageSize::default());
        };
        let size = text.parse::<u16>().ok().and_then(PageSize::new);
        size.ok_or_else(|| Refusal::invalid_at("limit", "out-of-range", expected()))
    }

    /// The address with another value of one parameter, for links of paging.
    pub(crate) fn link(&self, name: &str, value: &str) -> String {
        let others = self.request.query_string().split('&');
        let others = others.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
        let mut link = format!("{}?", self.request.path());
        for pair in others {
            link.push_str(pair);
            link.push('&');
        }
        link.push_str(name);
        link.push('=');
        link.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        link
    }
}
