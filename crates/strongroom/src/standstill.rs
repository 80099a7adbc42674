//! Standing still: maintenance, both daemons and the cluster, on the way there and back.
//!
//! Invariant: from the copying until the appliance was seen well, nobody can change a record: first because nothing runs,
//! then because maintenance refuses it, with an end that is known beforehand.

use crate::{
    failure::{CommandError, Exit},
    host::block_on,
    setup::step::services::UNITS,
    update::health,
};
use ::host::{
    postgresql::{self, Cluster, Verb},
    unit,
};
use config::Config;
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Platform,
    maintenance::{self, Wish},
};

/// What everything stands still for. By its sentence, which people read, a maintenance is known to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The data comes onto an encrypted volume.
    Storage,
    /// The database comes to another major version of PostgreSQL.
    Database,
}

impl Reason {
    fn sentence(self) -> &'static str {
        match self {
            Self::Storage => "The storage is being encrypted.",
            Self::Database => "The database comes to a newer PostgreSQL.",
        }
    }
}

/// Longer than the copying of a large database; it ends by itself when we are cut off.
const FROZEN: SignedDuration = SignedDuration::from_hours(24);
/// What starting and looking take, and going back.
const MARGIN: SignedDuration = SignedDuration::from_mins(20);

/// Lets nobody change anything; gives the moment until which that holds. Nothing is stopped yet.
pub(crate) fn hold(config: &Config, reason: Reason) -> Result<Timestamp, CommandError> {
    let until = Timestamp::now()
        .checked_add(FROZEN)
        .map_err(|error| CommandError::said(Exit::Failed, format!("the clock is out of range ({error})")))?;
    block_on(async {
        let platform = Platform::open(config).await?;
        let wish = Wish {
            from: None,
            until: Some(until),
            message: Some(reason.sentence().to_owned()),
        };
        maintenance::begin(&platform, &Caller::host(), wish).await?;
        Ok(())
    })?;
    Ok(until)
}

/// Whether there is time to start, look and go back before changes are let in by themselves.
pub(crate) fn check_time_left(until: Timestamp) -> Result<(), CommandError> {
    match until.duration_since(Timestamp::now()) > MARGIN {
        true => Ok(()),
        false => Err(CommandError::said(
            Exit::Failed,
            "copying took almost a day, and maintenance ends; use a faster disk",
        )),
    }
}

/// Both daemons, and the cluster.
pub(crate) fn stop(cluster: &Cluster) -> Result<(), CommandError> {
    stop_daemons()?;
    if is_running(cluster)? {
        postgresql::control(cluster, Verb::Stop)?;
    }
    Ok(())
}

pub(crate) fn stop_daemons() -> Result<(), CommandError> {
    for name in UNITS {
        unit::stop(name)?;
    }
    Ok(())
}

/// Starts all, sees that it is well, and lets changes in again.
pub(crate) fn start_and_look(config: &Config, cluster: &Cluster, reason: Reason) -> Result<(), CommandError> {
    look(config, cluster)?;
    end_maintenance(config, reason)
}

/// Starts all and sees that it is well, with nobody let in.
pub(crate) fn look(config: &Config, cluster: &Cluster) -> Result<(), CommandError> {
    start(cluster)?;
    health::wait(config)?;
    Ok(())
}

fn start(cluster: &Cluster) -> Result<(), CommandError> {
    if !is_running(cluster)? {
        postgresql::control(cluster, Verb::Start)?;
    }
    start_daemons()
}

pub(crate) fn start_daemons() -> Result<(), CommandError> {
    for name in UNITS {
        unit::start(name)?;
    }
    Ok(())
}

/// A cluster as it is now, by its name such as `17/strongroom`.
pub(crate) fn cluster_named(name: &str) -> Result<Cluster, CommandError> {
    let is_it = |cluster: &Cluster| format!("{}/{}", cluster.version, cluster.name) == name;
    postgresql::clusters()?.into_iter().find(is_it).ok_or_else(|| {
        let text = format!("there is no cluster {name} any more; see `pg_lsclusters`");
        CommandError::said(Exit::Failed, text)
    })
}

fn is_running(cluster: &Cluster) -> Result<bool, CommandError> {
    let same = |other: &Cluster| (other.version, &other.name) == (cluster.version, &cluster.name);
    Ok(postgresql::clusters()?
        .iter()
        .any(|other| same(other) && other.is_running))
}

/// Somebody else's maintenance, which speaks against a beginning.
pub(crate) fn other_maintenance(config: &Config, reason: Reason) -> Result<bool, CommandError> {
    let found = block_on(async {
        let platform = Platform::open(config).await?;
        Ok(maintenance::current(&platform).await?)
    })?;
    Ok(found.is_some_and(|found| found.message.as_deref() != Some(reason.sentence())))
}

/// Lets changes in again; where nobody held them, nothing is done.
pub(crate) fn end_maintenance(config: &Config, reason: Reason) -> Result<(), CommandError> {
    block_on(async {
        let platform = Platform::open(config).await?;
        let found = maintenance::current(&platform).await?;
        if found.is_some_and(|found| found.message.as_deref() == Some(reason.sentence())) {
            maintenance::end(&platform, &Caller::host()).await?;
        }
        Ok(())
    })
}
