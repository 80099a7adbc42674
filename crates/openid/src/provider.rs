//! What an operator sets about one provider. It exists only valid.

use std::{fmt, str::FromStr};
use url::Url;
use vault::SecretText;

/// Most characters of an issuer, a client id or a scope.
const TEXT_LENGTH_MAX: usize = 500;
/// Most scopes, and most values that count as a second factor.
const LIST_LENGTH_MAX: usize = 20;
/// Where Microsoft's tenants are issuers.
const ENTRA_HOST: &str = "login.microsoftonline.com";
/// Tenants of Entra that are none: anybody's account would come in, and the issuer of the tokens is another one.
const ENTRA_SHARED: [&str; 3] = ["common", "organizations", "consumers"];
/// Google's one issuer.
const GOOGLE: &str = "https://accounts.google.com";

/// Why settings of a provider are not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No address, or one with parts that an issuer has not.
    #[error(
        "the issuer must be an https address without user, query and fragment, such as https://login.example.com"
    )]
    Issuer,
    /// Microsoft's addresses for everybody.
    #[error(
        "{ENTRA_HOST}/{tenant} is for everybody's accounts; use the address of your own tenant, {ENTRA_HOST}/TENANT-ID/v2.0"
    )]
    SharedTenant {
        /// Which of them.
        tenant: String,
    },
    /// Google without the domain.
    #[error(
        "Google needs the hosted domain, such as example.com; without it every Google account could sign in"
    )]
    HostedDomain,
    /// Another issuer than the preset's.
    #[error("the preset {preset} needs another issuer: {wanted}")]
    Preset {
        /// The preset.
        preset: Preset,
        /// What its issuer looks like.
        wanted: &'static str,
    },
    /// Empty, too long, or with characters that do not belong there.
    #[error("{what} must have 1 to {TEXT_LENGTH_MAX} visible ASCII characters")]
    Text {
        /// Which of the settings.
        what: &'static str,
    },
    /// Too many, or none.
    #[error("{what}: 1 to {LIST_LENGTH_MAX} are possible")]
    List {
        /// Which of the settings.
        what: &'static str,
    },
    /// A name that is none of the known.
    #[error("{found:?} is not known; known are {known}")]
    Unknown {
        /// What was said.
        found: String,
        /// What could have been.
        known: &'static str,
    },
    /// Without it there is no ID token.
    #[error("the scope openid must be among the scopes")]
    NoOpenId,
}

/// An issuer's identifier (OpenID Connect Core 1.0, section 1.2), compared as the text that it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Issuer(String);

impl Issuer {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its document lies (OpenID Connect Discovery 1.0, section 4).
    #[must_use]
    pub fn document(&self) -> String {
        format!(
            "{}/.well-known/openid-configuration",
            self.0.trim_end_matches('/')
        )
    }

    /// The host and port to connect to.
    #[must_use]
    pub fn host(&self) -> String {
        let url = Url::parse(&self.0).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or(443);
        format!("{host}:{port}")
    }

    /// The tenant of an issuer of Entra.
    pub(crate) fn entra_tenant(&self) -> Option<&str> {
        let rest = self.0.strip_prefix("https://")?.strip_prefix(ENTRA_HOST)?;
        rest.strip_prefix('/')?.split('/').next()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Issuer {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, ProviderError> {
        let url = Url::parse(text).map_err(|_| ProviderError::Issuer)?;
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let visible = text.len() <= TEXT_LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        // The text itself is compared, so it must be what an address parser makes of it.
        let canonical = url.as_str().trim_end_matches('/') == text.trim_end_matches('/');
        if url.scheme() != "https" || url.password().is_some() || !bare || !visible || !canonical {
            return Err(ProviderError::Issuer);
        }
        let issuer = Self(text.to_owned());
        match issuer.entra_tenant() {
            Some(tenant) if ENTRA_SHARED.contains(&tenant) => Err(ProviderError::SharedTenant {
                tenant: tenant.to_owned(),
            }),
            _ => Ok(issuer),
        }
    }
}

/// Providers whose ways are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Any certified provider.
    Standard,
    /// Google: the hosted domain must be named and stand in the token.
    Google,
    /// Microsoft Entra: the issuer is one tenant's, and the token names that tenant.
    Entra,
}

impl Preset {
    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Google => "google",
            Self::Entra => "entra",
        }
    }

    fn check(self, issuer: &Issuer, hosted_domain: Option<&str>) -> Result<(), ProviderError> {
        let wanted = |wanted| ProviderError::Preset { preset: self, wanted };
        match self {
            Self::Standard if issuer.as_str() == GOOGLE => Self::Google.check(issuer, hosted_domain),
            Self::Standard => Ok(()),
            Self::Google if issuer.as_str() != GOOGLE => Err(wanted(GOOGLE)),
            Self::Google if hosted_domain.is_none() => Err(ProviderError::HostedDomain),
            Self::Google => Ok(()),
            Self::Entra if issuer.entra_tenant().is_none() => {
                Err(wanted("https://login.microsoftonline.com/TENANT-ID/v2.0"))
            }
            Self::Entra => Ok(()),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Preset {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, ProviderError> {
        let all = [Self::Standard, Self::Google, Self::Entra];
        let found = all.into_iter().find(|preset| preset.as_str() == text);
        found.ok_or_else(|| ProviderError::Unknown {
            found: text.chars().take(40).collect(),
            known: "standard, google, entra",
        })
    }
}

/// How ID tokens are signed: public keys only (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// Its name in tokens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, ProviderError> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| ProviderError::Unknown {
            found: text.chars().take(40).collect(),
            known: "RS256, ES256, EdDSA",
        })
    }
}

/// When the provider's word counts as a second factor. By default never.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondFactor {
    /// Any of these methods (`amr`, RFC 8176), such as `mfa` or `hwk`.
    pub methods: Vec<String>,
    /// Any of these classes (`acr`).
    pub classes: Vec<String>,
    /// The person must have proved it there within so many seconds (`max_age`, `auth_time`).
    pub age_seconds_max: Option<u32>,
}

/// One provider, as the operator set it.
#[derive(Debug)]
pub struct Provider {
    /// Who it is.
    pub issuer: Issuer,
    /// Its kind.
    pub preset: Preset,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; public clients have none.
    pub client_secret: Option<SecretText>,
    /// What is asked for; `openid` among it.
    pub scopes: Vec<String>,
    /// How its ID tokens may be signed.
    pub algorithms: Vec<Algorithm>,
    /// The only domain whose people come in (`hd`).
    pub hosted_domain: Option<String>,
    /// When its word counts as a second factor.
    pub second_factor: SecondFactor,
    /// Certificates of the authority that its own comes from; without, the system's.
    pub authority_pem: Option<String>,
}

impl Provider {
    /// Checks everything that can be checked without asking the provider.
    ///
    /// # Errors
    /// The first setting at fault.
    pub fn check(&self) -> Result<(), ProviderError> {
        self.preset.check(&self.issuer, self.hosted_domain.as_deref())?;
        check_text("the client id", &self.client_id)?;
        check_list("scopes", &self.scopes)?;
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return Err(ProviderError::NoOpenId);
        }
        if self.algorithms.is_empty() || self.algorithms.len() > Algorithm::ALL.len() {
            return Err(ProviderError::List { what: "algorithms" });
        }
        if let Some(domain) = &self.hosted_domain {
            check_text("the hosted domain", domain)?;
        }
        for (what, list) in [
            (
                "methods that count as a second factor",
                &self.second_factor.methods,
            ),
            (
                "classes that count as a second factor",
                &self.second_factor.classes,
            ),
        ] {
            if !list.is_empty() {
                check_list(what, list)?;
            }
        }
        Ok(())
    }
}

fn check_list(what: &'static str, list: &[String]) -> Result<(), ProviderError> {
    if list.is_empty() || list.len() > LIST_LENGTH_MAX {
        return Err(ProviderError::List { what });
    }
    list.iter().try_for_each(|text| check_text(what, text))
}

fn check_text(what: &'static str, text: &str) -> Result<(), ProviderError> {
    let good =
        (1..=TEXT_LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good {
        Ok(())
    } else {
        Err(ProviderError::Text { what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_are_issuers() {
        for good in [
            "https://login.example.com",
            "https://login.example.com/realms/a",
            "https://127.0.0.1:8443",
            "https://login.example.com/",
        ] {
            assert_eq!(good.parse::<Issuer>().unwrap().as_str(), good);
        }
        for bad in [
            "http://login.example.com",
            "login.example.com",
            "https://a@login.example.com",
            "https://login.example.com?a=b",
            "https://login.example.com#a",
            "https://LOGIN.example.com",
            "https://login.example.com/a/../b",
            "https://login.example.com/ä",
            "file:///etc/passwd",
        ] {
            assert_eq!(bad.parse::<Issuer>(), Err(ProviderError::Issuer), "{bad}");
        }
    }

    #[test]
    fn everybodys_tenants_are_refused() {
        for tenant in ENTRA_SHARED {
            let text = format!("https://login.microsoftonline.com/{tenant}/v2.0");
            assert!(matches!(
                text.parse::<Issuer>(),
                Err(ProviderError::SharedTenant { .. })
            ));
        }
        let own = "https://login.microsoftonline.com/0d8a9c7e-0000-4000-8000-000000000000/v2.0";
        assert!(own.parse::<Issuer>().is_ok());
    }

    #[test]
    fn google_needs_its_domain_whatever_the_preset_says() {
        let issuer: Issuer = GOOGLE.parse().unwrap();
        for preset in [Preset::Google, Preset::Standard] {
            assert_eq!(preset.check(&issuer, None), Err(ProviderError::HostedDomain));
            assert_eq!(preset.check(&issuer, Some("example.com")), Ok(()));
        }
        let other: Issuer = "https://login.example.com".parse().unwrap();
        assert!(matches!(
            Preset::Google.check(&other, Some("example.com")),
            Err(ProviderError::Preset { .. })
        ));
    }
}
