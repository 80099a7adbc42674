//! A provider's document (OpenID Connect Discovery 1.0, section 3), as far as it is used.
//!
//! Invariant: a document says exactly the issuer that the operator set, and every address in it is https.

use crate::provider::{Algorithm, Issuer};
use serde::Deserialize;
use url::Url;

/// Why a provider's document is not usable.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// Not such a document.
    #[error("what lies at the issuer's well-known address is not a provider's document")]
    Malformed(#[source] serde_json::Error),
    /// Another issuer's.
    #[error("the document is of issuer {found:?}; set the issuer exactly so if that is the right one")]
    Issuer {
        /// What it says.
        found: String,
    },
    /// An address that is none, or not https.
    #[error("{name} in the document is not an https address")]
    Address {
        /// Which one.
        name: &'static str,
    },
    /// Something that we need and the provider does not do.
    #[error("the provider does not support {what}")]
    Unsupported {
        /// What.
        what: String,
    },
}

#[derive(Deserialize)]
struct Written {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    response_types_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// How our secret reaches the token endpoint (OpenID Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientProof {
    Basic,
    Form,
}

/// A provider's document, checked.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) authorization: Url,
    pub(crate) token: String,
    pub(crate) keys: String,
    pub(crate) user_information: Option<String>,
    pub(crate) proof: ClientProof,
    /// It promises to name itself in every answer (RFC 9207).
    pub(crate) names_itself: bool,
}

impl Document {
    pub(crate) fn parse(
        bytes: &[u8],
        issuer: &Issuer,
        algorithms: &[Algorithm],
    ) -> Result<Self, DiscoveryError> {
        let written: Written = serde_json::from_slice(bytes).map_err(DiscoveryError::Malformed)?;
        if written.issuer != issuer.as_str() {
            return Err(DiscoveryError::Issuer {
                found: written.issuer.chars().take(200).collect(),
            });
        }
        written.check_support(algorithms)?;
        Ok(Self {
            authorization: https("authorization_endpoint", &written.authorization_endpoint)?,
            token: https("token_endpoint", &written.token_endpoint)?.into(),
            keys: https("jwks_uri", &written.jwks_uri)?.into(),
            user_information: match &written.userinfo_endpoint {
                Some(text) => Some(https("userinfo_endpoint", text)?.into()),
                None => None,
            },
            proof: written.proof()?,
            names_itself: written.authorization_response_iss_parameter_supported,
        })
    }
}

impl Written {
    fn check_support(&self, algorithms: &[Algorithm]) -> Result<(), DiscoveryError> {
        let lacks = |what: &str| DiscoveryError::Unsupported {
            what: what.to_owned(),
        };
        let has = |list: &Option<Vec<String>>, name: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|one| one == name))
        };
        if !has(&self.response_types_supported, "code") {
            return Err(lacks("the authorization code flow"));
        }
        if !has(&self.code_challenge_methods_supported, "S256") {
            return Err(lacks("PKCE with S256"));
        }
        let names = algorithms.iter().map(|one| one.as_str());
        let signs = |name: &str| has(&self.id_token_signing_alg_values_supported, name);
        if !names.clone().any(signs) {
            let names: Vec<&str> = names.collect();
            return Err(lacks(&format!("ID tokens signed with {}", names.join(" or "))));
        }
        Ok(())
    }

    /// Basic is what a document means that says nothing.
    fn proof(&self) -> Result<ClientProof, DiscoveryError> {
        let Some(methods) = &self.token_endpoint_auth_methods_supported else {
            return Ok(ClientProof::Basic);
        };
        let has = |name: &str| methods.iter().any(|one| one == name);
        if has("client_secret_basic") {
            Ok(ClientProof::Basic)
        } else if has("client_secret_post") || has("none") {
            Ok(ClientProof::Form)
        } else {
            Err(DiscoveryError::Unsupported {
                what: "a client secret (client_secret_basic or client_secret_post)".to_owned(),
            })
        }
    }
}

fn https(name: &'static str, text: &str) -> Result<Url, DiscoveryError> {
    let refused = DiscoveryError::Address { name };
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.host().is_some() && url.username().is_empty() => Ok(url),
        Ok(_) | Err(_) => Err(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({"issuer": "https://a.example", "authorization_endpoint": "https://a.example/auth",
            "token_endpoint": "https://a.example/token", "jwks_uri": "https://a.example/keys"})
    }

    fn parse(document: &Value) -> Result<Document, DiscoveryError> {
        let issuer = "https://a.example".parse().unwrap();
        Document::parse(document.to_string().as_bytes(), &issuer, &[Algorithm::Rs256])
    }

    fn changed(name: &str, value: Value) -> Result<Document, DiscoveryError> {
        let mut document = good();
        document[name] = value;
        parse(&document)
    }

    #[test]
    fn the_issuer_is_exact() {
        assert!(parse(&good()).is_ok());
        for issuer in ["https://a.example/", "https://b.example", "https://A.example"] {
            assert!(matches!(
                changed("issuer", json!(issuer)),
                Err(DiscoveryError::Issuer { .. })
            ));
        }
    }

    #[test]
    fn plain_addresses_are_refused() {
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
        ] {
            for text in [
                "http://a.example/x",
                "javascript:alert(1)",
                "/x",
                "https://u@a.example/",
            ] {
                let refused = changed(name, json!(text));
                assert!(
                    matches!(refused, Err(DiscoveryError::Address { .. })),
                    "{name} {text}"
                );
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, value) in [
            ("code_challenge_methods_supported", json!(["plain"])),
            ("response_types_supported", json!(["id_token"])),
            ("id_token_signing_alg_values_supported", json!(["HS256"])),
            (
                "token_endpoint_auth_methods_supported",
                json!(["private_key_jwt"]),
            ),
        ] {
            assert!(
                matches!(changed(name, value), Err(DiscoveryError::Unsupported { .. })),
                "{name}"
            );
        }
    }
}
