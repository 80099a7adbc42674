//! `strongroom grant`: operators' access to organizations.
//!
//! Invariant: nobody acts for somebody else. An operator asks on the host in their own name, with their password and factor;
//! the organization's side goes through the API with a token of its own, and so from any machine.

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{items, member as part},
    },
    failure::CommandError,
    host, output, person, secret,
};
use clap::{Args, Subcommand, ValueEnum};
use platform::{
    Caller, Platform,
    operator_grant::{self, Grant as Granted, GrantExtent, HOURS_MAX, NewGrant},
};
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use types::GrantId;

#[derive(Debug, Subcommand)]
pub(super) enum Grant {
    /// Ask an organization for access, on the host, as an operator; nothing is granted by that
    Ask(Ask),
    /// List one's own grants, on the host, as an operator
    Own(Operator),
    /// Give an own grant back, or take back what was asked for, on the host, as an operator
    GiveBack {
        /// The grant's id
        id: GrantId,
        #[command(flatten)]
        operator: Operator,
    },
    /// List what operators asked the organization for, through the API
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Let an operator in for the time that they asked for, through the API
    Approve(Decide),
    /// Refuse what an operator asked for, through the API
    Refuse(Decide),
    /// End an operator's grant at once, through the API
    End(Decide),
}

/// How far it goes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Extent {
    /// Reading, with sensitive values masked
    Read,
    /// Reading, and mending records and fields
    Repair,
}

#[derive(Debug, Args)]
pub(super) struct Operator {
    /// The operator
    #[arg(long, value_name = "EMAIL")]
    by: String,
    /// File with the operator's password; asked for at the terminal if not given, as the code is always
    #[arg(long, value_name = "FILE")]
    by_password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Ask {
    /// The organization
    organization: String,
    /// What for: one sentence that its administrators read
    #[arg(long)]
    purpose: String,
    /// How far it is to go
    #[arg(long, value_enum, default_value = "read")]
    extent: Extent,
    /// For how many hours, from the approval on
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=i64::from(HOURS_MAX)))]
    hours: u8,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(super) struct Decide {
    /// The grant's id
    id: GrantId,
    #[command(flatten)]
    connection: Connection,
}

impl Grant {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Ask(ask) => ask.run(common),
            Self::Own(operator) => own(common, operator),
            Self::GiveBack { id, operator } => {
                operator.acting(common, async |platform, caller| {
                    Ok(operator_grant::end_own(platform, caller, *id).await?)
                })?;
                output::talk("it is over");
                Ok(())
            }
            Self::List { connection } => list(common, &Client::open(common, connection)?),
            Self::Approve(one) => one.run(common, "approve", "approved; it ends by itself"),
            Self::Refuse(one) => one.run(common, "refuse", "refused"),
            Self::End(one) => one.run(common, "end", "it is over"),
        }
    }
}

impl Operator {
    /// Acts as the operator, with their password and their factor.
    fn acting<T>(
        &self,
        common: &Common,
        act: impl AsyncFnOnce(&Platform, &Caller) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let asked = format!("Password of {}: ", self.by);
        let password = secret::read(self.by_password_file.as_deref(), &asked)?;
        host::with_platform(common.config.as_deref(), async |platform, _| {
            person::acting(platform, &self.by, password, async |caller| {
                act(platform, caller).await
            })
            .await
        })
    }
}

impl Ask {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let new = NewGrant {
            organization: self.organization.clone(),
            extent: match self.extent {
                Extent::Read => GrantExtent::Read,
                Extent::Repair => GrantExtent::Repair,
            },
            purpose: self.purpose.clone(),
            hours: self.hours,
        };
        let id = self.operator.acting(common, async |platform, caller| {
            Ok(operator_grant::ask(platform, caller, new).await?)
        })?;
        output::talk("asked; an administrator of the organization decides");
        let id = id.to_string();
        common
            .format()
            .thing(&[("grant", id.clone())], &json!({ "id": id }))
    }
}

fn own(common: &Common, operator: &Operator) -> Result<(), CommandError> {
    let (grants, organizations) = operator.acting(common, async |platform, caller| {
        let grants = operator_grant::list_own(platform, caller).await?;
        Ok((
            grants,
            operator_grant::list_organizations(platform, caller).await?,
        ))
    })?;
    let slug = |grant: &Granted| {
        let found = organizations.iter().find(|one| one.id == grant.organization);
        found.map(|one| one.slug.clone()).unwrap_or_default()
    };
    let rows = grants.iter().map(|grant| {
        vec![
            grant.id.to_string(),
            slug(grant),
            grant.state.as_str().to_owned(),
            grant.extent.to_string(),
            grant.ends_at.map(|at| at.to_string()).unwrap_or_default(),
            grant.purpose.clone(),
        ]
    });
    let items = grants.iter().map(|grant| {
        json!({ "id": grant.id, "organization": slug(grant), "state": grant.state.as_str(),
            "extent": grant.extent.as_str(), "hours": grant.hours, "purpose": grant.purpose,
            "asked_at": grant.asked_at, "ends_at": grant.ends_at })
    });
    let json = json!({ "grants": items.collect::<Vec<Json>>() });
    common.format().list(
        &["grant", "organization", "state", "extent", "ends", "purpose"],
        rows.collect(),
        &json,
    )
}

fn list(common: &Common, client: &Client) -> Result<(), CommandError> {
    let answer = client.get(&["grants"], &[])?;
    let names = ["id", "account", "state", "extent", "hours", "ends_at", "purpose"];
    let rows = items(&answer, "grants")
        .iter()
        .map(|grant| names.iter().map(|name| part(grant, name)).collect());
    common.format().list(
        &["grant", "operator", "state", "extent", "hours", "ends", "purpose"],
        rows.collect(),
        &answer,
    )
}

impl Decide {
    fn run(&self, common: &Common, act: &str, done: &str) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        client.post(&["grants", &self.id.to_string(), act], None, None)?;
        output::talk(done);
        Ok(())
    }
}
