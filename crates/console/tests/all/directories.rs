//! Directories in the console: tested and compared by operators, and a door to their people.

use super::{
    client::Client,
    person::Person,
    site::{Site, email},
};
use platform::{
    Caller, break_glass,
    directories::{
        self, NewDirectory,
        settings::{Product, Settings},
    },
    operator,
    provider::FirstSignIn,
};
use testkit::{
    browser::Scripts,
    directory::{BASE, Offered, Openldap, SERVICE_DN, SERVICE_PASSWORD, password_of},
};
use vault::SecretText;

/// A site with this directory, whose owners are editors of `acme`, and with the viewer for an operator.
pub(super) async fn site_with(server: &Openldap, first_sign_in: FirstSignIn) -> Site {
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
        client_key: None,
        first_sign_in,
    };
    directories::add(&site.platform, &host, new).await.unwrap();
    let group = format!("cn=owners,ou=groups,{BASE}");
    let role = access::Role::Editor;
    directories::map(&site.platform, &host, "harbour", &group, "acme", role)
        .await
        .unwrap();
    operator::appoint(&site.platform, &host, &email("viewer"))
        .await
        .unwrap();
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_tests_a_directory_and_its_people_come_in() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site_with(&server, FirstSignIn::Create).await;
    let walk = move || {
        let mut owner = Client::signed_in(&site, "owner");
        assert_eq!(owner.get("/appliance/directories").status, 404);
        let mut anna = Client::new(&site);
        let refused = anna.sign_in("anna", "wrong", "");
        assert_eq!(refused.status, 401);
        assert_eq!(anna.sign_in("anna", &password_of("anna"), "").location(), "/o");
        let mut operator = Client::signed_in(&site, "viewer");
        const PAGE: &str = "/appliance/directories/harbour";
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

/// What an operator types for a new directory.
fn typed(server: &Openldap) -> Vec<(&'static str, String)> {
    vec![
        ("key", "harbour".to_owned()),
        ("preset", "openldap".to_owned()),
        ("servers", format!("localhost:{}", server.tls_port)),
        ("security", "ldaps".to_owned()),
        ("service_dn", SERVICE_DN.to_owned()),
        ("secret", SERVICE_PASSWORD.to_owned()),
        ("base", BASE.to_owned()),
        ("authorities", server.authority.clone()),
        ("first_sign_in", "wait".to_owned()),
        ("login", "anna".to_owned()),
    ]
}

fn with<'a>(typed: &'a [(&'static str, String)], act: &'a str) -> Vec<(&'a str, &'a str)> {
    let pairs = typed.iter().map(|(name, value)| (*name, value.as_str()));
    pairs.chain([("act", act)]).collect()
}

const LIST: &str = "/appliance/directories";
const ONE: &str = "/appliance/directories/harbour";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_tries_adds_and_changes_a_directory_and_lets_somebody_in() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let mut operator = Client::signed_in(&site, "viewer");
        let form = typed(&server);
        let tried = operator.submit(LIST, LIST, &with(&form, "test"));
        assert_eq!(tried.status, 200, "{}", tried.body);
        assert!(
            tried.body.contains("Test of what is not saved yet"),
            "{}",
            tried.body
        );
        assert!(!tried.body.contains(SERVICE_PASSWORD) && tried.body.contains("No directories"));
        let key = ("client_key", "-----BEGIN PRIVATE KEY-----".to_owned());
        let keyed: Vec<_> = form.iter().cloned().chain([key]).collect();
        let veiled = operator.submit(LIST, LIST, &with(&keyed, "test")).body;
        assert!(veiled.contains(r#"<textarea class="code veiled" id="f-client_key""#));
        assert!(!veiled.contains("BEGIN PRIVATE KEY"), "it is given back");
        let added = operator.submit(LIST, LIST, &with(&form, "save"));
        assert_eq!(added.location(), format!("{ONE}?notice=directory-added"));
        let again = operator.submit(LIST, LIST, &with(&form, "save"));
        assert!(
            again.status == 422 && again.body.contains("already"),
            "{}",
            again.body
        );
        let page = operator.get(ONE);
        assert!(!page.body.contains(SERVICE_PASSWORD), "{}", page.body);

        let mut anna = Client::new(&site);
        assert_eq!(anna.sign_in("anna", &password_of("anna"), "").status, 401);
        let waits = operator.get(ONE).body;
        assert!(
            !waits.contains("anna@harbour.test"),
            "no group of hers gives a role"
        );
        drop(server);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_settings_are_previewed_and_another_server_takes_the_password_along() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site_with(&server, FirstSignIn::Wait).await;
    let walk = move || {
        let mut anna = Client::new(&site);
        assert_eq!(
            anna.sign_in("anna", &password_of("anna"), "").status,
            401,
            "she waits"
        );
        let mut operator = Client::signed_in(&site, "viewer");
        let page = operator.get(ONE);
        let subject = page.between("name=\"subject\" value=\"", "\"").to_owned();
        let decision = [
            ("subject", subject.as_str()),
            ("email", "anna@harbour.test"),
            ("decision", "let-in"),
        ];
        let done = operator.submit(ONE, &format!("{ONE}/newcomers"), &decision);
        assert_eq!(done.location(), format!("{ONE}?notice=saved"));
        assert_eq!(anna.sign_in("anna", &password_of("anna"), "").location(), "/o");
        let members = Client::signed_in(&site, "owner").get("/o/acme/members").body;
        assert!(members.contains("directory harbour"), "{members}");
        assert!(members.contains("no second factor") && members.contains("a password here"));

        let servers = format!("localhost:{}", server.tls_port);
        let mut form = vec![
            ("servers", servers.as_str()),
            ("security", "ldaps"),
            ("service_dn", SERVICE_DN),
            ("secret", ""),
            ("authorities", server.authority.as_str()),
            ("person_bases", BASE),
            ("person_filter", "(uid=boris)"),
            ("group_bases", BASE),
            ("template", ""),
            ("logins", "uid"),
            ("email_attribute", "mail"),
            ("name_attribute", "cn"),
            ("first_sign_in", "wait"),
            ("act", "preview"),
        ];
        let told = operator.submit(ONE, ONE, &form);
        assert!(told.body.contains("anna@harbour.test"), "{}", told.body);
        assert!(told.body.contains("is gone there: access ends"), "{}", told.body);
        assert_eq!(anna.get("/o/acme/datasets").status, 200, "nobody was changed");
        form[6].1 = "(objectClass=inetOrgPerson)";
        form[0].1 = "elsewhere.example:636";
        form[13].1 = "save";
        let saved = operator.submit(ONE, ONE, &form);
        assert_eq!(saved.location(), format!("{ONE}?notice=saved"));
        let page = operator.get(ONE);
        assert!(page.body.contains("password is missing"), "{}", page.body);
        form[1].1 = "plain";
        let plain = operator.submit(ONE, ONE, &form);
        assert_eq!(
            plain.status, 422,
            "readable passwords are a matter of the host: {}",
            plain.body
        );
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

/// In Chromium: an operator, let in by the host's link, tries a directory, adds it and looks who would lose.
async fn add_by_hand(scripts: Scripts) {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = Site::start().await;
    let host = Caller::host();
    operator::appoint(&site.platform, &host, &email("viewer"))
        .await
        .unwrap();
    let link = break_glass::create(&site.platform, &host, &email("viewer"), "a journey")
        .await
        .unwrap();
    let token = link.url.expose().rsplit('/').next().unwrap().to_owned();
    let person = Person::new(&site, scripts).await;
    person.open(&format!("/break-glass/{token}")).await;
    person.press("Sign in").await;
    person.open(LIST).await;
    person.sees("No directories").await;
    person.press("New directory").await;
    for (name, text) in typed(&server) {
        match name {
            "preset" | "security" | "first_sign_in" => person.tick(name, &text).await,
            name => person.fill(name, &text).await,
        }
    }
    person.press("Test first").await;
    person.sees("Test of what is not saved yet").await;
    person.sees("TLS").await;
    person.fill("secret", SERVICE_PASSWORD).await;
    person.press("Add directory").await;
    person.sees("The directory was added").await;
    person.press("Run the test").await;
    person.sees("Test of harbour").await;
    person.press("Who would gain and lose").await;
    person.sees("Nobody gains or loses anything.").await;
    person.heard_no_complaint().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_is_added_by_hand_with_scripts() {
    add_by_hand(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_is_added_by_hand_without_scripts() {
    add_by_hand(Scripts::Blocked).await;
}

const GROUPS: &str = "/o/acme/groups";
const REMOVE: &str = "/o/acme/groups/remove";
const SAVED: &str = "/o/acme/groups?notice=saved";

/// The form of the page of groups; `tag` is what the groups were known by there.
fn wish<'a>(tag: &'a str, group: &'a str, role: &'a str, act: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("directory", "harbour"),
        ("group", group),
        ("tag", tag),
        ("role", role),
        ("act", act),
    ]
}

/// What the groups are known by now.
fn tag(person: &mut Client) -> String {
    person
        .get(GROUPS)
        .between("name=\"tag\" value=\"", "\"")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_the_page_of_before_changes_no_group() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site_with(&server, FirstSignIn::Create).await;
    let walk = move || {
        let mut owner = Client::signed_in(&site, "owner");
        let before = tag(&mut owner);
        let owners = format!("cn=owners,ou=groups,{BASE}");
        let saved = owner.submit(GROUPS, GROUPS, &wish(&before, &owners, "accountant", "save"));
        assert_eq!(saved.location(), SAVED);
        for address in [GROUPS, REMOVE] {
            let refused = owner.submit(GROUPS, address, &wish(&before, &owners, "viewer", "save"));
            let says = refused.body.contains("The groups are others now");
            assert!(refused.status == 412 && says, "{}", refused.body);
        }
        assert!(owner.get(GROUPS).body.contains("Accountant"));
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_gives_roles_to_groups_and_sees_who_gains_before() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site_with(&server, FirstSignIn::Create).await;
    let walk = move || {
        let mut anna = Client::new(&site);
        assert_eq!(anna.sign_in("anna", &password_of("anna"), "").location(), "/o");
        let mut owner = Client::signed_in(&site, "owner");
        let page = owner.get(GROUPS);
        let owners = format!("cn=owners,ou=groups,{BASE}");
        assert!(page.status == 200 && page.body.contains(&owners), "{}", page.body);
        let before = tag(&mut owner);
        let seen = owner.submit(GROUPS, GROUPS, &wish(&before, &owners, "accountant", "preview"));
        assert!(
            seen.body.contains("gains accountant in acme") && seen.body.contains("loses editor in acme"),
            "{}",
            seen.body
        );
        let page = owner.get(GROUPS);
        assert!(page.body.contains("Editor"), "a preview saves nothing");
        let saved = owner.submit(GROUPS, GROUPS, &wish(&before, &owners, "accountant", "save"));
        assert_eq!(saved.location(), SAVED);
        assert!(owner.get(GROUPS).body.contains("Accountant"));

        let now = tag(&mut owner);
        let unknown = "cn=nobody,ou=groups,dc=example,dc=test";
        let refused = owner.submit(GROUPS, GROUPS, &wish(&now, unknown, "viewer", "save"));
        assert!(
            refused.status == 422 && refused.body.contains("no such group"),
            "{}",
            refused.body
        );
        let mut administrator = Client::signed_in(&site, "administrator");
        let refused = administrator.submit(GROUPS, GROUPS, &wish(&now, &owners, "owner", "save"));
        assert_eq!(refused.status, 403, "{}", refused.body);
        let mut viewer = Client::signed_in(&site, "viewer");
        assert_eq!(viewer.get(GROUPS).status, 403);

        let seen = owner.submit(GROUPS, REMOVE, &wish(&now, &owners, "", "preview"));
        assert!(seen.body.contains("loses editor in acme"), "{}", seen.body);
        let removed = owner.submit(GROUPS, REMOVE, &wish(&now, &owners, "", "remove"));
        assert_eq!(removed.location(), SAVED);
        // The last group is gone, and with it the host's word that this directory gives roles here.
        let page = owner.get(GROUPS);
        assert!(
            page.body.contains("No groups") && page.body.contains("strongroom directory map"),
            "{}",
            page.body
        );
        let refused = owner.submit("/o/acme/members", GROUPS, &wish(&now, &owners, "viewer", "save"));
        assert_eq!(refused.status, 404, "{}", refused.body);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
