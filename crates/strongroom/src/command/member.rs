//! `strongroom member`

mod narrow;

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{items, member as part},
    },
    failure::{CommandError, Exit},
    host, output, person, secret,
};
use access::Role;
use clap::{Args, Subcommand};
use platform::{Caller, Platform, account::NewPerson, invitation, member};
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use vault::SecretText;

#[derive(Debug, Subcommand)]
pub(super) enum Member {
    /// List members, through the API
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Take rights away from a member per dataset and field, through the API; what is not named is left whole
    Narrow(narrow::Narrow),
    /// End every session of a member, through the API
    EndSessions {
        /// The person's e-mail address
        email: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Add a member with a first password, on the host, in the name of an administrator who gives theirs
    Add(Add),
    /// Make a link with which somebody without a password sets one, on the host; an older link is void
    Invite {
        /// The person's e-mail address
        email: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The person's e-mail address
    email: String,
    /// The organization
    #[arg(long, short, value_name = "SLUG")]
    organization: String,
    /// The person's name; the e-mail address if not given
    #[arg(long)]
    name: Option<String>,
    /// viewer, editor, accountant, administrator or owner
    #[arg(long, value_parser = role)]
    role: Role,
    /// File with the person's first password; asked for at the terminal if not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The owner or administrator who adds the person
    #[arg(long, value_name = "EMAIL")]
    by: String,
    /// File with that person's password; asked for at the terminal if not given
    #[arg(long, value_name = "FILE")]
    by_password_file: Option<PathBuf>,
}

fn role(name: &str) -> Result<Role, String> {
    let known = Role::ALL.iter().copied().find(|role| role.as_str() == name);
    known.ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("{name:?} is no role; the roles are {}", names.join(", "))
    })
}

impl Member {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Invite { email } => invite(common, email),
            Self::List { connection } => list(common, &Client::open(common, connection)?),
            Self::Narrow(narrow) => narrow.run(common),
            Self::EndSessions { email, connection } => {
                end_sessions(common, &Client::open(common, connection)?, email)
            }
            Self::Add(add) => {
                let by = secret::read(
                    add.by_password_file.as_deref(),
                    &format!("Password of {}: ", add.by),
                )?;
                let first = secret::read_new(
                    add.password_file.as_deref(),
                    &format!("First password of {}: ", add.email),
                )?;
                let file = common.config.as_deref();
                let made = host::with_platform(file, async |platform, _| add.run(platform, by, first).await)?;
                let pairs = [
                    ("account", made.account.to_string()),
                    ("email", made.email.clone()),
                    ("role", made.role.as_str().to_owned()),
                ];
                let json = json!({
                    "account": made.account.to_string(),
                    "email": made.email,
                    "name": made.name,
                    "role": made.role.as_str(),
                });
                output::talk(&format!(
                    "{} is a member now; somebody with an account keeps its password",
                    made.email
                ));
                common.format().thing(&pairs, &json)
            }
        }
    }
}

fn invite(common: &Common, email: &str) -> Result<(), CommandError> {
    let make = async |platform: &Platform, _: &config::Config| {
        Ok(invitation::create_as_operator(platform, &Caller::host(), email).await?)
    };
    let made = host::with_platform(common.config.as_deref(), make)?;
    output::talk(&format!(
        "hand this link to {email} yourself: it works once, and it is not shown again"
    ));
    let (url, expires_at) = (made.url.expose().to_owned(), made.expires_at.to_string());
    let json = json!({"invitation_url": url, "invitation_expires_at": expires_at});
    common
        .format()
        .thing(&[("link", url), ("expires", expires_at)], &json)
}

impl Add {
    async fn run(
        &self,
        platform: &Platform,
        by: SecretText,
        first: SecretText,
    ) -> Result<member::Member, CommandError> {
        person::acting(platform, &self.by, by, async |caller| {
            let workspace = platform.enter(caller, &self.organization).await?;
            let person = NewPerson {
                email: self.email.clone(),
                name: self.name.clone().unwrap_or_else(|| self.email.clone()),
                password: Some(first),
            };
            Ok(member::add(&workspace, person, self.role).await?.0)
        })
        .await
    }
}

fn all(client: &Client) -> Result<Vec<Json>, CommandError> {
    let mut members: Vec<Json> = Vec::new();
    let mut query = Vec::new();
    loop {
        let page = client.get(&["members"], &query)?;
        members.extend(items(&page, "members").iter().cloned());
        match page["next"].as_str() {
            Some(next) => query = vec![("after".to_owned(), next.to_owned())],
            None => return Ok(members),
        }
    }
}

/// The account of the member with that address.
fn account_of(client: &Client, email: &str) -> Result<String, CommandError> {
    let members = all(client)?;
    let found = members
        .iter()
        .find(|member| part(member, "email").eq_ignore_ascii_case(email.trim()));
    found.map(|member| part(member, "account")).ok_or_else(|| {
        CommandError::said(
            Exit::Failed,
            format!("{email} is no member; `strongroom member list` shows who is"),
        )
    })
}

fn end_sessions(common: &Common, client: &Client, email: &str) -> Result<(), CommandError> {
    let account = account_of(client, email)?;
    let answer = client.post(&["members", &account, "end-sessions"], None, None)?;
    let pairs = [("ended", part(&answer, "ended"))];
    common.format().thing(&pairs, &answer)
}

fn list(common: &Common, client: &Client) -> Result<(), CommandError> {
    let members = all(client)?;
    let names = ["email", "name", "role", "state", "joined_at", "account"];
    let row = |one: &Json| names.iter().map(|name| part(one, name)).collect();
    let rows = members.iter().map(row).collect();
    common.format().list(
        &["email", "name", "role", "state", "since", "account"],
        rows,
        &json!({"members": members}),
    )
}
