//! The sync: everybody who is known by a directory is compared with what it says now.
//!
//! Invariants: only a whole answer counts; an implausible drop changes nobody and is told; whoever is gone or disabled is
//! barred, which can be undone, and their sessions end. The plan is made first, of what is known, and a dry run is that plan.
//! Nobody is added: newcomers come in by signing in. Start at [`run`].

mod apply;
mod plan;

pub use plan::{Change, What};

use super::{
    Draft, bind_secret, find, is_synced_since, note, reachable_settings, require_host_for_plain, settings_of,
    source_of, trial,
};
use crate::{
    Caller, Platform,
    act::{Act, Object},
    caller::Identity,
    error::{PlatformError, Result},
    maintenance, operator, session,
};
use directory::{Pool, listing};
use jiff::{SignedDuration, Timestamp};
pub(super) use plan::Plan;
use plan::known;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::control::directory::{self as rows, Directory as Row, DirectoryState, Mapping};
use tokio::sync::watch::Receiver;
use types::{OrganizationId, ProblemCode};

/// How often everybody is looked at.
const EVERY: SignedDuration = SignedDuration::from_mins(55);
/// How often it is looked whether one is due.
const PAUSE: Duration = Duration::from_secs(60);

/// Whether something is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is: only the plan.
    DryRun,
    /// The plan is carried out, unless it is implausible.
    Guarded,
    /// The plan is carried out, however many it touches: at the host only.
    HoweverMany,
}

/// What came of a sync, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// `done`, `refused` or `failed`.
    pub result: String,
    /// What happened, in a sentence.
    pub text: String,
    /// How many people were changed.
    pub changed: usize,
}

/// Compares and, unless it is a dry run, changes. Gives the changes.
///
/// # Errors
/// `not-allowed`; `not-found`; `unavailable` with the cause when the directory cannot be asked; `conflict` when the plan is
/// implausible.
pub async fn run(platform: &Platform, caller: &Caller, key: &str, mode: Mode) -> Result<Vec<Change>> {
    match (&caller.identity, mode) {
        (Identity::Host, _) | (Identity::System, Mode::DryRun | Mode::Guarded) => {}
        (_, Mode::HoweverMany) => {
            let why = "a change of very many people is confirmed at the host only";
            return Err(PlatformError::new(ProblemCode::NotAllowed, why));
        }
        _ => operator::require(caller)?,
    }
    if mode != Mode::DryRun {
        session::require_fresh(platform, caller)?;
    }
    let row = find(platform, key).await?;
    let planned = look(platform, &row, Wish::Nothing).await;
    let plan = match planned {
        Ok(plan) => plan,
        Err(error) => {
            if mode != Mode::DryRun {
                tell(platform, &row, "failed", error.detail.clone(), 0).await?;
            }
            return Err(error);
        }
    };
    if mode == Mode::DryRun {
        return Ok(plan.changes);
    }
    if let (Some(why), Mode::Guarded) = (plan.implausible(), mode) {
        tell(platform, &row, "refused", why.clone(), 0).await?;
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    apply::apply(platform, caller, &row, &plan).await?;
    let text = format!("{} known people were compared", plan.known);
    tell(platform, &row, "done", text, plan.changes.len()).await?;
    Ok(plan.changes)
}

/// Who would gain and who would lose what if a directory were set as the draft says. Nothing is changed.
///
/// # Errors
/// As [`run`].
pub async fn preview(platform: &Platform, caller: &Caller, key: &str, draft: Draft) -> Result<Vec<Change>> {
    operator::require(caller)?;
    draft
        .settings
        .check()
        .map_err(|failure| PlatformError::invalid_at("/settings", "not-possible", failure.to_string()))?;
    let row = find(platform, key).await?;
    require_host_for_plain(caller, Some(settings_of(&row)?.security), &draft.settings)?;
    Ok(look(platform, &row, Wish::Settings(Box::new(draft)))
        .await?
        .changes)
}

/// What a comparison takes for set, besides what is.
pub(super) enum Wish {
    /// As it is.
    Nothing,
    /// Other settings.
    Settings(Box<Draft>),
    /// This group gives this role.
    Give(Mapping),
    /// This group gives nothing in this organization.
    Take(String, OrganizationId),
}

pub(super) async fn look(platform: &Platform, row: &Row, wish: Wish) -> Result<Plan> {
    // A draft that does not work says nothing about the servers as they are set, so it is not remembered with them.
    let unremembered = Pool::new();
    let (draft, wish) = match wish {
        Wish::Settings(draft) => (Some(draft), Wish::Nothing),
        other => (None, other),
    };
    let (pool, (settings, secret)) = match draft {
        Some(draft) => (&unremembered, trial::opened(platform, Some(row), *draft)?),
        None => {
            let settings = reachable_settings(platform, row)?;
            let secret = bind_secret(platform, row, &settings)?;
            (platform.directories(), (settings, secret))
        }
    };
    let Some(secret) = secret else {
        let text = "the service account has no password here; set one";
        return Err(PlatformError::new(ProblemCode::Unavailable, text));
    };
    let listed = listing::list(pool, &settings, &secret, platform.now()).await;
    let listed =
        listed.map_err(|failure| PlatformError::new(ProblemCode::Unavailable, failure.to_string()))?;
    let mut read = platform.control().read().await?;
    let people = rows::people(&mut read, source_of(row.id)).await?;
    let memberships = rows::memberships(&mut read, row.id).await?;
    let mappings = wished(rows::mappings(&mut read, row.id).await?, wish);
    drop(read);
    let mut plan = plan::make(&listed, &known(people, &memberships), &mappings);
    let organizations = plan.organizations();
    plan.name(&super::mapping::slugs(platform, organizations.into_iter()).await?);
    Ok(plan)
}

fn wished(mut mappings: Vec<Mapping>, wish: Wish) -> Vec<Mapping> {
    let (group, organization, given) = match wish {
        Wish::Nothing | Wish::Settings(_) => return mappings,
        Wish::Give(mapping) => (mapping.group_key.clone(), mapping.organization_id, Some(mapping)),
        Wish::Take(group, organization) => (group, organization, None),
    };
    mappings.retain(|one| one.group_key != group || one.organization_id != organization);
    mappings.extend(given);
    mappings
}

/// Keeps the outcome for operators; what did not work is an alert in the journal too, and an entry.
async fn tell(platform: &Platform, row: &Row, result: &str, text: String, changed: usize) -> Result<()> {
    if result == "done" {
        tracing::info!(directory = row.key, changed, "a directory was compared: {text}");
    } else {
        tracing::error!(
            directory = row.key,
            alert = true,
            "the sync of a directory changed nobody: {text}"
        );
        let act =
            Act::configuration("directory.sync-refused", Object::new("directory", &row.key)).because(result);
        let entry = platform.entry(&Caller::system(), None, &act)?;
        platform.control().begin().await?.commit(&entry, &[]).await?;
    }
    let outcome = Outcome {
        at: platform.now(),
        result: result.to_owned(),
        text,
        changed,
    };
    note(platform, row, &outcome).await
}

/// Looks at each directory within the hour until `shutdown` says true: in the process that may go out, which the worker may
/// not. Of several such processes whoever comes first has done it for all.
pub async fn watch(platform: Platform, mut shutdown: Receiver<bool>) {
    loop {
        if let Err(error) = run_due(&platform).await {
            tracing::warn!(code = error.code.as_str(), detail = %error.detail, "directories cannot be compared");
        }
        let stopped = async { shutdown.wait_for(|stop| *stop).await.is_ok() };
        if tokio::time::timeout(PAUSE, stopped).await.is_ok() {
            return;
        }
    }
}

/// Looks at every directory that was not looked at within the hour. A failure of one is told and keeps no other waiting.
async fn run_due(platform: &Platform) -> Result<()> {
    let mode = maintenance::current(platform).await?;
    if mode.is_some_and(|mode| mode.phase == maintenance::Phase::On) {
        return Ok(());
    }
    let since = platform.now().checked_sub(EVERY).unwrap_or(Timestamp::MIN);
    let all = rows::list(&mut platform.control().read().await?).await?;
    let due = all
        .into_iter()
        .filter(|row| row.state == DirectoryState::Active && !is_synced_since(row, since));
    for row in due {
        if let Err(error) = run(platform, &Caller::system(), &row.key, Mode::Guarded).await
            && !matches!(error.code, ProblemCode::Unavailable | ProblemCode::Conflict)
        {
            return Err(error);
        }
    }
    Ok(())
}
