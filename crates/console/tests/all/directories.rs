//! Directories in the console: tested and compared by operators, and a door to their people.

use super::{
    client::Client,
    site::{Site, email},
};
use platform::{
    Caller,
    directories::{
        self, NewDirectory,
        settings::{Product, Settings},
    },
    operator,
    provider::FirstSignIn,
};
use testkit::directory::{BASE, Offered, Openldap, SERVICE_DN, SERVICE_PASSWORD, password_of};
use vault::SecretText;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_tests_a_directory_and_its_people_come_in() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = Site::start().await;
    let host = Caller::host();
    let at = format!("localhost:{}", server.tls_port).parse().unwrap();
    let preset = Settings::preset(Product::Openldap, at, SERVICE_DN.into(), BASE.into());
    let new = NewDirectory {
        key: "harbour".into(),
        settings: Settings {
            authorities: Some(server.authority.clone()),
            ..preset
        },
        secret: Some(SecretText::new(SERVICE_PASSWORD.into())),
        first_sign_in: FirstSignIn::Create,
    };
    directories::add(&site.platform, &host, new).await.unwrap();
    let group = format!("cn=owners,ou=groups,{BASE}");
    directories::map(
        &site.platform,
        &host,
        "harbour",
        &group,
        "acme",
        access::Role::Editor,
    )
    .await
    .unwrap();
    operator::appoint(&site.platform, &host, &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let mut owner = Client::signed_in(&site, "owner");
        assert_eq!(owner.get("/appliance/directories").status, 404);
        let mut anna = Client::new(&site);
        let refused = anna.sign_in("anna", "wrong", "");
        assert_eq!(refused.status, 401);
        assert_eq!(anna.sign_in("anna", &password_of("anna"), "").location(), "/o");
        let mut operator = Client::signed_in(&site, "viewer");
        const PAGE: &str = "/appliance/directories";
        let tested = operator.submit(PAGE, "/appliance/directories/harbour/test", &[("login", "anna")]);
        assert!(tested.body.contains("gives editor in acme"), "{}", tested.body);
        let preview = operator.submit(PAGE, "/appliance/directories/harbour/preview", &[]);
        assert!(
            preview.body.contains("Nobody gains or loses anything."),
            "{}",
            preview.body
        );
        let compared = operator.submit(PAGE, "/appliance/directories/harbour/compare", &[]);
        assert!(
            compared.body.contains("1 known people were compared"),
            "{}",
            compared.body
        );
        drop(server);
        let failed = operator.submit(PAGE, "/appliance/directories/harbour/compare", &[]);
        assert!(
            failed.status == 409 && failed.body.contains("nobody was changed"),
            "{}",
            failed.body
        );
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
