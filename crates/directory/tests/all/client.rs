//! A directory that takes nobody over TLS without a client certificate: a good one, none, and wrong ones.

use crate::fixture::{secret, settings, sign_in, sign_in_with};
use directory::{
    Failure, Outcome, Settings,
    client::{ClientKey, check_certificate, check_key},
    report,
    settings::{Security, ServiceProof},
};
use jiff::Timestamp;
use testkit::{
    Authority,
    certificate::{Identity, Validity},
    directory::{Offered, Openldap, SERVICE_DN, SERVICE_NAME, password_of},
};
use vault::SecretText;

fn key(identity: &Identity) -> ClientKey {
    ClientKey::new(SecretText::new(identity.key_pem().unwrap()))
}

fn showing(settings: Settings, identity: &Identity) -> Settings {
    Settings {
        client_certificate: Some(identity.certificate_pem().unwrap()),
        client_key: Some(key(identity)),
        ..settings
    }
}

/// The stages that were made, and the first that failed.
async fn staged(settings: &Settings) -> (Vec<String>, Option<(&'static str, String)>) {
    let report = report::test(settings, Some(&secret()), None, Timestamp::now()).await;
    let failed = report.failed().map(|stage| (stage.name, stage.text.clone()));
    let good = report.stages.into_iter().filter(|stage| stage.good);
    (
        good.map(|stage| format!("{}: {}", stage.name, stage.text))
            .collect(),
        failed,
    )
}

#[tokio::test]
async fn the_right_certificate_is_shown_and_told_of() {
    let clients = Authority::create("Clients of the harbour").unwrap();
    let server = Openldap::start_demanding(&clients).unwrap();
    let own = clients.issue_client("strongroom.harbour.test").unwrap();
    let starttls = Settings {
        servers: vec![format!("localhost:{}", server.port).parse().unwrap()],
        security: Security::Starttls,
        ..settings(&server)
    };
    for settings in [settings(&server), starttls] {
        let settings = showing(settings, &own);
        let (good, failed) = staged(&settings).await;
        assert_eq!(failed, None);
        assert!(
            good.iter()
                .any(|stage| stage.contains("our own is CN=strongroom.harbour.test")),
            "{good:?}"
        );
        let outcome = sign_in(&settings, "anna", &password_of("anna")).await.unwrap();
        assert!(matches!(outcome, Outcome::Proven(..)));
    }
}

#[tokio::test]
async fn none_a_strangers_and_one_that_is_over_are_told_by_the_test_and_bind_nobody() {
    let clients = Authority::create("Clients of the harbour").unwrap();
    let server = Openldap::start_demanding(&clients).unwrap();
    let stranger = Authority::create("Strangers")
        .unwrap()
        .issue_client("strongroom")
        .unwrap();
    let over = clients.issue_client_valid("strongroom", Validity::Over).unwrap();
    let good = clients.issue_client("strongroom").unwrap();
    let plain = settings(&server);
    let without_key = Settings {
        client_key: None,
        ..showing(plain.clone(), &good)
    };
    let of_another = Settings {
        client_key: Some(key(&over)),
        ..showing(plain.clone(), &good)
    };
    for (what, settings, words) in [
        ("none", plain.clone(), "wants"),
        ("a stranger's", showing(plain.clone(), &stranger), "certificate"),
        ("over", showing(plain.clone(), &over), "not valid now"),
        ("without its key", without_key, "there is none here"),
        ("with another's key", of_another, "not the key of"),
    ] {
        let (_, failed) = staged(&settings).await;
        let (stage, text) = failed.unwrap();
        assert_eq!(stage, "client certificate", "{what}: {text}");
        assert!(text.contains(words), "{what}: {text}");
        let failed = sign_in(&settings, "anna", &password_of("anna")).await;
        assert!(failed.is_err(), "{what}");
    }
    assert_eq!(server.binds(SERVICE_DN).unwrap(), 0);
}

#[test]
fn a_key_is_of_its_certificate_and_is_shown_by_nothing() {
    let clients = Authority::create("Clients").unwrap();
    let (one, other) = (
        clients.issue_client("a").unwrap(),
        clients.issue_client("b").unwrap(),
    );
    let certificate = one.certificate_pem().unwrap();
    assert_eq!(check_key(&certificate, &key(&one)), Ok(()));
    // A key that stands beside its certificate would be kept and shown with it.
    let both = format!("{certificate}-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n");
    assert!(matches!(
        check_certificate(&both),
        Err(Failure::ClientCertificate(_))
    ));
    let wrong = check_key(&certificate, &key(&other));
    assert!(matches!(wrong, Err(Failure::ClientKey(_))), "{wrong:?}");
    let nonsense = ClientKey::new(SecretText::new("-----BEGIN PRIVATE KEY-----".into()));
    assert!(matches!(
        check_key(&certificate, &nonsense),
        Err(Failure::ClientKey(_))
    ));
    let settings = showing(
        Settings::preset(
            directory::settings::Product::Openldap,
            "dc1".parse().unwrap(),
            "cn=app".into(),
            "dc=a".into(),
        ),
        &one,
    );
    let secret = one.key_pem().unwrap();
    let line = secret.lines().nth(1).unwrap();
    assert!(!format!("{settings:?}").contains(line));
    assert!(!serde_json::to_string(&settings).unwrap().contains(line));
}

#[tokio::test]
async fn the_certificate_stands_for_the_service_accounts_password_where_the_server_takes_it() {
    let clients = Authority::create("Clients of the harbour").unwrap();
    let server = Openldap::start_demanding(&clients).unwrap();
    let by = |name: &str, settings: Settings| Settings {
        service_proof: ServiceProof::Certificate,
        ..showing(settings, &clients.issue_client(name).unwrap())
    };
    let starttls = Settings {
        servers: vec![format!("localhost:{}", server.port).parse().unwrap()],
        security: Security::Starttls,
        ..settings(&server)
    };
    let no_password = SecretText::new(String::new());
    for settings in [settings(&server), starttls] {
        let settings = by(SERVICE_NAME, settings);
        let outcome = sign_in_with(&settings, &no_password, "anna", &password_of("anna")).await;
        assert!(matches!(outcome, Ok(Outcome::Proven(..))), "{outcome:?}");
        assert_eq!(staged(&settings).await.1, None);
    }
    assert_eq!(
        server.binds(SERVICE_DN).unwrap(),
        0,
        "no password of its was sent"
    );
    assert!(server.log().unwrap().contains("mech=EXTERNAL"));

    // Somebody else's certificate of the same authority is somebody else, who may read nothing.
    let outcome = sign_in_with(&by("another", settings(&server)), &no_password, "anna", "x").await;
    assert!(
        matches!(
            outcome,
            Err(Failure::Base { .. } | Failure::NoRight { .. } | Failure::Service { .. })
        ),
        "{outcome:?}"
    );
    // A server that asks for no certificate knows nobody by one.
    let open = Openldap::start(Offered::Good, 0).unwrap();
    let outcome = sign_in_with(&by(SERVICE_NAME, settings(&open)), &no_password, "anna", "x").await;
    assert!(
        matches!(&outcome, Err(Failure::Service { why, .. }) if why.contains("does not take the client certificate")),
        "{outcome:?}"
    );
    let without = Settings {
        client_certificate: None,
        ..by(SERVICE_NAME, settings(&server))
    };
    assert!(matches!(without.check(), Err(Failure::Settings(_))));
}
