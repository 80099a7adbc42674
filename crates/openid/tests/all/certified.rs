//! The normal way, with a certified provider.

use jiff::Timestamp;
use openid::{Algorithm, Answer, Client, OpenIdError, Person, Preset, Provider, SecondFactor, Verdict};
use testkit::{Authority, OpenIdProvider, openid as fixture};
use url::Url;
use vault::SecretText;

const BACK: &str = "https://strongroom.example/callback/test";

fn start() -> (Authority, OpenIdProvider) {
    let authority = Authority::create("test provider").unwrap();
    let provider = OpenIdProvider::start(&authority, &[BACK.to_owned()]).unwrap();
    (authority, provider)
}

fn settings(authority: &Authority, issuer: &str, client_id: &str, algorithm: Algorithm) -> Provider {
    Provider {
        issuer: issuer.parse().unwrap(),
        preset: Preset::Standard,
        client_id: client_id.into(),
        client_secret: Some(SecretText::new(fixture::CLIENT_SECRET.into())),
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        algorithms: vec![algorithm],
        hosted_domain: None,
        second_factor: SecondFactor::default(),
        authority_pem: Some(authority.certificate_pem().unwrap()),
    }
}

/// The answer that stands in the address the browser came back to.
fn answer(address: &str) -> Answer {
    assert!(address.starts_with(BACK), "{address}");
    let url = Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    Answer::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))).unwrap()
}

fn sign_in(client: &Client, who: &str) -> Result<Person, OpenIdError> {
    let begun = client.begin(BACK, Timestamp::now())?;
    let back = fixture::sign_in(&begun.url, who).unwrap();
    client.finish(&begun.flow, &answer(&back), BACK, Timestamp::now())
}

#[test]
fn a_person_comes_in_under_every_algorithm() {
    let (authority, provider) = start();
    for (client_id, algorithm) in [
        ("rsa", Algorithm::Rs256),
        ("ec", Algorithm::Es256),
        ("ed", Algorithm::EdDsa),
    ] {
        let client = Client::new(settings(&authority, provider.issuer(), client_id, algorithm)).unwrap();
        let person = sign_in(&client, "ann").unwrap();
        assert_eq!(person.subject, "u-1001");
        assert_eq!(person.name.as_deref(), Some("Ann Öst"));
        assert_eq!(person.email.as_deref(), Some("ann@example.com"));
        assert!(person.email_verified && !person.second_factor, "{person:?}");
        let renamed = sign_in(&client, "anna").unwrap();
        assert_eq!(renamed.subject, "u-1001", "the same person with other attributes");
    }
}

#[test]
fn codes_and_answers_count_once_and_for_their_browser_only() {
    let (authority, provider) = start();
    let client = Client::new(settings(&authority, provider.issuer(), "rsa", Algorithm::Rs256)).unwrap();
    let begun = client.begin(BACK, Timestamp::now()).unwrap();
    let back = answer(&fixture::sign_in(&begun.url, "ann").unwrap());
    let other = client.begin(BACK, Timestamp::now()).unwrap();
    let stolen = client.finish(&other.flow, &back, BACK, Timestamp::now());
    assert!(matches!(stolen, Err(OpenIdError::State)), "{stolen:?}");
    client.finish(&begun.flow, &back, BACK, Timestamp::now()).unwrap();
    let again = client.finish(&begun.flow, &back, BACK, Timestamp::now());
    let said = format!("{again:?}");
    assert!(said.contains("invalid_grant"), "{said}");
}

#[test]
fn a_refusal_at_the_provider_is_told_as_one() {
    let (authority, provider) = start();
    let client = Client::new(settings(&authority, provider.issuer(), "rsa", Algorithm::Rs256)).unwrap();
    let refused = sign_in(&client, "nobody");
    assert!(
        matches!(&refused, Err(OpenIdError::Refused { code }) if code == "access_denied"),
        "{refused:?}"
    );
}

#[test]
fn a_second_factor_there_counts_if_the_operator_says_so() {
    let (authority, provider) = start();
    let mut strict = settings(&authority, provider.issuer(), "rsa", Algorithm::Rs256);
    strict.second_factor.methods = vec!["mfa".into()];
    strict.second_factor.age_seconds_max = Some(3_600);
    let client = Client::new(strict).unwrap();
    assert!(sign_in(&client, "ann").unwrap().second_factor);
}

#[test]
fn the_staged_test_passes_and_names_what_is_wrong() {
    let (authority, provider) = start();
    let client = Client::new(settings(&authority, provider.issuer(), "rsa", Algorithm::Rs256)).unwrap();
    let report = client.test(Timestamp::now);
    assert!(report.is_good(), "{report:?}");
    let names: Vec<&str> = report.stages.iter().map(|stage| stage.name).collect();
    assert_eq!(names, ["name", "document", "keys", "clock"]);

    let late = client.test(|| Timestamp::now() + jiff::SignedDuration::from_secs(90));
    let last = late.stages.last().unwrap();
    assert_eq!((last.name, last.verdict), ("clock", Verdict::Failed));
    assert!(last.detail.contains("set this machine's"), "{}", last.detail);

    let stranger = Authority::create("another").unwrap();
    let client = Client::new(settings(&stranger, provider.issuer(), "rsa", Algorithm::Rs256)).unwrap();
    let report = client.test(Timestamp::now);
    let last = report.stages.last().unwrap();
    assert_eq!((last.name, last.verdict), ("document", Verdict::Failed));
    assert!(last.detail.contains("certificate"), "{}", last.detail);

    let slash = format!("{}/", provider.issuer());
    let client = Client::new(settings(&authority, &slash, "rsa", Algorithm::Rs256)).unwrap();
    let report = client.test(Timestamp::now);
    let last = report.stages.last().unwrap();
    assert!(last.detail.contains("set the issuer exactly"), "{}", last.detail);
}

#[test]
fn a_provider_that_is_down_fails_soon_and_plainly() {
    let (authority, mut provider) = start();
    let client = Client::new(settings(&authority, provider.issuer(), "rsa", Algorithm::Rs256)).unwrap();
    provider.stop().unwrap();
    let begun = std::time::Instant::now();
    let refused = client.begin(BACK, Timestamp::now()).unwrap_err();
    assert!(matches!(refused, OpenIdError::Wire(_)), "{refused:?}");
    assert!(begun.elapsed().as_secs() < 12);
}

#[test]
fn who_leaves_at_the_provider_is_told_by_a_token_of_that_kind_alone() {
    let (authority, provider) = start();
    for (client_id, algorithm) in [
        ("rsa", Algorithm::Rs256),
        ("ec", Algorithm::Es256),
        ("ed", Algorithm::EdDsa),
    ] {
        let client = Client::new(settings(&authority, provider.issuer(), client_id, algorithm)).unwrap();
        let token = provider.leave(client_id, "u-1001").unwrap();
        let leave = client.leave(&token, Timestamp::now()).unwrap();
        assert_eq!(leave.subject, "u-1001");
        assert!(!leave.token_id.is_empty());
        let late = client.leave(&token, Timestamp::now() + jiff::SignedDuration::from_secs(200));
        assert!(matches!(late, Err(OpenIdError::Claim(_))), "{late:?}");
    }
    let client = Client::new(settings(&authority, provider.issuer(), "rsa", Algorithm::Rs256)).unwrap();
    sign_in(&client, "ann").unwrap();
    let id_token = provider
        .issued()
        .unwrap()
        .into_iter()
        .find(|token| token.contains('.'));
    let taken = client.leave(&id_token.unwrap(), Timestamp::now());
    assert!(
        matches!(taken, Err(OpenIdError::Claim(_))),
        "an ID token: {taken:?}"
    );
    let token = provider.leave("rsa", "u-1001").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let changed = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let taken = client.leave(&changed, Timestamp::now());
    assert!(matches!(taken, Err(OpenIdError::Token(_))), "{taken:?}");
    let others = provider.leave("ec", "u-1001").unwrap();
    client.leave(&others, Timestamp::now()).unwrap_err();
}
