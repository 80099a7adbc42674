//! Standing still: maintenance, both daemons and the cluster, on the way there and back.
//!
//! Invariant: from the copying until the appliance was seen well, nobody can change a record: first because nothing runs,
//! then because maintenance refuses it, with an end that is known beforehand.

use super::plan::Plan;
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

/// By this sentence the maintenance is known to be ours.
const MESSAGE: &str = "The storage is being encrypted.";
/// Longer than the copying of a large database; it ends by itself when we are cut off.
const FROZEN: SignedDuration = SignedDuration::from_hours(24);
/// What starting and looking take, and going back.
const MARGIN: SignedDuration = SignedDuration::from_mins(20);

/// Lets nobody change anything, and stops all; gives the moment until which that holds.
pub(super) fn hold(config: &Config, cluster: &Cluster) -> Result<Timestamp, CommandError> {
    let until = Timestamp::now()
        .checked_add(FROZEN)
        .map_err(|error| CommandError::said(Exit::Failed, format!("the clock is out of range ({error})")))?;
    block_on(async {
        let platform = Platform::open(config).await?;
        let wish = Wish {
            from: None,
            until: Some(until),
            message: Some(MESSAGE.to_owned()),
        };
        maintenance::begin(&platform, &Caller::host(), wish).await?;
        Ok(())
    })?;
    stop(cluster)?;
    Ok(until)
}

/// Whether there is time to start, look and go back before changes are let in by themselves.
pub(super) fn check_time_left(until: Timestamp) -> Result<(), CommandError> {
    match until.duration_since(Timestamp::now()) > MARGIN {
        true => Ok(()),
        false => Err(CommandError::said(
            Exit::Failed,
            "copying took almost a day, and maintenance ends; use a faster disk",
        )),
    }
}

pub(super) fn stop(cluster: &Cluster) -> Result<(), CommandError> {
    for name in UNITS {
        unit::stop(name)?;
    }
    if is_running(cluster)? {
        postgresql::control(cluster, Verb::Stop)?;
    }
    Ok(())
}

/// Starts all, sees that it is well, and lets changes in again.
pub(super) fn start_and_look(config: &Config, cluster: &Cluster) -> Result<(), CommandError> {
    start(cluster)?;
    health::wait(config)?;
    end_maintenance(config)
}

fn start(cluster: &Cluster) -> Result<(), CommandError> {
    if !is_running(cluster)? {
        postgresql::control(cluster, Verb::Start)?;
    }
    for name in UNITS {
        unit::start(name)?;
    }
    Ok(())
}

/// The cluster of a plan, as it is now.
pub(super) fn cluster_of(plan: &Plan) -> Result<Cluster, CommandError> {
    let is_it = |cluster: &Cluster| format!("{}/{}", cluster.version, cluster.name) == plan.cluster;
    postgresql::clusters()?.into_iter().find(is_it).ok_or_else(|| {
        let text = format!(
            "there is no cluster {} any more; see `pg_lsclusters`",
            plan.cluster
        );
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
pub(super) fn other_maintenance(config: &Config) -> Result<bool, CommandError> {
    let found = block_on(async {
        let platform = Platform::open(config).await?;
        Ok(maintenance::current(&platform).await?)
    })?;
    Ok(found.is_some_and(|found| found.message.as_deref() != Some(MESSAGE)))
}

fn end_maintenance(config: &Config) -> Result<(), CommandError> {
    block_on(async {
        let platform = Platform::open(config).await?;
        let found = maintenance::current(&platform).await?;
        if found.is_some_and(|found| found.message.as_deref() == Some(MESSAGE)) {
            maintenance::end(&platform, &Caller::host()).await?;
        }
        Ok(())
    })
}
