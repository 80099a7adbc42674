//! One broken rule at a time.

use super::*;
use crate::provider::SecondFactor;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn provider() -> Provider {
    Provider {
        issuer: "https://login.example.com".parse().unwrap(),
        preset: Preset::Standard,
        client_id: "strongroom".into(),
        client_secret: None,
        scopes: vec!["openid".into()],
        algorithms: Algorithm::ALL.to_vec(),
        hosted_domain: None,
        second_factor: SecondFactor::default(),
        authority_pem: None,
    }
}

fn good() -> Value {
    json!({"iss": "https://login.example.com", "sub": "u-1", "aud": "strongroom", "exp": NOW + 300, "iat": NOW,
        "nonce": "n", "name": "Ann", "email": "ann@example.com", "email_verified": true, "amr": ["pwd", "mfa"]})
}

fn flow() -> Flow {
    Flow {
        state: "s".into(),
        nonce: "n".into(),
        verifier: "v".into(),
    }
}

fn check_with(provider: &Provider, claims: &Value, access_token: Option<&str>) -> Result<Person, ClaimFault> {
    let claims = Claims::parse(claims.to_string().as_bytes())?;
    let flow = flow();
    claims.check(&Terms {
        provider,
        flow: &flow,
        access_token,
        algorithm: Algorithm::Rs256,
        now: Timestamp::from_second(NOW).unwrap(),
    })?;
    Ok(claims.into_person(provider))
}

fn changed(name: &str, value: Value) -> Result<Person, ClaimFault> {
    let mut claims = good();
    claims[name] = value;
    check_with(&provider(), &claims, None)
}

#[test]
fn a_good_token_says_who_it_is() {
    let person = check_with(&provider(), &good(), None).unwrap();
    assert_eq!(person.subject, "u-1");
    assert_eq!(person.email.as_deref(), Some("ann@example.com"));
    assert!(person.email_verified);
    assert!(
        !person.second_factor,
        "nothing counts as one unless the operator says so"
    );
}

#[test]
fn a_token_of_another_issuer_or_for_another_client_is_refused() {
    for issuer in [
        "https://evil.example",
        "https://login.example.com/",
        "HTTPS://login.example.com",
    ] {
        assert!(matches!(
            changed("iss", json!(issuer)),
            Err(ClaimFault::Issuer { .. })
        ));
    }
    for audience in [
        json!("other"),
        json!(["other"]),
        json!([]),
        json!(["strongroom", "other"]),
    ] {
        assert!(
            matches!(changed("aud", audience.clone()), Err(ClaimFault::Audience { .. })),
            "{audience}"
        );
    }
    assert!(changed("aud", json!(["strongroom"])).is_ok());
    assert!(matches!(
        changed("azp", json!("other")),
        Err(ClaimFault::Audience { .. })
    ));
    let mut both = good();
    both["aud"] = json!(["strongroom", "other"]);
    both["azp"] = json!("strongroom");
    assert!(check_with(&provider(), &both, None).is_ok());
}

#[test]
fn clocks_may_lie_a_minute_apart_and_no_more() {
    assert!(changed("exp", json!(NOW - 59)).is_ok());
    assert!(matches!(
        changed("exp", json!(NOW - 60)),
        Err(ClaimFault::Expired { seconds: 60 })
    ));
    assert!(changed("iat", json!(NOW + 60)).is_ok());
    assert!(matches!(
        changed("iat", json!(NOW + 90)),
        Err(ClaimFault::Future { seconds: 90 })
    ));
    assert!(matches!(
        changed("nbf", json!(NOW + 90)),
        Err(ClaimFault::Future { seconds: 90 })
    ));
    assert!(changed("exp", json!(1e300)).is_ok(), "as far as a number goes");
    assert!(matches!(
        changed("exp", json!("soon")),
        Err(ClaimFault::Malformed(_))
    ));
    assert!(matches!(
        changed("exp", json!(null)),
        Err(ClaimFault::Malformed(_))
    ));
}

#[test]
fn a_token_of_another_sign_in_is_refused() {
    assert!(matches!(changed("nonce", json!("other")), Err(ClaimFault::Nonce)));
    assert!(matches!(changed("nonce", json!(null)), Err(ClaimFault::Nonce)));
}

#[test]
fn the_access_token_must_be_the_one_it_was_made_with() {
    // OpenID Connect Core 1.0, appendix A.3.
    let mut claims = good();
    claims["at_hash"] = json!("77QmUPtjPfzWtF2AnpK9RQ");
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert!(check_with(&provider(), &claims, Some(token)).is_ok());
    assert!(matches!(
        check_with(&provider(), &claims, Some("another")),
        Err(ClaimFault::AccessToken)
    ));
}

#[test]
fn subjects_are_short_and_visible() {
    for subject in ["".to_owned(), "x".repeat(256), "a\nb".to_owned(), "ü".to_owned()] {
        assert!(matches!(changed("sub", json!(subject)), Err(ClaimFault::Subject)));
    }
}

#[test]
fn domains_and_tenants_are_kept_out() {
    let mut google = provider();
    google.hosted_domain = Some("example.com".into());
    for domain in [json!(null), json!("evil.example"), json!("EXAMPLE.COM")] {
        let mut claims = good();
        claims["hd"] = domain;
        assert!(matches!(
            check_with(&google, &claims, None),
            Err(ClaimFault::HostedDomain { .. })
        ));
    }
    let mut entra = provider();
    let issuer = "https://login.microsoftonline.com/0d8a9c7e-0000-4000-8000-000000000000/v2.0";
    (entra.preset, entra.issuer) = (Preset::Entra, issuer.parse().unwrap());
    let mut claims = good();
    claims["iss"] = json!(issuer);
    claims["tid"] = json!("9999");
    assert!(matches!(
        check_with(&entra, &claims, None),
        Err(ClaimFault::Tenant { .. })
    ));
    claims["tid"] = json!("0d8a9c7e-0000-4000-8000-000000000000");
    assert!(check_with(&entra, &claims, None).is_ok());
}

#[test]
fn a_second_factor_counts_by_rule_and_only_while_it_is_fresh() {
    let mut strict = provider();
    strict.second_factor = SecondFactor {
        methods: vec!["mfa".into()],
        classes: Vec::new(),
        age_seconds_max: Some(600),
    };
    let with = |auth_time: Value| {
        let mut claims = good();
        claims["auth_time"] = auth_time;
        check_with(&strict, &claims, None)
    };
    assert!(with(json!(NOW - 300)).unwrap().second_factor);
    assert!(matches!(with(json!(NOW - 700)), Err(ClaimFault::Stale)));
    assert!(matches!(with(json!(NOW + 100)), Err(ClaimFault::Stale)));
    assert!(matches!(
        check_with(&strict, &good(), None),
        Err(ClaimFault::Stale)
    ));
}

#[test]
fn names_are_one_line_or_none() {
    assert_eq!(changed("name", json!("a\r\nb")).unwrap().name, None);
    assert_eq!(changed("name", json!("  ")).unwrap().name, None);
    assert!(!changed("email_verified", json!("false")).unwrap().email_verified);
    assert!(changed("email_verified", json!("true")).unwrap().email_verified);
}

#[test]
fn user_information_is_about_the_same_person() {
    let mut claims = Claims::parse(good().to_string().as_bytes()).unwrap();
    let other = serde_json::from_value(json!({"sub": "u-2", "email": "eve@example.com"})).unwrap();
    assert!(matches!(claims.complete(other), Err(ClaimFault::OtherSubject)));
}
