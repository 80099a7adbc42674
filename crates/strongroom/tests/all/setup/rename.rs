//! Another name for the host.

use std::fs;

use openssl::x509::X509;

use super::{Place, everything, is_root, states};
use crate::all::program::run;

/// An appliance with a certificate and settings; nothing of it runs, and no cluster is made.
fn certified() -> Place {
    let place = Place::new();
    place.setup(&["--until", "certificate"]).done();
    let text = format!(
        "[listen]\nhttps = \"127.0.0.1:{https}\"\nbase_url = \"https://localhost:{https}\" # every link\n\n\
         [tls]\ncertificate = {certificate:?}\nkey = \"credential:tls-key\"\n\n\
         [database]\nhost = \"/run/nowhere\"\nname = \"strongroom\"\nuser = \"strongroom_app\"\n\n\
         [keys]\nroot_file = \"credential:root-key\"\n",
        https = place.https,
        certificate = place.path("etc/tls/certificate.pem"),
    );
    fs::write(place.settings(), text).unwrap();
    place
}

#[test]
fn a_rename_changes_certificate_and_base_url_once_and_is_taken_up_where_it_stopped() {
    if !is_root() {
        return;
    }
    let place = certified();
    let rename = |host: &str, more: &[&str]| {
        run(
            Some(&place.settings()),
            &[["--json", "rename", "--host", host].as_slice(), more].concat(),
        )
    };
    let settings = || fs::read_to_string(place.settings()).unwrap();
    let names = || {
        let leaf = X509::from_pem(&fs::read(place.path("etc/tls/certificate.pem")).unwrap()).unwrap();
        let names = leaf.subject_alt_names().unwrap();
        names
            .iter()
            .filter_map(|name| name.dnsname().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let authority = fs::read(place.path("etc/tls/authority.pem")).unwrap();
    let before = everything(&place.path("etc"));
    for bad in ["-x", "a b", "", "https://b.example"] {
        assert_eq!(rename(bad, &[]).code, Some(2), "{bad}");
    }
    let dry = states(rename("vault.localhost", &["--dry-run"]));
    assert_eq!(
        dry[..2],
        [
            ("certificate".to_owned(), "to do".to_owned()),
            ("base-url".to_owned(), "to do".to_owned())
        ]
    );
    assert_eq!(everything(&place.path("etc")), before, "a dry run writes nothing");
    let old = settings();
    let done = states(rename("vault.localhost", &[]));
    assert_eq!(
        done[..2],
        [
            ("certificate".to_owned(), "done".to_owned()),
            ("base-url".to_owned(), "done".to_owned())
        ]
    );
    assert_eq!(names(), ["vault.localhost"]);
    assert_eq!(
        settings(),
        old.replace("https://localhost:", "https://vault.localhost:")
    );
    assert_eq!(
        fs::read(place.path("etc/tls/authority.pem")).unwrap(),
        authority,
        "browsers trust it already"
    );
    let again = states(rename("vault.localhost", &[]));
    assert!(
        again
            .iter()
            .all(|(_, state)| state == "unchanged" || state == "left out"),
        "{again:?}"
    );
    // Stopped between its steps: the certificate is the new one, the settings are the old ones.
    fs::write(place.settings(), &old).unwrap();
    let resumed = states(rename("vault.localhost", &[]));
    assert_eq!(
        resumed[..2],
        [
            ("certificate".to_owned(), "unchanged".to_owned()),
            ("base-url".to_owned(), "done".to_owned())
        ]
    );
}

#[test]
fn a_rename_without_an_authority_of_our_own_waits_for_a_signature_and_changes_nothing_else() {
    if !is_root() {
        return;
    }
    let place = certified();
    fs::remove_file(place.path("etc/credentials/authority-key")).unwrap();
    let old = fs::read_to_string(place.settings()).unwrap();
    let said = run(Some(&place.settings()), &["rename", "--host", "vault.localhost"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("request.pem signed"), "{}", said.talk);
    assert_eq!(fs::read_to_string(place.settings()).unwrap(), old);
}
