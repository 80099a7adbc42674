//! What a logout token says, and the rules of OpenID Connect Back-Channel Logout 1.0, section 2.6, about it. Pure: the time is a
//! parameter.
//!
//! Invariant: an ID token is no logout token, nor the other way round: of the two only this one has an event, and only that one a nonce.

use crate::{
    claims::{Audience, ClaimFault, SKEW_SECONDS, check_subject, check_times, seconds, short},
    provider::Provider,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The only event that ends sessions.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Its type (section 2.4), also with the prefix that RFC 7515, section 4.1.9, allows to leave out.
const TYPES: [&str; 2] = ["logout+jwt", "application/logout+jwt"];
/// A token is sent when somebody leaves, and not later.
pub(crate) const AGE_SECONDS_MAX: i64 = 120;
/// Longest id of a token.
const ID_BYTES_MAX: usize = 255;

/// Somebody has left at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Who.
    pub subject: String,
    /// The token's own id: it counts once.
    pub token_id: String,
}

#[derive(Deserialize)]
pub(crate) struct LogoutClaims {
    iss: String,
    aud: Audience,
    #[serde(deserialize_with = "seconds")]
    exp: i64,
    #[serde(deserialize_with = "seconds")]
    iat: i64,
    jti: String,
    events: Map<String, Value>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    nonce: Option<Value>,
}

impl LogoutClaims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, ClaimFault> {
        serde_json::from_slice(payload).map_err(ClaimFault::Malformed)
    }

    /// Every rule; the first that is broken. `kind` is the type in the token's header.
    pub(crate) fn check(
        self,
        provider: &Provider,
        kind: Option<&str>,
        now: Timestamp,
    ) -> Result<Leave, ClaimFault> {
        let is_typed = |kind: &str| TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind));
        if !kind.is_some_and(is_typed) {
            return Err(ClaimFault::NoLogout("its type is not logout+jwt"));
        }
        if self.iss != provider.issuer.as_str() {
            return Err(ClaimFault::Issuer {
                found: short(&self.iss),
            });
        }
        if !self.aud.names(&provider.client_id) {
            return Err(ClaimFault::Audience {
                found: self.aud.shown(),
            });
        }
        check_times(self.iat, self.exp, now)?;
        let age = now.as_second().saturating_sub(self.iat);
        if age > AGE_SECONDS_MAX + SKEW_SECONDS {
            return Err(ClaimFault::Expired {
                seconds: age - AGE_SECONDS_MAX,
            });
        }
        if !self.events.get(EVENT).is_some_and(Value::is_object) {
            return Err(ClaimFault::NoLogout("it tells of no logout"));
        }
        if self.nonce.is_some() {
            return Err(ClaimFault::NoLogout("it has a nonce, as ID tokens have"));
        }
        if self.jti.is_empty() || self.jti.len() > ID_BYTES_MAX {
            return Err(ClaimFault::NoLogout("it has no id, or one that is too long"));
        }
        let none = ClaimFault::NoLogout("it names no subject; have the provider send it");
        let subject = self.sub.ok_or(none)?;
        check_subject(&subject)?;
        Ok(Leave {
            subject,
            token_id: self.jti,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Algorithm, Preset, SecondFactor};
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn provider() -> Provider {
        Provider {
            issuer: "https://login.example.com".parse().unwrap(),
            preset: Preset::Standard,
            client_id: "strongroom".into(),
            client_secret: None,
            scopes: vec!["openid".into()],
            algorithms: vec![Algorithm::Rs256],
            hosted_domain: None,
            second_factor: SecondFactor::default(),
            authority_pem: None,
        }
    }

    fn good() -> Value {
        json!({
            "iss": "https://login.example.com", "aud": "strongroom", "iat": NOW - 5, "exp": NOW + 115,
            "jti": "bWJq", "sub": "u-1001", "sid": "08a5019c", "events": { EVENT: {} },
        })
    }

    fn of(claims: &Value, kind: Option<&str>) -> Result<Leave, ClaimFault> {
        let parsed = LogoutClaims::parse(claims.to_string().as_bytes())?;
        parsed.check(&provider(), kind, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn who_has_left_is_told() {
        let leave = of(&good(), Some("logout+jwt")).unwrap();
        assert_eq!(
            (leave.subject.as_str(), leave.token_id.as_str()),
            ("u-1001", "bWJq")
        );
        of(&good(), Some("application/Logout+JWT")).unwrap();
    }

    #[test]
    fn whatever_is_wrong_with_it_ends_nobodys_session() {
        for kind in [None, Some("JWT"), Some("at+jwt"), Some("")] {
            of(&good(), kind).unwrap_err();
        }
        let changes = [
            ("iss", json!("https://login.example.com/")),
            ("aud", json!("another")),
            ("aud", json!([])),
            ("exp", json!(NOW - 61)),
            ("exp", json!(null)),
            ("iat", json!(NOW + 61)),
            ("iat", json!(NOW - AGE_SECONDS_MAX - SKEW_SECONDS - 1)),
            ("jti", json!("")),
            ("jti", json!("x".repeat(256))),
            ("jti", json!(null)),
            ("sub", json!(null)),
            ("sub", json!("")),
            ("sub", json!("a\nb")),
            ("nonce", json!("n")),
            ("events", json!({})),
            ("events", json!({ EVENT: "yes" })),
            ("events", json!([EVENT])),
            ("events", json!({ "http://schemas.openid.net/event/other": {} })),
        ];
        for (name, value) in changes {
            let mut claims = good();
            claims[name] = value;
            assert!(of(&claims, Some("logout+jwt")).is_err(), "{claims}");
        }
        for name in ["iss", "aud", "exp", "iat", "jti", "sub", "events"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            assert!(of(&claims, Some("logout+jwt")).is_err(), "without {name}");
        }
    }

    #[test]
    fn a_token_for_several_ends_ours_too() {
        let mut claims = good();
        claims["aud"] = json!(["another", "strongroom"]);
        of(&claims, Some("logout+jwt")).unwrap();
    }
}
