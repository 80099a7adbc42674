//! The server's certificate: given, or asked for.

use std::fs;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::x509::X509;
use openssl::x509::X509Req;
use openssl::x509::extension::SubjectAlternativeName;
use testkit::certificate::Authority;

use super::{Place, is_root, states};

#[test]
fn given_certificate_files_are_taken_up_and_those_of_another_name_refused() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let authority = Authority::create("company").unwrap();
    let give = |name: &str| {
        let leaf = authority.issue(&[name]).unwrap();
        fs::write(place.path("given.pem"), leaf.certificate_pem().unwrap()).unwrap();
        testkit::secret::write_private(&place.path("given.key"), &leaf.key_pem().unwrap()).unwrap();
    };
    let (chain, key) = (place.path("given.pem"), place.path("given.key"));
    place.answer_more(&format!(
        "[certificate]\nfrom = \"files\"\ncertificate = {chain:?}\nkey = {key:?}\n"
    ));
    give("vault.example.org");
    let refused = place.setup(&["--until", "certificate"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.talk.contains("the certificate is not for localhost"),
        "{}",
        refused.talk
    );
    assert!(!place.path("etc").exists());
    for _ in 0..2 {
        // Another pair of the same name, as after a renewal.
        give("localhost");
        assert_eq!(states(place.setup(&["--until", "certificate"]))[2].1, "done");
        assert_eq!(states(place.setup(&["--until", "certificate"]))[2].1, "unchanged");
        assert_eq!(
            fs::read(place.path("etc/tls/certificate.pem")).unwrap(),
            fs::read(&chain).unwrap()
        );
    }
}

#[test]
fn a_requested_certificate_is_waited_for_and_then_taken() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.answer_more("[certificate]\nfrom = \"request\"\n");
    for _ in 0..2 {
        let waiting = place.setup(&[]);
        assert_eq!(waiting.code, Some(1), "{waiting:?}");
        assert!(
            waiting.talk.contains("request.pem signed, put the chain at"),
            "{}",
            waiting.talk
        );
    }
    assert!(
        !place.path("etc/strongroom.toml").exists(),
        "it went on without a certificate"
    );
    let request = fs::read(place.path("etc/tls/request.pem")).unwrap();
    fs::write(place.path("etc/tls/certificate.pem"), signed(&request)).unwrap();
    assert_eq!(states(place.setup(&["--until", "certificate"]))[2].1, "unchanged");
}

/// What a company's authority makes of a request for localhost.
fn signed(request: &[u8]) -> Vec<u8> {
    let request = X509Req::from_pem(request).unwrap();
    let authority = Authority::create("company").unwrap().issue(&["signer"]).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_issuer_name(authority.certificate.subject_name())
        .unwrap();
    builder.set_pubkey(&request.public_key().unwrap()).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(90).unwrap())
        .unwrap();
    let name = SubjectAlternativeName::new()
        .dns("localhost")
        .build(&builder.x509v3_context(None, None));
    builder.append_extension(name.unwrap()).unwrap();
    builder.sign(&authority.key, MessageDigest::sha256()).unwrap();
    builder.build().to_pem().unwrap()
}
