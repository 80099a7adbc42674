//! Fields of passwords: hidden while one types, open to pasting and to password managers (OWASP ASVS 6.2.6 and 6.2.7).

use super::{
    client::Client,
    html::{Tag, start_tags},
    person::Person,
    site::{PASSWORD, Site, email},
};
use fantoccini::key::Key;
use platform::{Caller, operator};
use testkit::browser::Scripts;

/// The fields that a page has for passwords and other secrets of people and servers.
fn secret_fields<'a>(tags: &'a [Tag<'a>]) -> Vec<&'a Tag<'a>> {
    let is_secret = |tag: &&Tag<'_>| {
        let name = tag.get("name").unwrap_or_default();
        let named = ["again", "proof"].contains(&name);
        let told = ["password", "passphrase", "secret"]
            .iter()
            .any(|word| name.contains(word));
        tag.name == "input" && (named || told)
    };
    tags.iter().filter(is_secret).collect()
}

/// Looks at the fields of a page and gives what they are called.
fn check_page(client: &mut Client, path: &str) -> Vec<String> {
    let page = client.get(path);
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    let tags = start_tags(&page.body);
    let fields = secret_fields(&tags);
    for field in &fields {
        assert_eq!(
            field.get("type"),
            Some("password"),
            "{path}: {field:?} shows what is typed"
        );
        let told = field.get("autocomplete").unwrap_or_default();
        let known = ["current-password", "new-password", "off"];
        assert!(known.contains(&told), "{path}: {field:?} tells a manager nothing");
        // A secret of a server is no password of the person's, which a manager would offer.
        let is_of_a_server = path.starts_with("/appliance");
        assert_eq!(told == "off", is_of_a_server, "{path}: {field:?}");
        for attribute in ["maxlength", "readonly", "onpaste"] {
            assert!(
                field.get(attribute).is_none(),
                "{path}: {field:?} cuts or refuses"
            );
        }
        assert_eq!(
            field.get("value").unwrap_or_default(),
            "",
            "{path}: {field:?} is filled in"
        );
    }
    let names = fields
        .iter()
        .map(|field| field.get("name").unwrap_or_default().to_owned());
    names.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_as_a_password_is_hidden_and_named_for_managers() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("owner"))
        .await
        .unwrap();
    let walk = move || {
        let mut visitor = Client::new(&site);
        assert_eq!(check_page(&mut visitor, "/sign-in"), ["password"]);
        let mut owner = Client::signed_in(&site, "owner");
        let pairs = [
            ("name", "Nora"),
            ("email", "nora@example.com"),
            ("role", "viewer"),
        ];
        let page = owner.submit("/o/acme/members", "/o/acme/members", &pairs);
        let link = page.between("<code id=\"fresh-link\">", "<").to_owned();
        let path = link.strip_prefix(&site.base).unwrap();
        assert_eq!(check_page(&mut visitor, path), ["password", "again"]);
        assert_eq!(
            check_page(&mut owner, "/account"),
            ["old_password", "new_password", "again"]
        );
        assert_eq!(check_page(&mut owner, "/o/acme/archive"), ["passphrase", "again"]);
        for path in [
            "/appliance/mail",
            "/appliance/sms",
            "/appliance/providers",
            "/appliance/directories",
        ] {
            assert!(
                check_page(&mut owner, path).contains(&"secret".to_owned()),
                "{path} has no field for a secret"
            );
        }
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

/// The keys that a person holds down together.
fn chord(letter: char) -> String {
    format!("{}{letter}{}", char::from(Key::Control), char::from(Key::Null))
}

async fn paste_and_come_in(scripts: Scripts) {
    let site = Site::start().await;
    let person = Person::new(&site, scripts).await;
    person.open("/sign-in").await;
    // Cut out of the one field and pasted into the other, as out of a password manager.
    person.fill("login", PASSWORD).await;
    person.type_here(&chord('a')).await;
    person.type_here(&chord('x')).await;
    person.tab_to("password").await;
    person.type_here(&chord('v')).await;
    person.fill("login", &email("editor")).await;
    person.press("Sign in").await;
    person.sees("Acme").await;
    assert_eq!(person.path().await, "/o/acme/datasets");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pasted_password_lets_in_with_scripts() {
    paste_and_come_in(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pasted_password_lets_in_without_scripts() {
    paste_and_come_in(Scripts::Blocked).await;
}
