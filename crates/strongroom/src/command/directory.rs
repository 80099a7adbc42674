//! `strongroom directory`: LDAP directories, on the host.

mod settings;
mod show;

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, secret,
};
use clap::{Args, Subcommand, ValueEnum};
use platform::{
    Caller, Platform,
    directories::{self, DirectoryChange, DirectoryState, NewDirectory, settings::ServiceProof, sync::Mode},
    provider::FirstSignIn,
};
use settings::{Given, Needed};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Directory {
    /// Add a directory whose people may sign in
    Add(Add),
    /// List the directories, and what came of the last comparison
    List,
    /// Change a directory; another server, security, authority or account needs the password anew
    Alter(Alter),
    /// Remove a directory; accounts and roles stay
    Remove(Named),
    /// Test a directory step by step, from its name to a person's groups
    Test {
        #[command(flatten)]
        named: Named,
        /// A login name to look up
        #[arg(long, value_name = "LOGIN")]
        user: Option<String>,
    },
    /// Say which group gives a person which role
    Explain {
        #[command(flatten)]
        named: Named,
        /// The person's login name
        login: String,
    },
    /// Compare everybody who is known with the directory, as is done every hour
    Sync {
        #[command(flatten)]
        named: Named,
        /// Only say who would gain and lose what
        #[arg(long)]
        dry_run: bool,
        /// Do it although very many would lose their access; look at the dry run first
        #[arg(long, conflicts_with = "dry_run")]
        however_many: bool,
    },
    /// Let a group give a role in an organization
    Map {
        #[command(flatten)]
        group: Group,
        /// viewer, editor, accountant, administrator or owner
        role: String,
    },
    /// Let a group give nothing there any more
    Unmap(Group),
    /// List which groups give which roles
    Mappings(Named),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The directory's name here
    key: String,
}

#[derive(Debug, Args)]
pub(super) struct Group {
    /// The directory's name here
    key: String,
    /// The group's whole distinguished name, its SID or its GUID
    group: String,
    /// The organization
    organization: String,
}

/// What becomes of newcomers.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum First {
    /// They are turned away
    Refuse,
    /// They wait until somebody lets them in
    Wait,
    /// They get an account, if a group of theirs gives a role
    Create,
}

impl From<First> for FirstSignIn {
    fn from(first: First) -> Self {
        match first {
            First::Refuse => Self::Refuse,
            First::Wait => Self::Wait,
            First::Create => Self::Create,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Active,
    Disabled,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    needed: Needed,
    #[command(flatten)]
    given: Given,
    /// A file with the service account's password, which nobody else can read; without one it is asked for
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// What becomes of people who sign in for the first time
    #[arg(long, value_enum, default_value = "refuse")]
    first_sign_in: First,
}

#[derive(Debug, Args)]
pub(super) struct Alter {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    given: Given,
    /// Servers in their order, NAME, NAME:PORT or _ldap._tcp.DOMAIN, in place of the ones before
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// A file with the service account's password, which nobody else can read
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Show no certificate of our own any more
    #[arg(long, conflicts_with = "client_certificate")]
    no_client_certificate: bool,
    /// What becomes of people who sign in for the first time
    #[arg(long, value_enum)]
    first_sign_in: Option<First>,
    /// Whether its people may sign in
    #[arg(long, value_enum)]
    state: Option<State>,
}

impl Directory {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Add(add) => add.run(common),
            Self::Alter(alter) => alter.run(common),
            Self::List => show::list(common.format(), &with(common, directories::list)?),
            Self::Remove(named) => remove(common, &named.key),
            Self::Test { named, user } => test(common, &named.key, user.as_deref()),
            Self::Explain { named, login } => explain(common, &named.key, login),
            Self::Sync {
                named,
                dry_run,
                however_many,
            } => {
                let mode = match (dry_run, however_many) {
                    (true, _) => Mode::DryRun,
                    (false, true) => Mode::HoweverMany,
                    (false, false) => Mode::Guarded,
                };
                sync(common, &named.key, mode)
            }
            Self::Map { group, role } => map(common, group, Some(role)),
            Self::Unmap(group) => map(common, group, None),
            Self::Mappings(named) => {
                let found = with(common, async |platform, caller| {
                    directories::mappings(platform, caller, &named.key).await
                })?;
                show::mappings(common.format(), &found)
            }
        }
    }
}

/// Runs a use case as the host.
fn with<T>(
    common: &Common,
    work: impl AsyncFnOnce(&Platform, &Caller) -> Result<T, platform::PlatformError>,
) -> Result<T, CommandError> {
    host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(work(platform, &Caller::host()).await?)
    })
}

impl Add {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let settings = self.given.onto(self.needed.preset()?)?;
        let secret = match settings.service_proof {
            ServiceProof::Certificate if self.secret_file.is_none() => None,
            _ => Some(secret::read(
                self.secret_file.as_deref(),
                "Password of the service account: ",
            )?),
        };
        let new = NewDirectory {
            key: self.named.key.clone(),
            settings,
            secret,
            client_key: self.given.client_key()?,
            first_sign_in: self.first_sign_in.into(),
        };
        with(common, async |platform, caller| {
            directories::add(platform, caller, new).await
        })?;
        output::talk(&format!(
            "added; now: strongroom directory test {}",
            self.named.key
        ));
        Ok(())
    }
}

impl Alter {
    fn run(&self, common: &Common) -> Result<(), CommandError> {
        let key = &self.named.key;
        let before = with(common, async |platform, caller| {
            directories::get(platform, caller, key).await
        })?;
        let mut settings = self.given.onto(before.settings.clone())?;
        if !self.server.is_empty() {
            settings.servers = settings::servers(&self.server)?;
        }
        if self.no_client_certificate {
            settings.client_certificate = None;
        }
        let change = DirectoryChange {
            settings: (settings != before.settings).then_some(settings),
            secret: self.secret_file.as_deref().map(secret::read_file).transpose()?,
            client_key: self.given.client_key()?,
            first_sign_in: self.first_sign_in.map(Into::into),
            state: self.state.map(|state| match state {
                State::Active => DirectoryState::Active,
                State::Disabled => DirectoryState::Disabled,
            }),
        };
        let after = with(common, async |platform, caller| {
            directories::alter(platform, caller, key, change).await
        })?;
        let needs_secret = after.settings.service_proof == ServiceProof::Password;
        if needs_secret && !after.has_secret {
            output::talk(match before.has_secret {
                true => {
                    "the service account's password is gone, because it was for other servers; set it with --secret-file"
                }
                false => {
                    "the service account has no password here, so nobody gets in; set it with --secret-file"
                }
            });
        }
        if after.settings.client_certificate.is_some() && !after.has_client_key {
            output::talk("the client certificate has no key here; set it with --client-key-file");
        }
        Ok(())
    }
}

fn remove(common: &Common, key: &str) -> Result<(), CommandError> {
    let people = with(common, async |platform, caller| {
        directories::remove(platform, caller, key).await
    })?;
    output::talk(&format!("removed; {people} accounts were known by it and stay"));
    Ok(())
}

fn test(common: &Common, key: &str, user: Option<&str>) -> Result<(), CommandError> {
    let (stages, explained) = with(common, async |platform, caller| {
        directories::test(platform, caller, key, user).await
    })?;
    show::report(common.format(), &stages, explained.as_ref())?;
    match stages.iter().find(|stage| !stage.good) {
        None => Ok(()),
        Some(stage) => Err(CommandError::said(
            Exit::Failed,
            format!("{}: {}", stage.name, stage.text),
        )),
    }
}

fn explain(common: &Common, key: &str, login: &str) -> Result<(), CommandError> {
    let explained = with(common, async |platform, caller| {
        directories::explain(platform, caller, key, login).await
    })?;
    show::explained(common.format(), &explained)
}

fn sync(common: &Common, key: &str, mode: Mode) -> Result<(), CommandError> {
    let changes = with(common, async |platform, caller| {
        directories::sync::run(platform, caller, key, mode).await
    })?;
    show::changes(common.format(), &changes)
}

fn map(common: &Common, group: &Group, role: Option<&String>) -> Result<(), CommandError> {
    let Group {
        key,
        group,
        organization,
    } = group;
    let role = role.map(|role| role.parse::<access::Role>()).transpose();
    let role = role.map_err(|error| CommandError::said(Exit::Usage, error.to_string()))?;
    with(common, async |platform, caller| match role {
        Some(role) => directories::map(platform, caller, key, group, organization, role).await,
        None => directories::unmap(platform, caller, key, group, organization).await,
    })
}
