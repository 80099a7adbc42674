//! Certificates that must not be trusted: no password crosses, and the message names the cause.

use crate::fixture::{at, settings, sign_in};
use directory::{Failure, settings::Security};
use testkit::directory::{Offered, Openldap, SERVICE_DN};

async fn failure(offered: Offered) -> Failure {
    let server = Openldap::start(offered, 0).unwrap();
    let failed = sign_in(&settings(&server), "anna", "x").await.unwrap_err();
    assert_eq!(
        server.binds(SERVICE_DN).unwrap(),
        0,
        "the password must not have crossed"
    );
    failed
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let failed = failure(Offered::OtherAuthority).await;
    assert!(
        matches!(&failed, Failure::Authority { issuer, .. } if issuer == "CN=Stranger"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_certificate_that_ended_is_not_trusted() {
    let failed = failure(Offered::Ended).await;
    assert!(
        matches!(&failed, Failure::Validity { ends, .. } if ends.contains("2021")),
        "{failed}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let failed = failure(Offered::OtherName).await;
    assert!(
        matches!(&failed, Failure::WrongName { names, .. } if names == "other.harbour.test"),
        "{failed}"
    );
}

#[tokio::test]
async fn the_systems_authorities_do_not_vouch_for_ours() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let failed = sign_in(&at(server.tls_port), "anna", "x").await.unwrap_err();
    assert!(matches!(failed, Failure::Authority { .. }), "{failed}");
}

#[tokio::test]
async fn a_port_without_tls_is_named() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let mut wrong = settings(&server);
    wrong.servers[0].port = server.port;
    let failed = sign_in(&wrong, "anna", "x").await.unwrap_err();
    assert!(matches!(failed, Failure::NoTls { .. }), "{failed}");
    wrong.security = Security::Starttls;
    wrong.servers[0].port = server.tls_port;
    let failed = sign_in(&wrong, "anna", "x").await.unwrap_err();
    assert!(
        matches!(failed, Failure::Closed { .. } | Failure::Nonsense { .. }),
        "{failed}"
    );
}
