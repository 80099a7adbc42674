//! The promise no-disclosure without a root helper: never kept, and broken by pages and answers that load from elsewhere.

use crate::promise::{check, listening, serve_whole};
use openssl::ssl::SslVersion;
use platform::promise::PageSource;
use promises::{State, Verdict};

const ID: &str = "no-disclosure";
const POLICY: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'";
const OWN: &str = "<script src=\"/assets/console.js\"></script><a href=\"https://localhost:8443/o\">";

async fn verdict(head: &'static str, body: &'static str, page: &'static str) -> Verdict {
    let address = serve_whole("localhost", SslVersion::TLS1_3, move |_| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 x\r\nContent-Type: text/html\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    });
    let site = listening(Some(address)).await;
    site.platform.declare_pages(vec![PageSource {
        name: "page.html",
        text: page,
    }]);
    check(&site.platform, ID).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_root_helper_it_is_unknown_however_good_the_pages_are() {
    let seen = verdict(POLICY, OWN, OWN.split_once("<a").unwrap().0).await;
    assert_eq!(seen.state, State::Unknown, "{seen:?}");
    assert!(seen.reason.contains("root helper"), "{seen:?}");
    let infrastructure = listening(None).await;
    let seen = check(&infrastructure.platform, "own-infrastructure").await;
    assert_eq!(seen.state, State::Unknown, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_an_answer_a_policy_or_a_report_that_leads_elsewhere_breaks_it() {
    let foreign = "<img src=\"https://elsewhere.example/x.png\">";
    for (head, body, page, what) in [
        (POLICY, OWN, foreign, "a page loads from elsewhere"),
        (POLICY, foreign, "", "the answer loads from elsewhere"),
        ("X-A: b", OWN, "", "no Content-Security-Policy"),
        (
            "Content-Security-Policy: default-src 'none'; font-src fonts.elsewhere.example",
            OWN,
            "",
            "font-src lets in fonts.elsewhere.example",
        ),
        (
            "Content-Security-Policy: default-src 'none'\r\nReport-To: {}",
            OWN,
            "",
            "the header report-to",
        ),
    ] {
        let seen = verdict(head, body, page).await;
        assert_eq!(seen.state, State::Broken, "{head}: {seen:?}");
        assert!(
            seen.faults.iter().any(|fault| fault.what.contains(what)),
            "{what}: {seen:?}"
        );
    }
}
