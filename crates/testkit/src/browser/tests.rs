//! Chromium against a page of our own over TLS.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use fantoccini::Locator;
use openssl::ssl::{SslAcceptor, SslMethod};

use super::*;
use crate::certificate::{Authority, Identity, pin};

const PAGE: &str = "<!doctype html><title>Page</title><style>body{background:#fff}\
    @media(prefers-color-scheme:dark){body{background:#000}}</style><p id=p>plain</p>\
    <script>document.getElementById('p').textContent='scripted'; console.error('a fault of ours')</script>";

/// Serves the page to everyone on a free port of the loopback, as long as the test lives.
fn serve(identity: &Identity) -> u16 {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.certificate).unwrap();
    let acceptor = Arc::new(acceptor.build());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let acceptor = Arc::clone(&acceptor);
            std::thread::spawn(move || {
                let Ok(mut stream) = acceptor.accept(stream) else {
                    return;
                };
                let Ok(1..) = stream.read(&mut [0; 4096]) else {
                    return;
                };
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
                write!(stream, "{head}Content-Length: {}\r\n\r\n{PAGE}", PAGE.len()).ok();
                stream.shutdown().ok();
            });
        }
    });
    port
}

async fn text(browser: &Browser) -> String {
    browser
        .find(Locator::Css("#p"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_and_scheme_size_and_log_are_ours() {
    let identity = Authority::create("Test").unwrap().issue_localhost().unwrap();
    let address = format!("https://localhost:{}/", serve(&identity));
    let trusted_pin = Some(pin(&identity.certificate).unwrap());
    let settings = BrowserSettings {
        width: 800,
        height: 600,
        trusted_pin,
        ..BrowserSettings::default()
    };
    let browser = Browser::start(&settings).await.unwrap();
    browser.goto(&address).await.unwrap();
    assert_eq!(text(&browser).await, "scripted");
    let messages = browser.console_messages().await.unwrap();
    assert!(
        messages.iter().any(|message| message.contains("a fault of ours")),
        "{messages:?}"
    );

    let size = browser
        .execute("return [innerWidth, innerHeight]", Vec::new())
        .await
        .unwrap();
    assert_eq!(size, json!([800, 600]));
    let color = "return getComputedStyle(document.body).backgroundColor";
    browser.prefer(ColorScheme::Dark).await.unwrap();
    assert_eq!(browser.execute(color, Vec::new()).await.unwrap(), "rgb(0, 0, 0)");
    browser.prefer(ColorScheme::Light).await.unwrap();
    assert_eq!(
        browser.execute(color, Vec::new()).await.unwrap(),
        "rgb(255, 255, 255)"
    );

    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("page.png");
    browser.screenshot_to(&picture).await.unwrap();
    assert!(fs::read(&picture).unwrap().starts_with(b"\x89PNG"));

    let profile = browser._profile.path().display().to_string();
    assert!(
        !crate::process::holding_argument(&profile).is_empty(),
        "no browser works on the profile"
    );
    drop(browser);
    assert!(
        crate::process::holding_argument(&profile).is_empty(),
        "the browser outlived its owner"
    );
}

#[tokio::test]
async fn another_certificate_is_refused() {
    let authority = Authority::create("Test").unwrap();
    let address = format!(
        "https://localhost:{}/",
        serve(&authority.issue_localhost().unwrap())
    );
    let other = authority.issue_localhost().unwrap();
    let trusted_pin = Some(pin(&other.certificate).unwrap());
    let browser = Browser::start(&BrowserSettings {
        trusted_pin,
        ..Default::default()
    })
    .await
    .unwrap();
    browser.goto(&address).await.unwrap();
    assert_eq!(browser.title().await.unwrap(), "Privacy error");
}

#[tokio::test]
async fn a_browser_without_scripts_shows_the_plain_page() {
    let identity = Authority::create("Test").unwrap().issue_localhost().unwrap();
    let address = format!("https://localhost:{}/", serve(&identity));
    let trusted_pin = Some(pin(&identity.certificate).unwrap());
    let settings = BrowserSettings {
        trusted_pin,
        scripts: Scripts::Blocked,
        ..Default::default()
    };
    let browser = Browser::start(&settings).await.unwrap();
    browser.goto(&address).await.unwrap();
    assert_eq!(text(&browser).await, "plain");
    browser.close().await.unwrap();
}
