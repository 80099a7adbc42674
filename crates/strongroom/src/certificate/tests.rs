use super::*;
use openssl::x509::{X509StoreContext, store::X509StoreBuilder};

fn issued(host: &str) -> (Authority, Leaf) {
    let authority = Authority::create(host).unwrap();
    let key = new_key().unwrap();
    let chain = vec![
        authority.issue(host, &key).unwrap(),
        authority.certificate.clone(),
    ];
    (authority, Leaf { chain, key })
}

/// What the leaf is not good for, in one text.
fn faults(leaf: &Leaf, host: &str) -> String {
    let faults = leaf.faults(host).unwrap();
    faults
        .into_iter()
        .map(|(what, _)| what)
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn what_we_issue_is_accepted_by_a_strict_verifier() {
    let (authority, leaf) = issued("records.example.org");
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(authority.certificate.clone()).unwrap();
    store
        .set_flags(openssl::x509::verify::X509VerifyFlags::X509_STRICT)
        .unwrap();
    let mut context = X509StoreContext::new().unwrap();
    let chain = Stack::new().unwrap();
    let verified = context.init(&store.build(), &leaf.chain[0], &chain, |context| {
        Ok((context.verify_cert()?, context.error()))
    });
    let (good, error) = verified.unwrap();
    assert!(good, "{error}");
    assert_eq!(faults(&leaf, "records.example.org"), "");
    assert!((360..=365).contains(&leaf.days_left().unwrap()));
}

#[test]
fn a_certificate_for_another_name_or_with_another_key_is_found() {
    let (_, leaf) = issued("records.example.org");
    assert_eq!(
        faults(&leaf, "vault.example.org"),
        "the certificate is not for vault.example.org"
    );
    let swapped = Leaf {
        key: new_key().unwrap(),
        ..leaf
    };
    assert_eq!(
        faults(&swapped, "records.example.org"),
        "the key does not belong to the certificate"
    );
}

#[test]
fn an_expired_certificate_and_a_chain_in_disorder_are_found() {
    let (authority, leaf) = issued("10.0.0.5");
    assert_eq!(faults(&leaf, "10.0.0.5"), "");
    let mut old = builder(
        &subject_of("10.0.0.5").unwrap(),
        authority.certificate.subject_name(),
        &leaf.key,
        1,
    )
    .unwrap();
    old.set_not_before(&Asn1Time::from_unix(1_000_000_000).unwrap())
        .unwrap();
    old.set_not_after(&Asn1Time::from_unix(1_100_000_000).unwrap())
        .unwrap();
    old.append_extension(
        alternative_name("10.0.0.5")
            .build(&old.x509v3_context(None, None))
            .unwrap(),
    )
    .unwrap();
    old.sign(&authority.key, MessageDigest::sha256()).unwrap();
    let expired = Leaf {
        chain: vec![old.build()],
        key: leaf.key.clone(),
    };
    assert_eq!(faults(&expired, "10.0.0.5"), "the certificate has expired");
    let (_, other) = issued("10.0.0.5");
    let mixed = Leaf {
        chain: vec![leaf.chain[0].clone(), other.chain[1].clone()],
        key: leaf.key,
    };
    assert!(faults(&mixed, "10.0.0.5").contains("do not follow one another"));
}

#[test]
fn files_that_hold_something_else_are_told_apart() {
    let (_, leaf) = issued("a.example");
    let (chain, key) = (
        leaf.chain[0].to_pem().unwrap(),
        leaf.key.private_key_to_pem_pkcs8().unwrap(),
    );
    assert!(load(&chain, &key).is_ok());
    assert!(
        load(&key, &key)
            .err()
            .unwrap()
            .starts_with("the certificate file")
    );
    assert!(load(&chain, &chain).err().unwrap().starts_with("the key file"));
    let locked = leaf
        .key
        .private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_256_cbc(), b"x")
        .unwrap();
    assert!(
        load(&chain, &locked)
            .err()
            .unwrap()
            .contains("without a passphrase")
    );
}

#[test]
fn a_request_names_the_host() {
    let key = new_key().unwrap();
    let request = X509Req::from_pem(&request("records.example.org", &key).unwrap()).unwrap();
    assert!(request.verify(&key).unwrap());
    assert_eq!(request.extensions().unwrap().len(), 1);
}

#[test]
fn the_next_is_due_a_month_or_a_third_of_its_time_before_the_end() {
    let (authority, leaf) = issued("records.example.org");
    let lasting = |from: i64, until: i64| {
        let now = jiff::Timestamp::now().as_second();
        let key = new_key().unwrap();
        let mut builder = X509Builder::new().unwrap();
        builder.set_pubkey(&key).unwrap();
        builder
            .set_not_before(&Asn1Time::from_unix(now + from).unwrap())
            .unwrap();
        builder
            .set_not_after(&Asn1Time::from_unix(now + until).unwrap())
            .unwrap();
        builder.sign(&authority.key, MessageDigest::sha256()).unwrap();
        let chain = vec![builder.build()];
        Leaf { chain, key }.is_due().unwrap()
    };
    assert!(!leaf.is_due().unwrap());
    let (hour, day) = (3_600, 86_400);
    assert!(
        !lasting(-59 * day, 31 * day),
        "ninety days, a month and a day before the end"
    );
    assert!(lasting(-61 * day, 29 * day));
    assert!(!lasting(-15 * hour, 9 * hour), "a day, more than a third left");
    assert!(lasting(-17 * hour, 7 * hour));
    assert!(lasting(-day, -hour), "ended");
}
