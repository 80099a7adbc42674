//! What support may know of an appliance: figures, and the names that must not leave with them.
//!
//! Invariant: figures hold no content of any record, name or address; [`names`] is for hiding them, and is not shown.

use crate::{
    Caller, Platform, PlatformError,
    caller::Identity,
    directories::{
        settings::{Product, Security},
        settings_of,
    },
    error::Result,
    forwarding, ledger, mail,
};
use std::collections::BTreeMap;
use store::control::{Reads, account, directory, figures, openid, organization};
use types::{PageSize, ProblemCode};

pub use store::control::figures::{Count, LINES_MAX, ServerSetting, TableFigure};

/// Most accounts and organizations whose names are known. With more, text that could hold one is not shown.
pub const NAMES_MAX: usize = 20_000;

/// How much there is, and how PostgreSQL is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The largest tables.
    pub tables: Vec<TableFigure>,
    /// PostgreSQL's settings that matter.
    pub server_settings: Vec<ServerSetting>,
    /// Jobs by kind and state.
    pub jobs: Vec<Count>,
    /// Failed requests by what was asked for.
    pub failed_requests: Vec<Count>,
    /// OpenID providers by kind and state.
    pub providers: Vec<Count>,
    /// Directories by product, encryption and state.
    pub directories: Vec<Count>,
    /// How mail is encrypted, where it is set.
    pub mail: Option<&'static str>,
    /// How many logs are forwarded and how many messages of them wait, where a collector is set.
    pub forwarding: Option<[u64; 2]>,
    /// How outbox and signed log stand: leaves, leaves signed, entries that wait.
    pub audit: [u64; 3],
    /// The signed log does not go together with the database, or cannot be looked at.
    pub audit_trouble: bool,
}

/// What people and organizations are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Slugs and names of organizations.
    pub organizations: Vec<String>,
    /// Names and addresses of people.
    pub people: Vec<String>,
    /// Machines that settings name: of directories, providers and mail.
    pub hosts: Vec<String>,
}

fn require_host(caller: &Caller) -> Result<()> {
    match caller.identity {
        Identity::Host => Ok(()),
        _ => Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "this is done on the host",
        )),
    }
}

/// The figures.
///
/// # Errors
/// `not-allowed` but for the host; `unavailable`.
pub async fn figures(platform: &Platform, caller: &Caller) -> Result<Figures> {
    require_host(caller)?;
    let standing = ledger::standing(platform).await?;
    let signed = standing.signed.map_or(0, |signed| signed.size);
    let forwarding = forwarding::look(platform).await?;
    let mut read = platform.control().read().await?;
    Ok(Figures {
        forwarding: forwarding.map(|view| [view.streams.len() as u64, view.waiting()]),
        audit: [standing.size, signed, standing.pending],
        audit_trouble: standing.trouble.is_some(),
        tables: figures::tables(&mut read).await?,
        server_settings: figures::server_settings(&mut read).await?,
        jobs: figures::jobs(&mut read).await?,
        failed_requests: figures::failed_requests(&mut read).await?,
        providers: providers(&openid::list(&mut read).await?),
        directories: directories(&directory::list(&mut read).await?)?,
        mail: mail::settings(&mut read)
            .await?
            .map(|mail| mail.security.as_str()),
    })
}

fn directories(found: &[directory::Directory]) -> Result<Vec<Count>> {
    let mut counts = BTreeMap::new();
    for row in found {
        let settings = settings_of(row)?;
        let product = match settings.product {
            Product::ActiveDirectory => "active-directory",
            Product::Openldap => "openldap",
            Product::Freeipa => "freeipa",
        };
        let security = match settings.security {
            Security::Ldaps => "ldaps",
            Security::Starttls => "starttls",
            Security::Plain => "plain",
        };
        *counts
            .entry(format!("{product} {security} {}", row.state))
            .or_insert(0_i64) += 1;
    }
    let count = |(what, count)| Count { what, count };
    Ok(counts.into_iter().map(count).collect())
}

/// What directories, providers and mail are called: nothing of it is to leave, and text about them may hold all of it.
async fn hide_sources(read: &mut impl Reads, names: &mut Names) -> Result<()> {
    for provider in openid::list(read).await? {
        let text = |name: &str| Some(provider.settings.get(name)?.as_str()?.to_owned());
        names.organizations.extend(text("client_id"));
        names.hosts.extend(text("hosted_domain"));
        let host = provider.issuer.split('/').nth(2).map(str::to_owned);
        names.hosts.extend(host);
        names.organizations.extend([provider.key, provider.label]);
    }
    for row in directory::list(read).await? {
        let settings = settings_of(&row)?;
        names
            .hosts
            .extend(settings.servers.into_iter().map(|server| server.host));
        names.people.push(settings.service_dn);
        names.organizations.extend(settings.person_bases);
        names.organizations.extend(settings.group_bases);
        names.organizations.push(row.key);
    }
    names
        .hosts
        .extend(forwarding::settings(read).await?.map(|collector| collector.host));
    if let Some(mail) = mail::settings(read).await? {
        names.hosts.push(mail.host);
        names.people.extend(mail.account);
        names.people.push(mail.from);
    }
    Ok(())
}

fn providers(found: &[openid::Provider]) -> Vec<Count> {
    let mut counts = BTreeMap::new();
    for provider in found {
        let kind = provider.settings.get("preset").and_then(|preset| preset.as_str());
        let what = format!("{} {}", kind.unwrap_or("unknown"), provider.state);
        *counts.entry(what).or_insert(0_i64) += 1;
    }
    let count = |(what, count)| Count { what, count };
    counts.into_iter().map(count).collect()
}

/// Every name; none when there are more than [`NAMES_MAX`].
///
/// # Errors
/// As [`figures`].
pub async fn names(platform: &Platform, caller: &Caller) -> Result<Option<Names>> {
    require_host(caller)?;
    let mut read = platform.control().read().await?;
    let mut names = Names::default();
    let whole = PageSize::new(PageSize::MAX).unwrap_or_default();
    hide_sources(&mut read, &mut names).await?;
    let mut after = None;
    loop {
        let page = account::list(&mut read, whole, after).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        names
            .people
            .extend(page.into_iter().flat_map(|account| [account.email, account.name]));
        if names.people.len() > 2 * NAMES_MAX {
            return Ok(None);
        }
    }
    let mut after = None;
    loop {
        let page = organization::list_all(&mut read, whole, after).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        names
            .organizations
            .extend(page.into_iter().flat_map(|found| [found.slug, found.name]));
        if names.organizations.len() > 2 * NAMES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(names))
}
