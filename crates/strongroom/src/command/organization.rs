//! `strongroom organization`

mod certificate;
mod hold;
mod life;
mod policy;
mod restore;

use super::Common;
use crate::{failure::CommandError, host, output, secret};
use clap::{Args, Subcommand};
use platform::{
    Caller, Platform, account::NewPerson, lifecycle, organization, rotation, workspace::OrganizationSummary,
};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Organization {
    /// Create an organization with its first owner
    Create(Create),
    /// List organizations
    List,
    /// Show an organization's policies, or change those that are given, through the API
    Policy(policy::Policy),
    /// Show whether it is cancelled or about to be deleted, and when what happens
    Life(life::Life),
    /// Cancel it: it is read and exported, and nothing in it changes; needs a token that names organization.delete
    Cancel(life::Life),
    /// Take a cancellation back; needs a token that names organization.delete
    Reinstate(life::Life),
    /// Order its deletion for good; needs a token that names organization.delete
    Delete(life::Delete),
    /// Call an ordered deletion back
    Keep(life::Life),
    /// Take it back to what it was at a moment, through the API, with a token that names organization.restore; shows first what would change
    Restore(restore::Restore),
    /// Legal holds: while one is in force nothing is deleted and nothing expires
    Hold(hold::Holds),
    /// Certificates of organizations that were deleted, on the host
    Certificate(certificate::Certificates),
    /// Show how many days a cancellation leaves for exports, or set them, on the host
    Window {
        /// So many days from now on, 30 to 365
        #[arg(long, value_name = "DAYS")]
        days: Option<u16>,
    },
    /// Make a new version of an organization's key; the worker moves what the old one sealed
    RotateKey {
        /// Its name in addresses
        slug: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name in addresses: lower-case letters, digits and hyphens
    slug: String,
    /// Its name for people; the name in addresses if not given
    #[arg(long)]
    name: Option<String>,
    /// The first owner's e-mail address
    #[arg(long, value_name = "EMAIL")]
    owner_email: String,
    /// The first owner's name; the e-mail address if not given
    #[arg(long, value_name = "NAME")]
    owner_name: Option<String>,
    /// File with the first owner's password; asked for at the terminal if not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Organization {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let file = common.config.as_deref();
        match self {
            Self::Create(create) => {
                let password =
                    secret::read_new(create.password_file.as_deref(), "Password of the first owner: ")?;
                let made =
                    host::with_platform(file, async |platform, _| create.run(platform, password).await)?;
                output::talk(&format!("{} can sign in now", create.owner_email));
                common.format().thing(&pairs(&made), &json_of(&made))
            }
            Self::Policy(policy) => policy.run(common),
            Self::Life(life) => life.show(common),
            Self::Cancel(life) => life.act(common, "cancel"),
            Self::Reinstate(life) => life.act(common, "reinstate"),
            Self::Delete(delete) => delete.run(common),
            Self::Keep(life) => life.keep(common),
            Self::Restore(restore) => restore.run(common),
            Self::Hold(holds) => holds.run(common),
            Self::Certificate(certificates) => certificates.run(common),
            Self::Window { days } => window(common, *days),
            Self::List => {
                let all = host::with_platform(file, async |platform, _| {
                    Ok(organization::list_all(platform, &Caller::host()).await?)
                })?;
                let rows = all
                    .iter()
                    .map(|one| vec![one.slug.clone(), one.name.clone(), one.id.to_string()]);
                let json = json!({"organizations": all.iter().map(json_of).collect::<Vec<_>>()});
                common
                    .format()
                    .list(&["slug", "name", "id"], rows.collect(), &json)
            }
            Self::RotateKey { slug } => {
                let version = host::with_platform(file, async |platform, _| {
                    Ok(rotation::rotate(platform, &Caller::host(), slug).await?)
                })?;
                let pairs = [
                    ("organization", slug.clone()),
                    ("key version", version.to_string()),
                ];
                let json = json!({"organization": slug, "key_version": version});
                common.format().thing(&pairs, &json)
            }
        }
    }
}

fn window(common: &Common, days: Option<u16>) -> Result<(), CommandError> {
    let days = host::with_platform(common.config.as_deref(), async |platform, _| {
        if let Some(days) = days {
            lifecycle::set_window_days(platform, &Caller::host(), days).await?;
        }
        Ok(lifecycle::window_days(platform).await?)
    })?;
    let pairs = [("days", days.to_string())];
    common.format().thing(&pairs, &json!({"window_days": days}))
}

impl Create {
    async fn run(
        &self,
        platform: &Platform,
        password: vault::SecretText,
    ) -> Result<OrganizationSummary, CommandError> {
        let owner = NewPerson {
            email: self.owner_email.clone(),
            name: self
                .owner_name
                .clone()
                .unwrap_or_else(|| self.owner_email.clone()),
            password: Some(password),
        };
        let name = self.name.as_deref().unwrap_or(&self.slug);
        Ok(organization::create(platform, &Caller::host(), &self.slug, name, owner).await?)
    }
}

fn pairs(organization: &OrganizationSummary) -> [(&'static str, String); 3] {
    [
        ("slug", organization.slug.clone()),
        ("name", organization.name.clone()),
        ("id", organization.id.to_string()),
    ]
}

fn json_of(organization: &OrganizationSummary) -> Value {
    json!({
        "id": organization.id.to_string(),
        "slug": organization.slug,
        "name": organization.name,
    })
}
