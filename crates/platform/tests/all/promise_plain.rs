//! The promise transit-tls looks at plain HTTP too: it only redirects, or is not there.

use crate::promise::{check, listening_also, serve};
use openssl::ssl::SslVersion;
use promises::{State, Verdict};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// Answers every plain request with what `answer` makes of its path.
fn serve_plain(answer: fn(&str) -> String) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 2048];
            let read = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            if let Some(path) = text.split(' ').nth(1) {
                let _sent = stream.write_all(answer(path).as_bytes());
            }
        }
    });
    address
}

async fn verdict(plain: Option<SocketAddr>) -> Verdict {
    let good = serve("localhost", SslVersion::TLS1_3, |_| 200);
    let site = listening_also(Some(good), plain).await;
    check(&site.platform, "transit-tls").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_listener_that_only_redirects_or_is_not_there_keeps_transit_tls() {
    let redirects = serve_plain(|path| {
        format!("HTTP/1.1 308 x\r\nLocation: https://localhost:8443{path}\r\nContent-Length: 0\r\n\r\n")
    });
    let seen = verdict(Some(redirects)).await;
    assert_eq!(seen.state, State::Kept, "{seen:?}");
    let seen = verdict(None).await;
    assert_eq!(seen.state, State::Kept, "{seen:?}");
    let told = seen.facts.iter().any(|fact| fact.value == "no plain listener");
    assert!(told, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_listener_that_serves_or_sends_elsewhere_breaks_transit_tls() {
    let serves = serve_plain(|_| "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_owned());
    let elsewhere =
        serve_plain(|path| format!("HTTP/1.1 302 x\r\nLocation: http://elsewhere.invalid{path}\r\n\r\n"));
    for (plain, what) in [(serves, "answers 200"), (elsewhere, "redirects elsewhere")] {
        let seen = verdict(Some(plain)).await;
        assert_eq!(seen.state, State::Broken, "{seen:?}");
        assert!(
            seen.faults.iter().any(|fault| fault.what.contains(what)),
            "{seen:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_listener_that_is_away_leaves_transit_tls_unknown() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let seen = verdict(Some(gone)).await;
    assert_eq!(seen.state, State::Unknown, "{seen:?}");
}
