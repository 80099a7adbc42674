//! Mail, as operators set and try it.

use super::{
    client::Client,
    site::{Site, email},
};
use platform::{Caller, operator};
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
