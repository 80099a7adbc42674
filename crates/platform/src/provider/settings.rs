//! A provider's settings as they are stored and as the faces give them, and the way from there to a checked
//! [`openid::Provider`].

use crate::error::{PlatformError, Result};
use access::Role;
use openid::{Algorithm, Issuer, Preset, Provider, ProviderError, SecondFactor};
use serde::{Deserialize, Serialize};
use types::OrganizationId;
use vault::SecretText;

/// Most bytes of an authority's certificates.
const AUTHORITY_BYTES_MAX: usize = 64 * 1024;

/// What becomes of somebody whom the provider vouches for and nobody here knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstSignIn {
    /// They are turned away.
    #[default]
    Refuse,
    /// They wait until an operator lets them in.
    Wait,
    /// They get an account, if the provider vouches for an address that nobody has here; else they wait.
    Create,
}

impl FirstSignIn {
    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Wait => "wait",
            Self::Create => "create",
        }
    }
}

/// Where a new account becomes a member at once. Set at the host only: an operator has no say in organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultMembership {
    /// The organization.
    pub organization: OrganizationId,
    /// As what; below administrator.
    pub role: String,
}

/// Everything that is set about a provider but its names, its issuer and our secret there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSettings {
    /// `standard`, `google` or `entra`.
    pub preset: String,
    /// Our name there.
    pub client_id: String,
    /// What is asked for.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// How its ID tokens may be signed.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<String>,
    /// The only domain whose people come in.
    #[serde(default)]
    pub hosted_domain: Option<String>,
    /// Any of these values of `amr` counts as a second factor.
    #[serde(default)]
    pub factor_methods: Vec<String>,
    /// Any of these values of `acr` counts as a second factor.
    #[serde(default)]
    pub factor_classes: Vec<String>,
    /// They must have proved it there within so many seconds.
    #[serde(default)]
    pub factor_age_seconds_max: Option<u32>,
    /// Certificates of the provider's authority in PEM; without, the system's.
    #[serde(default)]
    pub authority_pem: Option<String>,
    /// What becomes of newcomers.
    #[serde(default)]
    pub first_sign_in: FirstSignIn,
    /// Where newcomers become members.
    #[serde(default)]
    pub membership: Option<DefaultMembership>,
}

fn default_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

fn default_algorithms() -> Vec<String> {
    vec![Algorithm::Rs256.as_str().to_owned()]
}

impl ProviderSettings {
    /// What most providers need, for our name there.
    #[must_use]
    pub fn new(preset: Preset, client_id: impl Into<String>) -> Self {
        Self {
            preset: preset.as_str().to_owned(),
            client_id: client_id.into(),
            scopes: default_scopes(),
            algorithms: default_algorithms(),
            hosted_domain: None,
            factor_methods: Vec::new(),
            factor_classes: Vec::new(),
            factor_age_seconds_max: None,
            authority_pem: None,
            first_sign_in: FirstSignIn::default(),
            membership: None,
        }
    }

    /// The provider that these settings describe, checked.
    ///
    /// # Errors
    /// `invalid`, at the setting at fault.
    pub(crate) fn provider(&self, issuer: &str, secret: Option<SecretText>) -> Result<Provider> {
        let issuer: Issuer = issuer.parse().map_err(at("/issuer"))?;
        let preset: Preset = self.preset.parse().map_err(at("/preset"))?;
        let algorithms = self.algorithms.iter().map(|name| name.parse::<Algorithm>());
        let algorithms = algorithms.collect::<Result<_, _>>().map_err(at("/algorithms"))?;
        if let Some(pem) = &self.authority_pem
            && pem.len() > AUTHORITY_BYTES_MAX
        {
            let text = format!("at most {AUTHORITY_BYTES_MAX} bytes of certificates");
            return Err(PlatformError::invalid_at("/authority_pem", "too-long", text));
        }
        self.check_membership()?;
        let provider = Provider {
            issuer,
            preset,
            client_id: self.client_id.clone(),
            client_secret: secret,
            scopes: self.scopes.clone(),
            algorithms,
            hosted_domain: self.hosted_domain.clone(),
            second_factor: SecondFactor {
                methods: self.factor_methods.clone(),
                classes: self.factor_classes.clone(),
                age_seconds_max: self.factor_age_seconds_max,
            },
            authority_pem: self.authority_pem.clone(),
        };
        provider.check().map_err(|error| at(place_of(&error))(error))?;
        Ok(provider)
    }

    fn check_membership(&self) -> Result<()> {
        let Some(membership) = &self.membership else {
            return Ok(());
        };
        match membership.role.parse::<Role>() {
            Ok(role) if role < Role::Administrator => Ok(()),
            Ok(_) | Err(_) => {
                let text = "newcomers become viewer, editor or accountant";
                Err(PlatformError::invalid_at("/membership", "not-possible", text))
            }
        }
    }
}

fn at(pointer: &'static str) -> impl Fn(ProviderError) -> PlatformError {
    move |error| PlatformError::invalid_at(pointer, "malformed", error.to_string())
}

/// Which setting an error is about.
fn place_of(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Issuer | ProviderError::SharedTenant { .. } => "/issuer",
        ProviderError::Preset { .. } | ProviderError::Unknown { .. } => "/preset",
        ProviderError::HostedDomain => "/hosted_domain",
        ProviderError::NoOpenId => "/scopes",
        ProviderError::List { what } | ProviderError::Text { what } => match *what {
            "the client id" => "/client_id",
            "the hosted domain" => "/hosted_domain",
            "scopes" => "/scopes",
            "algorithms" => "/algorithms",
            _ => "/factor_methods",
        },
    }
}
