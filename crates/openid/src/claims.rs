//! What an ID token says, and the rules of OpenID Connect Core 1.0, section 3.1.3.7, about it. Pure: the time is a
//! parameter.

use crate::{
    flow::Flow,
    provider::{Algorithm, Preset, Provider},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use openssl::sha::{sha256, sha512};
use serde::{Deserialize, Deserializer};

/// How far our clock and the provider's may lie apart, in seconds.
pub(crate) const SKEW_SECONDS: i64 = 60;
/// Longest subject (OpenID Connect Core 1.0, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Longest name or address that is taken over.
const TEXT_LENGTH_MAX: usize = 254;

/// Why the claims of a token that was rightly signed are not taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimFault {
    /// No claims, or one of another kind than it has to be.
    #[error("the token's claims are not readable")]
    Malformed(#[source] serde_json::Error),
    /// Another provider's token.
    #[error("the token is of issuer {found:?}, not of this provider")]
    Issuer {
        /// What it says.
        found: String,
    },
    /// A token for somebody else.
    #[error("the token is for {found:?}, not for our client id")]
    Audience {
        /// What it says.
        found: String,
    },
    /// Too old.
    #[error("the token ended {seconds} s ago; look whether this appliance's clock and the provider's agree")]
    Expired {
        /// How long ago.
        seconds: i64,
    },
    /// From the future.
    #[error("the token begins in {seconds} s; look whether this appliance's clock and the provider's agree")]
    Future {
        /// How far ahead.
        seconds: i64,
    },
    /// A token of another sign-in.
    #[error("the token belongs to another sign-in")]
    Nonce,
    /// The access token beside it is not the one it was made with.
    #[error("the token was made with another access token")]
    AccessToken,
    /// No subject, or one that cannot be.
    #[error("the token's subject must have 1 to {SUBJECT_BYTES_MAX} ASCII characters")]
    Subject,
    /// User information about somebody else.
    #[error("the user information is about another subject than the token")]
    OtherSubject,
    /// A person of another domain.
    #[error("the person is of domain {found:?}, which does not come in by this provider")]
    HostedDomain {
        /// What the token says.
        found: String,
    },
    /// A person of another tenant.
    #[error("the person is of tenant {found:?}, not of this provider's")]
    Tenant {
        /// What the token says.
        found: String,
    },
    /// Another token than one of a logout.
    #[error("the token is no logout token: {0}")]
    NoLogout(&'static str),
    /// They proved who they are too long ago.
    #[error("the person signed in at the provider too long ago, or it does not say when")]
    Stale,
}

/// Who a provider says that somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Never given to anybody else by this issuer: with the issuer the key of the identity.
    pub subject: String,
    /// Their name.
    pub name: Option<String>,
    /// Their address, whether or not anybody verified it; for showing, never for finding an account.
    pub email: Option<String>,
    /// The provider says that the address is theirs.
    pub email_verified: bool,
    /// The provider's word counts as a second factor, by the operator's rule.
    pub second_factor: bool,
}

#[derive(Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    #[serde(deserialize_with = "seconds")]
    exp: i64,
    #[serde(deserialize_with = "seconds")]
    iat: i64,
    #[serde(default, deserialize_with = "seconds_if_any")]
    nbf: Option<i64>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    at_hash: Option<String>,
    #[serde(default, deserialize_with = "seconds_if_any")]
    auth_time: Option<i64>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default)]
    acr: Option<String>,
    #[serde(default)]
    hd: Option<String>,
    #[serde(default)]
    tid: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Truth>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Is a client among them?
    pub(crate) fn names(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Many(many) => many.iter().any(|one| one == client_id),
        }
    }

    fn is_alone(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Many(many) => many.len() == 1,
        }
    }

    /// For a message.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::One(one) => short(one),
            Self::Many(many) => short(&many.join(", ")),
        }
    }
}

/// Some providers write truth as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Plain(bool),
    Text(String),
}

impl Truth {
    fn holds(&self) -> bool {
        match self {
            Self::Plain(value) => *value,
            Self::Text(text) => text == "true",
        }
    }
}

/// A NumericDate (RFC 7519, section 2): whole seconds, whatever fraction stands behind.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_i64();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "out of range saturates, and no rule lets the ends pass"
    )]
    let floored = || number.as_f64().map(|value| value.floor() as i64);
    whole
        .or_else(floored)
        .ok_or_else(|| serde::de::Error::custom("not a number of seconds"))
}

fn seconds_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    seconds(deserializer).map(Some)
}

/// What beside the claims themselves a check needs.
pub(crate) struct Terms<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) flow: &'a Flow,
    pub(crate) access_token: Option<&'a str>,
    pub(crate) algorithm: Algorithm,
    pub(crate) now: Timestamp,
}

impl Claims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, ClaimFault> {
        serde_json::from_slice(payload).map_err(ClaimFault::Malformed)
    }

    /// Every rule; the first that is broken.
    pub(crate) fn check(&self, terms: &Terms<'_>) -> Result<(), ClaimFault> {
        if self.iss != terms.provider.issuer.as_str() {
            return Err(ClaimFault::Issuer {
                found: short(&self.iss),
            });
        }
        self.check_audience(&terms.provider.client_id)?;
        check_times(self.iat.max(self.nbf.unwrap_or(i64::MIN)), self.exp, terms.now)?;
        if self.nonce.as_deref() != Some(terms.flow.nonce.as_str()) {
            return Err(ClaimFault::Nonce);
        }
        self.check_access_token(terms)?;
        check_subject(&self.sub)?;
        self.check_home(terms.provider)?;
        self.check_age(terms)
    }

    /// Another audience beside us must be vouched for by `azp`, and that must be us.
    fn check_audience(&self, client_id: &str) -> Result<(), ClaimFault> {
        let is_authorized = match self.azp.as_deref() {
            Some(azp) => azp == client_id,
            None => self.aud.is_alone(),
        };
        if self.aud.names(client_id) && is_authorized {
            return Ok(());
        }
        Err(ClaimFault::Audience {
            found: self.aud.shown(),
        })
    }

    /// Section 3.1.3.6: the left half of the hash that goes with the signature's algorithm.
    fn check_access_token(&self, terms: &Terms<'_>) -> Result<(), ClaimFault> {
        let (Some(claimed), Some(token)) = (&self.at_hash, terms.access_token) else {
            return Ok(());
        };
        let half = match terms.algorithm {
            Algorithm::Rs256 | Algorithm::Es256 => URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..16]),
            Algorithm::EdDsa => URL_SAFE_NO_PAD.encode(&sha512(token.as_bytes())[..32]),
        };
        if *claimed == half {
            Ok(())
        } else {
            Err(ClaimFault::AccessToken)
        }
    }

    fn check_home(&self, provider: &Provider) -> Result<(), ClaimFault> {
        if let Some(wanted) = &provider.hosted_domain
            && self.hd.as_deref() != Some(wanted.as_str())
        {
            return Err(ClaimFault::HostedDomain {
                found: short(self.hd.as_deref().unwrap_or_default()),
            });
        }
        if provider.preset == Preset::Entra && self.tid.as_deref() != provider.issuer.entra_tenant() {
            return Err(ClaimFault::Tenant {
                found: short(self.tid.as_deref().unwrap_or_default()),
            });
        }
        Ok(())
    }

    fn check_age(&self, terms: &Terms<'_>) -> Result<(), ClaimFault> {
        let Some(age_max) = terms.provider.second_factor.age_seconds_max else {
            return Ok(());
        };
        let since = self.auth_time.map(|at| terms.now.as_second().saturating_sub(at));
        match since {
            Some(since) if (-SKEW_SECONDS..=i64::from(age_max) + SKEW_SECONDS).contains(&since) => Ok(()),
            Some(_) | None => Err(ClaimFault::Stale),
        }
    }

    /// Does the token say nothing by which people would know the person?
    pub(crate) fn is_bare(&self) -> bool {
        self.email.is_none() && self.name.is_none()
    }

    /// Takes over what user information says about the same subject.
    pub(crate) fn complete(&mut self, information: UserInformation) -> Result<(), ClaimFault> {
        if information.sub != self.sub {
            return Err(ClaimFault::OtherSubject);
        }
        self.name = information.name;
        self.email = information.email;
        self.email_verified = information.email_verified;
        Ok(())
    }

    pub(crate) fn into_person(self, provider: &Provider) -> Person {
        let rule = &provider.second_factor;
        let by_method = self.amr.iter().any(|method| rule.methods.contains(method));
        let by_class = self
            .acr
            .as_ref()
            .is_some_and(|class| rule.classes.contains(class));
        Person {
            subject: self.sub,
            name: self.name.as_deref().and_then(shown),
            email_verified: self.email_verified.is_some_and(|truth| truth.holds()),
            email: self.email.as_deref().and_then(shown),
            second_factor: by_method || by_class,
        }
    }
}

/// What the user information endpoint answers (section 5.3.2).
#[derive(Deserialize)]
pub(crate) struct UserInformation {
    sub: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Truth>,
}

/// Whether a token counts at this moment, both ends in seconds since 1970.
pub(crate) fn check_times(begins: i64, ends: i64, now: Timestamp) -> Result<(), ClaimFault> {
    let now = now.as_second();
    let ended = now.saturating_sub(ends);
    if ended >= SKEW_SECONDS {
        return Err(ClaimFault::Expired { seconds: ended });
    }
    let ahead = begins.saturating_sub(now);
    if ahead > SKEW_SECONDS {
        return Err(ClaimFault::Future { seconds: ahead });
    }
    Ok(())
}

pub(crate) fn check_subject(subject: &str) -> Result<(), ClaimFault> {
    let is_good = (1..=SUBJECT_BYTES_MAX).contains(&subject.len()) && subject.bytes().all(is_visible);
    is_good.then_some(()).ok_or(ClaimFault::Subject)
}

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' '
}

/// Text of a stranger for a message.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Text to show people: one line, not too long, not empty.
fn shown(text: &str) -> Option<String> {
    let text = text.trim();
    let good =
        !text.is_empty() && text.chars().count() <= TEXT_LENGTH_MAX && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
