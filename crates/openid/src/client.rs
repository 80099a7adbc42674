//! The two steps of a sign-in with one provider: [`Client::begin`] gives the address to send a browser to,
//! [`Client::finish`] makes a person out of what it brings back.
//!
//! Invariants: an answer is for the flow that the caller kept, or nothing is asked at all; a key set is asked for again at
//! most once a minute, however many unknown keys tokens name. Both steps block, for [`EXCHANGE_SECONDS`] at most.

use crate::{
    claims::{ClaimFault, Claims, Person, Terms, UserInformation},
    discovery::{ClientProof, DiscoveryError, Document},
    flow::{Answer, Flow, Outcome},
    keys::{KeyError, KeySet},
    logout::{Leave, LogoutClaims},
    provider::{Provider, ProviderError},
    reach::Reach,
    token::{TokenError, Unverified},
    wire::{CertificateError, Deadline, Received, Wire, WireError},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use url::{Url, form_urlencoded::byte_serialize};
use vault::crypto::CryptoError;

/// Longest time that one step asks the provider, all its questions together.
pub(crate) const EXCHANGE_SECONDS: u64 = 10;
/// A document is read again after so many seconds.
const DOCUMENT_AGE_SECONDS_MAX: i64 = 600;
/// A key set is read again after so many seconds, so that a key that was withdrawn is not believed for long.
const KEYS_AGE_SECONDS_MAX: i64 = 600;
/// Between two readings for the sake of an unknown key.
const KEYS_PAUSE_SECONDS: i64 = 60;

/// Why somebody does not come in by a provider.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// The settings.
    #[error("the provider's settings are not valid")]
    Provider(#[from] ProviderError),
    /// The authority in the settings.
    #[error("the provider's certificate authority cannot be used")]
    Certificate(#[from] CertificateError),
    /// The way there.
    #[error("the provider cannot be asked")]
    Wire(#[from] WireError),
    /// Its document.
    #[error("the provider's document cannot be used")]
    Discovery(#[from] DiscoveryError),
    /// Its keys.
    #[error("the provider's keys cannot be used")]
    Keys(#[from] KeyError),
    /// Its token.
    #[error("the provider's ID token is not to be trusted")]
    Token(#[from] TokenError),
    /// What the token says.
    #[error("the provider's ID token is not for this sign-in")]
    Claim(#[from] ClaimFault),
    /// An answer for another browser or another sign-in.
    #[error("the answer belongs to another sign-in")]
    State,
    /// An answer of another provider (RFC 9207).
    #[error("the answer names issuer {found:?} and not this provider's")]
    Issuer {
        /// What it names; empty where it names none and should.
        found: String,
    },
    /// The provider said no.
    #[error("the provider refuses: {code}")]
    Refused {
        /// Its error code (RFC 6749, section 4.1.2.1).
        code: String,
    },
    /// An answer without an ID token.
    #[error("the token endpoint's answer is not readable, or has no ID token")]
    NoToken(#[source] serde_json::Error),
    /// The system.
    #[error("there are no random numbers")]
    Random(#[from] CryptoError),
}

/// A sign-in that began.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub url: String,
    /// What it must bring back; to be kept sealed.
    pub flow: Flow,
}

/// What is remembered of a provider.
#[derive(Default)]
struct Known {
    document: Option<(Document, Timestamp)>,
    keys: Option<(Arc<KeySet>, Timestamp)>,
}

/// One provider, and what is known of it.
pub struct Client {
    pub(crate) provider: Provider,
    pub(crate) wire: Wire,
    pub(crate) reach: Reach,
    known: Mutex<Known>,
}

/// What the token endpoint answers (OpenID Connect Core 1.0, section 3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

impl Client {
    /// A client of this provider, which finds its hosts by the system's resolver. Nothing is asked yet.
    ///
    /// # Errors
    /// Settings that are not valid.
    pub fn new(provider: Provider) -> Result<Self, OpenIdError> {
        Self::reaching(provider, Reach::by_resolver())
    }

    /// The same with another way to find hosts.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn reaching(provider: Provider, reach: Reach) -> Result<Self, OpenIdError> {
        provider.check()?;
        Ok(Self {
            wire: Wire::new(provider.authority_pem.as_deref(), reach.clone())?,
            provider,
            reach,
            known: Mutex::default(),
        })
    }

    /// The settings that it was made with.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Draws state, nonce and verifier and gives the address of the authorization request. Blocks.
    ///
    /// # Errors
    /// The provider cannot be asked for its document.
    pub fn begin(&self, redirect_uri: &str, now: Timestamp) -> Result<Begun, OpenIdError> {
        let document = self.document(now, Deadline::after(Duration::from_secs(EXCHANGE_SECONDS)))?;
        let flow = Flow::draw()?;
        Ok(Begun {
            url: self.request(&document, redirect_uri, &flow).into(),
            flow,
        })
    }

    fn request(&self, document: &Document, redirect_uri: &str, flow: &Flow) -> Url {
        let mut url = document.authorization.clone();
        let scope = self.provider.scopes.join(" ");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scope)
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        if let Some(domain) = &self.provider.hosted_domain {
            url.query_pairs_mut().append_pair("hd", domain);
        }
        let rule = &self.provider.second_factor;
        if !rule.classes.is_empty() {
            url.query_pairs_mut()
                .append_pair("acr_values", &rule.classes.join(" "));
        }
        if let Some(seconds) = rule.age_seconds_max {
            url.query_pairs_mut().append_pair("max_age", &seconds.to_string());
        }
        url
    }

    /// Who came back. `redirect_uri` is the one of [`Client::begin`]. Blocks.
    ///
    /// # Errors
    /// Everything that is not as it should be; nobody comes in then.
    pub fn finish(
        &self,
        flow: &Flow,
        answer: &Answer,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<Person, OpenIdError> {
        if !flow.holds(&answer.state) {
            return Err(OpenIdError::State);
        }
        let deadline = Deadline::after(Duration::from_secs(EXCHANGE_SECONDS));
        let document = self.document(now, deadline)?;
        self.check_issuer(answer, &document)?;
        let code = match &answer.outcome {
            Outcome::Code(code) => code,
            Outcome::Refused(code) => return Err(OpenIdError::Refused { code: code.clone() }),
        };
        let received = self.exchange(&document, code, flow, redirect_uri, deadline)?;
        let tokens: Tokens = serde_json::from_slice(&received.bytes).map_err(OpenIdError::NoToken)?;
        let token = Unverified::parse(&tokens.id_token, &self.provider.algorithms)?;
        let payload = self.verify(&token, &document, now, deadline)?;
        let mut claims = Claims::parse(&payload)?;
        claims.check(&Terms {
            provider: &self.provider,
            flow,
            access_token: tokens.access_token.as_deref(),
            algorithm: token.algorithm,
            now,
        })?;
        if let (true, Some(url), Some(token)) =
            (claims.is_bare(), &document.user_information, &tokens.access_token)
        {
            claims.complete(self.information(url, token, deadline)?)?;
        }
        Ok(claims.into_person(&self.provider))
    }

    /// Who has left at the provider, by a logout token that it sent (OpenID Connect Back-Channel Logout 1.0). Whether the token came before
    /// is the caller's to know. Blocks.
    ///
    /// # Errors
    /// Everything that is not as it should be; nobody's session ends then.
    pub fn leave(&self, logout_token: &str, now: Timestamp) -> Result<Leave, OpenIdError> {
        let token = Unverified::parse(logout_token, &self.provider.algorithms)?;
        let deadline = Deadline::after(Duration::from_secs(EXCHANGE_SECONDS));
        let document = self.document(now, deadline)?;
        let payload = self.verify(&token, &document, now, deadline)?;
        let claims = LogoutClaims::parse(&payload)?;
        Ok(claims.check(&self.provider, token.kind.as_deref(), now)?)
    }

    /// RFC 9207, section 2.4.
    fn check_issuer(&self, answer: &Answer, document: &Document) -> Result<(), OpenIdError> {
        match &answer.issuer {
            Some(issuer) if issuer == self.provider.issuer.as_str() => Ok(()),
            None if !document.names_itself => Ok(()),
            found => Err(OpenIdError::Issuer {
                found: found.iter().flat_map(|found| found.chars().take(200)).collect(),
            }),
        }
    }

    fn exchange(
        &self,
        document: &Document,
        code: &str,
        flow: &Flow,
        redirect_uri: &str,
        deadline: Deadline,
    ) -> Result<Received, WireError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", flow.verifier.as_str()),
        ];
        let client_id = self.provider.client_id.as_str();
        let secret = self
            .provider
            .client_secret
            .as_ref()
            .map(vault::SecretText::expose);
        let mut authorization = None;
        match (document.proof, secret) {
            (ClientProof::Basic, Some(secret)) => authorization = Some(basic(client_id, secret)),
            (ClientProof::Form, Some(secret)) => {
                form.extend([("client_id", client_id), ("client_secret", secret)])
            }
            (ClientProof::Basic | ClientProof::Form, None) => form.push(("client_id", client_id)),
        }
        self.wire
            .post_form(&document.token, authorization.as_deref(), &form, deadline)
    }

    /// Verifies with the keys at hand; a key that they do not have is asked for, but not more often than is decent.
    fn verify(
        &self,
        token: &Unverified<'_>,
        document: &Document,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Vec<u8>, OpenIdError> {
        let known = self.lock().keys.clone();
        let age = |at: Timestamp| (now.as_second() - at.as_second()).abs();
        let fresh = known.filter(|(_, at)| age(*at) <= KEYS_AGE_SECONDS_MAX);
        if let Some((keys, at)) = fresh {
            match token.verify(&keys) {
                Err(TokenError::UnknownKey { .. }) if age(at) >= KEYS_PAUSE_SECONDS => {}
                verified => return Ok(verified?),
            }
        }
        let keys = Arc::new(self.fetch_keys(document, deadline)?);
        self.lock().keys = Some((Arc::clone(&keys), now));
        Ok(token.verify(&keys)?)
    }

    pub(crate) fn fetch_keys(&self, document: &Document, deadline: Deadline) -> Result<KeySet, OpenIdError> {
        let received = self.wire.get(&document.keys, None, deadline)?;
        Ok(KeySet::parse(&received.bytes)?)
    }

    fn information(
        &self,
        url: &str,
        token: &str,
        deadline: Deadline,
    ) -> Result<UserInformation, OpenIdError> {
        let received = self.wire.get(url, Some(token), deadline)?;
        serde_json::from_slice(&received.bytes)
            .map_err(ClaimFault::Malformed)
            .map_err(OpenIdError::Claim)
    }

    fn document(&self, now: Timestamp, deadline: Deadline) -> Result<Document, OpenIdError> {
        if let Some((document, at)) = &self.lock().document
            && (now.as_second() - at.as_second()).abs() <= DOCUMENT_AGE_SECONDS_MAX
        {
            return Ok(document.clone());
        }
        let document = self.fetch_document(deadline)?.0;
        self.lock().document = Some((document.clone(), now));
        Ok(document)
    }

    pub(crate) fn fetch_document(
        &self,
        deadline: Deadline,
    ) -> Result<(Document, Option<String>), OpenIdError> {
        let issuer = &self.provider.issuer;
        let received = self.wire.get(&issuer.document(), None, deadline)?;
        let document = Document::parse(&received.bytes, issuer, &self.provider.algorithms)?;
        Ok((document, received.date))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 6749, section 2.3.1: both parts are encoded as in forms first.
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", STANDARD.encode(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_encoded_twice_as_the_standard_wants() {
        let header = basic("a b", "c:d+é");
        let pair = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(String::from_utf8(pair).unwrap(), "a+b:c%3Ad%2B%C3%A9");
    }
}
