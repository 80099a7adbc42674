//! Codes by SMS on the pages: the gateway as operators set it, a number as its holder sets it up, a sign-in by a sent code.

use super::{
    client::Client,
    site::{PASSWORD, Site, email},
};
use platform::{Caller, operator};
use testkit::{Authority, SmsGateway};

const NUMBER: &str = "+4915123456789";
const ADD: &str = "/account/factors/add";
const STEP: &str = "/sign-in/factor";

fn last_code(gateway: &SmsGateway) -> String {
    let body = gateway.received().last().unwrap().body.clone();
    let (_, text) = body.split_once("\"text\":\"").unwrap();
    text[..8].to_owned()
}

/// The operator sets the gateway and tries it.
fn set_gateway(site: &Site, gateway: &SmsGateway, authority: &Authority) {
    let page = "/appliance/sms";
    assert_eq!(Client::signed_in(site, "owner").get(page).status, 404);
    let mut operator = Client::signed_in(site, "viewer");
    let (url, pem) = (
        format!("https://localhost:{}/send", gateway.port),
        authority.certificate_pem().unwrap(),
    );
    let mut settings = vec![
        ("url", "http://localhost/"),
        ("method", "post"),
        ("content", "json"),
        ("body", r#"{"to":"{number}","text":"{text}"}"#),
        ("header", "Authorization: Bearer {secret}"),
        ("secret", "gateway-secret"),
        ("authority_pem", pem.as_str()),
    ];
    assert_eq!(operator.submit(page, page, &settings).status, 422);
    settings[0].1 = &url;
    let set = operator.submit(page, page, &settings);
    assert_eq!(set.location(), "/appliance/sms?notice=saved");
    let tried = operator.submit(page, "/appliance/sms/test", &[("number", NUMBER)]);
    assert_eq!(tried.location(), "/appliance/sms?notice=message-sent");
    let shown = operator.get(page).body;
    assert!(
        shown.contains("was taken at") && !shown.contains("gateway-secret"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_set_up_and_codes_go_there() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let authority = Authority::create("gateway").unwrap();
    let gateway = SmsGateway::start(&authority).unwrap();
    let walk = move || {
        set_gateway(&site, &gateway, &authority);
        let mut editor = Client::signed_in(&site, "editor");
        let message = [("channel", "sms"), ("number", "no number")];
        let refused = editor.submit(ADD, "/account/factors/messages", &message);
        assert!(
            refused.status == 422 && refused.body.contains("with its country"),
            "{}",
            refused.body
        );
        let message = [("channel", "sms"), ("number", NUMBER)];
        let sent = editor.submit(ADD, "/account/factors/messages", &message);
        assert_eq!(sent.location(), "/account/factors/add?notice=code-sent");
        assert!(editor.get(ADD).body.contains("A code was sent to +49 … 89"));
        let code = last_code(&gateway);
        let codes = editor.submit(ADD, "/account/factors/messages/answer", &[("code", &code)]);
        assert!(
            codes.status == 200 && codes.body.contains("Your recovery codes"),
            "{}",
            codes.body
        );
        assert!(
            editor
                .get("/account/factors")
                .body
                .contains("weak: numbers can be taken over")
        );

        let mut again = Client::new(&site);
        again.sign_in(&email("editor"), PASSWORD, "");
        assert!(again.get(STEP).body.contains("Send a code to +49 … 89"));
        gateway.answer_with(500);
        let unsent = again.submit(STEP, "/sign-in/factor/send", &[("channel", "sms")]);
        assert!(
            unsent.status == 503 && unsent.body.contains("recovery code"),
            "{}",
            unsent.body
        );
        gateway.answer_with(200);
        let sent = again.submit(STEP, "/sign-in/factor/send", &[("channel", "sms")]);
        assert_eq!(sent.location(), "/sign-in/factor?notice=code-sent");
        let code = last_code(&gateway);
        assert_eq!(again.submit(STEP, STEP, &[("code", &code)]).location(), "/o");
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
