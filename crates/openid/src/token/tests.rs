//! The standards' own examples, and what attackers make of them.

use super::*;

const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2\
     Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN93\
     83LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0i\
     gcN_IoypGlUPQGe77Rw";
const RSA_KEY: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4\
     QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WT\
     BEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9g\
     b54h4FRWyuXpoQ";
const EC_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const ED_SIGNATURE: &str =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn keys() -> KeySet {
    let text = format!(
        r#"{{"keys":[{{"kty":"RSA","n":"{RSA_KEY}","e":"AQAB"}},
        {{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}},
        {{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}}"#
    );
    KeySet::parse(text.as_bytes()).unwrap()
}

fn verify(token: &str) -> Result<Vec<u8>, TokenError> {
    Unverified::parse(token, &Algorithm::ALL)?.verify(&keys())
}

fn head(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn the_examples_of_the_standards_hold() {
    // RFC 7515, appendices A.2 and A.3; RFC 8037, appendix A.4.
    let rsa = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{RSA_SIGNATURE}");
    let ec = format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{EC_SIGNATURE}");
    let ed = format!("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.{ED_SIGNATURE}");
    assert!(verify(&rsa).unwrap().starts_with(b"{\"iss\":\"joe\""));
    assert!(verify(&ec).unwrap().starts_with(b"{\"iss\":\"joe\""));
    assert_eq!(verify(&ed).unwrap(), b"Example of Ed25519 signing");
}

#[test]
fn a_changed_payload_or_signature_does_not_hold() {
    let other = URL_SAFE_NO_PAD.encode(r#"{"iss":"eve"}"#);
    for (algorithm, signature) in [
        ("RS256", RSA_SIGNATURE),
        ("ES256", EC_SIGNATURE),
        ("EdDSA", ED_SIGNATURE),
    ] {
        let head = head(&format!(r#"{{"alg":"{algorithm}"}}"#));
        for signature in [signature, "", "AAAA"] {
            let token = format!("{head}.{other}.{signature}");
            assert!(matches!(verify(&token), Err(TokenError::Signature)), "{token}");
        }
    }
}

#[test]
fn a_token_does_not_choose_its_algorithm() {
    for algorithm in ["none", "None", "HS256", "RS1", "PS256", "ES384", "rs256", ""] {
        let head = head(&format!(r#"{{"alg":"{algorithm}"}}"#));
        let token = format!("{head}.{PAYLOAD}.");
        assert!(
            matches!(verify(&token), Err(TokenError::Algorithm { .. })),
            "{algorithm}"
        );
    }
    let rsa = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{RSA_SIGNATURE}");
    assert!(matches!(
        Unverified::parse(&rsa, &[Algorithm::Es256]),
        Err(TokenError::Algorithm { .. })
    ));
}

#[test]
fn the_public_key_as_a_secret_signs_nothing() {
    // CVE-2015-9235: HMAC under the text of the public key.
    let public = keys().candidates(Algorithm::Rs256, None)[0]
        .key
        .public_key_to_pem()
        .unwrap();
    let secret = openssl::pkey::PKey::hmac(&public).unwrap();
    let signed = format!("{}.{PAYLOAD}", head(r#"{"alg":"HS256"}"#));
    let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &secret).unwrap();
    let signature = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
    for algorithm in ["HS256", "RS256"] {
        let head = head(&format!(r#"{{"alg":"{algorithm}"}}"#));
        let token = format!("{head}.{PAYLOAD}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert!(verify(&token).is_err(), "{algorithm}");
    }
}

#[test]
fn keys_in_the_token_and_unknown_extensions_count_for_nothing() {
    let crit = format!(
        "{}.{PAYLOAD}.{EC_SIGNATURE}",
        head(r#"{"alg":"ES256","crit":["exp"]}"#)
    );
    assert!(matches!(verify(&crit), Err(TokenError::Extension)));
    let own = r#"{"alg":"EdDSA","kid":"mine","jku":"https://evil.example/keys","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#;
    let token = format!("{}.{PAYLOAD}.{ED_SIGNATURE}", head(own));
    assert!(matches!(verify(&token), Err(TokenError::UnknownKey { .. })));
}

#[test]
fn whatever_is_no_token_is_malformed() {
    for text in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "eyJhbGciOiJFUzI1NiJ9.e30=.AA",
        "\u{0}.\u{0}.\u{0}",
    ] {
        assert!(verify(text).is_err(), "{text:?}");
    }
    let long = format!("eyJhbGciOiJFUzI1NiJ9.{}.AA", "A".repeat(TOKEN_BYTES_MAX));
    assert!(matches!(verify(&long), Err(TokenError::Malformed)));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}(\\.\\PC{0,80}){0,3}") {
        let _refused = verify(&text);
    }
}
