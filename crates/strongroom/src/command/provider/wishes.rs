//! What is wished of a provider, as options.

use crate::{
    failure::{CommandError, Exit},
    pem,
};
use clap::{Args, ValueEnum};
use platform::{
    Caller, Platform, organization,
    provider::{DefaultMembership, FirstSignIn, Preset, ProviderSettings},
};
use std::path::PathBuf;
use types::OrganizationId;

/// Everything that can be set.
#[derive(Debug, Args)]
pub(in crate::command) struct Wishes {
    /// What people call it; stands on the button at the sign-in
    #[arg(long, value_name = "TEXT")]
    pub(super) label: Option<String>,
    /// Its kind: standard, google (needs --hosted-domain) or entra (needs your tenant's issuer)
    #[arg(long, value_name = "KIND")]
    preset: Option<String>,
    /// Our name there
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// File with our secret there, readable by its owner only; - for stdin
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
    /// What to ask for, once for each scope; openid, email and profile by default
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How its ID tokens may be signed, once for each: RS256, ES256, EdDSA; RS256 by default
    #[arg(long = "algorithm", value_name = "NAME")]
    algorithms: Vec<String>,
    /// Only people of this domain come in
    #[arg(long, value_name = "DOMAIN")]
    hosted_domain: Option<String>,
    /// What becomes of people whom nobody knows here; they are turned away by default
    #[arg(long, value_name = "WHAT")]
    newcomers: Option<Newcomers>,
    /// The organization that newcomers with an account become members of
    #[arg(long, value_name = "SLUG", requires = "role")]
    organization: Option<String>,
    /// As what they become members: viewer, editor or accountant
    #[arg(long, value_name = "ROLE", requires = "organization")]
    role: Option<String>,
    /// A value of `amr` that counts as a second factor, once for each; none by default
    #[arg(long = "factor-method", value_name = "VALUE")]
    factor_methods: Vec<String>,
    /// A value of `acr` that counts as a second factor, once for each; none by default
    #[arg(long = "factor-class", value_name = "VALUE")]
    factor_classes: Vec<String>,
    /// They must have proved it there within so many seconds
    #[arg(long, value_name = "SECONDS")]
    factor_age: Option<u32>,
    /// The provider's certificate authority in PEM, where this machine does not know it
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Newcomers {
    /// They are turned away
    Refuse,
    /// They wait until somebody lets them in
    Wait,
    /// They get an account, if the provider vouches for an address that nobody has here
    Create,
}

impl Wishes {
    /// The settings of a new provider.
    pub(super) async fn new_settings(
        &self,
        platform: &Platform,
        caller: &Caller,
    ) -> Result<ProviderSettings, CommandError> {
        let Some(client_id) = &self.client_id else {
            let text = "say our name at the provider with --client-id";
            return Err(CommandError::said(Exit::Usage, text));
        };
        let empty = ProviderSettings::new(Preset::Standard, client_id.clone());
        self.settings(platform, caller, empty).await
    }

    /// The settings as they were, with what is wished.
    pub(super) async fn settings(
        &self,
        platform: &Platform,
        caller: &Caller,
        mut settings: ProviderSettings,
    ) -> Result<ProviderSettings, CommandError> {
        let replace = |wished: &Option<String>, slot: &mut String| {
            if let Some(wished) = wished {
                slot.clone_from(wished);
            }
        };
        replace(&self.preset, &mut settings.preset);
        replace(&self.client_id, &mut settings.client_id);
        let replace_all = |wished: &[String], slot: &mut Vec<String>| {
            if !wished.is_empty() {
                *slot = wished.to_vec();
            }
        };
        replace_all(&self.scopes, &mut settings.scopes);
        replace_all(&self.algorithms, &mut settings.algorithms);
        replace_all(&self.factor_methods, &mut settings.factor_methods);
        replace_all(&self.factor_classes, &mut settings.factor_classes);
        if self.hosted_domain.is_some() {
            settings.hosted_domain.clone_from(&self.hosted_domain);
        }
        if let Some(seconds) = self.factor_age {
            settings.factor_age_seconds_max = Some(seconds);
        }
        if let Some(newcomers) = self.newcomers {
            settings.first_sign_in = match newcomers {
                Newcomers::Refuse => FirstSignIn::Refuse,
                Newcomers::Wait => FirstSignIn::Wait,
                Newcomers::Create => FirstSignIn::Create,
            };
        }
        if let Some(file) = &self.authority {
            settings.authority_pem = Some(pem::read(file)?);
        }
        if let (Some(slug), Some(role)) = (&self.organization, &self.role) {
            settings.membership = Some(DefaultMembership {
                organization: organization_of(platform, caller, slug).await?,
                role: role.clone(),
            });
        }
        Ok(settings)
    }
}

async fn organization_of(
    platform: &Platform,
    caller: &Caller,
    slug: &str,
) -> Result<OrganizationId, CommandError> {
    let all = organization::list_all(platform, caller).await?;
    let found = all.iter().find(|organization| organization.slug == slug);
    found
        .map(|organization| organization.id)
        .ok_or_else(|| CommandError::said(Exit::NotFound, format!("there is no organization {slug}")))
}
