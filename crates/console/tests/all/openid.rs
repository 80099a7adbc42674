//! Signing in by a certified OpenID provider: in Chromium with scripts and without, and with a client that lies.

use super::{
    client::Client,
    person::Person,
    site::{PASSWORD, Site, email},
};
use fantoccini::Locator;
use platform::{
    Caller, operator,
    provider::{self, FirstSignIn, NewProvider, Preset, ProviderSettings},
};
use testkit::{Authority, OpenIdProvider, browser::Scripts, openid as fixture};
use vault::SecretText;

/// A site with a provider that lets newcomers in as `first` says.
async fn start(first: FirstSignIn) -> (Site, OpenIdProvider) {
    let site = Site::start().await;
    let authority = Authority::create("company").unwrap();
    let back = [format!("{}/callback/company", site.base)];
    let provider = OpenIdProvider::start(&authority, &back).unwrap();
    let new = NewProvider {
        key: "company".into(),
        label: "Company".into(),
        issuer: provider.issuer().into(),
        settings: ProviderSettings {
            first_sign_in: first,
            authority_pem: Some(authority.certificate_pem().unwrap()),
            ..ProviderSettings::new(Preset::Standard, "rsa")
        },
        secret: Some(SecretText::new(fixture::CLIENT_SECRET.into())),
    };
    provider::add(&site.platform, &Caller::host(), new).await.unwrap();
    (site, provider)
}

/// Says at the provider who one is.
async fn be(person: &Person, who: &str) {
    let input = person
        .browser
        .wait()
        .for_element(Locator::Id("login"))
        .await
        .unwrap();
    input.send_keys(who).await.unwrap();
    let button = person.browser.find(Locator::Css("button")).await.unwrap();
    button.click().await.unwrap();
}

async fn tie_and_come_in(scripts: Scripts) {
    let (site, provider) = start(FirstSignIn::Refuse).await;
    let person = Person::trusting(&site, scripts, &[provider.pin()]).await;
    // Nobody knows her yet.
    person.open("/sign-in").await;
    person.press("Sign in with Company").await;
    be(&person, "ann").await;
    person.sees("no account here is open to you by it").await;
    // She ties her account and comes in by the provider from then on.
    person.sign_in("editor").await;
    person.open("/account").await;
    person.fill("identity.password", PASSWORD).await;
    person.press("Tie to Company").await;
    person.sees("Now sign in at Company").await;
    // The provider knows her by now and asks no more.
    person.press("Continue at Company").await;
    person.sees("The provider opens this account from now on").await;
    person.browser.delete_all_cookies().await.unwrap();
    person.open("/sign-in?next=/o/acme/datasets").await;
    person.press("Sign in with Company").await;
    person.sees("Editor").await;
    assert_eq!(person.path().await, "/o/acme/datasets");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journey_by_a_provider_with_scripts() {
    tie_and_come_in(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journey_by_a_provider_without_scripts() {
    tie_and_come_in(Scripts::Blocked).await;
}

/// The path that a provider sends a browser back to.
fn back(site: &Site, address: &str, who: &str) -> String {
    let back = fixture::sign_in(address, who).unwrap();
    back.strip_prefix(&site.base).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_for_the_browser_that_asked() {
    let (site, provider) = start(FirstSignIn::Create).await;
    let walk = move || {
        let mut client = Client::new(&site);
        let begun = client.get("/sign-in/openid/company?next=%2F%2Fevil.example");
        let address = begun.location().to_owned();
        assert!(address.starts_with(provider.issuer()), "{address}");
        assert!(address.contains("code_challenge_method=S256"), "{address}");
        let path = back(&site, &address, "ben");
        // Login CSRF: the answer is put into somebody else's browser.
        let mut victim = Client::new(&site);
        let refused = victim.get(&path);
        assert_eq!(refused.status, 401, "{}", refused.body);
        assert_eq!(refused.header("referrer-policy"), Some("strict-origin"));
        assert!(!victim.cookies.contains_key("__Host-session"));
        // Its own browser comes in, not where the attacker wanted it, and the cookie is gone.
        let entered = client.get(&path);
        assert_eq!(entered.location(), "/o");
        assert!(client.cookies.contains_key("__Host-session"));
        assert!(!client.cookies.contains_key("__Host-openid"));
        assert_eq!(client.get("/o").status, 200);
        // Guessing gets slower.
        for _ in 0..5 {
            victim.get(&path);
        }
        assert_eq!(victim.get(&path).status, 429);
        assert_eq!(
            client.get("/sign-in/openid/unknown").status,
            429,
            "the same address"
        );
        (site, provider)
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

/// Every text that is stored anywhere in the database.
async fn stored(site: &Site) -> String {
    let superuser = site.superuser().await;
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let mut all = String::new();
    for row in superuser.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        let text = format!("SELECT coalesce(string_agg(one::text, E'\\n'), '') FROM {table} one");
        all += superuser.query_one(&text, &[]).await.unwrap().get(0);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_of_a_provider_reaches_the_browser_or_the_database() {
    let (site, provider) = start(FirstSignIn::Create).await;
    let walk = move || {
        let mut client = Client::new(&site);
        let begun = client.get("/sign-in/openid/company");
        let path = back(&site, begun.location(), "ben");
        let mut answers = vec![client.get(&path)];
        for path in ["/o", "/account", "/account/access-log", "/account/access-log.csv"] {
            answers.push(client.get(path));
        }
        let seen = answers
            .iter()
            .map(|answer| format!("{:?} {}", answer.headers, answer.body));
        let seen = format!("{} {:?}", seen.collect::<String>(), client.cookies);
        assert!(seen.contains("ben@example.com"), "he is in: {seen}");
        (site, provider, seen)
    };
    let (site, provider, seen) = tokio::task::spawn_blocking(walk).await.unwrap();
    let stored = stored(&site).await;
    assert!(stored.contains("ben@example.com"));
    let tokens = provider.issued().unwrap();
    // An ID token, an access token and the code that they were exchanged for.
    assert!(tokens.len() >= 2, "{tokens:?}");
    for token in &tokens {
        assert!(!seen.contains(token), "the browser has {token}");
        assert!(!stored.contains(token), "the database has {token}");
        let bytes: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!stored.contains(&bytes), "the database has the bytes of {token}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_down_leaves_the_password_form() {
    let (site, mut provider) = start(FirstSignIn::Refuse).await;
    provider.stop().unwrap();
    let walk = move || {
        let mut client = Client::new(&site);
        let page = client.get("/sign-in/openid/company");
        assert_eq!(page.status, 503);
        assert!(
            page.body.contains("cannot be asked at the moment"),
            "{}",
            page.body
        );
        assert!(page.body.contains("name=\"password\""));
        assert_eq!(client.sign_in(&email("owner"), PASSWORD, "").location(), "/o");
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

/// Runs a walk with a client that is signed in as an operator.
async fn as_operator(
    site: Site,
    provider: OpenIdProvider,
    walk: impl FnOnce(&Site, &OpenIdProvider, Client) + Send + 'static,
) {
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let client = Client::signed_in(&site, "viewer");
        walk(&site, &provider, client);
        (site, provider)
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

const LIST: &str = "/appliance/providers";
const ONE: &str = "/appliance/providers/company";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_and_test_a_provider_and_nobody_else_does() {
    let (site, provider) = start(FirstSignIn::Refuse).await;
    as_operator(site, provider, |site, provider, mut operator| {
        let mut owner = Client::signed_in(site, "owner");
        assert_eq!(owner.get(LIST).status, 404, "no operator");
        assert_eq!(owner.get(ONE).status, 404, "no operator");
        let list = operator.get(LIST);
        assert!(list.body.contains(provider.issuer()), "{}", list.body);
        let seen = operator.submit(ONE, "/appliance/providers/company/test", &[]);
        assert_eq!(seen.status, 200);
        assert_eq!(
            seen.body.matches("badge-good\">Passed").count(),
            4,
            "{}",
            seen.body
        );
        assert!(!seen.body.contains(fixture::CLIENT_SECRET));
        let wrong = [
            ("key", "a"),
            ("issuer", "http://plain.example"),
            ("label", "A"),
            ("preset", "standard"),
            ("client_id", "c"),
            ("scopes", "openid"),
            ("algorithms", "RS256"),
            ("first_sign_in", "refuse"),
        ];
        let refused = operator.submit(LIST, LIST, &wrong);
        assert_eq!(refused.status, 422);
        assert!(
            refused.body.to_lowercase().contains("must be an https address"),
            "{}",
            refused.body
        );
        let mut right = wrong;
        right[1].1 = "https://login.example.com";
        let added = operator.submit(LIST, LIST, &right);
        assert_eq!(added.location(), "/appliance/providers/a?notice=provider-added");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_let_people_in_and_close_the_door() {
    let (site, provider) = start(FirstSignIn::Wait).await;
    as_operator(site, provider, |site, _, mut operator| {
        let mut client = Client::new(site);
        let address = client.get("/sign-in/openid/company").location().to_owned();
        let path = back(site, &address, "ben");
        assert_eq!(client.get(&path).location(), "/sign-in?notice=waits");
        let page = operator.get(ONE);
        assert!(page.body.contains("u-1002"), "{}", page.body);
        let decision = [
            ("subject", "u-1002"),
            ("email", "ben@example.com"),
            ("decision", "let-in"),
        ];
        let done = operator.submit(ONE, "/appliance/providers/company/newcomers", &decision);
        assert_eq!(done.location(), "/appliance/providers/company?notice=saved");
        let address = client.get("/sign-in/openid/company").location().to_owned();
        assert_eq!(client.get(&back(site, &address, "ben")).location(), "/o");
        let closing = [("state", "disabled")];
        let closed = operator.submit(ONE, "/appliance/providers/company/state", &closing);
        assert_eq!(closed.status, 303);
        let door = Client::new(site).get("/sign-in");
        assert!(!door.body.contains("Sign in with Company"));
        assert_eq!(Client::new(site).get("/sign-in/openid/company").status, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_says_who_has_left_and_no_browser_does() {
    let (site, provider) = start(FirstSignIn::Create).await;
    as_operator(site, provider, |site, provider, mut operator| {
        const LEAVE: &str = "/callback/company/logout";
        assert!(operator.get(ONE).body.contains(LEAVE), "where it is to be sent");
        let mut ann = Client::new(site);
        let begun = ann.get("/sign-in/openid/company");
        let back = fixture::sign_in(begun.location(), "ann").unwrap();
        let path = back.strip_prefix(&site.base).unwrap().to_owned();
        assert_eq!(ann.get(&path).location(), "/o");
        assert_eq!(ann.get("/account").status, 200);
        let token = provider.leave("rsa", "u-1001").unwrap();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        // As the provider itself: no cookie, no origin.
        let mut nobody = Client::new(site);
        let mut send = |body: String| nobody.post_raw(LEAVE, &form, body.as_bytes());
        for wrong in ["", "logout_token=a.b.c"] {
            let answer = send(wrong.to_owned());
            assert_eq!(answer.status, 400, "{wrong}");
            assert!(answer.body.contains("invalid_request"), "{}", answer.body);
        }
        assert_eq!(ann.get("/account").status, 200);
        let answer = send(format!("logout_token={token}"));
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
        assert_eq!(ann.get("/account").status, 303, "she is out");
        assert_eq!(operator.get(ONE).status, 200, "and nobody else is");
        assert_eq!(
            send(format!("logout_token={token}")).status,
            400,
            "it counts once"
        );
        let forged = operator.post_raw("/callback/company/logout/x", &form, b"");
        assert_eq!(forged.status, 403, "other addresses keep their guard");
    })
    .await;
}
