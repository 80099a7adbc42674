//! The promise register: checks that look at the running platform, their observations, and what can be said of each
//! promise now.
//!
//! Invariants: a check that cannot look says so and never says "kept"; an observation holds no value of a record. One
//! node leads simply by storing: a promise whose newest observation is younger than its interval is not looked at
//! again. Start at [`register`] and [`watch`].

mod access_log;
mod agility;
mod audit;
mod availability;
mod backup;
mod bundle;
mod card;
mod deletion;
mod directory;
mod disclosure;
mod export;
mod factor;
mod field;
mod firewall;
mod forwarding;
mod function;
mod hardening;
mod hold;
mod immutable;
mod infrastructure;
mod lifecycle;
mod log_review;
mod look;
mod offline;
mod operator;
mod operator_access;
mod password;
mod person;
mod plain;
mod policy;
mod provider;
mod release;
mod rest;
mod role;
mod rollback;
mod route;
mod sample;
mod schema;
mod security;
mod session;
mod tls;
mod transit;
mod vulnerability;
mod withdrawal;

pub use disclosure::PageSource;
pub use route::{Requirement, RouteDeclaration};
pub use security::{LastBundle, judge as judge_security_updates, last_bundle};

use crate::{
    Caller, Platform, PlatformError, act::vault_failure, caller::Identity, error::Result, organization,
    workspace::Home,
};
use access::Permission;
use promises::{Observation, Outcome, Promise, PromiseId, RegisterLine, catalogue, interval_for};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use store::control::{Keeps, promise_observation as rows};
use tokio::sync::watch::Receiver;
use types::{PageSize, ProblemCode};

/// The longest that one check may look.
const LOOK_MAX: Duration = Duration::from_secs(300);
/// How often the watch looks for promises that are due.
const PAUSE: Duration = Duration::from_secs(5);

/// The promises with a check, in the order in which they are looked at.
pub const BUILT: [&str; 48] = [
    "transit-tls",
    "current-debian",
    "offline-updates",
    "vulnerability-scanning",
    rest::ID,
    firewall::ID,
    disclosure::ID,
    infrastructure::ID,
    operator::ID,
    factor::ID,
    availability::ID,
    policy::ID,
    provider::ID,
    hardening::ID,
    directory::ID,
    security::ID,
    rollback::ID,
    "password-hashing",
    "roles",
    session::ID,
    withdrawal::ID,
    operator_access::ID,
    access_log::ID,
    log_review::ID,
    forwarding::ID,
    deletion::ID,
    hold::ID,
    lifecycle::ID,
    person::ID,
    "tenant-schema",
    "request-verification",
    "tenant-role",
    "audit-complete",
    immutable::ID,
    offline::ID,
    "field-encryption",
    "crypto-agility",
    "export-complete",
    "no-card-numbers",
    backup::NIGHTLY,
    backup::ENCRYPTED,
    backup::SECOND,
    backup::RETENTION,
    backup::DELETED,
    backup::TESTED,
    backup::RECOVERY,
    backup::MOMENT,
    backup::ALERT,
];

/// What an update looks at when it has ended: the daemons' sandbox hides some of it.
pub const OF_UPDATES: [&str; 2] = [security::ID, rollback::ID];

/// Every promise with what can be said of it now: for whoever has `promise.read` in any organization, and for the
/// operator at the host.
///
/// # Errors
/// `not-signed-in`, `not-allowed`.
pub async fn register(platform: &Platform, caller: &Caller) -> Result<Vec<RegisterLine>> {
    require_reader(platform, caller).await?;
    let newest = newest(platform).await?;
    let now_us = platform.now().as_microsecond();
    let line =
        |promise: &'static Promise| RegisterLine::new(promise, newest.get(promise.id.as_str()), None, now_us);
    Ok(catalogue().iter().map(line).collect())
}

/// A promise's observations, newest first.
///
/// # Errors
/// As [`register`]; `not-found`.
pub async fn history(
    platform: &Platform,
    caller: &Caller,
    id: &str,
    limit: PageSize,
) -> Result<Vec<Observation>> {
    require_reader(platform, caller).await?;
    let id = known(id)?.id;
    let found = rows::history(&mut platform.control().read().await?, id.as_str(), limit).await?;
    found
        .into_iter()
        .map(|row| serde_json::from_value(row.observation).map_err(vault_failure))
        .collect()
}

/// Looks at one promise now, stores what was seen, and gives its line.
///
/// # Errors
/// `not-found`; `unavailable` when the observation cannot be stored.
pub async fn check_one(platform: &Platform, id: &str) -> Result<RegisterLine> {
    let promise = known(id)?;
    let observation = match BUILT.contains(&id) {
        true => Some(observe(platform, promise.id).await?),
        false => None,
    };
    let now_us = platform.now().as_microsecond();
    Ok(RegisterLine::new(promise, observation.as_ref(), None, now_us))
}

/// Looks at every promise that has a check, one after the other.
///
/// # Errors
/// `unavailable` when observations cannot be stored.
pub async fn check_all(platform: &Platform) -> Result<()> {
    for id in BUILT {
        observe(platform, known(id)?.id).await?;
    }
    Ok(())
}

/// Looks at each promise in its interval until `shutdown` says true.
pub async fn watch(platform: Platform, mut shutdown: Receiver<bool>) {
    loop {
        if let Err(error) = check_due(&platform, &shutdown).await {
            tracing::warn!(code = error.code.as_str(), detail = %error.detail, "promises cannot be looked at");
        }
        let stopped = async { shutdown.wait_for(|stop| *stop).await.is_ok() };
        if tokio::time::timeout(PAUSE, stopped).await.is_ok() {
            return;
        }
    }
}

async fn check_due(platform: &Platform, shutdown: &Receiver<bool>) -> Result<()> {
    let seen = newest(platform).await?;
    for id in BUILT {
        let id = known(id)?.id;
        if *shutdown.borrow() {
            return Ok(());
        }
        // Another node may have looked since.
        if is_due(platform, id, seen.get(id.as_str()))
            && is_due(platform, id, newest(platform).await?.get(id.as_str()))
        {
            observe(platform, id).await?;
        }
    }
    Ok(())
}

fn is_due(platform: &Platform, id: PromiseId, newest: Option<&Observation>) -> bool {
    let Some(newest) = newest else { return true };
    let interval = interval_for(id);
    // Only a node that serves requests knows the routes and the pages, and only a process outside a sandbox, or one with the root
    // helper, sees the disks; another looks, in vain, when none has for long.
    let away = match id.as_str() {
        // The worker has no network.
        route::ID | directory::ID => platform.routes().is_none(),
        disclosure::ID | infrastructure::ID => disclosure::is_blind(platform),
        rest::ID => rest::is_blind(platform),
        security::ID => security::is_blind(),
        _ => false,
    };
    let seconds = if away {
        interval.age_seconds_max
    } else {
        interval.every_seconds
    };
    let age_us = platform.now().as_microsecond() - newest.checked_at_us;
    age_us >= i64::from(seconds) * 1_000_000 || age_us < 0
}

/// Looks and stores.
async fn observe(platform: &Platform, id: PromiseId) -> Result<Observation> {
    let began = Instant::now();
    let outcome = match tokio::time::timeout(LOOK_MAX, look(platform, id.as_str())).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            let source = error.source.as_ref().map(|source| format!("{source:?}"));
            tracing::warn!(promise = %id, detail = %error.detail, source, "a promise could not be looked at");
            Outcome::could_not_look(error.detail)
        }
        Err(_) => Outcome::could_not_look(format!("it took longer than {} s", LOOK_MAX.as_secs())),
    };
    let now = platform.now();
    let observation = Observation {
        checked_at_us: now.as_microsecond(),
        took_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
        outcome,
    };
    let json = serde_json::to_value(&observation).map_err(vault_failure)?;
    let before = newest(platform).await?.remove(id.as_str());
    // In this order: whoever dies in between tells it twice, and never not at all.
    backup::alert::tell(platform, id.as_str(), before.as_ref(), &observation).await?;
    let mut keep = platform.control().keep().await?;
    rows::insert(&mut keep, id.as_str(), now, &json).await?;
    rows::trim(&mut keep, id.as_str()).await?;
    Ok(observation)
}

/// Puts a test of the alerts about backups up to every operator, and to the program that is told too; answers how many of both.
///
/// # Errors
/// `conflict` where neither is set or too many wait; `unavailable`.
pub(crate) async fn test_backup_alert(platform: &Platform, on: &mut impl Keeps) -> Result<usize> {
    match backup::alert::send_test(platform, on).await? {
        0 => {
            let why =
                "nothing was sent: set a mail server or a webhook first, or wait until what waits is sent";
            Err(PlatformError::new(ProblemCode::Conflict, why))
        }
        letters => Ok(letters),
    }
}

async fn look(platform: &Platform, id: &str) -> Result<Outcome> {
    match id {
        "transit-tls" => transit::look(platform).await,
        "current-debian" => Ok(release::look(platform)),
        "offline-updates" => bundle::look(platform).await,
        "vulnerability-scanning" => vulnerability::look(platform).await,
        rest::ID => rest::look(platform).await,
        firewall::ID => firewall::look(platform).await,
        disclosure::ID => disclosure::look(platform).await,
        infrastructure::ID => infrastructure::look(platform).await,
        operator::ID => operator::look(platform).await,
        factor::ID => factor::look(platform).await,
        availability::ID => availability::look(platform).await,
        policy::ID => policy::look(platform).await,
        provider::ID => provider::look(platform).await,
        hardening::ID => hardening::look(platform).await,
        directory::ID => directory::look(platform).await,
        security::ID => security::look(platform).await,
        rollback::ID => Ok(rollback::look(platform)),
        "password-hashing" => password::look(platform).await,
        "roles" => role::look(platform).await,
        session::ID => session::look(platform).await,
        withdrawal::ID => withdrawal::look(platform).await,
        operator_access::ID => operator_access::look(platform).await,
        access_log::ID => access_log::look(platform).await,
        forwarding::ID => forwarding::look(platform).await,
        deletion::ID => deletion::look(platform).await,
        log_review::ID => log_review::look(platform).await,
        hold::ID => hold::look(platform).await,
        lifecycle::ID => lifecycle::look(platform).await,
        person::ID => person::look(platform).await,
        "tenant-schema" => schema::look(platform).await,
        route::ID => route::look(platform).await,
        "tenant-role" => schema::probe(platform).await,
        "audit-complete" => audit::look(platform).await,
        immutable::ID => immutable::look(platform).await,
        offline::ID => offline::look(platform).await,
        "field-encryption" => field::look(platform).await,
        "crypto-agility" => agility::look(platform).await,
        "export-complete" => export::look(platform).await,
        "no-card-numbers" => card::look(platform).await,
        backup::NIGHTLY
        | backup::ENCRYPTED
        | backup::SECOND
        | backup::RETENTION
        | backup::DELETED
        | backup::TESTED
        | backup::RECOVERY
        | backup::MOMENT
        | backup::ALERT => backup::look(platform, id).await,
        other => Err(PlatformError::invariant(format!("no check looks at {other}"))),
    }
}

fn known(id: &str) -> Result<&'static Promise> {
    promises::find(id).map_err(|_| PlatformError::not_found("promise"))
}

async fn newest(platform: &Platform) -> Result<HashMap<String, Observation>> {
    let rows = rows::newest_of_all(&mut platform.control().read().await?).await?;
    let read = |row: rows::StoredObservation| {
        let observation = serde_json::from_value(row.observation).map_err(vault_failure)?;
        Ok((row.promise_id, observation))
    };
    rows.into_iter().map(read).collect()
}

async fn require_reader(platform: &Platform, caller: &Caller) -> Result<()> {
    if matches!(caller.identity, Identity::Host | Identity::System) {
        return Ok(());
    }
    for mine in organization::list_mine(platform, caller).await? {
        let workspace = platform.enter(caller, &mine.summary.slug).await?;
        if workspace.may(Permission::PromiseRead) {
            return Ok(());
        }
    }
    Err(PlatformError::new(
        ProblemCode::NotAllowed,
        "members of an organization see the promise register",
    ))
}

/// Every organization that is there, cancelled ones too.
async fn homes(platform: &Platform) -> Result<Vec<Arc<Home>>> {
    let mut homes = Vec::new();
    for summary in organization::list_all(platform, &Caller::system()).await? {
        // Read anew, because an observation must not rest on keys or policies of two seconds ago.
        homes.extend(platform.home_by_id(summary.id).await?);
    }
    Ok(homes)
}
