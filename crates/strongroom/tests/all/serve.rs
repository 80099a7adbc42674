//! The daemon from the outside: TLS as promised, redirect, start without a database, ends, kills, limits.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use nix::sys::signal::Signal;
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVersion};
use testkit::process::send;

use super::appliance::Appliance;

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A connection with exactly this version of TLS; `None` where the server refuses.
fn tls(appliance: &Appliance, version: SslVersion, ciphers: Option<&str>) -> Option<SslStream<TcpStream>> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_ca_file(&appliance.certificates.authority).unwrap();
    connector.set_min_proto_version(Some(version)).unwrap();
    connector.set_max_proto_version(Some(version)).unwrap();
    if let Some(ciphers) = ciphers {
        match version {
            SslVersion::TLS1_3 => connector.set_ciphersuites(ciphers).unwrap(),
            _ => connector.set_cipher_list(ciphers).unwrap(),
        }
    }
    connector
        .build()
        .connect("localhost", connect(appliance.https))
        .ok()
}

fn ask(mut stream: impl Read + Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(appliance: &Appliance, path: &str) -> String {
    let stream = tls(appliance, SslVersion::TLS1_3, None).expect("TLS 1.3 is refused");
    ask(
        stream,
        &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
    )
}

#[test]
fn only_the_strongest_tls_is_spoken() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    assert!(
        tls(&appliance, SslVersion::TLS1_2, None).is_none(),
        "TLS 1.2 was accepted"
    );
    let weaker = Some("TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256");
    assert!(
        tls(&appliance, SslVersion::TLS1_3, weaker).is_none(),
        "a weaker suite was accepted"
    );
    let stream = tls(&appliance, SslVersion::TLS1_3, None).unwrap();
    assert_eq!(
        stream.ssl().current_cipher().unwrap().name(),
        "TLS_AES_256_GCM_SHA384"
    );
    let health = get(&appliance, "/api/v1/health");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(
        get(&appliance, "/").contains("HTTP/1.1 "),
        "the console does not answer"
    );
}

#[test]
fn tls_1_2_is_spoken_only_when_asked_for_and_then_without_weak_suites() {
    let appliance = Appliance::prepared();
    appliance.write_settings("minimum = \"1.2\"");
    let _daemon = appliance.serve();
    let stream = tls(&appliance, SslVersion::TLS1_2, None).expect("TLS 1.2 is refused");
    let name = stream.ssl().current_cipher().unwrap().name().to_owned();
    assert!(
        name.starts_with("ECDHE-") && (name.contains("GCM") || name.contains("POLY1305")),
        "{name}"
    );
    for weak in [
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ] {
        assert!(
            tls(&appliance, SslVersion::TLS1_2, Some(weak)).is_none(),
            "{weak} was accepted"
        );
    }
}

#[test]
fn plain_http_redirects_to_the_base_url_and_nothing_else() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let answer = ask(
        connect(appliance.http),
        "GET /a?b=c HTTP/1.1\r\nhost: evil.example.com\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    let location = format!("location: https://localhost:{}/a?b=c\r\n", appliance.https);
    assert!(answer.contains(&location), "{answer}");
    let change = ask(
        connect(appliance.http),
        "POST /a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n",
    );
    assert!(change.starts_with("HTTP/1.1 403"), "{change}");
}

#[test]
fn a_daemon_ends_when_it_is_asked_to_and_comes_back_after_a_kill() {
    let appliance = Appliance::prepared();
    let mut daemon = appliance.serve();
    send(daemon.pid(), Signal::SIGKILL).unwrap();
    daemon.wait(10);
    let mut again = appliance.serve();
    assert!(get(&appliance, "/api/v1/health").starts_with("HTTP/1.1 200"));
    // An idle connection must not hold up the end.
    let _idle = tls(&appliance, SslVersion::TLS1_3, None);
    send(again.pid(), Signal::SIGTERM).unwrap();
    assert_eq!(again.wait(12), Some(0), "{}", again.log());
    assert!(again.log().contains("stopped"), "{}", again.log());
    let mut worker = appliance.spawn("work");
    worker.wait_for_log("working");
    send(worker.pid(), Signal::SIGINT).unwrap();
    assert_eq!(worker.wait(12), Some(0), "{}", worker.log());
}

#[test]
fn a_database_that_is_away_is_waited_for() {
    let appliance = Appliance::prepared();
    appliance.stop_database();
    let daemon = appliance.spawn("serve");
    daemon.wait_for_log("the database does not answer");
    appliance.start_database();
    daemon.wait_for_log("serving https://");
    let mut impatient = {
        appliance.stop_database();
        appliance.spawn("work")
    };
    impatient.wait_for_log("the database does not answer");
    send(impatient.pid(), Signal::SIGTERM).unwrap();
    assert_eq!(impatient.wait(5), Some(0), "{}", impatient.log());
}

#[test]
fn one_address_has_only_so_many_connections() {
    let appliance = Appliance::prepared();
    appliance.add_settings("[limits]\nconnections_per_address = 3\n");
    let _daemon = appliance.serve();
    let held: Vec<_> = (0..3)
        .map(|_| tls(&appliance, SslVersion::TLS1_3, None).unwrap())
        .collect();
    let refused = get(&appliance, "/api/v1/health");
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("\"code\":\"too-many-requests\""), "{refused}");
    drop(held);
    let welcome = testkit::process::poll(Duration::from_secs(10), || {
        get(&appliance, "/api/v1/health").starts_with("HTTP/1.1 200")
    });
    assert!(welcome, "places are not given back");
}

#[test]
fn a_taken_port_and_a_foreign_key_are_told_plainly() {
    let appliance = Appliance::prepared();
    let _daemon = appliance.serve();
    let second = appliance.run(&["serve"]);
    assert_eq!(second.code, Some(1));
    assert!(
        second.talk.contains("cannot listen on 127.0.0.1:"),
        "{}",
        second.talk
    );
    let other = testkit::Authority::create("other")
        .unwrap()
        .issue_localhost()
        .unwrap();
    testkit::secret::write_private(&appliance.certificates.key, &other.key_pem().unwrap()).unwrap();
    let foreign = appliance.run(&["serve"]);
    assert_eq!(foreign.code, Some(1));
    assert!(
        foreign.talk.contains("does not belong to the certificate"),
        "{}",
        foreign.talk
    );
}
