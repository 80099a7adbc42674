//! Passkeys and security keys in real Chromium, with its own authenticator in software (the `WebAuthn` domain of the
//! DevTools protocol): set up, used at a sign-in and as a proof; and what a browser without scripts is told.

use super::{
    client::Client,
    person::Person,
    site::{PASSWORD, Site, email},
};
use serde_json::{Value, json};
use testkit::browser::Scripts;

impl Person {
    /// Gives the browser a key that somebody touches at once; answers its id.
    async fn holds_a_key(&self) -> String {
        self.browser
            .dev_tools("WebAuthn.enable", json!({}))
            .await
            .unwrap();
        let options = json!({ "options": {
            "protocol": "ctap2",
            "transport": "usb",
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        }});
        let added = self
            .browser
            .dev_tools("WebAuthn.addVirtualAuthenticator", options)
            .await
            .unwrap();
        added["authenticatorId"].as_str().unwrap().to_owned()
    }

    /// What the key holds.
    async fn credentials(&self, key: &str) -> Vec<Value> {
        let which = json!({ "authenticatorId": key });
        let held = self
            .browser
            .dev_tools("WebAuthn.getCredentials", which)
            .await
            .unwrap();
        held["credentials"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_security_key_is_set_up_signs_in_and_proves() {
    let site = Site::start().await;
    let person = Person::new(&site, Scripts::Allowed).await;
    let key = person.holds_a_key().await;
    person.sign_in("editor").await;
    person.sees("No datasets yet").await;
    person.open("/account/factors/add").await;
    person.press("Add a passkey or security key").await;
    person.fill("label", "Key ring").await;
    person.press("Go on").await;
    person.sees("Your recovery codes").await;
    person.press("I have kept them").await;
    for text in ["Key ring", "Passkey or security key", "never"] {
        person.sees(text).await;
    }
    let held = person.credentials(&key).await;
    assert_eq!((held.len(), held[0]["rpId"].as_str()), (1, Some("localhost")));

    // The same key is not set up twice.
    person.open("/account/factors/add").await;
    person.press("Add a passkey or security key").await;
    person.fill("label", "Once more").await;
    person.press("Go on").await;
    person.sees("This key is set up here already.").await;

    person.open("/account/factors").await;
    person.press("Test editor").await;
    person.press("Sign out").await;
    person.sees("You are signed out").await;
    person.sign_in("editor").await;
    person.sees("One of your recovery codes.").await;
    person.press("Use a passkey or security key").await;
    person.sees("No datasets yet").await;
    let counts = person.credentials(&key).await[0]["signCount"].as_u64().unwrap();
    assert!(counts >= 1, "the key was used");

    person.open("/account/confirm?next=/account/factors").await;
    person.press("Use a passkey or security key").await;
    person.sees("Key ring").await;
    person.does_not_see("never").await;
    person.heard_no_complaint().await;

    // Another key: the page asks for the first, and the browser has nothing to answer with.
    let which = json!({ "authenticatorId": key });
    person
        .browser
        .dev_tools("WebAuthn.clearCredentials", which)
        .await
        .unwrap();
    person.open("/account/confirm?next=/account/factors").await;
    person.press("Use a passkey or security key").await;
    person.sees("The key did not answer").await;
    person.press("Use something else").await;
    person.sees("One of your recovery codes.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_the_page_says_what_keys_need() {
    let site = Site::start().await;
    let person = Person::new(&site, Scripts::Blocked).await;
    person.sign_in("editor").await;
    person.open("/account/factors/add").await;
    person.press("Add a passkey or security key").await;
    person.sees("need scripts").await;
    person.press("Use something else").await;
    person.sees("Begin").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_nothing_to_whoever_has_no_form_of_ours() {
    let site = Site::start().await;
    let walk = move || {
        let mut client = Client::signed_in(&site, "editor");
        let forged = client.post("/account/factors/keys", &[]);
        assert_eq!(forged.status, 403);
        let page = client.submit("/account/factors/add", "/account/factors/keys", &[]);
        assert!(
            page.status == 200 && page.body.contains("data-key-options"),
            "{}",
            page.body
        );
        let token = page.token();
        let answer = [("csrf", token.as_str()), ("label", "A"), ("credential", "{}")];
        let refused = client.post("/account/factors/keys/answer", &answer);
        assert!(
            refused.status == 422 && refused.body.contains("none that a passkey"),
            "{}",
            refused.body
        );

        let mut thief = Client::new(&site);
        let nobody = thief.submit("/sign-in", "/sign-in/factor/key", &[]);
        assert_eq!(nobody.location(), "/sign-in?notice=sign-in-over");
        thief.sign_in(&email("editor"), PASSWORD, "");
        let policy = client.get("/account/factors/add");
        let policy = policy.header("permissions-policy").unwrap().to_owned();
        assert!(policy.contains("publickey-credentials-create=(self)"), "{policy}");
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
