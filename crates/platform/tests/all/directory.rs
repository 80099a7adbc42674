//! People of a real directory: let in, given roles, barred, let in again; and directories that answer badly.

#[path = "directory/bad_day.rs"]
mod bad_day;
#[path = "directory/client_key.rs"]
mod client_key;
#[path = "directory/role_group.rs"]
mod role_group;
#[path = "directory/service.rs"]
mod service;
#[path = "directory/setting.rs"]
mod setting;
#[path = "directory/sign_in.rs"]
mod sign_in;
#[path = "directory/sync.rs"]
mod sync;

use crate::fixture::Site;
use access::Role;
use platform::{
    Caller, Origin, Platform,
    directories::{
        self, NewDirectory,
        settings::{Product, Server, Settings},
    },
    member,
    provider::FirstSignIn,
    session,
    sign_in::{Admission, with_password},
};
use testkit::directory::{BASE, Openldap, SERVICE_DN, SERVICE_PASSWORD};
use vault::SecretText;

const KEY: &str = "harbour";

fn server_at(host: &str, port: u16) -> Server {
    format!("{host}:{port}").parse().unwrap()
}

fn settings(server: &Openldap) -> Settings {
    let at = server_at("localhost", server.tls_port);
    let preset = Settings::preset(Product::Openldap, at, SERVICE_DN.into(), BASE.into());
    Settings {
        authorities: Some(server.authority.clone()),
        ..preset
    }
}

/// A site whose directory is the server, with the groups of anna and boris mapped.
async fn site(server: &Openldap, first_sign_in: FirstSignIn) -> Site {
    let site = Site::start().await;
    let new = NewDirectory {
        key: KEY.into(),
        settings: settings(server),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
        first_sign_in,
    };
    let host = Caller::host();
    directories::add(&site.platform, &host, new).await.unwrap();
    for (group, role) in [("owners", Role::Administrator), ("editors", Role::Editor)] {
        let name = format!("CN={group}, ou=groups,{BASE}");
        directories::map(&site.platform, &host, KEY, &name, "acme", role)
            .await
            .unwrap();
    }
    site
}

async fn enter(
    platform: &Platform,
    login: &str,
    password: &str,
) -> Result<(String, Caller), platform::PlatformError> {
    let password = SecretText::new(password.into());
    match with_password(platform, Origin::default(), login, password).await? {
        Admission::Session { token, caller } => Ok((token.expose().to_owned(), caller)),
        #[allow(unreachable_patterns, reason = "another door may ask for more")]
        _ => panic!("a session was expected"),
    }
}

async fn role_of(site: &Site, email: &str) -> Option<Role> {
    member_of(site, email).await.map(|member| member.role)
}

async fn member_of(site: &Site, email: &str) -> Option<member::Member> {
    let workspace = site.as_role(Role::Owner).await;
    let members = member::list(&workspace, None).await.unwrap().members;
    members.into_iter().find(|member| member.email == email)
}

async fn is_in(platform: &Platform, token: &str) -> bool {
    platform_identity(platform, token).await.account().is_some()
}

async fn platform_identity(platform: &Platform, token: &str) -> Caller {
    session::identify_session(platform, Origin::default(), token, session::Activity::Use)
        .await
        .unwrap()
}

fn delete(server: &Openldap, login: &str) {
    server
        .modify(&format!("dn: uid={login},ou=people,{BASE}\nchangetype: delete\n"))
        .unwrap();
}
