//! The interface, served on loopback for one test, with a token of every role.

use crate::{
    fixture::{Site, field, required, unique},
    http::{self, Answer},
};
use access::Role;
use actix_web::{App, HttpServer, dev::ServerHandle};
use api::{Api, ApiSettings};
use platform::{Caller, Origin, Workspace, account::NewPerson, break_glass, member, operator, token};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, net::SocketAddr};
use types::FieldKind;

/// A dataset's address, with one field of most kinds.
pub(crate) const INVOICES: &str = "/api/v1/organizations/acme/datasets/invoices";

/// The operator's address.
pub(crate) const OPERATOR: &str = "operator@example.com";

/// A served site.
pub(crate) struct Web {
    pub(crate) site: Site,
    pub(crate) address: SocketAddr,
    tokens: BTreeMap<Role, String>,
    server: ServerHandle,
}

impl Drop for Web {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

impl Web {
    /// Serves `acme` with the dataset `invoices`.
    pub(crate) async fn start() -> Self {
        Box::pin(Self::start_with(100_000)).await
    }

    /// The same with another rate limit.
    pub(crate) async fn start_with(requests_per_minute: u32) -> Self {
        let site = Box::pin(Site::start()).await;
        let owner = site.as_role(Role::Owner).await;
        let fields = vec![
            required("Number", FieldKind::Text),
            field("Amount", FieldKind::Money),
            unique("Reference", FieldKind::Text),
            field("Iban", FieldKind::SensitiveText),
            field("Due", FieldKind::Date),
            field("Units", FieldKind::Integer),
            field("Rate", FieldKind::Decimal),
            field("Extra", FieldKind::Json),
        ];
        Box::pin(site.dataset(&owner, "Invoices", fields)).await;
        let mut tokens = BTreeMap::new();
        for role in Role::ALL {
            tokens.insert(role, Box::pin(make_token(&site.as_role(role).await)).await);
        }
        let settings = ApiSettings {
            requests_per_minute,
            body_bytes_max: 1 << 20,
            trusted_proxies: Vec::new(),
        };
        let api = Api::new(site.platform.clone(), settings);
        let server = HttpServer::new(move || {
            let api = api.clone();
            App::new().configure(move |config| api::configure(config, &api))
        });
        let server = server
            .workers(2)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            site,
            address,
            tokens,
            server: handle,
        }
    }

    /// The token of the member with that role.
    pub(crate) fn token(&self, role: Role) -> &str {
        &self.tokens[&role]
    }

    /// A request of a role's token, with JSON if there is some.
    pub(crate) async fn send(
        &self,
        role: Role,
        line: &str,
        headers: &[(&str, &str)],
        body: Option<&Json>,
    ) -> Answer {
        Box::pin(self.send_as(Some(self.token(role)), line, headers, body)).await
    }

    /// The same with any token.
    pub(crate) async fn send_as(
        &self,
        token: Option<&str>,
        line: &str,
        headers: &[(&str, &str)],
        body: Option<&Json>,
    ) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        let text = body.map(Json::to_string);
        if text.is_some() {
            all.push(("Content-Type", "application/json"));
        }
        Box::pin(http::send(
            self.address,
            line,
            &all,
            text.as_deref().map(str::as_bytes),
        ))
        .await
    }

    /// The session of an operator, who is a viewer in that organization and nothing in `acme`.
    pub(crate) async fn operator(&self, elsewhere: &Workspace) -> String {
        let (platform, host) = (&self.site.platform, Caller::host());
        let person = NewPerson {
            email: OPERATOR.to_owned(),
            name: "Test operator".to_owned(),
            password: None,
        };
        Box::pin(member::add(elsewhere, person, Role::Viewer))
            .await
            .unwrap();
        operator::appoint(platform, &host, OPERATOR).await.unwrap();
        let link = break_glass::create(platform, &host, OPERATOR, "to sign in")
            .await
            .unwrap();
        let link = link.url.expose().rsplit('/').next().unwrap();
        let (session, _) = break_glass::redeem(platform, Origin::default(), link)
            .await
            .unwrap();
        session.expose().to_owned()
    }

    /// A request of a session as the console's own pages send it.
    pub(crate) async fn send_in(
        &self,
        session: &str,
        line: &str,
        headers: &[(&str, &str)],
        body: Option<&Json>,
    ) -> Answer {
        let cookie = format!("__Host-session={session}");
        let mut all = headers.to_vec();
        all.push(("Cookie", &cookie));
        all.push(("Sec-Fetch-Site", "same-origin"));
        all.push(("Origin", "https://localhost"));
        self.send_as(None, line, &all, body).await
    }

    /// A read by the owner.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Role::Owner, &format!("GET {path}"), &[], None).await
    }

    /// A creation by the owner.
    pub(crate) async fn post(&self, path: &str, body: &Json) -> Answer {
        self.send(Role::Owner, &format!("POST {path}"), &[], Some(body))
            .await
    }

    /// An invoice by the owner; answers with its address.
    pub(crate) async fn invoice(&self, fields: Json) -> String {
        let answer = self
            .post(&format!("{INVOICES}/records"), &json!({"fields": fields}))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.header("Location").unwrap().to_owned()
    }
}

/// A token of the workspace's holder with all their rights.
pub(crate) async fn make_token(workspace: &Workspace) -> String {
    let new = token::NewToken {
        name: "test".to_owned(),
        days: 1,
        permissions: None,
        ..Default::default()
    };
    let (_, secret) = token::create(workspace, new).await.unwrap();
    secret.expose().to_string()
}
