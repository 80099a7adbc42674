//! The key of our certificate towards a directory: sealed, and gone with what it was for.

use super::{KEY, enter, server_at, settings, site};
use crate::fixture::Site;
use platform::{
    Caller, PlatformError,
    directories::{
        self, DirectoryChange, DirectoryView, Draft,
        settings::{ServiceProof, Settings},
        sync::{self, Mode},
    },
    provider::FirstSignIn,
};
use testkit::{
    Authority,
    certificate::Identity,
    directory::{Openldap, SERVICE_NAME, SERVICE_PASSWORD, password_of},
};
use vault::SecretText;

/// A server that demands a certificate of its clients, and two that it takes.
struct Scene {
    server: Openldap,
    own: Identity,
    other: Identity,
    site: Site,
    /// The settings with our own.
    shown: Settings,
}

impl Scene {
    async fn start() -> Self {
        let clients = Authority::create("Clients").unwrap();
        let server = Openldap::start_demanding(&clients).unwrap();
        let own = clients.issue_client("strongroom").unwrap();
        Self {
            other: clients.issue_client("another").unwrap(),
            site: site(&server, FirstSignIn::Create).await,
            shown: Settings {
                client_certificate: Some(own.certificate_pem().unwrap()),
                ..settings(&server)
            },
            own,
            server,
        }
    }
}

fn pem(identity: &Identity) -> SecretText {
    SecretText::new(identity.key_pem().unwrap())
}

async fn alter(
    site: &Site,
    settings: Settings,
    client_key: Option<SecretText>,
) -> Result<DirectoryView, PlatformError> {
    let change = DirectoryChange {
        settings: Some(settings),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key,
        ..DirectoryChange::default()
    };
    directories::alter(&site.platform, &Caller::host(), KEY, change).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_key_is_sealed_opens_the_way_and_goes_when_the_servers_change() {
    let Scene {
        server,
        own,
        other,
        site,
        shown,
    } = Scene::start().await;
    let host = Caller::host();
    // By the test and not by a sign-in, after which the server would be left alone for a minute.
    let (stages, _) = directories::test(&site.platform, &host, KEY, None).await.unwrap();
    assert!(
        stages
            .iter()
            .any(|stage| stage.name == "client certificate" && !stage.good),
        "{stages:?}"
    );
    let wrong = alter(&site, shown.clone(), Some(pem(&other))).await.unwrap_err();
    assert_eq!(wrong.errors[0].pointer, "/client_key", "{wrong:?}");
    let without = alter(&site, settings(&server), Some(pem(&own)))
        .await
        .unwrap_err();
    assert_eq!(without.errors[0].pointer, "/client_key", "{without:?}");
    assert!(
        alter(&site, shown.clone(), Some(pem(&own)))
            .await
            .unwrap()
            .has_client_key
    );
    let draft = Draft {
        settings: shown.clone(),
        secret: None,
        client_key: None,
    };
    let (stages, _) = directories::test_draft(&site.platform, &host, Some(KEY), draft, None)
        .await
        .unwrap();
    assert!(stages.iter().all(|stage| stage.good), "{stages:?}");
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let superuser = site.superuser().await;
    let text = "SELECT encode(client_key, 'escape') || settings::text FROM strongroom.directory";
    let stored: String = superuser.query_one(text, &[]).await.unwrap().get(0);
    assert!(
        !stored.contains("PRIVATE KEY") && stored.contains("BEGIN CERTIFICATE"),
        "{stored}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_key_follows_to_no_other_server_and_stays_with_no_other_certificate() {
    let Scene {
        server,
        own,
        other,
        site,
        shown,
    } = Scene::start().await;
    let host = Caller::host();
    alter(&site, shown.clone(), Some(pem(&own))).await.unwrap();
    let elsewhere = Settings {
        servers: vec![server_at("127.0.0.1", server.tls_port)],
        ..shown.clone()
    };
    let draft = Draft {
        settings: elsewhere.clone(),
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        client_key: None,
    };
    let (stages, _) = directories::test_draft(&site.platform, &host, Some(KEY), draft, None)
        .await
        .unwrap();
    let failed = stages.iter().find(|stage| !stage.good).unwrap();
    assert!(
        failed.text.contains("there is none here"),
        "a stored key follows to no other server: {failed:?}"
    );
    assert!(!alter(&site, elsewhere, None).await.unwrap().has_client_key);
    assert!(
        alter(&site, shown.clone(), Some(pem(&own)))
            .await
            .unwrap()
            .has_client_key
    );
    let renewed = Settings {
        client_certificate: Some(other.certificate_pem().unwrap()),
        ..shown
    };
    assert!(
        !alter(&site, renewed, None).await.unwrap().has_client_key,
        "it is of another certificate"
    );
    let found = platform::stored_certificate::list(&site.platform, &host)
        .await
        .unwrap();
    let subjects: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["CN=Harbour authority", "CN=another"]);
    assert!(
        found.iter().all(|one| one.ends_at > jiff::Timestamp::now()),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_that_proves_itself_by_its_certificate_has_no_password_here() {
    let clients = Authority::create("Clients").unwrap();
    let server = Openldap::start_demanding(&clients).unwrap();
    let own = clients.issue_client(SERVICE_NAME).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let host = Caller::host();
    let shown = Settings {
        client_certificate: Some(own.certificate_pem().unwrap()),
        service_proof: ServiceProof::Certificate,
        ..settings(&server)
    };
    let both = alter(&site, shown.clone(), Some(pem(&own))).await.unwrap_err();
    assert_eq!(both.errors[0].pointer, "/secret", "{both:?}");
    let change = DirectoryChange {
        settings: Some(shown),
        client_key: Some(pem(&own)),
        ..DirectoryChange::default()
    };
    let view = directories::alter(&site.platform, &host, KEY, change)
        .await
        .unwrap();
    assert!(view.has_client_key && !view.has_secret, "{view:?}");
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let compared = sync::run(&site.platform, &host, KEY, Mode::Guarded).await;
    assert_eq!(compared.unwrap(), []);
    let (stages, _) = directories::test(&site.platform, &host, KEY, Some("anna"))
        .await
        .unwrap();
    assert!(stages.iter().all(|stage| stage.good), "{stages:?}");
}
