//! The appliance's pages: for operators only, and for nobody else are they there.

use super::{
    client::{Answer, Client},
    site::{Site, email},
};
use platform::{Caller, account::standing, operator};
use types::PageSize;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_operators_find_the_appliance() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let mut nobody = Client::new(&site);
        assert_eq!(nobody.get("/appliance").location(), "/sign-in?next=%2Fappliance");
        let mut owner = Client::signed_in(&site, "owner");
        assert_eq!(owner.get("/appliance").status, 404);
        assert!(!owner.get("/promises").body.contains("/appliance"));
        let mut operator = Client::signed_in(&site, "viewer");
        assert!(operator.get("/promises").body.contains("href=\"/appliance\""));
        let page = operator.get("/appliance");
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Records of organizations are not among it."));
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_disables_and_enables_an_account_and_nobody_else_does() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let all = standing::list(&site.platform, &Caller::host(), PageSize::default(), None).await;
    let editor = all.unwrap().into_iter().find(|one| one.email == email("editor"));
    let address = format!("/appliance/accounts/{}", editor.unwrap().id);
    let walk = move || {
        let mut person = Client::signed_in(&site, "editor");
        let own = person.get("/account");
        let denied = person.post(&format!("{address}/disable"), &[("csrf", &own.token())]);
        assert_eq!(denied.status, 404);
        let mut operator = Client::signed_in(&site, "viewer");
        let page = operator.get("/appliance/accounts");
        assert!(page.body.contains(&email("editor")), "{}", page.body);
        let done = operator.post(&format!("{address}/disable"), &[("csrf", &page.token())]);
        assert_eq!(done.location(), "/appliance/accounts?notice=account-disabled");
        assert!(person.get("/account").location().starts_with("/sign-in"));
        let page = operator.get("/appliance/accounts");
        assert!(page.body.contains("Disabled"), "{}", page.body);
        let done = operator.post(&format!("{address}/enable"), &[("csrf", &page.token())]);
        assert_eq!(done.location(), "/appliance/accounts?notice=account-enabled");
        drop(Client::signed_in(&site, "editor"));
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

const UPDATES: &str = "/appliance/updates";
const BOUNDARY: &str = "zzzz-bundle";

/// Hands over a file with a form's token.
fn hand_over(client: &mut Client, base: &str, token: &str, bundle: &[u8]) -> Answer {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--{BOUNDARY}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"../../x.bundle\"\r\n\r\n"
    );
    let body = [
        head.as_bytes(),
        bundle,
        format!("\r\n--{BOUNDARY}--\r\n").as_bytes(),
    ]
    .concat();
    let media = format!("multipart/form-data; boundary={BOUNDARY}");
    client.post_raw(UPDATES, &[("content-type", &media), ("origin", base)], &body)
}

fn spool(site: &Site) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(site.files.path().join("incoming")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_hands_a_bundle_to_root_and_nobody_else_does() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let mut owner = Client::signed_in(&site, "owner");
        let token = owner.get("/account").token();
        assert_eq!(owner.get(UPDATES).status, 404);
        assert_eq!(hand_over(&mut owner, &site.base, &token, b"a bundle").status, 404);
        let mut operator = Client::signed_in(&site, "viewer");
        let page = operator.get(UPDATES);
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("Root has not looked yet"), "{}", page.body);
        assert_eq!(
            hand_over(&mut operator, &site.base, "forged", b"a bundle").status,
            403
        );
        assert_eq!(spool(&site), Vec::<std::path::PathBuf>::new());
        let empty = hand_over(&mut operator, &site.base, &page.token(), b"");
        assert!(empty.status == 422 && spool(&site).is_empty(), "{}", empty.body);
        let done = hand_over(&mut operator, &site.base, &page.token(), b"a bundle");
        assert_eq!(done.location(), "/appliance/updates?notice=bundle-handed-over");
        let files = spool(&site);
        assert_eq!(files.len(), 1, "{files:?}");
        assert!(files[0].to_str().unwrap().ends_with(".bundle"));
        assert_eq!(std::fs::read(&files[0]).unwrap(), b"a bundle");
        assert!(
            operator
                .get(UPDATES)
                .body
                .contains("Root has not looked at it yet.")
        );
        for _ in 1..4 {
            assert_eq!(
                hand_over(&mut operator, &site.base, &page.token(), b"another").status,
                303
            );
        }
        assert_eq!(
            hand_over(&mut operator, &site.base, &page.token(), b"one too many").status,
            422
        );
        assert_eq!(spool(&site).len(), 4);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_what_root_saw_and_why_a_bundle_was_refused() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let keep = |name: &str, text: &str| {
        std::fs::write(site.files.path().join("updates").join(name), text).unwrap();
    };
    keep(
        "verdicts.json",
        r#"[{"name": "1.bundle", "bytes": 7, "at": "2026-11-28T12:00:00Z", "outcome": "refused", "why": "altered <b>"},
            {"name": "0.bundle", "bytes": 7, "at": "2026-11-27T12:00:00Z", "outcome": "imported", "sequence": 3,
             "version": "0.1.1"}]"#,
    );
    keep(
        "report.json",
        r#"{"seen_at": "2026-11-28T12:00:00Z", "window": "02:00-05:00", "installed": [["strongroom", "0.1.0"]],
            "lists_at": null, "upgrade_at": null, "held": ["openssl"], "unfinished": [], "wants_reboot": true,
            "pending": [{"package": "curl", "from": "8.1", "to": "8.2", "is_security": true}], "stale": ["cron.service"],
            "faults": [["a package is held and gets no updates", "openssl", "release it"]], "unknown": null}"#,
    );
    let walk = move || {
        let page = Client::signed_in(&site, "viewer").get(UPDATES);
        for shown in [
            "altered &#60;b&#62;",
            "Bundle 3 with version 0.1.1; it is not installed by that.",
            "02:00-05:00",
            "strongroom 0.1.0",
            "a package is held and gets no updates",
            "curl",
            "cron.service",
            "no bundle was ever imported here",
        ] {
            assert!(page.body.contains(shown), "{shown} is not shown:\n{}", page.body);
        }
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
