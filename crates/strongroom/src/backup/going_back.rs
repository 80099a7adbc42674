//! `strongroom restore platform`: the whole platform as it was at a moment, and the way back.
//!
//! Invariants: nothing that is there is overwritten: the database's folder is put aside and kept for a while, and comes back by
//! itself when anything fails; each phase is on the disk before it begins, and no boot starts a database that is half done; before
//! anybody is let in, what was deleted or erased since is deleted and erased again, and everything that lets somebody in
//! without a password is void. Settings, keys and the audit log's own files are not taken back. Start at [`plan`].

use super::{Site, run, superuser_at};
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output, standstill,
    update::health,
};
use ::host::{
    backup::{
        engine::{self, Kind, Target, Use},
        info::Backup,
        record::{GoingBack, GoingPhase},
        superuser, wal,
    },
    disk,
    postgresql::{
        self, Cluster, Verb,
        major::{self, StartsAtBoot},
    },
    tree, unit,
    write::{self, Access},
};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Platform, PlatformError, backup,
    database::{self, AdminAccess},
    ledger::{self, Plan},
    maintenance,
    revival::{self, CarriedOver, Outlook, Repeated},
};
use serde::Deserialize;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// What was there before is kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Left free beside the restored database.
const SPARE_BYTES: u64 = 512 << 20;

/// A restore that was looked at.
pub(crate) struct Planned {
    site: Site,
    cluster: Cluster,
    moment: Timestamp,
    /// What is lost, and what is done again.
    pub(crate) outlook: Outlook,
    /// The name that is typed to confirm it.
    pub(crate) name: String,
}

/// A restore that was confirmed by the appliance's name.
pub(crate) struct Confirmed(Planned);

/// What was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) repeated: Repeated,
    /// Sessions, tokens and links that were ended.
    pub(crate) ended: usize,
    /// Where what was there before is kept, and until when.
    pub(crate) kept: Option<(PathBuf, Timestamp)>,
    /// Why no backup of what is there now was taken.
    pub(crate) without_backup: Option<String>,
}

impl Done {
    fn nothing() -> Self {
        Self {
            repeated: Repeated::default(),
            ended: 0,
            kept: None,
            without_backup: None,
        }
    }
}

impl Planned {
    /// Confirms it by the appliance's name.
    pub(crate) fn confirm(self, typed: &str) -> Result<Confirmed, CommandError> {
        match typed.trim() == self.name {
            true => Ok(Confirmed(self)),
            false => Err(CommandError::said(
                Exit::Usage,
                format!("type {} to take the whole platform back", self.name),
            )),
        }
    }
}

/// Looks what going back would mean; changes nothing.
pub(crate) fn plan(site: Site, moment: Timestamp) -> Result<Planned, CommandError> {
    refuse_another(&site)?;
    let cluster = site.cluster()?;
    check_moment(&site, moment)?;
    check_place(&site, &cluster, moment)?;
    let outlook = block_on(async {
        let platform = Platform::open(&site.config).await?;
        Ok(revival::look(&platform, &Caller::host(), moment).await?)
    })?;
    Ok(Planned {
        name: name_of(&site),
        site,
        cluster,
        moment,
        outlook,
    })
}

fn name_of(site: &Site) -> String {
    let url = &site.config.listen.base_url;
    let host = url.host_str().map(str::to_owned);
    host.unwrap_or_else(|| "platform".to_owned())
}

fn refuse_another(site: &Site) -> Result<(), CommandError> {
    let Some(other) = site.record.going_back()? else {
        return Ok(());
    };
    let text = match other.phase {
        GoingPhase::Kept => format!(
            "what was there before the last restore is kept until {}; take that restore back with `--undo`, or let go of it with `--forget`, first",
            other.until
        ),
        GoingPhase::UnderWay | GoingPhase::Undoing => {
            "a restore was cut off; `strongroom restore platform --undo` puts back what was there".to_owned()
        }
        GoingPhase::Forgetting => {
            "what was there before the last restore is being let go of; `strongroom restore platform --forget` ends that".to_owned()
        }
    };
    Err(CommandError::said(Exit::Conflict, text))
}

fn check_moment(site: &Site, moment: Timestamp) -> Result<(), CommandError> {
    let info = engine::info(&site.repository)?;
    let from = info.restorable_from();
    let now = Timestamp::now();
    if from.is_none_or(|from| moment < from) || moment > now {
        let from = from.map_or_else(|| "never".to_owned(), |from| from.to_string());
        let text = format!("{moment} cannot be gone back to: every moment from {from} to {now} can");
        return Err(CommandError::said(Exit::Usage, text));
    }
    let begins = beginning(&info.backups, moment).map(|backup| backup.archive_start.clone());
    let names = wal::archived(&site.repository.data())?;
    for hole in wal::told_holes(&names, &begins.unwrap_or_default()) {
        output::talk(&format!(
            "{hole}: what came after that and before the next backup cannot be had"
        ));
    }
    Ok(())
}

/// The backup that a restore to a moment begins with.
fn beginning(backups: &[Backup], moment: Timestamp) -> Option<&Backup> {
    backups.iter().rev().find(|backup| backup.ended_at <= moment)
}

/// There is room for both, and the folder can be put aside.
fn check_place(site: &Site, cluster: &Cluster, moment: Timestamp) -> Result<(), CommandError> {
    let data = &cluster.data_folder;
    let refused = || CommandError::io(format!("cannot look at {}", data.display()));
    let parent = data.parent().unwrap_or(Path::new("/"));
    let (own, above) = (
        fs::metadata(data).map_err(refused())?,
        fs::metadata(parent).map_err(refused())?,
    );
    if own.dev() != above.dev() || data.is_symlink() {
        let text = format!(
            "{} is a disk of its own or a link and cannot be put aside; move the cluster into a folder below it first",
            data.display()
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    let info = engine::info(&site.repository)?;
    let bytes = beginning(&info.backups, moment).map_or(0, |backup| backup.bytes);
    let space = disk::space(parent).map_err(refused())?;
    let wanted = bytes + SPARE_BYTES;
    if space.free_bytes < wanted {
        let text = format!(
            "the disk of {} has {} MB free, and {} MB are needed, because what is there now is kept; make room and run this again",
            data.display(),
            space.free_bytes / 1_000_000,
            wanted / 1_000_000
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(())
}

/// Carries it out. Where anything fails before the platform is as it was then, all is put back.
pub(crate) fn carry_out(confirmed: Confirmed) -> Result<Done, CommandError> {
    let Planned {
        site,
        cluster,
        moment,
        ..
    } = confirmed.0;
    output::talk("  see that everything until now is archived");
    block_on(async { Ok(backup::set_marks(&site.superuser(), &site.config.database.name).await?) })?;
    let now = Timestamp::now();
    let mut going = GoingBack {
        phase: GoingPhase::UnderWay,
        moment,
        began_at: now,
        until: now.checked_add(KEPT).unwrap_or(Timestamp::MAX),
        data: cluster.data_folder.clone(),
        before: beside(&cluster.data_folder, "before", now),
        carried_over: serde_json::Value::Null,
    };
    stop_daemons()?;
    // Nobody is let in any more: what was erased until now is on the list.
    let outlook = block_on(async {
        let platform = Platform::open(&site.config).await?;
        Ok(revival::look(&platform, &Caller::host(), moment).await?)
    });
    let turned = outlook.and_then(|outlook| {
        site.record.note_going_back(&going)?;
        turn(&site, &cluster, &going, &outlook.carried_over)
    });
    let (repeated, ended) = match turned {
        Ok(done) => done,
        Err(error) => {
            output::talk(&format!("it failed: {}", told(&error)));
            output::talk("  put back what was there");
            put_back(&site, &cluster, &going)?;
            tell_without_backup(back_up(&site));
            let text = format!("the platform is as it was before: {}", told(&error));
            return Err(CommandError::said(Exit::Failed, text));
        }
    };
    // In this order: cut off in between, it is put back, and a boot has started a database that is whole.
    major::set_start(&cluster, StartsAtBoot::Yes)?;
    going.phase = GoingPhase::Kept;
    site.record.note_going_back(&going)?;
    start_daemons(&site)?;
    Ok(Done {
        repeated,
        ended,
        kept: Some((going.before, going.until)),
        without_backup: back_up(&site),
    })
}

/// The old folder aside, the database of then in its place, and nobody let in until it is fit for that.
fn turn(
    site: &Site,
    cluster: &Cluster,
    going: &GoingBack,
    carried_over: &CarriedOver,
) -> Result<(Repeated, usize), CommandError> {
    major::set_start(cluster, StartsAtBoot::No)?;
    postgresql::control(cluster, Verb::Stop)?;
    rename(&going.data, &going.before)?;
    let postgres = superuser()?;
    let its = Access {
        user: postgres.uid,
        group: postgres.gid,
        mode: 0o700,
    };
    write::folder(&going.data, its)?;
    output::talk(&format!(
        "  restore, and replay every change until {}",
        going.moment
    ));
    engine::restore(
        &site.repository,
        &Target::moment(going.moment),
        &going.data,
        Use::InPlace,
    )?;
    postgresql::control(cluster, Verb::Start)?;
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async { Ok(backup::wait_replayed(&admin).await?) })?;
    output::talk("  do again what must not live again");
    let said = format!("the platform went back to {}", going.moment);
    settle(site, cluster, going.moment, carried_over, &said)
}

/// Makes a database that went from one time to another fit for people to be let in.
fn settle(
    site: &Site,
    cluster: &Cluster,
    moment: Timestamp,
    carried_over: &CarriedOver,
    said: &str,
) -> Result<(Repeated, usize), CommandError> {
    let admin = superuser_at(&cluster.socket_folder, cluster.port);
    block_on(async {
        // Passwords and schema may be of then.
        database::prepare(&admin, &site.config).await?;
        let platform = Platform::open(&site.config).await?;
        // Maintenance of then refuses what has to be written now, and whoever began it has long ended it.
        if maintenance::current(&platform).await?.is_some() {
            maintenance::end(&platform, &Caller::host()).await?;
            output::talk("  end the maintenance that was on then");
        }
        let name = &site.config.database.name;
        let unmended = mend_log(&platform, &admin, name).await.err();
        let mut repeated = revival::repeat(&platform, &admin, name, carried_over).await?;
        repeated.left.extend(unmended.map(|error| {
            format!(
                "the signed log is not mended, and nothing is signed until it is: {}; see `strongroom audit recover`",
                error.detail
            )
        }));
        revival::explain_gaps(&platform, moment, carried_over).await?;
        let ended = backup::begin_anew(&platform, &Caller::host(), said).await?;
        Ok((repeated, ended))
    })
}

/// What was there comes back, wherever going back was cut off. Nobody was let in since.
fn put_back(site: &Site, cluster: &Cluster, going: &GoingBack) -> Result<(), CommandError> {
    swap_back(site, cluster, going)?;
    // In this order: with the record gone first, nobody would know that no boot starts the database.
    major::set_start(cluster, StartsAtBoot::Yes)?;
    site.record.end_going_back()?;
    start_daemons(site)
}

/// Only the folders, and the cluster on the one that was there before.
fn swap_back(site: &Site, cluster: &Cluster, going: &GoingBack) -> Result<(), CommandError> {
    if going.before.exists() {
        require_whole(going)?;
        begin_timeline(site, going)?;
        stop_quietly(cluster);
        if going.data.exists() {
            tree::empty(&going.data, |_| false)?;
            fs::remove_dir(&going.data).map_err(CommandError::io(format!(
                "cannot remove {}",
                going.data.display()
            )))?;
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
            let text = format!(
                "{} is not whole, so the database that runs is left alone; let go of the rest with `--forget`",
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
        text.push_str(&line);
        write::file(&file, text.as_bytes(), its)?;
    }
    write::file(&going.before.join("recovery.signal"), b"", its)?;
    Ok(())
}

/// What taking the last restore back would lose, and the name that confirms it; none where a restore or its undoing was cut off,
/// which is ended without a question.
pub(crate) fn plan_undo(site: &Site) -> Result<Option<(Outlook, Timestamp, String)>, CommandError> {
    let going = standing(site)?;
    match going.phase {
        GoingPhase::Kept => {
            start_cluster(&cluster_of(&going)?)?;
            let outlook = look_since(site, going.began_at)?;
            Ok(Some((outlook, going.began_at, name_of(site))))
        }
        GoingPhase::UnderWay | GoingPhase::Undoing | GoingPhase::Forgetting => Ok(None),
    }
}

fn look_since(site: &Site, moment: Timestamp) -> Result<Outlook, CommandError> {
    block_on(async {
        let platform = Platform::open(&site.config).await?;
        Ok(revival::look(&platform, &Caller::host(), moment).await?)
    })
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
            start_cluster(&cluster)?;
            // What is undone now stays in the archive, if ever it is missed.
            block_on(async { Ok(backup::set_marks(&site.superuser(), &site.config.database.name).await?) })?;
            stop_daemons()?;
            // Deleted and erased since the restore: it must not live again by undoing that.
            let outlook = match look_since(site, going.began_at) {
                Ok(outlook) => outlook,
                Err(error) => {
                    start_daemons(site)?;
                    return Err(error);
                }
            };
            going.carried_over = serde_json::to_value(&outlook.carried_over).unwrap_or_default();
            going.phase = GoingPhase::Undoing;
            site.record.note_going_back(&going)?;
        }
        GoingPhase::Undoing => stop_daemons()?,
    }
    major::set_start(&cluster, StartsAtBoot::No)?;
    swap_back(site, &cluster, &going)?;
    let carried_over = CarriedOver::deserialize(&going.carried_over).map_err(|error| {
        CommandError::said(
            Exit::Failed,
            format!("the record of the restore cannot be read ({error})"),
        )
    })?;
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

/// Lets go of what was there before; there is no way back then.
pub(crate) fn forget(site: &Site) -> Result<PathBuf, CommandError> {
    let mut going = standing(site)?;
    match going.phase {
        GoingPhase::UnderWay | GoingPhase::Undoing => {
            let text = "a restore was cut off; `strongroom restore platform --undo` puts back what was there";
            return Err(CommandError::said(Exit::Conflict, text));
        }
        GoingPhase::Kept => {
            // From here on it is not whole, and nobody may go back to it.
            going.phase = GoingPhase::Forgetting;
            site.record.note_going_back(&going)?;
        }
        GoingPhase::Forgetting => {}
    }
    if going.before.exists() {
        tree::empty(&going.before, |_| false)?;
        fs::remove_dir(&going.before).map_err(CommandError::io(format!(
            "cannot remove {}",
            going.before.display()
        )))?;
    }
    site.record.end_going_back()?;
    Ok(going.before)
}

/// Lets go of it when its time is over; part of each night's run.
pub(super) fn forget_overdue(site: &Site, now: Timestamp) -> Result<(), CommandError> {
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

/// The database is behind what was signed: leaves come back out of the tiles, and the log says which entries were lost.
async fn mend_log(platform: &Platform, admin: &AdminAccess, database: &str) -> Result<(), PlatformError> {
    let caller = Caller::host();
    if let Some(plan @ Plan::Return { .. }) = ledger::plan(platform, &caller).await? {
        output::talk("  bring back the leaves of the log that were signed");
        ledger::recover(platform, &caller, admin, database, &plan.confirmation()).await?;
    }
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

fn beside(data: &Path, word: &str, at: Timestamp) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    data.with_file_name(format!("{name}.{word}-{}", at.strftime("%Y%m%dT%H%M%SZ")))
}

fn rename(from: &Path, to: &Path) -> Result<(), CommandError> {
    fs::rename(from, to).map_err(CommandError::io(format!(
        "cannot move {} to {}",
        from.display(),
        to.display()
    )))
}

fn stop_quietly(cluster: &Cluster) {
    if let Err(error) = postgresql::control(cluster, Verb::Stop) {
        output::talk(&format!("  (it did not run: {error})"));
    }
}

fn start_cluster(cluster: &Cluster) -> Result<(), CommandError> {
    let found = standstill::cluster_named(&format!("{}/{}", cluster.version, cluster.name))?;
    match found.is_running {
        true => Ok(()),
        false => Ok(postgresql::control(cluster, Verb::Start)?),
    }
}

fn stop_daemons() -> Result<(), CommandError> {
    match unit::is_systemd_here() {
        true => standstill::stop_daemons(),
        false => Ok(()),
    }
}

fn start_daemons(site: &Site) -> Result<(), CommandError> {
    if unit::is_systemd_here() {
        standstill::start_daemons()?;
        health::wait(&site.config)?;
    }
    Ok(())
}

fn tell_without_backup(without: Option<String>) {
    if let Some(why) = without {
        output::talk(&format!(
            "no backup was taken of what is here now: {why}; run `strongroom backup run --full`"
        ));
    }
}

/// The changes from here on begin a new timeline; that they could not be backed up is said, and no failure of what was done.
fn back_up(site: &Site) -> Option<String> {
    output::talk("  take a backup of what is here now");
    run::run(site, Some(Kind::Full)).err().map(|error| told(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_is_put_beside_under_a_name_of_its_time() {
        let at = Timestamp::from_second(1_795_934_533).unwrap();
        let aside = beside(Path::new("/var/lib/postgresql/17/main"), "before", at);
        assert_eq!(
            aside,
            Path::new("/var/lib/postgresql/17/main.before-20261129T064213Z")
        );
    }
}
