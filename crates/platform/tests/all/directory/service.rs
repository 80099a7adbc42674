//! Servers that DNS lists, as root kept them.

use super::{KEY, enter, settings};
use crate::fixture::Site;
use access::Role;
use platform::{
    Caller,
    directories::{
        self, Draft, NewDirectory,
        settings::{Security, Settings},
    },
    provider::FirstSignIn,
};
use testkit::directory::{BASE, Offered, Openldap, SERVICE_PASSWORD, password_of};
use vault::SecretText;

/// A kept file of root's with these places under `_ldap._tcp.localhost`.
fn kept(folder: &std::path::Path, places: serde_json::Value) -> std::path::PathBuf {
    let path = folder.join("outgoing.json");
    let service = serde_json::json!({"name": "_ldap._tcp.localhost", "places": places});
    let kept = serde_json::json!({"targets": [], "services": [service]});
    std::fs::write(&path, kept.to_string()).unwrap();
    path
}

fn place(priority: u16, host: &str, port: u16) -> serde_json::Value {
    let target = serde_json::json!({"host": host, "port": port, "addresses": ["127.0.0.1"]});
    serde_json::json!({"priority": priority, "weight": 1, "target": target})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hosts_that_dns_lists_are_asked_by_priority_and_one_that_is_away_is_passed_over() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The first is away, and the next one takes over; a host that is not of the domain was never kept by us.
    let places = serde_json::json!([
        place(0, "localhost", 1),
        place(1, "evil.example", server.port),
        place(2, "localhost", server.port),
    ]);
    let kept = kept(folder.path(), places);
    let site = Site::start_with(|settings| {
        settings.outside_targets = vec!["_ldap._tcp.localhost".parse().unwrap()];
        settings.kept_targets = kept;
    })
    .await;
    let host = Caller::host();
    let listed = Settings {
        servers: vec!["_ldap._tcp.localhost".parse().unwrap()],
        security: Security::Starttls,
        ..settings(&server)
    };
    let new = NewDirectory {
        key: KEY.into(),
        settings: listed.clone(),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
        first_sign_in: FirstSignIn::Create,
    };
    directories::add(&site.platform, &host, new).await.unwrap();
    let name = format!("cn=owners,ou=groups,{BASE}");
    directories::map(&site.platform, &host, KEY, &name, "acme", Role::Editor)
        .await
        .unwrap();
    let (_, caller) = enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    assert_eq!(caller.account().unwrap().email, "anna@harbour.test");
    let (stages, _) = directories::test(&site.platform, &host, KEY, None).await.unwrap();
    let told = |server: &str, name: &str| {
        let mut of = stages.iter().filter(|stage| stage.server == server);
        of.find(|stage| stage.name == name)
            .map(|stage| (stage.good, stage.text.clone()))
    };
    assert_eq!(told("localhost:1", "TCP").map(|told| told.0), Some(false));
    let outside = told(&format!("evil.example:{}", server.port), "DNS").unwrap();
    assert!(
        !outside.0 && outside.1.contains("no host below localhost"),
        "{outside:?}"
    );
    let good = format!("localhost:{}", server.port);
    assert_eq!(told(&good, "bind").map(|told| told.0), Some(true));
    assert!(
        told(&good, "DNS")
            .unwrap()
            .1
            .contains("listed under _ldap._tcp.localhost")
    );
    // A service that no setting of root's names is asked by nobody.
    let elsewhere = Settings {
        servers: vec!["_ldap._tcp.dc._msdcs.localhost".parse().unwrap()],
        ..listed
    };
    let draft = Draft {
        settings: elsewhere,
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
    };
    let (stages, _) = directories::test_draft(&site.platform, &host, None, draft, None)
        .await
        .unwrap();
    assert!(stages[0].text.contains("no setting lets"), "{stages:?}");
}
