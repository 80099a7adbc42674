//! Real directories for tests, on loopback: OpenLDAP per test, Samba as an Active Directory once per run.
//!
//! Start at [`Openldap::start`] and [`Samba::start`]; servers that are no good directory are a [`Rogue`].

mod openldap;
mod rogue;
mod samba;

pub use openldap::{Offered, Openldap};
pub use rogue::{Rogue, RogueServer};
pub use samba::Samba;

/// The base below which everything is.
pub const BASE: &str = "dc=harbour,dc=test";
/// The service account, which may read people and groups.
pub const SERVICE_DN: &str = "uid=strongroom,ou=services,dc=harbour,dc=test";
/// What its certificate calls it.
pub const SERVICE_NAME: &str = "strongroom.harbour.test";
/// Its password.
pub const SERVICE_PASSWORD: &str = "a service account's password";

/// Everybody's password.
#[must_use]
pub fn password_of(login: &str) -> String {
    format!("the password of {login}")
}
