//! The server's certificate over its life: by our own authority and by a real ACME authority (caddy's), in a network of
//! the test's own where port 80 is free. Only root has such networks; the runner of CI is.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::Uid;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use serde_json::Value as Json;
use testkit::process::poll;
use testkit::unpacked;

use super::program::{Said, run};
use super::setup::Place;

/// Longer than the server takes to see a new file.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// An authority; killed when dropped.
struct Caddy(Child);

impl Drop for Caddy {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// This thread, and whatever it starts, in a network of its own with nothing but a loopback.
fn enter_network() {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    assert!(up.unwrap().success());
}

/// Starts an ACME authority on port 8444 and waits until its root certificate is there.
fn authority(program: &Path, folder: &Path) -> Caddy {
    let caddyfile = folder.join("Caddyfile");
    let text = "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\thttp_port 8081\n}\n\
                https://localhost:8444 {\n\ttls internal\n\tacme_server\n}\n";
    fs::write(&caddyfile, text).unwrap();
    let log = File::create(folder.join("caddy.log")).unwrap();
    let child = Command::new(program)
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&caddyfile)
        .env_clear()
        .env("HOME", folder)
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let caddy = Caddy(child);
    let root = root_of(folder);
    let listens = || root.exists() && std::net::TcpStream::connect("127.0.0.1:8444").is_ok();
    let log = || fs::read_to_string(folder.join("caddy.log")).unwrap();
    assert!(poll(Duration::from_secs(30), listens), "{}", log());
    caddy
}

fn root_of(folder: &Path) -> std::path::PathBuf {
    folder.join("data/caddy/pki/authorities/local/root.crt")
}

/// The certificate that a client is shown.
fn shown(https: u16) -> X509 {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    let stream = std::net::TcpStream::connect(("127.0.0.1", https)).unwrap();
    let stream = connector.build().connect("localhost", stream).unwrap();
    stream.ssl().peer_certificate().unwrap()
}

fn in_place(place: &Place) -> X509 {
    X509::from_pem(&fs::read(place.path("etc/tls/certificate.pem")).unwrap()).unwrap()
}

fn certificate(place: &Place, arguments: &[&str]) -> Said {
    let all = [["--json", "certificate"].as_slice(), arguments].concat();
    run(Some(&place.settings()), &all)
}

fn status(place: &Place) -> Json {
    serde_json::from_str(&certificate(place, &["status"]).done()).unwrap()
}

/// Waits until clients are shown what lies in the file.
#[track_caller]
fn wait_until_shown(place: &Place) {
    let wanted = in_place(place).to_der().unwrap();
    let is_shown = || shown(place.https).to_der().unwrap() == wanted;
    assert!(poll(SEEN_WITHIN, is_shown), "the server shows the one before");
}

#[test]
fn our_own_authority_renews_and_the_running_server_shows_it() {
    if !Uid::effective().is_root() {
        return;
    }
    let place = Place::new();
    place.setup(&[]).done();
    let server = place.serve();
    let first = in_place(&place);
    assert_eq!(status(&place)["source"], "own-authority");
    assert_eq!(status(&place)["is_due"], false);
    certificate(&place, &["renew"]).done();
    assert_eq!(
        in_place(&place).to_der().unwrap(),
        first.to_der().unwrap(),
        "not yet"
    );
    certificate(&place, &["renew", "--now"]).done();
    let second = in_place(&place);
    assert_ne!(second.to_der().unwrap(), first.to_der().unwrap());
    wait_until_shown(&place);
    // A file that cannot be used changes nothing for clients.
    fs::write(place.path("etc/tls/certificate.pem"), "no certificate").unwrap();
    server.wait_for_log("the new certificate cannot be used");
    assert_eq!(shown(place.https).to_der().unwrap(), second.to_der().unwrap());
}

#[test]
fn an_acme_authority_is_asked_and_its_silence_changes_nothing() {
    if !Uid::effective().is_root() {
        return;
    }
    // Fetched while there is a way out.
    let caddy = unpacked::package("caddy").unwrap().join("usr/bin/caddy");
    enter_network();
    let place = Place::new();
    let home = tempfile::tempdir().unwrap();
    let authority = authority(&caddy, home.path());
    place.answer("http = \"127.0.0.1:80\"");
    place.answer_more(&format!(
        "[certificate]\nfrom = \"acme\"\ndirectory = \"https://localhost:8444/acme/local/directory\"\ntrust = {:?}\n",
        root_of(home.path())
    ));
    place.setup(&[]).done();
    let settings = fs::read_to_string(place.settings()).unwrap();
    let here = format!("[tls.acme]\nproofs = {:?}\n", place.path("proofs"));
    fs::write(place.settings(), settings.replace("[tls.acme]\n", &here)).unwrap();
    let own = in_place(&place);
    let _server = place.serve();
    wait_until_shown(&place);

    certificate(&place, &["renew"]).done();
    let issued = in_place(&place);
    assert_ne!(issued.to_der().unwrap(), own.to_der().unwrap());
    wait_until_shown(&place);
    let now = status(&place);
    assert_eq!(
        (now["source"].as_str(), now["is_due"].as_bool()),
        (Some("acme"), Some(false))
    );
    certificate(&place, &["renew"]).done();
    assert_eq!(
        in_place(&place).to_der().unwrap(),
        issued.to_der().unwrap(),
        "not yet"
    );
    certificate(&place, &["renew", "--now"]).done();
    assert_ne!(in_place(&place).to_der().unwrap(), issued.to_der().unwrap());

    let last = in_place(&place);
    drop(authority);
    let silent = certificate(&place, &["renew", "--now"]);
    assert_eq!(silent.code, Some(1), "{silent:?}");
    assert!(
        silent.talk.contains("gave no certificate") && silent.talk.contains("the one in place stays"),
        "{}",
        silent.talk
    );
    assert_eq!(in_place(&place).to_der().unwrap(), last.to_der().unwrap());
}
