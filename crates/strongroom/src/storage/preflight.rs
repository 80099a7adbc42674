//! What must be true before anything is written: programs, kernel, the appliance's health, the device, the space.
//!
//! Invariant: everything that refuses is told at once, with what to do; nothing is changed here.

mod appliance;
mod folders;
mod programs;
mod target;

use super::{KeyKind, Plan, Wish, key, plan::Move};
use crate::{failure::CommandError, finding::Finding};
use ::host::postgresql::{self, Cluster};
use config::Config;

/// What is known when nothing speaks against it.
pub(super) struct Site {
    pub(super) cluster: Cluster,
    pub(super) plan: Plan,
}

/// All that speaks against a beginning, and what would be done.
pub(super) fn look(
    config: &Config,
    wish: &Wish,
    begun: Option<&Plan>,
) -> Result<(Option<Site>, Vec<Finding>), CommandError> {
    let mut findings = programs::check(wish.key);
    findings.extend(appliance::check(config));
    let Some(cluster) = postgresql::at_socket(&config.database.host, config.database.port)? else {
        let what = "the appliance's database is no cluster of Debian's here";
        findings.push(Finding::fault("database", what, "encrypt its disk where it runs"));
        return Ok((None, findings));
    };
    findings.extend(folders::database(&cluster));
    let moves = folders::moves(&cluster);
    findings.extend(moves.iter().filter_map(folders::movable));
    findings.extend(folders::elsewhere());
    let plan = planned(wish, begun, &cluster, moves)?;
    findings.extend(target::check_free(begun));
    findings.extend(target::space(&plan, begun));
    Ok((Some(Site { cluster, plan }), findings))
}

fn planned(
    wish: &Wish,
    begun: Option<&Plan>,
    cluster: &Cluster,
    moves: Vec<Move>,
) -> Result<Plan, CommandError> {
    let same = begun.filter(|begun| begun.target == wish.target);
    Ok(Plan {
        target: wish.target.clone(),
        // By the same number a device is known to be ours already.
        uuid: match same {
            Some(begun) => begun.uuid.clone(),
            None => key::volume_number()?,
        },
        key: wish.key,
        cluster: format!("{}/{}", cluster.version, cluster.name),
        moves,
        keeps_plain: wish.keeps_plain,
        frozen_until: None,
        is_well: false,
    })
}
