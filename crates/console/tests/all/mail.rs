//! Mail, as operators set and try it.

use super::{
    client::Client,
    site::{PASSWORD, Site, email},
};
use platform::{
    Caller,
    mail::{self, MailSecurity, MailSettings},
    operator,
};
use std::time::Duration;
use testkit::{
    Authority, MailServer,
    mail::{ACCOUNT, SECRET, Speech},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_set_mail_and_have_a_letter_sent() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let authority = Authority::create("post").unwrap();
    let mut server = MailServer::start(&authority, Speech::Tls).unwrap();
    let walk = move || {
        assert_eq!(
            Client::signed_in(&site, "owner").get("/appliance/mail").status,
            404
        );
        let mut operator = Client::signed_in(&site, "viewer");
        let (port, pem) = (server.port.to_string(), authority.certificate_pem().unwrap());
        let mut settings = vec![
            ("host", "localhost"),
            ("port", "none"),
            ("security", "tls"),
            ("account", ACCOUNT),
            ("secret", SECRET),
            ("from", "strongroom@example.com"),
            ("authority_pem", pem.as_str()),
        ];
        let page = "/appliance/mail";
        assert_eq!(operator.submit(page, page, &settings).status, 422);
        settings[1].1 = &port;
        let set = operator.submit(page, page, &settings);
        assert_eq!(set.location(), "/appliance/mail?notice=saved");
        let sent = operator.submit(page, "/appliance/mail/test", &[]);
        assert_eq!(sent.location(), "/appliance/mail?notice=letter-sent");
        assert_eq!(server.letters().unwrap().len(), 1);
        assert!(!operator.get(page).body.contains(SECRET));
        server.stop().unwrap();
        let failed = operator.submit(page, "/appliance/mail/test", &[]);
        assert_eq!(failed.status, 503);
        assert!(failed.body.contains("cannot be used"), "{}", failed.body);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_asked_for_and_set_whoever_looks_at_the_host_header() {
    let site = Site::start().await;
    let authority = Authority::create("post").unwrap();
    let server = MailServer::start(&authority, Speech::Tls).unwrap();
    let settings = MailSettings {
        host: "localhost".into(),
        port: server.port,
        security: MailSecurity::Tls,
        account: Some(ACCOUNT.into()),
        from: "strongroom@example.com".into(),
        authority_pem: Some(authority.certificate_pem().unwrap()),
    };
    let secret = Some(vault::SecretText::new(SECRET.into()));
    mail::set(&site.platform, &Caller::host(), settings, secret)
        .await
        .unwrap();
    let walk = move || {
        let mut client = Client::new(&site);
        assert!(client.get("/sign-in").body.contains("Forgotten your password?"));
        for who in ["nobody", "editor"] {
            let address = email(who);
            let sent = client.submit("/password-reset", "/password-reset", &[("email", &address)]);
            assert_eq!(sent.location(), "/sign-in?notice=reset-asked", "{who}");
        }
        let letters = server.wait_for(1, Duration::from_secs(30)).unwrap();
        // Long lines are broken softly (quoted-printable, RFC 2045 section 6.7).
        let letter = letters[0].replace("=\r\n", "").replace("=\n", "");
        let (_, rest) = letter
            .split_once(&format!("{}/password-reset/", site.base))
            .unwrap();
        let token: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
        let path = format!("/password-reset/{token}");
        let page = client.get(&path);
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(!page.body.contains(&token), "the token is nowhere on the page");
        assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
        let new = "nine loud geese at noon";
        let weak = client.submit(&path, &path, &[("password", "short"), ("again", "short")]);
        assert_eq!(weak.status, 422);
        let set = client.submit(&path, &path, &[("password", new), ("again", new)]);
        assert_eq!(set.location(), "/sign-in?notice=password-set");
        assert_eq!(client.get(&path).status, 404);
        assert_eq!(client.sign_in(&email("editor"), PASSWORD, "").status, 401);
        assert_eq!(client.sign_in(&email("editor"), new, "").location(), "/o");
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
