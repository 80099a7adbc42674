//! One request: who asks, from where, and the ways to answer.
//!
//! Invariant: a handler reaches an organization only through [`Visit::enter`], and a [`Room`] exists only for an
//! organization that the caller may know of.

use crate::{
    chrome::role_label,
    errors::Fault,
    query::Pairs,
    session,
    state::Console,
    view::{Banner, Chrome, Nav, OrganizationLink, Theme},
};
use access::Permission;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, cookie::Cookie, dev::Payload, dev::ServiceRequest,
    http::StatusCode, http::header,
};
use askama::Template;
use platform::{Caller, Origin, Platform, PlatformError, Workspace, session::Activity};
use std::{
    cell::RefCell,
    future::{Ready, ready},
    net::IpAddr,
    ops::Deref,
    rc::Rc,
};
use types::{AccountId, OrganizationId, ProblemCode};

/// What a handler gives.
pub(crate) type Answer = Result<HttpResponse, Fault>;

/// What the access log will say of a request besides the obvious.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub(crate) action: Option<&'static str>,
    pub(crate) account: Option<AccountId>,
    pub(crate) organization: Option<OrganizationId>,
    /// An operator was in the organization by a grant.
    pub(crate) by_grant: bool,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Visit(Rc<Parts>);

/// Its parts.
pub(crate) struct Parts {
    pub(crate) console: Console,
    pub(crate) caller: Caller,
    pub(crate) request_id: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) theme: Theme,
    /// What the banner says.
    pub(crate) maintenance: Option<Banner>,
    /// Random name of a browser before sign-in; empty after it.
    pub(crate) visitor: String,
    /// The token of a sign-in that waits for its second step; empty for none.
    pub(crate) pending: String,
    pub(crate) query: Pairs,
    pub(crate) event: RefCell<Event>,
}

impl Deref for Visit {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

fn cookie(request: &ServiceRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned())
}

impl Visit {
    /// Finds out who asks. When that fails the visit is nobody's, and the fault says why.
    pub(crate) async fn begin(
        console: &Console,
        request: &ServiceRequest,
        request_id: String,
    ) -> (Self, Result<(), Fault>) {
        let address = crate::origin::address(request, &console.settings().trusted_proxies);
        let origin = crate::origin::origin(request, address, &request_id);
        let (caller, known) = identify(console, request, origin.clone()).await;
        let query = Pairs::parse(request.query_string().as_bytes());
        let path_is_clean = crate::query::decode(request.path().as_bytes()).is_some();
        let refused = query.is_none() || !path_is_clean;
        let visit = Self(Rc::new(Parts {
            console: console.clone(),
            caller,
            request_id,
            address,
            theme: session::theme_of(cookie(request, session::THEME).as_deref()),
            visitor: cookie(request, session::VISITOR).unwrap_or_default(),
            pending: cookie(request, session::PENDING).unwrap_or_default(),
            query: query.unwrap_or_default(),
            maintenance: crate::maintenance::banner(console, request).await,
            event: RefCell::default(),
        }));
        let fault = known.and_then(|()| {
            if refused {
                return Err(Fault::malformed(
                    "the address holds characters that cannot be read",
                ));
            }
            Ok(())
        });
        (visit, fault)
    }

    pub(crate) fn platform(&self) -> &Platform {
        self.console.platform()
    }

    /// The token for the forms of one page.
    pub(crate) fn form_token(&self) -> Result<String, Fault> {
        Ok(platform::form::form_token(
            self.platform(),
            &self.caller,
            &self.visitor,
        )?)
    }

    /// The caller's account, or the fault that sends them to the sign-in.
    pub(crate) fn account(&self) -> Result<&platform::caller::AccountSummary, Fault> {
        let nobody = || Fault::new(ProblemCode::NotSignedIn, "sign in first");
        self.caller.account().ok_or_else(nobody)
    }

    /// Steps into an organization.
    pub(crate) async fn enter(&self, slug: &str) -> Result<Room, Fault> {
        let workspace = self.platform().enter(&self.caller, slug).await?;
        let mut event = self.event.borrow_mut();
        event.organization = Some(workspace.organization().id);
        event.by_grant = workspace.caller().grant.is_some();
        drop(event);
        Ok(Room {
            visit: self.clone(),
            workspace,
        })
    }

    /// The frame of a page that belongs to no organization.
    pub(crate) async fn chrome(&self, title: &str, nav: Nav) -> Result<Chrome, Fault> {
        let links = self.links().await?;
        // With a single organization its navigation stays at hand everywhere.
        let only = match links.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        Ok(Chrome {
            title: title.to_owned(),
            account_name: Some(self.account()?.name.clone()),
            is_operator: platform::operator::require(&self.caller).is_ok(),
            organization: only,
            organizations: links,
            csrf: self.form_token()?,
            nav,
            notice: crate::notice::of(&self.query),
            theme: self.theme,
            maintenance: self.maintenance.clone(),
            ..Chrome::default()
        })
    }

    async fn links(&self) -> Result<Vec<OrganizationLink>, Fault> {
        let mine = platform::organization::list_mine(self.platform(), &self.caller).await?;
        let link = |mine: platform::organization::MyOrganization| OrganizationLink {
            slug: mine.summary.slug,
            name: mine.summary.name,
            role: role_label(mine.role).to_owned(),
            may_administer: mine.role >= access::Role::Administrator,
            may_find_people: access::table::cell(mine.role, Permission::PersonRequest)
                != access::table::Cell::No,
        };
        Ok(mine.into_iter().map(link).collect())
    }
}

/// What our own pages put into the address when they load themselves again.
pub(crate) const POLLING: &str = "polling=true";

fn activity(request: &ServiceRequest) -> Activity {
    match request.query_string().split('&').any(|pair| pair == POLLING) {
        true => Activity::Polling,
        false => Activity::Use,
    }
}

async fn identify(
    console: &Console,
    request: &ServiceRequest,
    origin: Origin,
) -> (Caller, Result<(), Fault>) {
    let anonymous = Caller::anonymous(origin.clone());
    let token = cookie(request, session::SESSION).filter(|_| !request.path().starts_with("/assets/"));
    let Some(token) = token else {
        return (anonymous, Ok(()));
    };
    match platform::session::identify_session(console.platform(), origin, &token, activity(request)).await {
        Ok(caller) => (caller, Ok(())),
        Err(error) => (anonymous, Err(error.into())),
    }
}

impl FromRequest for Visit {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let visit = request.extensions().get::<Self>().cloned();
        ready(visit.ok_or_else(|| PlatformError::invariant("a request without its visit").into()))
    }
}

/// A caller in an organization, within one request.
pub(crate) struct Room {
    pub(crate) visit: Visit,
    pub(crate) workspace: Workspace,
}

impl Room {
    /// The organization's name in addresses.
    pub(crate) fn slug(&self) -> &str {
        &self.workspace.organization().slug
    }

    /// Path that all pages of the organization begin with.
    pub(crate) fn base(&self) -> String {
        format!("/o/{}", self.slug())
    }

    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.workspace.may(permission)
    }

    /// For an operator, who has no membership: the organization that has let them in.
    fn granted_link(&self) -> Option<OrganizationLink> {
        self.workspace.caller().grant?;
        let organization = self.workspace.organization();
        Some(OrganizationLink {
            slug: organization.slug.clone(),
            name: organization.name.clone(),
            role: "operator, let in for a time".to_owned(),
            may_administer: false,
            may_find_people: false,
        })
    }

    /// The frame of a page of the organization.
    pub(crate) async fn chrome(&self, title: &str, nav: Nav) -> Result<Chrome, Fault> {
        let chrome = self.visit.chrome(title, nav).await?;
        let mut links = chrome.organizations.iter();
        let own = links.find(|link| link.slug == self.slug()).cloned();
        let own = own.or_else(|| self.granted_link());
        Ok(Chrome {
            organization: own,
            lifecycle: crate::lifecycle::banner(self).await?,
            ..chrome
        })
    }
}

/// A page.
pub(crate) fn page(template: &impl Template) -> Answer {
    page_with(StatusCode::OK, template)
}

/// A form again, because of what was sent.
pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Answer {
    let html = template
        .render()
        .map_err(|error| PlatformError::invariant(error.to_string()))?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// The answer to a form that did its work: go there with GET.
pub(crate) fn see_other(path: &str) -> Answer {
    see_other_with(path, Vec::new())
}

/// The same with cookies.
pub(crate) fn see_other_with(path: &str, cookies: Vec<Cookie<'static>>) -> Answer {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, path));
    for cookie in cookies {
        response.cookie(cookie);
    }
    Ok(response.finish())
}
