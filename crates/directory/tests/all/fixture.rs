//! Settings for the servers of these tests.

use directory::{
    Failure, Outcome, Pool, Settings,
    settings::{Product, Security, Server},
};
use jiff::Timestamp;
use testkit::directory::{BASE, Openldap, SERVICE_DN, SERVICE_PASSWORD};
use vault::SecretText;

/// A server at a port.
pub(crate) fn server_at(host: &str, port: u16) -> Server {
    format!("{host}:{port}").parse().unwrap()
}

/// LDAPS to the server, its authority trusted.
pub(crate) fn settings(server: &Openldap) -> Settings {
    let settings = at(server.tls_port);
    Settings {
        authorities: Some(server.authority.clone()),
        ..settings
    }
}

/// LDAPS to a port.
pub(crate) fn at(port: u16) -> Settings {
    let server = server_at("localhost", port);
    Settings::preset(Product::Openldap, server, SERVICE_DN.into(), BASE.into())
}

/// No TLS, to a port.
pub(crate) fn plain_at(port: u16) -> Settings {
    let server = server_at("127.0.0.1", port);
    Settings {
        servers: vec![server],
        security: Security::Plain,
        ..at(port)
    }
}

pub(crate) fn secret() -> SecretText {
    SecretText::new(SERVICE_PASSWORD.into())
}

pub(crate) async fn sign_in(settings: &Settings, login: &str, password: &str) -> Result<Outcome, Failure> {
    sign_in_with(settings, &secret(), login, password).await
}

pub(crate) async fn sign_in_with(
    settings: &Settings,
    secret: &SecretText,
    login: &str,
    password: &str,
) -> Result<Outcome, Failure> {
    let password = SecretText::new(password.into());
    directory::sign_in(&Pool::new(), settings, secret, login, &password, Timestamp::now()).await
}
