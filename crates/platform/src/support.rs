//! What support may know of an appliance: figures, and the names that must not leave with them.
//!
//! Invariant: figures hold no content of any record, name or address; [`names`] is for hiding them, and is not shown.

use crate::{Caller, Platform, PlatformError, caller::Identity, error::Result};
use std::collections::BTreeMap;
use store::control::{account, figures, openid, organization};
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
}

/// What people and organizations are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Slugs and names of organizations.
    pub organizations: Vec<String>,
    /// Names and addresses of people.
    pub people: Vec<String>,
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
    let mut read = platform.control().read().await?;
    Ok(Figures {
        tables: figures::tables(&mut read).await?,
        server_settings: figures::server_settings(&mut read).await?,
        jobs: figures::jobs(&mut read).await?,
        failed_requests: figures::failed_requests(&mut read).await?,
        providers: providers(&openid::list(&mut read).await?),
    })
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
    for provider in openid::list(&mut read).await? {
        names.organizations.extend([provider.key, provider.label]);
    }
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
