//! Maintenance on the pages: a banner on each, forms that change something refused with a page that says so.

use super::{
    client::Client,
    html,
    person::Person,
    site::{PASSWORD, Site, email},
};
use platform::{
    Caller,
    maintenance::{self, Wish},
};
use testkit::browser::{ColorScheme, Scripts};

async fn switch(site: &Site, wish: Wish) {
    maintenance::begin(&site.platform, &Caller::host(), wish)
        .await
        .unwrap();
}

/// Every address that takes a form, from the map of the crate.
fn posts() -> Vec<String> {
    let source = include_str!("../../src/routes.rs");
    let mut found = Vec::new();
    let mut address = String::new();
    for piece in source
        .split("resource(\"")
        .flat_map(|piece| piece.split("below(\""))
        .skip(1)
    {
        let (path, rest) = piece.split_once('"').unwrap_or_default();
        if path.is_empty() || path.starts_with("/{") {
            continue;
        }
        address.clear();
        address.push_str(path);
        if rest.contains("post().to(") {
            found.push(address.clone());
        }
    }
    found
}

/// Forms that are taken during maintenance, by how their addresses end.
const TAKEN: [&str; 12] = [
    "/break-glass/{token}",
    "/sign-in",
    "/sign-in/factor",
    "/sign-out",
    "/account/appearance",
    "/account/confirm",
    "/account/sessions/end-others",
    "/account/sessions/{session}/end",
    "/o/{organization}/archive",
    "/o/{organization}/audit/note",
    "/appliance/audit-note",
    "/reveal",
];

fn filled(path: &str) -> String {
    let inside = match path {
        _ if path.starts_with("/o/") || path.starts_with("/account") || path.starts_with("/sign") => {
            String::new()
        }
        _ if path.starts_with("/appliance") => String::new(),
        _ if path.starts_with("/invitation")
            || path.starts_with("/break")
            || path.starts_with("/password") =>
        {
            String::new()
        }
        "/new" | "/trash" | "/settings" | "/fields" | "/export" => "/o/acme/d/invoices".to_owned(),
        _ if path.starts_with("/fields/") => "/o/acme/d/invoices".to_owned(),
        _ => "/o/acme/d/invoices/r/01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
    };
    let path = path.replace("{organization}", "acme");
    let mut text = String::new();
    for part in path.split('/').skip(1) {
        text.push('/');
        text.push_str(if part.starts_with('{') { "x" } else { part });
    }
    inside + &text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_that_changes_something_is_refused_and_every_other_is_not() {
    let site = std::sync::Arc::new(Site::start().await);
    let kept = std::sync::Arc::clone(&site);
    let mut owner = tokio::task::spawn_blocking(move || Client::signed_in(&kept, "owner"))
        .await
        .unwrap();
    switch(&site, Wish::default()).await;
    let all = posts();
    assert!(all.len() > 25, "{all:?}");
    let work = move || {
        for path in all {
            let taken = TAKEN.contains(&path.as_str()) || path == "/export";
            let answer = owner.post(&filled(&path), &[]);
            assert_eq!(answer.status == 503, !taken, "{path}: {}", answer.status);
            if answer.status == 503 {
                assert!(answer.header("retry-after").is_some(), "{path}");
                assert!(
                    answer.body.contains("<code>maintenance</code>"),
                    "{path}: {}",
                    answer.body
                );
            }
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_banner_stands_on_every_page_and_signing_in_goes_on() {
    let site = std::sync::Arc::new(Site::start().await);
    let message = Some("Back at <ten>.".to_owned());
    switch(
        &site,
        Wish {
            message,
            ..Wish::default()
        },
    )
    .await;
    let kept = std::sync::Arc::clone(&site);
    let work = move || {
        let mut client = Client::new(&kept);
        let has_banner = |body: &str| body.contains("banner-on") && body.contains("Back at &#60;ten&#62;.");
        assert!(has_banner(&client.get("/sign-in").body));
        assert_eq!(client.sign_in(&email("owner"), PASSWORD, "").location(), "/o");
        for page in [
            "/o/acme/datasets",
            "/promises",
            "/account",
            "/o/acme/members",
            "/nowhere",
        ] {
            let answer = client.get(page);
            assert!(has_banner(&answer.body), "{page}: {}", answer.body);
            assert!(!html::start_tags(&answer.body).is_empty());
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browser_shows_the_banner_within_a_telephone_in_light_and_dark() {
    let site = Site::start().await;
    let message = Some("Unterbrechungsfreiestromversorgungswartungsankuendigung ".repeat(4));
    switch(
        &site,
        Wish {
            message,
            ..Wish::default()
        },
    )
    .await;
    let person = Person::new(&site, Scripts::Allowed).await;
    person.sign_in("owner").await;
    person.browser.resize(390, 844).await.unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, scheme) in [("light", ColorScheme::Light), ("dark", ColorScheme::Dark)] {
        person.browser.prefer(scheme).await.unwrap();
        person.open("/o/acme/datasets").await;
        person.sees("nothing can be changed").await;
        let script = "const banner = document.querySelector('.banner').getBoundingClientRect(); \
            return banner.width <= window.innerWidth \
                && document.documentElement.scrollWidth <= window.innerWidth;";
        let fits = person.browser.execute(script, Vec::new()).await.unwrap();
        assert_eq!(fits, serde_json::json!(true), "{name}");
        let picture = folder.join(format!("maintenance-{name}.png"));
        person.browser.screenshot_to(&picture).await.unwrap();
    }
    person.heard_no_complaint().await;
}
