//! The way back from a restore of the whole platform: what was there before is there again, or is let go of.
//!
//! Invariants: nothing is let go of for a folder that is not whole; the work of everybody since is shown and confirmed, except where
//! a restore was cut off and nobody could work; the database that comes back begins the newest timeline. Start at [`undo`].

use super::{
    Done, back_up, look_since, name_of, remove, rename, settle, start_cluster, start_daemons, stop_daemons,
    stop_quietly,
};
use crate::{
    backup::{Site, superuser_at},
    failure::{CommandError, Exit, told},
    host::block_on,
    output,
};
use ::host::{
    backup::{
        engine,
        record::{GoingBack, GoingPhase},
        superuser,
    },
    postgresql::{
        self, Cluster,
        major::{self, StartsAtBoot},
    },
    write::{self, Access},
};
use jiff::Timestamp;
use platform::{
    backup,
    revival::{CarriedOver, Outlook},
};
use serde::Deserialize;
use std::path::PathBuf;

/// What taking the last restore back would lose, and the name that confirms it; none where a restore or its undoing was cut off,
/// which is ended without a question.
pub(crate) fn plan_undo(site: &Site) -> Result<Option<(Outlook, Timestamp, String)>, CommandError> {
    let going = standing(site)?;
    match going.phase {
        GoingPhase::Kept => {
            let cluster = cluster_of(&going)?;
            major::set_start(&cluster, StartsAtBoot::Yes)?;
            start_cluster(&cluster)?;
            let outlook = look_since(site, going.began_at)?;
            Ok(Some((outlook, going.began_at, name_of(site))))
        }
        GoingPhase::UnderWay | GoingPhase::Undoing | GoingPhase::Forgetting => Ok(None),
    }
}

/// Takes the last restore back, or ends one that was cut off: what was there before is there again.
pub(crate) fn undo(site: &Site) -> Result<Done, CommandError> {
    let mut going = standing(site)?;
    let cluster = cluster_of(&going)?;
    match going.phase {
        GoingPhase::Forgetting => {
            let text =
                "what was there before is being let go of; `strongroom restore platform --forget` ends that";
            return Err(CommandError::said(Exit::Conflict, text));
        }
        GoingPhase::UnderWay => {
            stop_daemons()?;
            put_back(site, &cluster, &going)?;
            return Ok(Done {
                without_backup: back_up(site),
                ..Done::nothing()
            });
        }
        GoingPhase::Kept => {
            require_whole(&going)?;
            major::set_start(&cluster, StartsAtBoot::Yes)?;
            start_cluster(&cluster)?;
            // What is undone now stays in the archive, if ever it is missed. Where that is full, undoing may be the way out of it.
            let marked = block_on(async {
                Ok(backup::set_marks(&site.superuser(), &site.config.database.name).await?)
            });
            if let Err(error) = marked {
                output::talk(&format!(
                    "  what is undone now may not all be in the archive: {}",
                    told(&error)
                ));
            }
            stop_daemons()?;
            if let Err(error) = note_undoing(site, &mut going) {
                start_daemons(site)?;
                return Err(error);
            }
        }
        GoingPhase::Undoing => stop_daemons()?,
    }
    let carried_over = CarriedOver::deserialize(&going.carried_over).map_err(|error| {
        CommandError::said(
            Exit::Failed,
            format!("the record of the restore cannot be read ({error})"),
        )
    })?;
    major::set_start(&cluster, StartsAtBoot::No)?;
    swap_back(site, &cluster, &going)?;
    let said = format!("the restore to {} was taken back", going.moment);
    let (repeated, ended) = settle(site, &cluster, going.began_at, &carried_over, &said)?;
    major::set_start(&cluster, StartsAtBoot::Yes)?;
    site.record.end_going_back()?;
    start_daemons(site)?;
    Ok(Done {
        repeated,
        ended,
        kept: None,
        without_backup: back_up(site),
    })
}

/// Deleted and erased since the restore: it must not live again by undoing that.
fn note_undoing(site: &Site, going: &mut GoingBack) -> Result<(), CommandError> {
    let outlook = look_since(site, going.began_at)?;
    let carried_over = serde_json::to_value(&outlook.carried_over).map_err(|error| {
        let text = format!("what was erased since cannot be noted ({error}); nothing was changed");
        CommandError::said(Exit::Failed, text)
    })?;
    going.carried_over = carried_over;
    going.phase = GoingPhase::Undoing;
    Ok(site.record.note_going_back(going)?)
}

/// Lets go of what was there before; there is no way back then.
pub(crate) fn forget(site: &Site) -> Result<PathBuf, CommandError> {
    let mut going = standing(site)?;
    match going.phase {
        GoingPhase::UnderWay | GoingPhase::Undoing => {
            let text = "a restore was cut off; `strongroom restore platform --undo` puts back what was there";
            return Err(CommandError::said(Exit::Conflict, text));
        }
        GoingPhase::Kept => {
            major::set_start(&cluster_of(&going)?, StartsAtBoot::Yes)?;
            // From here on it is not whole, and nobody may go back to it.
            going.phase = GoingPhase::Forgetting;
            site.record.note_going_back(&going)?;
        }
        GoingPhase::Forgetting => {}
    }
    if going.before.exists() {
        remove(&going.before)?;
    }
    site.record.end_going_back()?;
    Ok(going.before)
}

/// Lets go of it when its time is over; part of each night's run.
pub(in crate::backup) fn forget_overdue(site: &Site, now: Timestamp) -> Result<(), CommandError> {
    let found = site.record.going_back()?;
    let is_over = |going: &GoingBack| match going.phase {
        GoingPhase::Kept => going.until <= now,
        GoingPhase::Forgetting => true,
        GoingPhase::UnderWay | GoingPhase::Undoing => false,
    };
    if found.as_ref().is_some_and(is_over) {
        let folder = forget(site)?;
        output::talk(&format!("  let go of {}, kept since a restore", folder.display()));
    }
    Ok(())
}

/// What was there comes back, wherever going back was cut off. Nobody was let in since.
pub(super) fn put_back(site: &Site, cluster: &Cluster, going: &GoingBack) -> Result<(), CommandError> {
    swap_back(site, cluster, going)?;
    // In this order: with the record gone first, nobody would know that no boot starts the database.
    major::set_start(cluster, StartsAtBoot::Yes)?;
    site.record.end_going_back()?;
    start_daemons(site)
}

/// Only the folders, and the cluster on the one that was there before.
fn swap_back(site: &Site, cluster: &Cluster, going: &GoingBack) -> Result<(), CommandError> {
    let was_moved = going.before.exists();
    if was_moved {
        require_whole(going)?;
        begin_timeline(site, going)?;
    }
    // Whoever goes back may have been killed while it stopped the server, started it, or restored: a server that is on its way down still
    // counts as running, and nothing stops one that is on its way up by its file of the process.
    stop_quietly(cluster);
    postgresql::end_strays(cluster)?;
    if was_moved {
        if going.data.exists() {
            remove(&going.data)?;
        }
        rename(&going.before, &going.data)?;
    }
    start_cluster(cluster)?;
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async { Ok(backup::wait_replayed(&admin).await?) })
}

/// What was put aside is a database, before anything else is let go of for it.
fn require_whole(going: &GoingBack) -> Result<(), CommandError> {
    match going.before.join("global/pg_control").is_file() {
        true => Ok(()),
        false => {
            let way = match going.phase {
                GoingPhase::Kept | GoingPhase::Forgetting => "let go of the rest with `--forget`",
                GoingPhase::UnderWay | GoingPhase::Undoing => {
                    "restore a backup by hand, and remove both folders' record"
                }
            };
            let text = format!(
                "{} is not whole, so what is in its place is left alone; {way}",
                going.before.display()
            );
            Err(CommandError::said(Exit::Failed, text))
        }
    }
}

/// Has the database that was put aside begin a timeline of its own when it starts. The restored one began one, and whoever replays the
/// archive to its end follows the newest: it must be that of the database that lives (PostgreSQL, 26.3.6 Timelines).
fn begin_timeline(site: &Site, going: &GoingBack) -> Result<(), CommandError> {
    let postgres = superuser()?;
    let its = Access {
        user: postgres.uid,
        group: postgres.gid,
        mode: 0o600,
    };
    let file = going.before.join("postgresql.auto.conf");
    let before = write::read(&file)?.unwrap_or_default();
    let mut text = String::from_utf8_lossy(&before).into_owned();
    let line = engine::replay_settings(&site.repository);
    if !text.ends_with(&line) {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&line);
        write::file(&file, text.as_bytes(), its)?;
    }
    write::file(&going.before.join("recovery.signal"), b"", its)?;
    Ok(())
}

fn standing(site: &Site) -> Result<GoingBack, CommandError> {
    site.record.going_back()?.ok_or_else(|| {
        let text = "the platform was not taken back, or what was there before was let go of";
        CommandError::said(Exit::NotFound, text)
    })
}

/// By its folder: a cluster that does not run has no socket to ask.
fn cluster_of(going: &GoingBack) -> Result<Cluster, CommandError> {
    let mut clusters = postgresql::clusters()?.into_iter();
    clusters
        .find(|cluster| cluster.data_folder == going.data)
        .ok_or_else(|| {
            let text = format!(
                "no cluster of this machine has {}; see `pg_lsclusters`",
                going.data.display()
            );
            CommandError::said(Exit::Failed, text)
        })
}
