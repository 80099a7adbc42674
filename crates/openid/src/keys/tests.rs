//! Key sets of the standards, and broken ones.

use super::*;

/// RFC 7517, appendix A.1, with a symmetric key and one of another use beside it.
const SET: &str = r#"{"keys":[
  {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},
  {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"2"},
  {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75","kid":"3"},
  {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"4"}
]}"#;

#[test]
fn only_public_keys_for_signatures_are_taken() {
    let set = KeySet::parse(SET.as_bytes()).unwrap();
    assert_eq!(set.count(&Algorithm::ALL), 2);
    assert!(set.candidates(Algorithm::Es256, Some("1")).is_empty());
    assert_eq!(set.candidates(Algorithm::Es256, Some("2")).len(), 1);
    assert!(set.candidates(Algorithm::Rs256, Some("2")).is_empty());
    assert_eq!(set.candidates(Algorithm::EdDsa, None).len(), 1);
}

#[test]
fn a_token_without_a_key_id_needs_a_set_without_choice() {
    let two = SET.replace("\"use\":\"enc\",", "");
    let set = KeySet::parse(two.as_bytes()).unwrap();
    assert!(set.candidates(Algorithm::Es256, None).is_empty());
}

#[test]
fn weak_and_broken_keys_refuse_the_set() {
    let short = format!(
        r#"{{"keys":[{{"kty":"RSA","n":"{}","e":"AQAB"}}]}}"#,
        "_".repeat(172)
    );
    assert!(matches!(
        KeySet::parse(short.as_bytes()),
        Err(KeyError::Bits { .. })
    ));
    let off_curve = SET.replace("4Etl6SRW", "5Etl6SRW");
    assert!(matches!(
        KeySet::parse(off_curve.as_bytes()),
        Err(KeyError::Invalid { .. })
    ));
    let without = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBC"}]}"#;
    assert!(matches!(
        KeySet::parse(without.as_bytes()),
        Err(KeyError::Part { .. })
    ));
    let even = format!(
        r#"{{"keys":[{{"kty":"RSA","n":"{}","e":"AQAA"}}]}}"#,
        "_".repeat(344)
    );
    assert!(matches!(
        KeySet::parse(even.as_bytes()),
        Err(KeyError::Part { .. })
    ));
    let many = format!(
        r#"{{"keys":[{}]}}"#,
        vec![r#"{"kty":"oct"}"#; KEYS_MAX + 1].join(",")
    );
    assert!(matches!(
        KeySet::parse(many.as_bytes()),
        Err(KeyError::TooMany { .. })
    ));
    assert!(matches!(KeySet::parse(b"[]"), Err(KeyError::Malformed(_))));
}
